"""What the queue's budget is counted by: replies and flags of one UTC day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from modbot.store.schema import flags, replies
from modbot.store.types import day_start


@dataclass(frozen=True, slots=True)
class Today:
    """``replies`` first seen, ``shown`` flags let into the queue, ``kept_back`` flags that
    were opened but did not fit, on the UTC day."""

    replies: int
    shown: int
    kept_back: int


def today(rx: Connection, forum: str, *, now: datetime) -> Today:
    start = day_start(now)
    end = start + timedelta(days=1)
    seen = select(func.count()).where(
        replies.c.forum == forum, replies.c.first_seen >= start, replies.c.first_seen < end
    )
    shown = select(func.count()).where(
        flags.c.forum == forum, flags.c.shown_at >= start, flags.c.shown_at < end
    )
    kept = select(func.count()).where(
        flags.c.forum == forum,
        flags.c.shown_at.is_(None),
        flags.c.opened_at >= start,
        flags.c.opened_at < end,
    )
    return Today(rx.scalar(seen) or 0, rx.scalar(shown) or 0, rx.scalar(kept) or 0)
