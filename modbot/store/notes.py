"""What moderators tell each other about a flag, beside any verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from modbot.store import audit, flags, rows
from modbot.store.schema import flag_notes

LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    flag_id: int
    who: str
    text: str
    at: datetime


def add(tx: Connection, flag_id: int, text: str, *, who: str, at: datetime) -> Note:
    """Keep the first LONGEST characters. Raises StoreError when there is no such flag."""
    flag = flags.get(tx, flag_id)
    row = {"flag_id": flag_id, "who": who, "text": text.strip()[:LONGEST], "at": at}
    made: int = tx.execute(flag_notes.insert().values(row)).inserted_primary_key[0]  # type: ignore[index]
    audit.add(tx, audit.Entry(at, who, "flag.noted", flag.forum, flag_id, flag.reply_id, {"note": made}))
    return Note(made, **row)  # type: ignore[arg-type]


def of_flags(rx: Connection, flag_ids: Iterable[int]) -> dict[int, list[Note]]:
    """The notes of those flags that have any, oldest first."""
    found: dict[int, list[Note]] = {}
    for chunk in rows.chunks(sorted(flag_ids)):
        query = select(flag_notes).where(flag_notes.c.flag_id.in_(chunk)).order_by(flag_notes.c.id)
        for row in rx.execute(query).mappings():
            note = Note(**{name: row[name] for name in Note.__slots__})
            found.setdefault(note.flag_id, []).append(note)
    return found
