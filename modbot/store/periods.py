"""What happened in a forum between two moments, and what waits now: for digest and notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select

from modbot.domain import DecisionKind, FlagState, OutboxState, Reason, VerdictKind, VerdictSource
from modbot.store import hides, misses
from modbot.store.misses import Missed
from modbot.store.schema import audit, decisions, flags, outbox, replies, verdicts


@dataclass(frozen=True, slots=True)
class Period:
    """Numbers of replies: ``read`` for the first time, decided other than allow ``by_reason``,
    ``hidden`` unasked with effect, shown in the ``queue``; ``verdicts`` by kind, how many of
    them were given by what humans did on the forum (``by_forum``), and how many hides were
    ``overturned``; what was found ``missed``. ``brakes``: how often the brake was pulled."""

    read: int
    by_reason: dict[Reason, int]
    hidden: int
    queued: int
    verdicts: dict[VerdictKind, int]
    by_forum: int
    overturned: int
    missed: Missed
    brakes: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Flags in the queue, and since when the oldest of them is there."""

    number: int
    oldest: datetime | None


def between(rx: Connection, forum: str, start: datetime, end: datetime) -> Period:
    """From ``start`` to before ``end``."""

    def number(at: Column[Any], *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).where(at >= start, at < end, *conditions)
        return rx.scalar(query) or 0

    overturned = flags.c.state == FlagState.OVERTURNED
    return Period(
        read=number(replies.c.first_seen, replies.c.forum == forum),
        by_reason=_by_reason(rx, forum, start, end),
        hidden=number(flags.c.hidden_at, flags.c.forum == forum),
        queued=number(flags.c.shown_at, flags.c.forum == forum),
        verdicts=_verdicts(rx, forum, start, end),
        by_forum=closed_on_forum(rx, forum, start, end),
        missed=misses.count(rx, forum, start, end),
        overturned=number(flags.c.closed_at, flags.c.forum == forum, overturned),
        brakes=number(audit.c.at, audit.c.forum == forum, audit.c.what == "brake.pulled"),
    )


def closed_on_forum(rx: Connection, forum: str, start: datetime, end: datetime) -> int:
    """Flags that were closed by what humans did on the forum itself."""
    query = select(func.count()).where(
        verdicts.c.forum == forum,
        verdicts.c.source == VerdictSource.FORUM,
        verdicts.c.undone_at.is_(None),
        verdicts.c.given_at >= start,
        verdicts.c.given_at < end,
    )
    return rx.scalar(query) or 0


def waiting(rx: Connection, forum: str) -> Waiting:
    query = select(func.count(), func.min(flags.c.shown_at)).where(
        flags.c.forum == forum, hides.waits_for_human(), flags.c.shown_at.is_not(None)
    )
    number, oldest = rx.execute(query).one()
    return Waiting(number, oldest)


def given_up(rx: Connection, forum: str, *, since: datetime) -> int:
    """Actions that were given up since then and not taken up again."""
    query = select(func.count()).where(
        outbox.c.forum == forum, outbox.c.state == OutboxState.DEAD, outbox.c.settled_at >= since
    )
    return rx.scalar(query) or 0


def _by_reason(rx: Connection, forum: str, start: datetime, end: datetime) -> dict[Reason, int]:
    query = (
        select(decisions.c.reason, func.count(decisions.c.reply_id.distinct()))
        .where(
            decisions.c.forum == forum,
            decisions.c.kind != DecisionKind.ALLOW,
            decisions.c.decided_at >= start,
            decisions.c.decided_at < end,
        )
        .group_by(decisions.c.reason)
    )
    return {Reason(reason): number for reason, number in rx.execute(query)}


def _verdicts(rx: Connection, forum: str, start: datetime, end: datetime) -> dict[VerdictKind, int]:
    query = (
        select(verdicts.c.kind, func.count())
        .where(
            verdicts.c.forum == forum,
            verdicts.c.undone_at.is_(None),
            verdicts.c.given_at >= start,
            verdicts.c.given_at < end,
        )
        .group_by(verdicts.c.kind)
    )
    return {VerdictKind(kind): number for kind, number in rx.execute(query)}
