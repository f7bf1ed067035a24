"""What the queue's budget is counted by, and what it lets through: cards of one UTC day.

Nothing is dropped: what does not fit waits, and the best of all that waits comes next. A
card that a human must see comes before any other, and is not held by the share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)

from modbot.domain import FlagState, Reason
from modbot.store.flags import ActionState
from modbot.store.schema import decisions, flags, replies
from modbot.store.types import EPOCH, day_start

MUST_BE_SEEN = ("first_author", "standing_conflict")
"""Held back from hiding because only a human can tell who is right."""

FAILED = (ActionState.DEAD, ActionState.REFUSED)
UNDER_WAY = timedelta(hours=1)
"""A hide that is being carried out asks nobody for so long."""

_DAY = "86400000000"
# A campaign is one card, whatever its size; other flags are cards of their own.
_CARD = func.coalesce(flags.c.campaign, cast(flags.c.id, String))


@dataclass(frozen=True, slots=True)
class Today:
    """``replies`` first seen, ``shown`` cards let into the queue (a campaign is one card, and a
    copy that joins a card which was there already is none), how many of them ``must`` be
    seen, ``kept_back`` flags that were opened but did not fit, on the UTC day."""

    replies: int
    shown: int
    kept_back: int
    must: int = 0


@dataclass(frozen=True, slots=True)
class NotShown:
    """Flags opened on ``day`` (UTC) for ``reason`` that wait unseen; ``since``: the oldest."""

    day: date
    reason: Reason
    number: int
    since: datetime


def today(rx: Connection, forum: str, *, now: datetime) -> Today:
    start = day_start(now)
    end = start + timedelta(days=1)
    seen = select(func.count()).where(
        replies.c.forum == forum, replies.c.first_seen >= start, replies.c.first_seen < end
    )
    shown = select(func.count(_CARD.distinct())).where(
        flags.c.forum == forum, flags.c.shown_at >= start, flags.c.shown_at < end, ~_joined(start)
    )
    kept = select(func.count()).where(*_waiting(forum, now), flags.c.opened_at >= start)
    must = shown.where(_must_be_seen())
    return Today(*(rx.scalar(query) or 0 for query in (seen, shown, kept, must)))


def not_shown(rx: Connection, forum: str, *, now: datetime) -> list[NotShown]:
    """All that waits unseen, by the day it was opened and by reason, oldest day first."""
    day = type_coerce(flags.c.opened_at, BigInteger) // literal_column(_DAY)
    query = (
        select(day, flags.c.reason, func.count(), func.min(flags.c.opened_at))
        .where(*_waiting(forum, now))
        .group_by(day, flags.c.reason)
        .order_by(day, flags.c.reason)
    )
    return [
        NotShown((EPOCH + timedelta(days=days)).date(), Reason(reason), number, since)
        for days, reason, number, since in rx.execute(query)
    ]


def not_shown_between(
    rx: Connection, forum: str, start: datetime, end: datetime, *, now: datetime
) -> dict[Reason, int]:
    """What was opened from ``start`` to before ``end`` and waits unseen still, by reason."""
    query = (
        select(flags.c.reason, func.count())
        .where(*_waiting(forum, now), flags.c.opened_at >= start, flags.c.opened_at < end)
        .group_by(flags.c.reason)
        .order_by(flags.c.reason)
    )
    return {Reason(reason): number for reason, number in rx.execute(query)}


def show_best(tx: Connection, forum: str, *, places: int, at: datetime, must: int = 0) -> int:
    """Let the ``places`` best cards that are kept back into the queue, before them up to
    ``must`` of those that a human must see (they take places, too), and every flag of a
    campaign whose card is there already; answers how many flags that were."""
    waiting = _waiting(forum, at)
    there = select(flags.c.campaign).where(
        flags.c.forum == forum,
        flags.c.state == FlagState.PENDING,
        flags.c.shown_at.is_not(None),
        flags.c.campaign.is_not(None),
    )
    cards = (
        select(_CARD)
        .where(*waiting, or_(flags.c.campaign.is_(None), flags.c.campaign.not_in(there)))
        .group_by(_CARD)
        .order_by(func.max(flags.c.score).desc(), func.min(flags.c.id))
    )
    urgent = list(tx.scalars(cards.where(_must_be_seen()).limit(must))) if must else []
    places = max(0, places - len(urgent))
    best = list(tx.scalars(cards.where(_CARD.not_in(urgent)).limit(places))) if places else []
    shown = flags.c.campaign.in_(there) | _CARD.in_([*urgent, *best])
    values = {"shown_at": at, "version": flags.c.version + 1}
    return tx.execute(update(flags).where(*waiting, shown).values(values)).rowcount


def _waiting(forum: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Flags that nobody sees and that ask for a human."""
    under_way = (flags.c.action_state == ActionState.PENDING) & (flags.c.opened_at > now - UNDER_WAY)
    return (
        flags.c.forum == forum,
        flags.c.state == FlagState.PENDING,
        flags.c.shown_at.is_(None),
        ~under_way,
    )


def _must_be_seen() -> ColumnElement[bool]:
    held = select(cast(decisions.c.held_by, String)).where(decisions.c.id == flags.c.decision_id)
    words = [held.scalar_subquery().contains(f'"{code}"') for code in MUST_BE_SEEN]
    return or_(flags.c.action_state.in_(FAILED), *words)


def _joined(start: datetime) -> ColumnElement[bool]:
    """Whether a flag came to its campaign's card, which was in the queue before that day."""
    earlier = flags.alias("earlier")
    return exists().where(
        and_(
            earlier.c.forum == flags.c.forum,
            earlier.c.campaign == flags.c.campaign,
            earlier.c.shown_at < start,
            or_(earlier.c.closed_at.is_(None), earlier.c.closed_at > flags.c.shown_at),
        )
    )
