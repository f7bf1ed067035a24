"""Which judgements of the last days are looked at again, and what people said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from modbot.domain import EVERYWHERE, Scope, VerdictKind
from modbot.store import rows
from modbot.store.flag_filter import in_scope
from modbot.store.schema import FORGOTTEN, replies, verdicts


def decided(
    rx: Connection, *, since: datetime, within: Scope = EVERYWHERE, limit: int
) -> tuple[list[tuple[int, int]], int]:
    """``(reply id, decision id)`` of the newest replies first seen after ``since`` whose
    judgement is kept, the newest first; and how many there are in all."""
    wanted = (
        replies.c.decision_id.is_not(None),
        replies.c.decision_id != FORGOTTEN,
        replies.c.first_seen >= since,
        in_scope(within, replies.c.forum),
    )
    number = rx.scalar(select(func.count()).select_from(replies).where(*wanted)) or 0
    query = select(replies.c.id, replies.c.decision_id).where(*wanted)
    newest = query.order_by(replies.c.first_seen.desc(), replies.c.id.desc()).limit(limit)
    return [(row.id, row.decision_id) for row in rx.execute(newest)], number


def verdicts_on(rx: Connection, reply_ids: Sequence[int]) -> dict[int, VerdictKind]:
    """The last verdict in force on each of these replies."""
    found: dict[int, VerdictKind] = {}
    query = select(verdicts.c.reply_id, verdicts.c.kind).where(verdicts.c.undone_at.is_(None))
    for chunk in rows.chunks(reply_ids):
        for row in rx.execute(query.where(verdicts.c.reply_id.in_(chunk)).order_by(verdicts.c.id)):
            found[row.reply_id] = VerdictKind(row.kind)
    return found
