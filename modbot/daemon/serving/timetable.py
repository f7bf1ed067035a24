"""What is done when: APScheduler, with every job planned anew at its own end."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

JITTER = 0.1
SELF_PLANNED = 8
"""More instances than ever exist: a job that plans itself at its end may be due again before
APScheduler has noted that end, and would be dropped for good at the usual limit of one."""


class Planner(Protocol):
    def plan(self, name: str, job: Callable[[], None], seconds: float) -> None:
        """Do ``job`` once, ``seconds`` from now. A job of the same name that waits is replaced."""
        ...


class Timetable:
    """Jobs in a pool of ``workers`` threads. None is dropped for being late."""

    def __init__(self, workers: int) -> None:
        pool = ThreadPoolExecutor(workers)
        self._scheduler = BackgroundScheduler(executors={"default": pool}, timezone="UTC")
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False

    def plan(self, name: str, job: Callable[[], None], seconds: float) -> None:
        """Once the timetable closes, nothing more is planned."""
        # Only ever later: a forum that names the second is not asked before it.
        spread = timedelta(seconds=seconds * random.uniform(1, 1 + JITTER))  # noqa: S311 - spreads load
        with self._changed:
            if self._closed:
                return
            self._scheduler.add_job(
                self._run,
                args=(job,),
                trigger=DateTrigger(datetime.now().astimezone() + spread),
                id=name,
                replace_existing=True,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=SELF_PLANNED,
            )

    def _run(self, job: Callable[[], None]) -> None:
        with self._changed:
            if self._closed:
                return
            self._running += 1
        try:
            job()
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        return self._closed

    def start(self) -> None:
        self._scheduler.start()

    def stop_planning(self) -> None:
        """Begin nothing more; what runs goes on."""
        with self._changed:
            self._closed = True
        # APScheduler 3 raises in its own thread when it is shut down while it hands out a
        # job. Paused it begins nothing more, and listing the jobs waits for what it is at.
        self._scheduler.pause()
        self._scheduler.get_jobs()
        self._scheduler.shutdown(wait=False)

    def wait_idle(self, seconds: float) -> bool:
        """Wait for what runs to end; answers whether it did."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)
