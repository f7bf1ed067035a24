"""Who did what, and when. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from modbot.store.schema import audit


@dataclass(frozen=True, slots=True)
class Entry:
    """``what`` is a code such as ``verdict.uphold``; ``who`` a person, or ``modbot``."""

    at: datetime
    who: str
    what: str
    forum: str | None = None
    flag_id: int | None = None
    reply_id: int | None = None
    details: Mapping[str, Any] | None = None
    id: int | None = None


def add(tx: Connection, *entries: Entry) -> None:
    """Append. ``details`` must be JSON and hold ids and codes rather than members' words."""
    if entries:
        tx.execute(audit.insert(), [_columns(entry) for entry in entries])


def listing(
    rx: Connection,
    *,
    flag_id: int | None = None,
    reply_id: int | None = None,
    forum: str | None = None,
    since: datetime | None = None,
    limit: int = 200,
) -> Sequence[Entry]:
    """The latest ``limit`` entries that meet every given filter, oldest first."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.flag_id, flag_id), (audit.c.reply_id, reply_id), (audit.c.forum, forum)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(audit.c.at >= since)
    return [Entry(**row) for row in reversed(rx.execute(query).mappings().all())]


def latest(rx: Connection, what: str) -> Entry | None:
    """The last entry of this code."""
    query = select(audit).where(audit.c.what == what).order_by(audit.c.id.desc()).limit(1)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Entry(**row)


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "who": entry.who,
        "what": entry.what,
        "forum": entry.forum,
        "flag_id": entry.flag_id,
        "reply_id": entry.reply_id,
        "details": dict(entry.details or {}),
    }
