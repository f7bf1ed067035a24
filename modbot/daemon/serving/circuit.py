"""A circuit breaker per forum: a forum in trouble is left alone, and asked by single probes
(Nygard, Release It!, 2007). What only a human can mend is not tried again before one says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from modbot.daemon.redaction import Redactor
from modbot.errors import (
    Blocked,
    BudgetSpent,
    ForumError,
    ForumRolledBack,
    LeaseLost,
    LoggedOut,
    ModbotError,
    Refused,
    StoreError,
)
from modbot.store import breakers
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.engine import Store

FOR_A_HUMAN = (LoggedOut, Blocked, Refused, ForumRolledBack)


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    """``failures`` in a row open it; the pause before a probe doubles from ``probe`` up to
    ``longest_probe``."""

    failures: int = 5
    probe: timedelta = timedelta(seconds=60)
    longest_probe: timedelta = timedelta(minutes=30)


class Circuit:
    """One forum's breaker. Kept in the store: a restart does not ask a forum that refuses."""

    def __init__(
        self, store: Store, forum: str, limits: CircuitLimits, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._forum = forum
        self._limits = limits
        self._clock = clock
        self._log = structlog.get_logger("breaker").bind(forum=forum)

    def state(self) -> BreakerState:
        return self._load().state

    def wait(self) -> float | None:
        """Seconds until the next round may begin: 0 now (a probe, unless it is closed), None
        when only a human can say."""
        now, breaker = self._clock(), self._load()
        if breaker.state is BreakerState.STOPPED:
            return None
        if breaker.state is BreakerState.OPEN:
            waiting = ((breaker.probe_at or now) - now).total_seconds()
            if waiting > 0:
                return waiting
            self._save(replace(breaker, state=BreakerState.HALF_OPEN))
        return 0.0

    def succeeded(self) -> None:
        breaker = self._load()
        if breaker.state is not BreakerState.CLOSED or breaker.failures:
            self._save(Breaker(BreakerState.CLOSED, self._clock()))

    def failed(self, problem: ModbotError) -> None:
        """Count a failed round. What is not the forum's doing does not count."""
        if isinstance(problem, LeaseLost):
            return  # whoever owns the store now knows better
        if isinstance(problem, FOR_A_HUMAN):
            self._stop(problem)
        elif not isinstance(problem, BudgetSpent | StoreError) and problem.code != "error.forum.stopping":
            self._count(problem)

    def resume(self, *, who: str) -> None:
        """A human has acted: a stopped forum is tried once more."""
        if self.state() is BreakerState.STOPPED:
            with self._store.write() as tx:
                breakers.resume(tx, self._forum, who=who, at=self._clock())

    def _count(self, problem: ModbotError) -> None:
        now, breaker = self._clock(), self._load()
        failures = breaker.failures + 1
        counted = replace(breaker, failures=failures, code=problem.code, facts=_plain(problem))
        probing = breaker.state is BreakerState.HALF_OPEN
        if not probing and failures < self._limits.failures:
            self._save(counted)
            return
        doublings = min(failures - self._limits.failures, 16) if probing else 0
        pause = min(self._limits.probe * (1 << max(doublings, 0)), self._limits.longest_probe)
        since = now if breaker.state is BreakerState.CLOSED else breaker.since
        self._save(replace(counted, state=BreakerState.OPEN, since=since, probe_at=now + pause))

    def _stop(self, problem: ForumError) -> None:
        now, breaker = self._clock(), self._load()
        since = breaker.since if breaker.state is BreakerState.STOPPED else now
        failures = breaker.failures + 1
        self._save(Breaker(BreakerState.STOPPED, since, failures, code=problem.code, facts=_plain(problem)))

    def _load(self) -> Breaker:
        with self._store.read() as rx:
            return breakers.load(rx, self._forum) or Breaker(BreakerState.CLOSED, self._clock())

    def _save(self, breaker: Breaker) -> None:
        with self._store.write() as tx:
            before = breakers.load(tx, self._forum)
            breakers.save(tx, self._forum, breaker)
        if before is None or before.state is not breaker.state:
            self._log.warning("breaker", state=breaker.state.value, code=breaker.code)


def _plain(problem: ModbotError) -> dict[str, object]:
    """The facts of an error, as far as they can be stored and told."""
    redact = Redactor()
    return {
        name: value if isinstance(value, int | float) or value is None else redact(str(value))
        for name, value in problem.params.items()
    }
