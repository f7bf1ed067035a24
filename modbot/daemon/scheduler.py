"""The journey on a schedule: every forum is polled, its outbox worked, until told to stop."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from modbot.daemon.executor import NeedsHuman
from modbot.daemon.house import ForumDesk, House
from modbot.errors import Blocked, ForumRolledBack, LoggedOut, ModbotError, Retryable

OUTBOX_SECONDS = 1.0
FAILED_SECONDS = 30.0
HUMAN_SECONDS = 600.0
JITTER = 0.1


class Rounds:
    """One forum's recurring work; each round plans the next at its end, whatever happened,
    so that none overlaps itself and none is the last."""

    def __init__(self, house: House, desk: ForumDesk, scheduler: BackgroundScheduler) -> None:
        self._house = house
        self._desk = desk
        self._scheduler = scheduler
        self._pause = house.loaded.settings.polling.every_seconds
        self._log = structlog.get_logger("serve").bind(forum=desk.name)

    def begin(self) -> None:
        self._plan(self.poll, "poll", 0.0)
        self._plan(self.work, "outbox", 0.0)

    def poll(self) -> None:
        polling = self._house.loaded.settings.polling
        pause = polling.quiet_every_seconds
        try:
            pause = self._poll()
        except (LoggedOut, Blocked, ForumRolledBack) as problem:
            self._log.error("needs_human", code=problem.code, problem=str(problem))
            pause = HUMAN_SECONDS
        except Retryable as problem:
            self._log.warning("poll_failed", code=problem.code, problem=str(problem))
            pause = max(problem.retry_after or 0.0, min(self._pause * 2, polling.quiet_every_seconds))
        except ModbotError as problem:
            self._log.error("poll_failed", code=problem.code, problem=str(problem))
        finally:
            self._pause = pause
            self._plan(self.poll, "poll", pause)

    def _poll(self) -> float:
        """Poll once; answers how long to rest: longer and longer while nothing happens."""
        polling = self._house.loaded.settings.polling
        report, _ = self._desk.poll(stopping=self._house.stop.is_set)
        if report.new or not report.caught_up:
            return polling.every_seconds
        return min(self._pause * 1.5, polling.quiet_every_seconds)

    def work(self) -> None:
        pause = OUTBOX_SECONDS
        try:
            self._desk.executor.work(stopping=self._house.stop.is_set)
        except NeedsHuman as problem:
            self._log.error("needs_human", problem=str(problem))
            pause = HUMAN_SECONDS
        except ModbotError as problem:
            self._log.warning("outbox_failed", code=problem.code, problem=str(problem))
            pause = FAILED_SECONDS
        finally:
            self._plan(self.work, "outbox", pause)

    def _plan(self, job: Callable[[], None], name: str, seconds: float) -> None:
        if self._house.stop.is_set():
            return
        # Only ever later: a forum that names the second is not asked before it.
        spread = seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 - spreads load
        self._scheduler.add_job(
            job,
            trigger=DateTrigger(_soon(spread)),
            id=f"{self._desk.name}:{name}",
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )


def serve(house: House, *, wait: Callable[[], None]) -> None:
    """Run until ``wait`` returns, then let the rounds under way finish."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(2 * len(house.desks) + 1)}, timezone="UTC"
    )
    for desk in house.desks.values():
        Rounds(house, desk, scheduler).begin()
    scheduler.start()
    try:
        wait()
    finally:
        house.stop.set()
        # APScheduler 3 raises in its own thread when it is shut down while it hands out a
        # job. Paused it begins nothing more, and listing the jobs waits for what it is at.
        scheduler.pause()
        scheduler.get_jobs()
        scheduler.shutdown(wait=True)


def _soon(seconds: float) -> datetime:
    return datetime.now().astimezone() + timedelta(seconds=seconds)
