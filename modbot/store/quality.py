"""What people decided, when, and how often modbot was right: counted for volunteers and admins.

Counted are cards, as evidence is: a campaign is one however many copies it has, and so is what
else was decided at once. What a human or a standing decision flagged tells nothing of modbot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, case, func, select, type_coerce

from modbot.domain import DecisionKind, FlagState, Label, Reason, Scope, VerdictSource, Visibility
from modbot.store.evidence import CARD, RIGHT, STANDING
from modbot.store.flag_filter import in_scope
from modbot.store.schema import decisions, flags, misses, replies, spot_checks, verdicts
from modbot.store.types import microseconds

WEEK = timedelta(days=7)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Decided:
    """Cards that people found ``right`` or ``wrong``, and the ``seconds`` that it took them."""

    right: int
    wrong: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Flags of one reason on one board that were opened in the week ``week`` (0: the first):
    how many, of which cards found ``right`` or ``wrong``, and how many modbot had ``hidden``
    unasked and were ``overturned``."""

    forum: str
    board_id: int | None
    reason: Reason
    week: int
    flags: int
    right: int
    wrong: int
    hidden: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` to before ``until`` in these ``forums``, as far as ``within`` reaches."""

    forums: Sequence[str]
    since: datetime
    until: datetime
    within: Scope


def decided(rx: Connection, span: Span, *, longest: timedelta, first: timedelta) -> Decided:
    """What people decided, in modbot or on the forum.

    Of the time only what was given in modbot tells: between two verdicts of one person as much
    as lies between them, if that is no more than ``longest``; ``first`` where it is more, or
    there was none before. What is decided at once takes no time beside its first.
    """
    right, wrong = rx.execute(
        _verdicts(
            span,
            func.count(case((verdicts.c.kind.in_(RIGHT), CARD)).distinct()),
            func.count(case((verdicts.c.kind.not_in(RIGHT), CARD)).distinct()),
        ).where(verdicts.c.undone_at.is_(None))
    ).one()
    given = type_coerce(verdicts.c.given_at, BigInteger)
    before = func.lag(given).over(partition_by=verdicts.c.who, order_by=[given, verdicts.c.id])
    own = _verdicts(span, (given - before).label("gap")).where(verdicts.c.source != VerdictSource.FORUM)
    gaps = own.subquery()
    most, usual = longest // _MICROSECOND, first // _MICROSECOND
    total = rx.scalar(select(func.sum(case((gaps.c.gap <= most, gaps.c.gap), else_=usual)))) or 0
    return Decided(right, wrong, float(total) / 1e6)


def _verdicts(span: Span, *columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(verdicts)
        .join(flags, flags.c.id == verdicts.c.flag_id)
        .join(replies, replies.c.id == verdicts.c.reply_id)
        .where(*_during(span, verdicts.c.forum, verdicts.c.given_at))
    )


def _during(span: Span, forum: ColumnElement[Any], at: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Over rows that ``replies`` is joined to."""
    return [forum.in_(span.forums), at >= span.since, at < span.until, in_scope(span.within, forum)]


def missed(rx: Connection, span: Span) -> int:
    """Replies that modbot had let pass and a human hid on the forum, or found bad in a spot check."""
    hidden = (
        select(misses.c.reply_id)
        .join(replies, replies.c.id == misses.c.reply_id)
        .where(
            *_during(span, misses.c.forum, misses.c.seen_at),
            misses.c.visibility == Visibility.HIDDEN,
            misses.c.taken_back_at.is_(None),
        )
    )
    checked = (
        select(spot_checks.c.reply_id)
        .join(replies, replies.c.id == spot_checks.c.reply_id)
        .where(
            *_during(span, spot_checks.c.forum, spot_checks.c.answered_at),
            spot_checks.c.label.in_((Label.SPAM, Label.LOW_EFFORT)),
        )
    )
    return rx.scalar(select(func.count()).select_from(hidden.union(checked).subquery())) or 0


def cells(rx: Connection, span: Span) -> list[Cell]:
    """The flags that were opened meanwhile, by forum, board, reason and week."""
    opened = type_coerce(flags.c.opened_at, BigInteger)
    week = ((opened - microseconds(span.since)) // (WEEK // _MICROSECOND)).label("week")
    keys = (flags.c.forum, replies.c.board_id, flags.c.reason, week)
    ours = flags.c.hidden_at.is_not(None)
    query = (
        select(
            *keys,
            func.count(),
            func.count(case((verdicts.c.kind.in_(RIGHT), CARD)).distinct()),
            func.count(case((verdicts.c.kind.not_in(RIGHT), CARD)).distinct()),
            func.count(case((ours, flags.c.id))),
            func.count(case((ours & (flags.c.state == FlagState.OVERTURNED), flags.c.id))),
        )
        .select_from(flags)
        .join(replies, replies.c.id == flags.c.reply_id)
        .join(decisions, decisions.c.id == flags.c.decision_id)
        .outerjoin(verdicts, STANDING)
        .where(
            *_during(span, flags.c.forum, flags.c.opened_at),
            decisions.c.kind != DecisionKind.ALLOW,
            decisions.c.standing_id.is_(None),
        )
        .group_by(*keys)
    )
    return [
        Cell(forum, board, Reason(reason), int(number), *counts)
        for forum, board, reason, number, *counts in rx.execute(query)
    ]


def oldest_open(rx: Connection, forums: Sequence[str], *, within: Scope) -> datetime | None:
    """Since when the flag that waits longest in sight is there."""
    opened = flags.c.opened_at
    found: datetime | None = rx.scalar(
        select(func.min(opened, type_=opened.type))
        .join(replies, replies.c.id == flags.c.reply_id)
        .where(
            flags.c.forum.in_(forums),
            flags.c.closed_at.is_(None),
            flags.c.shown_at.is_not(None),
            flags.c.state == FlagState.PENDING,
            in_scope(within, flags.c.forum),
        )
    )
    return found
