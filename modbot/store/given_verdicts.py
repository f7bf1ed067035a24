"""Verdicts as somebody looks back at them: their own, and those that stand on many flags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, cast, func, select

from modbot.domain import EVERYWHERE, Scope, VerdictKind
from modbot.store import actions, rows, verdicts
from modbot.store.actions import Action
from modbot.store.flag_filter import in_scope
from modbot.store.schema import outbox, replies, revisions
from modbot.store.schema import verdicts as table
from modbot.store.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: of a single flag, or (``bulk``) of ``number`` at once, ``standing`` of which
    were not taken back. ``action`` is what it, or its undoing, asked of the forum last for the
    first reply; ``text`` and ``thread_title`` are that reply's."""

    bulk: str | None
    verdict_id: int
    flag_id: int
    forum: str
    kind: VerdictKind
    at: datetime
    note: str
    number: int
    standing: int
    author_name: str
    thread_title: str
    text: str
    action: Action | None


def standing(rx: Connection, flag_ids: Iterable[int]) -> dict[int, Verdict]:
    """The verdicts on these flags that are not undone, by flag id."""
    query = select(table).where(table.c.undone_at.is_(None))
    return {
        row["flag_id"]: verdicts.from_row(row)
        for chunk in rows.chunks(sorted(flag_ids))
        for row in rx.execute(query.where(table.c.flag_id.in_(chunk))).mappings()
    }


def by(
    rx: Connection, who: str, *, within: Scope = EVERYWHERE, limit: int = 50, offset: int = 0
) -> list[Decided]:
    """What ``who`` decided, the latest first. Three statements."""
    decision = func.coalesce(table.c.bulk, cast(table.c.id, String))
    first = (
        select(
            func.min(table.c.id).label("id"),
            func.count().label("number"),
            (func.count() - func.count(table.c.undone_at)).label("standing"),
        )
        .join(replies, replies.c.id == table.c.reply_id)
        .where(table.c.who == who, in_scope(within, replies.c.forum))
        .group_by(decision)
        .order_by(func.max(table.c.id).desc())
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    query = (
        select(table, first.c.number, first.c.standing, replies.c.author_name, replies.c.thread_title)
        .add_columns(revisions.c.text)
        .join(first, first.c.id == table.c.id)
        .join(replies, replies.c.id == table.c.reply_id)
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .order_by(table.c.id.desc())
    )
    found = rx.execute(query).mappings().all()
    latest = _latest_actions(rx, [row["flag_id"] for row in found])
    return [
        Decided(
            **{name: row[name] for name in ("bulk", "flag_id", "forum", "note", "number", "standing")},
            **{name: row[name] for name in ("author_name", "thread_title", "text")},
            verdict_id=row["id"],
            kind=VerdictKind(row["kind"]),
            at=row["given_at"],
            action=latest.get(row["flag_id"]),
        )
        for row in found
    ]


def _latest_actions(rx: Connection, flag_ids: list[int]) -> dict[int, Action]:
    last = select(func.max(outbox.c.id)).where(outbox.c.flag_id.in_(flag_ids)).group_by(outbox.c.flag_id)
    found = actions.load(rx, outbox.c.id.in_(last))
    return {one.flag_id: one for one in found if one.flag_id is not None}
