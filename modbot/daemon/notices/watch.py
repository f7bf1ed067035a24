"""Which troubles hold: read off the store at one moment, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from modbot.store import brake, breakers, chores, notices, outbox, periods, polls, requests
from modbot.store.breakers import BreakerState
from modbot.store.notices import Notice

GIVEN_UP = 3
"""So many actions given up within a day are no accident of single replies."""
EARLY = timedelta(hours=2)
"""A budget that is spent this shortly before its day ends was well measured."""
DAY = timedelta(days=1)
PROBLEM_CHARACTERS = 200
SILENT_ENDS = frozenset({"notify.given_up", "notify.budget_spent"})
"""Their end is a matter of the calendar, and nothing to tell."""

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trouble:
    """``key`` names it among all; ``code`` its sentences in the catalogues, which ``facts``
    fill, as JSON: numbers, words, moments as ISO 8601 under ``since`` and ``until``, the
    error behind it as ``problem_code`` and ``problem_facts``."""

    key: str
    code: str
    forum: str | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    unreachable: timedelta
    queue: timedelta


@dataclass(frozen=True, slots=True)
class Watched:
    """A forum and what it may be asked in a day."""

    name: str
    requests_per_day: int


def troubles(
    rx: Connection, forums: Sequence[Watched], limits: Limits, *, now: datetime
) -> tuple[Trouble, ...]:
    """Everything that a human should know at ``now``."""
    found: list[Trouble | None] = []
    lasting = {notice.key: notice for notice in notices.lasting(rx)}
    for forum in forums:
        found += [
            _brake(rx, forum.name),
            _contact(rx, forum.name, limits.unreachable, lasting, now),
            _queue(rx, forum.name, limits.queue, now),
            _given_up(rx, forum.name, now),
            _budget(rx, forum, lasting, now),
        ]
    found += _chores(rx)
    return tuple(trouble for trouble in found if trouble is not None)


def _brake(rx: Connection, forum: str) -> Trouble | None:
    state = brake.state(rx, forum)
    if not state.pulled or state.since is None:
        return None
    waiting = sum(outbox.backlog(rx, forum).values())
    return _trouble("brake_on", forum, since=_iso(state.since), why=state.why, waiting=waiting)


def _contact(
    rx: Connection, forum: str, patience: timedelta, lasting: Mapping[str, Notice], now: datetime
) -> Trouble | None:
    """A human is needed, or the forum has not answered for too long: never both."""
    breaker = breakers.load(rx, forum)
    if breaker is None or breaker.state is BreakerState.CLOSED:
        return None
    told = {"problem_code": breaker.code, "problem_facts": _short(breaker.facts)}
    stopped = _trouble("human_needed", forum, since=_iso(breaker.since), **told)
    if breaker.state is BreakerState.STOPPED:
        return stopped
    known = lasting.get(stopped.key)
    if known is not None and known.details["problem_code"] == breaker.code:
        # A human let it go on; whether that helped is known after the next round.
        return replace(stopped, facts=known.details)
    polled = polls.load(rx, forum)
    if polled is None or polled.succeeded_at is None:
        return _trouble("unreachable", forum, since=_iso(breaker.since), **told)
    if now - polled.succeeded_at < patience:
        return None
    return _trouble("unreachable", forum, since=_iso(polled.succeeded_at), **told)


def _queue(rx: Connection, forum: str, patience: timedelta, now: datetime) -> Trouble | None:
    waiting = periods.waiting(rx, forum)
    if waiting.oldest is None or now - waiting.oldest < patience:
        return None
    return _trouble("queue_old", forum, since=_iso(waiting.oldest), waiting=waiting.number)


def _given_up(rx: Connection, forum: str, now: datetime) -> Trouble | None:
    number = periods.given_up(rx, forum, since=now - DAY)
    return _trouble("given_up", forum, number=number) if number >= GIVEN_UP else None


def _budget(rx: Connection, forum: Watched, lasting: Mapping[str, Notice], now: datetime) -> Trouble | None:
    if requests.made(rx, forum.name, at=now) < forum.requests_per_day:
        return None
    midnight = (now.astimezone(UTC) + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    trouble = _trouble("budget_spent", forum.name, limit=forum.requests_per_day, until=_iso(midnight))
    return trouble if trouble.key in lasting or midnight - now > EARLY else None


def _chores(rx: Connection) -> Iterator[Trouble]:
    for chore in chores.listing(rx):
        if chore.problem:
            facts = {
                "chore": chore.name,
                "since": _iso(chore.began_at),
                "problem": _cut(chore.problem),
            }
            yield Trouble(f"chore_failed:{chore.name}", "notify.chore_failed", None, facts)


def _trouble(kind: str, forum: str, **facts: object) -> Trouble:
    return Trouble(f"{kind}:{forum}", f"notify.{kind}", forum, facts)


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _short(facts: Mapping[str, object]) -> dict[str, object]:
    """Without the length that a forum's own words may have."""
    return {name: _cut(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


def _cut(text: str) -> str:
    return text if len(text) <= PROBLEM_CHARACTERS else text[:PROBLEM_CHARACTERS] + "…"
