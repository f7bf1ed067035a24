"""What standing decisions hid: what of it is in effect still, and what has not begun."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from modbot.domain import ActionKind, DecisionKind, OutboxState
from modbot.store import actions
from modbot.store.schema import decisions, flags, outbox, replies

_UNDER_WAY = (OutboxState.CLAIMED, OutboxState.UNKNOWN)


class Hidden(NamedTuple):
    """A reply that a decision hid and that no human has decided about since."""

    flag_id: int
    post_id: int


class Effects(NamedTuple):
    """How often a decision hid a reply, and put one in the queue, that was not let be."""

    hidden: int
    queued: int


def in_effect(rx: Connection, standing_id: int) -> list[Hidden]:
    """What the decision hid and what is hidden, or being hidden, still, the earliest first."""
    query = (
        select(flags.c.id, replies.c.post_id)
        .select_from(outbox)
        .join(replies, replies.c.id == outbox.c.reply_id)
        .join(flags, (flags.c.reply_id == outbox.c.reply_id) & flags.c.closed_at.is_(None))
        .where(
            outbox.c.standing_id == standing_id,
            outbox.c.kind == ActionKind.HIDE,
            outbox.c.unasked,
            or_(replies.c.our_hide == outbox.c.id, outbox.c.state.in_(_UNDER_WAY)),
        )
        .order_by(outbox.c.id)
    )
    return [Hidden(*row) for row in rx.execute(query)]


def waiting(rx: Connection, standing_id: int) -> list[int]:
    """The hides that it asked for and that nobody has begun: ids in the outbox."""
    query = select(outbox.c.id).where(
        outbox.c.standing_id == standing_id, outbox.c.unasked, outbox.c.state == OutboxState.QUEUED
    )
    return list(rx.scalars(query.order_by(outbox.c.id)))


def cancel_waiting(tx: Connection, standing_id: int, *, who: str, at: datetime) -> int:
    """A decision that is revoked hides nothing more."""
    ids = waiting(tx, standing_id)
    return sum(actions.cancel(tx, one, who=who, at=at, why="standing decision revoked") for one in ids)


def effects(rx: Connection, standing_id: int) -> Effects:
    """What came of the decision as far as the judgements are kept."""
    query = (
        select(decisions.c.kind, func.count(decisions.c.reply_id.distinct()))
        .where(decisions.c.standing_id == standing_id)
        .group_by(decisions.c.kind)
    )
    found = {DecisionKind(kind): number for kind, number in rx.execute(query)}
    return Effects(found.get(DecisionKind.HIDE, 0), found.get(DecisionKind.QUEUE, 0))
