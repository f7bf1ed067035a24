"""What the queue's budget is counted by: replies and flags of one UTC day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, String, cast, func, select, update

from modbot.domain import FlagState
from modbot.store.schema import flags, replies
from modbot.store.types import day_start

# A campaign is one card, whatever its size; other flags are cards of their own.
_CARD = func.coalesce(flags.c.campaign, cast(flags.c.id, String))


@dataclass(frozen=True, slots=True)
class Today:
    """``replies`` first seen, ``shown`` cards let into the queue (a campaign is one card),
    ``kept_back`` flags that were opened but did not fit, on the UTC day."""

    replies: int
    shown: int
    kept_back: int


def today(rx: Connection, forum: str, *, now: datetime) -> Today:
    start = day_start(now)
    end = start + timedelta(days=1)
    seen = select(func.count()).where(
        replies.c.forum == forum, replies.c.first_seen >= start, replies.c.first_seen < end
    )
    shown = select(func.count(_CARD.distinct())).where(
        flags.c.forum == forum, flags.c.shown_at >= start, flags.c.shown_at < end
    )
    kept = select(func.count()).where(
        flags.c.forum == forum,
        flags.c.shown_at.is_(None),
        flags.c.opened_at >= start,
        flags.c.opened_at < end,
    )
    return Today(rx.scalar(seen) or 0, rx.scalar(shown) or 0, rx.scalar(kept) or 0)


def show_best(tx: Connection, forum: str, *, places: int, at: datetime) -> int:
    """Let the ``places`` best cards that are kept back into the queue, and every flag of a
    campaign whose card is there already; answers how many flags that were."""
    waiting = (flags.c.forum == forum, flags.c.state == FlagState.PENDING, flags.c.shown_at.is_(None))
    there = select(flags.c.campaign).where(
        flags.c.forum == forum, flags.c.state == FlagState.PENDING, flags.c.shown_at.is_not(None)
    )
    best = (
        select(_CARD)
        .where(*waiting)
        .group_by(_CARD)
        .order_by(func.max(flags.c.score).desc(), func.min(flags.c.id))
        .limit(places)
    )
    shown = flags.c.campaign.in_(there) | _CARD.in_(best)
    values = {"shown_at": at, "version": flags.c.version + 1}
    return tx.execute(update(flags).where(*waiting, shown).values(values)).rowcount
