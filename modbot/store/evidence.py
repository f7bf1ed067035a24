"""What people said of flags, counted: the raw numbers of precision, recall and autonomy.

What a human or a standing decision flagged is no evidence of how modbot's reasons judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, func, select

from modbot.domain import DecisionKind, FlagState, Label, Reason, VerdictKind, Visibility
from modbot.store.schema import decisions, flags, misses, replies, spot_checks, verdicts

RIGHT = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
# A campaign is one piece of evidence, however many copies a moderator decided, and so is
# whatever else was decided at once.
CARD = func.coalesce(flags.c.campaign, verdicts.c.bulk, cast(flags.c.id, String))
STANDING = and_(verdicts.c.flag_id == flags.c.id, verdicts.c.undone_at.is_(None))


@dataclass(frozen=True, slots=True)
class Told:
    """Cards of one reason on one board that people found ``right`` or ``wrong``."""

    board_id: int | None
    reason: Reason
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Replies flagged in a stretch of time: ``right`` and ``wrong`` by verdict, the rest open;
    ``spam``: those among the right that are spam."""

    right: int
    wrong: int
    open: int
    spam: int


def told(rx: Connection, forum: str, *, would_hide: bool = False) -> list[Told]:
    """What people said, by board and reason; with ``would_hide`` only of what modbot hid or
    would have hidden. A card with verdicts of both kinds counts as both."""
    right = case((verdicts.c.kind.in_(RIGHT), CARD))
    wrong = case((verdicts.c.kind.not_in(RIGHT), CARD))
    query = _flagged(
        replies.c.board_id,
        flags.c.reason,
        func.count(right.distinct()),
        func.count(wrong.distinct()),
    ).where(flags.c.forum == forum, verdicts.c.id.is_not(None))
    if would_hide:
        query = query.where(flags.c.would_hide)
    query = query.group_by(replies.c.board_id, flags.c.reason)
    found = [Told(board, Reason(reason), *numbers) for board, reason, *numbers in rx.execute(query)]
    return sorted(found, key=lambda one: (one.board_id or 0, one.reason))


def judged(rx: Connection, forum: str, since: datetime, until: datetime) -> Judged:
    """Of the flags that were opened after ``since``, until ``until``."""
    right = verdicts.c.kind.in_(RIGHT)
    query = _flagged(
        func.count(case((right, 1))),
        func.count(case((verdicts.c.kind.not_in(RIGHT), 1))),
        func.count(case((verdicts.c.id.is_(None), 1))),
        func.count(case((right & (flags.c.label == Label.SPAM), 1))),
    ).where(
        flags.c.forum == forum,
        flags.c.opened_at > since,
        flags.c.opened_at <= until,
        flags.c.state != FlagState.WITHDRAWN,
    )
    return Judged(*rx.execute(query).one())


def missed_before(rx: Connection, forum: str, draws: Sequence[datetime]) -> int:
    """Replies that passed and that people hid on the forum before the first of ``draws`` (in
    order) that could have met them: no spot check speaks of these. Those that are gone do not
    count: authors delete their own, too."""
    query = (
        select(misses.c.seen_at, decisions.c.decided_at)
        .join(decisions, decisions.c.id == misses.c.decision_id)
        .where(
            misses.c.forum == forum,
            misses.c.visibility == Visibility.HIDDEN,
            misses.c.taken_back_at.is_(None),
        )
    )
    if not draws:
        return 0
    number = 0
    for seen_at, decided_at in rx.execute(query):
        draw = next((at for at in draws if at >= decided_at), None)
        number += draw is not None and seen_at < draw
    return number


def ham_scores(rx: Connection, forum: str) -> list[float]:
    """The probability of spam that spot-checked replies had which people found to be ham."""
    query = (
        select(decisions.c.spam)
        .join(spot_checks, spot_checks.c.decision_id == decisions.c.id)
        .where(spot_checks.c.forum == forum, spot_checks.c.label == Label.HAM)
    )
    return list(rx.scalars(query))


def _flagged(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(flags)
        .join(replies, replies.c.id == flags.c.reply_id)
        .join(decisions, decisions.c.id == flags.c.decision_id)
        .outerjoin(verdicts, STANDING)
        .where(decisions.c.kind != DecisionKind.ALLOW, decisions.c.standing_id.is_(None))
    )
