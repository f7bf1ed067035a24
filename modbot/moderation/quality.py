"""How well modbot does, and what its moderators did: the quality page, its API and whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from modbot.detection import Threshold
from modbot.domain import Reason, Scope
from modbot.moderation import estimates
from modbot.moderation.autonomy import Standing, Survey
from modbot.moderation.estimates import Known
from modbot.policy.intervals import Rate, rate
from modbot.settings import Loaded
from modbot.store import boards, quality
from modbot.store.quality import WEEK, Cell, Span
from modbot.store.types import day_start

WEEKS = 8
LONGEST = timedelta(minutes=2)
"""Whoever lets more time pass between two verdicts was away."""
FIRST = timedelta(seconds=15)
"""What the first verdict of a sitting is taken to have cost: nobody sees when it began."""
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Week:
    """Since ``since``, a Monday (UTC): cards ``confirmed`` and found ``wrong``, replies that
    were ``missed``, and the ``minutes`` that deciding took, estimated."""

    since: datetime
    confirmed: int
    wrong: int
    missed: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Line:
    """Flags that belong together: how many, how many cards of them people confirmed or found
    wrong, how many replies modbot had hidden unasked and people brought back; the rates of both
    with their intervals (95 %, Clopper & Pearson)."""

    flags: int
    confirmed: int
    wrong: int
    precision: Rate
    hidden: int
    overturned: int
    overturn_rate: Rate


@dataclass(frozen=True, slots=True)
class BoardLine:
    forum: str
    board_id: int | None
    board: str
    line: Line


@dataclass(frozen=True, slots=True)
class ReasonLine:
    reason: Reason
    line: Line


@dataclass(frozen=True, slots=True)
class WeekLine:
    since: datetime
    line: Line


@dataclass(frozen=True, slots=True)
class Forum:
    """What is known of a whole forum: base rate and recall from its spot checks, and how each
    reason stands there (empty where there is no model to say)."""

    name: str
    known: Known
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """``whole`` is all of the last WEEKS weeks (this one included), which the lines divide by
    reason, board and week; ``oldest_open`` since when the flag waits that waits longest."""

    week: Week
    oldest_open: datetime | None
    whole: Line
    reasons: tuple[ReasonLine, ...]
    boards: tuple[BoardLine, ...]
    weeks: tuple[WeekLine, ...]
    forums: tuple[Forum, ...]


def read(
    rx: Connection,
    loaded: Loaded,
    thresholds: Mapping[str, Threshold] | None,
    *,
    now: datetime,
    within: Scope,
) -> Quality:
    """Of the forums in the settings, as far as ``within`` reaches; what only a whole forum can
    tell, of those that are in it whole. ``thresholds`` are those of the model in use, None
    without one. A handful of statements a forum, each bounded by weeks or grouped."""
    names = [name for name in loaded.settings.forums if within.reaches(name)]
    monday = week_of(now)
    first = monday - (WEEKS - 1) * WEEK
    cells = quality.cells(rx, Span(names, first, monday + WEEK, within))
    known = boards.all_names(rx)
    return Quality(
        week=_week(rx, Span(names, monday, monday + WEEK, within)),
        oldest_open=quality.oldest_open(rx, names, within=within),
        whole=_line(cells),
        reasons=tuple(ReasonLine(reason, line) for reason, line in _by(cells, lambda one: one.reason)),
        boards=tuple(
            BoardLine(forum, board, known.get((forum, board or 0), ""), line)
            for (forum, board), line in _by(cells, lambda one: (one.forum, one.board_id))
        ),
        weeks=tuple(WeekLine(first + number * WEEK, line) for number, line in _in_order(cells)),
        forums=tuple(_forum(rx, loaded, name, thresholds) for name in names if within.has_whole(name)),
    )


def week_of(now: datetime) -> datetime:
    """The Monday, 00:00 UTC, of the week of ``now``."""
    return day_start(now) - timedelta(days=now.weekday())


def _week(rx: Connection, span: Span) -> Week:
    done = quality.decided(rx, span, longest=LONGEST, first=FIRST)
    minutes = round(done.seconds / 60) or int(done.seconds > 0)
    return Week(span.since, done.right, done.wrong, quality.missed(rx, span), minutes)


def _forum(rx: Connection, loaded: Loaded, name: str, thresholds: Mapping[str, Threshold] | None) -> Forum:
    known = estimates.read(rx, name)
    if thresholds is None:
        return Forum(name, known, ())
    survey = Survey.read(rx, loaded, name, thresholds, known=known)
    return Forum(name, known, tuple(survey.everywhere()))


def _by(cells: Sequence[Cell], key: Callable[[Cell], _Key]) -> list[tuple[_Key, Line]]:
    """The lines of cells with the same key, the most flags first."""
    found: dict[_Key, list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    lines = [(name, _line(some)) for name, some in found.items()]
    return sorted(lines, key=lambda one: -one[1].flags)


def _in_order(cells: Sequence[Cell]) -> list[tuple[int, Line]]:
    return [(week, _line([one for one in cells if one.week == week])) for week in range(WEEKS)]


def _line(cells: Sequence[Cell]) -> Line:
    right, wrong = sum(one.right for one in cells), sum(one.wrong for one in cells)
    hidden, overturned = sum(one.hidden for one in cells), sum(one.overturned for one in cells)
    return Line(
        flags=sum(one.flags for one in cells),
        confirmed=right,
        wrong=wrong,
        precision=rate(right, right + wrong),
        hidden=hidden,
        overturned=overturned,
        overturn_rate=rate(overturned, hidden),
    )
