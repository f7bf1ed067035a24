"""One forum's recurring work: poll, work the outbox, read again what is due. Each round plans the next at its
end, whatever happened, so that none overlaps itself and none is the last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from modbot.daemon.executor import NeedsHuman
from modbot.daemon.house import ForumDesk
from modbot.daemon.serving.circuit import Circuit
from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.timetable import Planner
from modbot.errors import DEFECTS, ForumError, ModbotError, Retryable
from modbot.store.breakers import BreakerState

OUTBOX_SECONDS = 1.0
FAILED_SECONDS = 30.0
LOOK_SECONDS = 5.0
"""How often a stopped forum's breaker is looked at: a human may have let it go on."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between polls; ``longest_poll`` is when one that catches up makes room for the
    next (it goes on from its cursor); ``rereading`` between two looks at known replies."""

    usual: float
    quiet: float
    longest_poll: float = 600.0
    rereading: float = 300.0


class Rounds:
    """``begun`` rounds end by themselves once ``stop`` is set. ``now`` answers monotonic seconds."""

    def __init__(
        self,
        *,
        desk: ForumDesk,
        circuit: Circuit,
        pauses: Pauses,
        planner: Planner,
        stop: threading.Event,
        pulse: Pulse,
        now: Callable[[], float],
        name: str = "",
    ) -> None:
        self._desk = desk
        self._circuit = circuit
        self._pauses = pauses
        self._planner = planner
        self._stop = stop
        self._pulse = pulse
        self._now = now
        self._name = name or desk.name
        self._pause = pauses.usual
        self._log = structlog.get_logger("serve").bind(forum=desk.name)

    def begin(self) -> None:
        self._plan("poll", self.poll, 0.0)
        self._plan("outbox", self.work, 0.0)
        self._plan("rereading", self.reread, self._pauses.rereading)

    def poll(self) -> None:
        pause = self._pauses.quiet
        try:
            with self._pulse.at_work("poll"):
                pause = self._poll_when_allowed()
        finally:
            self._plan("poll", self.poll, pause)

    def _poll_when_allowed(self) -> float:
        wait = self._circuit.wait()
        if wait is None:
            return LOOK_SECONDS
        if wait > 0:
            return min(wait, LOOK_SECONDS)
        try:
            self._pause = self._poll()
        except ModbotError as problem:
            self._pause = self._after(problem)
        except DEFECTS as problem:
            self._log.exception("poll_defect", problem=type(problem).__name__)
            self._circuit.failed(ForumError(forum=self._desk.name, detail=type(problem).__name__))
            self._pause = self._pauses.usual
        return self._pause

    def _poll(self) -> float:
        """Poll once; answers how long to rest: longer and longer while nothing happens."""
        ends = self._now() + self._pauses.longest_poll
        report, _ = self._desk.poll(stopping=lambda: self._stop.is_set() or self._now() > ends)
        self._circuit.succeeded()
        self._desk.read_own_reasons()
        if not report.caught_up:
            return min(self._pauses.usual, OUTBOX_SECONDS)
        if report.new:
            return self._pauses.usual
        return min(self._pause * 1.5, self._pauses.quiet)

    def _after(self, problem: ModbotError) -> float:
        """Answers how long to rest after a failure, which the poll's own line has told."""
        self._circuit.failed(problem)
        told = problem.retry_after if isinstance(problem, Retryable) else None
        return max(told or 0.0, min(self._pause * 2, self._pauses.quiet))

    def work(self) -> None:
        pause = FAILED_SECONDS
        try:
            with self._pulse.at_work("outbox"):
                pause = self._work_when_allowed()
        finally:
            self._plan("outbox", self.work, pause)

    def _work_when_allowed(self) -> float:
        """The outbox waits while the circuit is not closed: the probe is a poll's."""
        if self._circuit.state() is not BreakerState.CLOSED:
            return OUTBOX_SECONDS
        try:
            self._desk.executor.work(stopping=self._stop.is_set)
        except NeedsHuman as problem:
            self._circuit.failed(problem.cause)
            self._log.error("needs_human", code=problem.cause.code, problem=str(problem))
        except ModbotError as problem:
            self._log.warning("outbox_failed", code=problem.code, problem=str(problem))
            return FAILED_SECONDS
        return OUTBOX_SECONDS

    def reread(self) -> None:
        try:
            with self._pulse.at_work("rereading"):
                self._reread_when_allowed()
        finally:
            self._plan("rereading", self.reread, self._pauses.rereading)

    def _reread_when_allowed(self) -> None:
        """Like the outbox, it leaves the probes to polls; unlike a poll's, a failure of it that
        may pass is no sign of trouble."""
        if self._circuit.state() is not BreakerState.CLOSED:
            return
        try:
            self._desk.reread(stopping=self._stop.is_set)
        except ForumError as problem:
            self._circuit.failed(problem)
            self._log.error("needs_human", code=problem.code, problem=str(problem))
        except ModbotError as problem:
            self._log.warning("rereading_failed", code=problem.code, problem=str(problem))
        except DEFECTS as problem:
            self._log.exception("rereading_defect", problem=type(problem).__name__)

    def _plan(self, what: str, job: Callable[[], None], seconds: float) -> None:
        if not self._stop.is_set():
            self._planner.plan(f"{self._name}:{what}", job, seconds)
