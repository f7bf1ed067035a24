"""The forums' workers: opened, watched, replaced when stuck, renewed when settings change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from modbot.daemon import models, rulebook, wiring
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.house import ForumDesk, Sleeps, open_desk
from modbot.daemon.serving.circuit import Circuit, CircuitLimits
from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.rounds import Pauses, Rounds
from modbot.daemon.serving.timetable import Planner
from modbot.detection import Detector
from modbot.errors import LeaseLost, ModbotError
from modbot.settings import Loaded
from modbot.store.engine import Store

THREADS_PER_FORUM = 3
"""Each of its rounds may be under way at once."""
CLOSES_WITHIN = 0.7
LOOK_SECONDS = 0.05


@dataclass(slots=True)
class _Life:
    """``stop``: begin nothing new; ``cut``: end what is under way, too; ``retired``: whatever
    is left of this worker may not write any more."""

    pulse: Pulse = field(default_factory=Pulse)
    stop: threading.Event = field(default_factory=threading.Event)
    cut: threading.Event = field(default_factory=threading.Event)
    retired: threading.Event = field(default_factory=threading.Event)

    def sleep(self, seconds: float) -> bool:
        self.pulse.rest(seconds)
        return self.stop.wait(seconds)

    def urgent_sleep(self, seconds: float) -> bool:
        self.pulse.rest(seconds)
        return self.cut.wait(seconds)


@dataclass(frozen=True, slots=True)
class Worker:
    """One forum's desk at work. ``generation`` counts how often it was opened anew."""

    desk: ForumDesk
    circuit: Circuit
    generation: int
    life: _Life

    @property
    def is_busy(self) -> bool:
        return bool(self.life.pulse.busy())

    def cut_off(self) -> threading.Thread:
        """End the requests under way, too. Closing an engine may take its time: it is done in
        the thread that is answered."""
        self.life.stop.set()
        self.life.cut.set()
        closing = threading.Thread(target=self._close, name=f"close-{self.desk.name}", daemon=True)
        closing.start()
        return closing

    def _close(self) -> None:
        try:
            self.desk.close()
        except ModbotError as problem:
            structlog.get_logger("serve").warning("close_failed", forum=self.desk.name, code=problem.code)


class Crew:
    """The workers of the forums ``names``. ``guard`` is asked in each of their transactions."""

    def __init__(
        self,
        loaded: Loaded,
        names: Sequence[str],
        detector: Detector,
        *,
        store: Store,
        planner: Planner,
        clock: Callable[[], datetime],
        guard: Callable[[Connection], None] = lambda _tx: None,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._loaded = loaded
        self._names = tuple(names)
        self._detector = detector
        self._store = store
        self._planner = planner
        self._clock = clock
        self._guard = guard
        self._generations = 0
        self._left_behind: list[Worker] = []
        self.workers: dict[str, Worker] = {}

    @property
    def detector(self) -> Detector:
        """The model that judges."""
        return self._detector

    def desk(self, forum: str) -> ForumDesk | None:
        """The desk at work on a forum; None while there is none."""
        worker = self.workers.get(forum)
        return None if worker is None else worker.desk

    def begin(self) -> None:
        """Open the workers that are missing. Raises SettingsError."""
        for name in self._names:
            if name not in self.workers:
                self.workers[name] = self._open(name)
                self._begin(self.workers[name])

    def renew(self, loaded: Loaded, names: Sequence[str], detector: Detector, *, seconds: float) -> None:
        """Other settings: every worker ends its action in flight; :meth:`begin` opens others."""
        self.dismiss(seconds=seconds)
        self._loaded, self._names, self._detector = loaded, tuple(names), detector

    def leave_behind(self, name: str) -> None:
        """Give a stuck worker up; :meth:`begin` opens another in its place."""
        worker = self.workers.pop(name)
        self._left_behind.append(worker)
        _dismiss([worker])

    @property
    def hanging(self) -> int:
        """How many threads of workers that were given up hang still."""
        self._left_behind = [worker for worker in self._left_behind if worker.is_busy]
        return sum(len(worker.life.pulse.busy()) for worker in self._left_behind)

    @property
    def is_complete(self) -> bool:
        return set(self.workers) == set(self._names)

    def stuck(self, after: float) -> dict[str, tuple[str, ...]]:
        """What shows no sign of life for ``after`` seconds, by forum."""
        found = {name: worker.life.pulse.stuck(after) for name, worker in self.workers.items()}
        return {name: jobs for name, jobs in found.items() if jobs}

    def resume(self, *, who: str) -> None:
        """Let stopped forums be tried again: a human has acted."""
        for worker in self.workers.values():
            worker.circuit.resume(who=who)

    def dismiss(self, *, seconds: float) -> bool:
        """Let the actions under way end, for so long; then close everything. Answers whether
        all ended by themselves."""
        workers = list(self.workers.values())
        self.workers.clear()
        for worker in workers:
            worker.life.stop.set()
        ended = _wait_idle(workers, seconds)
        _dismiss(workers)
        return ended

    def _open(self, name: str) -> Worker:
        life = _Life()

        def guard(tx: Connection) -> None:
            life.pulse.beat()
            if life.retired.is_set():
                raise LeaseLost(code="error.serve.replaced", forum=name)
            self._guard(tx)

        store = self._store.guarded(guard)
        sleeps = Sleeps(life.sleep, life.urgent_sleep)
        desk = open_desk(
            self._loaded,
            store,
            self._detector,
            name,
            clock=self._clock,
            sleeps=sleeps,
            metrics=self._metrics,
        )
        circuit = Circuit(store, name, circuit_limits(self._loaded), self._clock)
        self._generations += 1
        return Worker(desk, circuit, self._generations, life)

    def _begin(self, worker: Worker) -> None:
        polling = self._loaded.settings.polling
        Rounds(
            desk=worker.desk,
            circuit=worker.circuit,
            pauses=Pauses(
                polling.every_seconds,
                polling.quiet_every_seconds,
                rereading=self._loaded.settings.rereading.every_seconds,
            ),
            planner=self._planner,
            stop=worker.life.stop,
            pulse=worker.life.pulse,
            now=time.monotonic,
            name=f"{worker.desk.name}#{worker.generation}",
        ).begin()


def _dismiss(workers: Sequence[Worker]) -> None:
    """End the workers' requests and their right to write; a stuck thread is left behind."""
    closing = [worker.cut_off() for worker in workers]
    _wait_idle(workers, CLOSES_WITHIN)
    for thread in closing:
        thread.join(CLOSES_WITHIN)
    for worker in workers:
        worker.life.retired.set()


def _wait_idle(workers: Sequence[Worker], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while any(worker.is_busy for worker in workers):
        if time.monotonic() >= ends:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def circuit_limits(loaded: Loaded) -> CircuitLimits:
    chosen = loaded.settings.breaker
    return CircuitLimits(
        failures=chosen.failures,
        probe=timedelta(seconds=chosen.probe_seconds),
        longest_probe=timedelta(seconds=chosen.longest_probe_seconds),
    )


def check(loaded: Loaded) -> tuple[tuple[str, ...], Detector]:
    """Find what is wrong with settings before anything is changed for them; answers the
    forums' names and the model that judges. Raises SettingsError and ModelError."""
    names = wiring.forum_names(loaded)
    detector = models.load_detector(loaded)
    wiring.policy_book(loaded, detector.manifest.thresholds)
    rulebook.load_rules(loaded)
    for name in names:
        wiring.engine_of(loaded, name)
    return names, detector
