"""``serve``: the forums' workers and the chores under one owner, for months."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from modbot import garbage
from modbot.daemon import overlaying
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.house import utc_now
from modbot.daemon.ownership import Ownership
from modbot.daemon.serving import crew as crews
from modbot.daemon.serving.chores import Chore, ChoreRounds
from modbot.daemon.serving.crew import Crew
from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.signals import Signals
from modbot.daemon.serving.systemd import Notifier
from modbot.daemon.serving.timetable import Timetable
from modbot.errors import LeaseLost, ModbotError, StoreError
from modbot.settings import Loaded
from modbot.store.engine import Store

SPARE_THREADS = 8
"""Stuck threads cannot be ended; so many may be left behind before the process must be."""
CHORE_THREADS = 2
TICK_SECONDS = 0.2
THREADS_END_WITHIN = 0.5
ALIVE_SECONDS = 10.0
TOO_LONG_SECONDS = 60.0
WHO = "modbot"


class Stuck(ModbotError):
    """Too much of the daemon hangs to go on: the service manager must start it anew."""

    code = "error.serve.stuck"


class Daemon:
    """Runs until a signal. ``reread`` reads the settings again; ``adopted`` hears of settings
    that came into force. Use from the main thread. ``leaves_threads``, at the end: something
    hangs that would keep the interpreter from ending."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        store: Store,
        ownership: Ownership,
        signals: Signals,
        reread: Callable[[], Loaded],
        adopted: Callable[[Loaded], None] = lambda _loaded: None,
        clock: Callable[[], datetime] = utc_now,
        notifier: Notifier | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.loaded = loaded
        self._store = store.guarded(ownership.guard)
        self._ownership = ownership
        self._signals = signals
        self._reread = reread
        self._changed = threading.Event()
        self._adopted = adopted
        self._clock = clock
        self._notifier = notifier or Notifier()
        self._names, detector = crews.check(loaded)
        threads = crews.THREADS_PER_FORUM * len(self._names) + CHORE_THREADS
        self._timetable = Timetable(threads + SPARE_THREADS)
        self.crew = Crew(
            loaded,
            self._names,
            detector,
            store=store,
            planner=self._timetable,
            clock=clock,
            guard=ownership.guard,
            metrics=metrics,
        )
        self._chores: list[ChoreRounds] = []
        self._chores_of: Callable[[Loaded], Sequence[Chore]] = lambda _loaded: ()
        self._chores_pulse = Pulse()
        self._ticked = time.monotonic()
        self.leaves_threads = False
        self._told = float("-inf")
        self._log = structlog.get_logger("serve")

    def run(self, chores: Callable[[Loaded], Sequence[Chore]] = lambda _loaded: ()) -> None:
        """Serve until told to stop. ``chores`` are asked for again when settings change, and
        raise what is wrong with those. Raises LeaseLost or Stuck when it cannot go on."""
        self._chores_of = chores
        due = chores(self.loaded)
        self._timetable.start()
        try:
            self.crew.begin()
            if not self._ownership.after_crash:
                self.crew.resume(who=WHO)  # somebody ended modbot in order, and started it again
            self._begin_chores(due)
            self._notifier.ready(self._summary())
            self._log.info("serving", forums=list(self._names), pid=os.getpid())
            with garbage.kept_out():
                while not self._signals.stop.wait(TICK_SECONDS):
                    self._tick()
        finally:
            self._end()

    def is_alive(self) -> bool:
        """Whether the main loop goes round: for a liveness probe, from any thread."""
        return time.monotonic() - self._ticked < TOO_LONG_SECONDS

    def take_up(self) -> None:
        """What was chosen beside the files is to come into force: settings that were changed in
        the console, another model. From any thread; it happens within seconds."""
        self._changed.set()

    def is_ready(self) -> bool:
        return self.crew.is_complete and not self._signals.stop.is_set()

    def stopping(self) -> bool:
        """For what a chore does at length: asking is its sign of life."""
        self._chores_pulse.beat()
        return self._signals.stop.is_set()

    def _tick(self) -> None:
        self._ticked = time.monotonic()
        if self._ownership.lost.is_set():
            raise LeaseLost()
        if self._signals.reload.is_set():
            self._signals.reload.clear()
            self._changed.clear()
            self._reload(self._reread)
        if self._changed.is_set():
            self._changed.clear()
            self._reload(lambda: self.loaded)
        self._replace_stuck()
        if self._ticked - self._told >= ALIVE_SECONDS:
            self._told = self._ticked
            self._notifier.alive()

    def _replace_stuck(self) -> None:
        after = self.loaded.settings.daemon.stalled_seconds
        for forum, jobs in self.crew.stuck(after).items():
            self._log.error("work_stuck", forum=forum, jobs=list(jobs), seconds=after)
            self.crew.leave_behind(forum)
            if self.crew.hanging > SPARE_THREADS:
                raise Stuck(jobs=str(self.crew.hanging))
        if not self.crew.is_complete:
            self._complete_crew()
        stuck_chores = self._chores_pulse.stuck(after)
        if stuck_chores:
            raise Stuck(jobs=", ".join(stuck_chores))

    def _complete_crew(self) -> None:
        try:
            self.crew.begin()
        except LeaseLost:
            raise
        except StoreError as problem:
            self._log.warning("not_begun", code=problem.code, problem=str(problem))

    def _reload(self, read: Callable[[], Loaded]) -> None:
        """New settings, or none at all: wrong ones change nothing."""
        self._notifier.reloading()
        try:
            loaded = overlaying.laid(read(), self._store)
            names, detector = crews.check(loaded)
            chores = self._chores_of(loaded)
            self._refuse_what_needs_a_restart(loaded)
        except ModbotError as problem:
            self._log.error("reload_refused", code=problem.code, problem=str(problem))
        else:
            self._adopted(loaded)
            self.crew.renew(loaded, names, detector, seconds=loaded.settings.daemon.stop_seconds)
            self._complete_crew()
            self.crew.resume(who=WHO)
            self.loaded, self._names = loaded, names
            self._begin_chores(chores)
            self._log.info("reloaded", forums=list(names))
        self._notifier.ready(self._summary())

    def _refuse_what_needs_a_restart(self, loaded: Loaded) -> None:
        fixed = {
            "store.url": loaded.store_url != self.loaded.store_url,
            "paths.state": loaded.state_dir != self.loaded.state_dir,
            "health.listen": loaded.settings.health.listen != self.loaded.settings.health.listen,
            "console.listen": loaded.settings.console.listen != self.loaded.settings.console.listen,
        }
        changed = [key for key, differs in fixed.items() if differs]
        if changed:
            raise ModbotError(code="error.serve.needs_restart", keys=", ".join(changed))

    def _begin_chores(self, chores: Sequence[Chore]) -> None:
        for former in self._chores:
            former.end()
        self._chores = [
            ChoreRounds(
                chore=chore,
                store=self._store,
                planner=self._timetable,
                pulse=self._chores_pulse,
                clock=self._clock,
            )
            for chore in chores
        ]
        for rounds in self._chores:
            rounds.begin()

    def _end(self) -> None:
        self._notifier.stopping()
        self._timetable.stop_planning()
        ended = self.crew.dismiss(seconds=self.loaded.settings.daemon.stop_seconds)
        self.leaves_threads = not self._timetable.wait_idle(THREADS_END_WITHIN)
        self._log.info("stopped", in_order=ended and not self.leaves_threads)

    def _summary(self) -> str:
        modes = (f"{name}: {self.loaded.policy_for(name, None).mode.value}" for name in self._names)
        return ", ".join(modes)
