"""What modbot had let pass and a human then hid on the forum, or that is gone from it.

Gone is counted apart: authors delete their own posts, too, and no page tells who did.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, select, update

from modbot.domain import DecisionKind, Visibility
from modbot.store import dialect
from modbot.store.schema import decisions, flags, misses, replies, verdicts

NOT_LET_PASS = frozenset({"exempt_group", "hidden_by_others", "restored_by_human", "before_first_start"})
"""Why a reply was let alone whatever it says: what becomes of it is no miss."""


class Missed(NamedTuple):
    """Replies that a human hid on the forum after modbot had let them pass, and those that
    are gone since."""

    hidden: int
    gone: int


def note(tx: Connection, reply_id: int, seen: Visibility, *, at: datetime) -> bool:
    """Count the reply's present text as missed, if modbot had let it pass; answers whether it
    is. One that was hidden first and is gone later stays a hidden one."""
    row = tx.execute(_let_pass(reply_id)).one_or_none()
    if row is None or NOT_LET_PASS & set(row.held_by):
        return False
    if _stands(tx, reply_id, row.revision_id):
        return True
    values = {
        "forum": row.forum,
        "reply_id": reply_id,
        "revision_id": row.revision_id,
        "decision_id": row.decision_id,
        "visibility": seen,
        "seen_at": at,
        "taken_back_at": None,
    }
    changed = ["decision_id", "visibility", "seen_at", "taken_back_at"]
    dialect.upsert(tx, misses, [values], keys=["reply_id", "revision_id"], update=changed)
    return True


def take_back(tx: Connection, reply_id: int, *, at: datetime) -> bool:
    """The forum shows the reply again; answers whether it was counted."""
    counted = update(misses).where(misses.c.reply_id == reply_id, misses.c.taken_back_at.is_(None))
    return tx.execute(counted.values(taken_back_at=at)).rowcount > 0


def count(rx: Connection, forum: str, since: datetime, until: datetime | None = None) -> Missed:
    """What was found missed from ``since`` to before ``until`` and not taken back."""
    query = (
        select(misses.c.visibility, func.count())
        .where(misses.c.forum == forum, misses.c.seen_at >= since, misses.c.taken_back_at.is_(None))
        .group_by(misses.c.visibility)
    )
    if until is not None:
        query = query.where(misses.c.seen_at < until)
    found = {Visibility(seen): number for seen, number in rx.execute(query)}
    return Missed(found.get(Visibility.HIDDEN, 0), found.get(Visibility.GONE, 0))


def of_reply(rx: Connection, reply_id: int) -> Visibility | None:
    """How the reply's present text was missed: HIDDEN or GONE; None when it was not."""
    query = (
        select(misses.c.visibility)
        .join(replies, replies.c.revision_id == misses.c.revision_id)
        .where(replies.c.id == reply_id, misses.c.taken_back_at.is_(None))
    )
    found = rx.scalar(query)
    return None if found is None else Visibility(found)


def _let_pass(reply_id: int) -> Select[Any]:
    """The allowing decision on the present text, unless a human has decided about it, too."""
    judged_by_human = exists().where(
        verdicts.c.flag_id == flags.c.id,
        flags.c.reply_id == replies.c.id,
        flags.c.revision_id == replies.c.revision_id,
        verdicts.c.undone_at.is_(None),
    )
    return (
        select(replies.c.forum, replies.c.revision_id, replies.c.decision_id, decisions.c.held_by)
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(replies.c.id == reply_id, decisions.c.kind == DecisionKind.ALLOW, ~judged_by_human)
    )


def _stands(tx: Connection, reply_id: int, revision_id: int) -> bool:
    query = select(misses.c.id).where(
        misses.c.reply_id == reply_id, misses.c.revision_id == revision_id, misses.c.taken_back_at.is_(None)
    )
    return tx.scalar(query) is not None
