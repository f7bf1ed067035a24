"""Work of the house that belongs to no forum: every so often, or at a time of day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import structlog

from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.timetable import Planner
from modbot.errors import DEFECTS, LeaseLost, ModbotError
from modbot.store import chores
from modbot.store.engine import Store

RETRY_SECONDS = 900.0
LONGEST_WAIT_SECONDS = 3600.0
"""A time of day is looked at at least so often: clocks are set, machines sleep."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Done ``every`` so many seconds, or daily ``at`` HH:MM (of ``zone``; None is the machine's
    own). ``run`` answers what the log and
    ``modbot status`` tell of it. ``recorded`` False: too frequent to be written down."""

    name: str
    run: Callable[[], Mapping[str, object]]
    every: float = 0.0
    at: str = ""
    zone: tzinfo | None = None
    recorded: bool = True


class ChoreRounds:
    """One chore's recurring work."""

    def __init__(
        self,
        *,
        chore: Chore,
        store: Store,
        planner: Planner,
        pulse: Pulse,
        clock: Callable[[], datetime],
    ) -> None:
        self._chore = chore
        self._store = store
        self._planner = planner
        self._pulse = pulse
        self._clock = clock
        self._ended = False
        self._log = structlog.get_logger("chore").bind(chore=chore.name)

    def begin(self) -> None:
        self._planner.plan(self._name, self.round, 0.0 if self._chore.every else self._until_due())

    def end(self) -> None:
        """Do it no more. Another with the same name may take its place."""
        self._ended = True

    def round(self) -> None:
        pause = RETRY_SECONDS
        if self._ended:
            return
        try:
            with self._pulse.at_work(self._name):
                pause = self._do() if self._is_due() else self._until_due()
        finally:
            if not self._ended:
                self._planner.plan(self._name, self.round, pause)

    @property
    def _name(self) -> str:
        return f"chore:{self._chore.name}"

    def _do(self) -> float:
        """Answers the pause after it."""
        self._record(lambda tx: chores.began(tx, self._chore.name, at=self._clock()))
        try:
            details = self._chore.run()
        except LeaseLost:
            raise
        except ModbotError as problem:
            return self._failed(str(problem), problem.code)
        except DEFECTS as problem:
            self._log.exception("chore_defect")
            return self._failed(type(problem).__name__, "defect")
        self._record(lambda tx: chores.succeeded(tx, self._chore.name, at=self._clock(), details=details))
        if self._chore.recorded:
            self._log.info("chore", **details)
        return self._chore.every or self._until_due()

    def _failed(self, problem: str, code: str) -> float:
        self._record(lambda tx: chores.failed(tx, self._chore.name, problem=problem))
        self._log.error("chore_failed", code=code, problem=problem)
        return self._chore.every or RETRY_SECONDS

    def _record(self, write: Callable[..., None]) -> None:
        if self._chore.recorded:
            with self._store.write() as tx:
                write(tx)

    def _is_due(self) -> bool:
        """A daily chore is due once its time of today has passed, if it was not done since."""
        if self._chore.every:
            return True
        with self._store.read() as rx:
            before = chores.load(rx, self._chore.name)
        latest = self._latest_time()
        return before is None or before.succeeded_at is None or before.succeeded_at < latest

    def _until_due(self) -> float:
        if self._is_due():
            return 0.0
        waiting = (self._latest_time() + timedelta(days=1) - self._clock()).total_seconds()
        return min(max(waiting, 1.0), LONGEST_WAIT_SECONDS)

    def _latest_time(self) -> datetime:
        """When it was, or will have been, due last: today's time of day, or yesterday's."""
        hour, minute = map(int, self._chore.at.split(":"))
        now = self._clock().astimezone(self._chore.zone)
        today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return today if today <= now else today - timedelta(days=1)
