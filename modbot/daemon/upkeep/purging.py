"""Forget what [retention] says, a little at a time, beside a daemon that goes on working."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from modbot.daemon.upkeep.archive import Progress
from modbot.daemon.upkeep.backup import quiet
from modbot.settings import Settings
from modbot.store import (
    claims,
    links,
    notices,
    retention,
    retention_lasting,
    search_index,
    sessions,
    unreadable,
)
from modbot.store.engine import Store
from modbot.store.retention import Key, Limits, Step

PAGE = 5_000
AIM_SECONDS = 0.02
"""How long one write may hold the lock; the number of rows in it is fitted to this."""
FEWEST, MOST = 10, 500
STEPS = (*retention.STEPS, *retention_lasting.STEPS)


def limits_of(settings: Settings, now: datetime) -> Limits:
    """What a reply may still be compared with keeps its text, whatever [retention] says."""
    keep = settings.retention
    texts = max(keep.passed_text_days, settings.duplicates.window_days)
    flags = now - timedelta(days=max(keep.flags_days, texts))
    return Limits(
        texts=now - timedelta(days=texts),
        flags=flags,
        standing=flags - timedelta(days=settings.standing.days),
    )


def purge(
    store: Store,
    settings: Settings,
    *,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
    progress: Progress = quiet,
) -> Mapping[str, object]:
    """Forget what is old; answers how many of what, and the longest write in milliseconds.

    Ends early, with ``stopped`` true, when ``stopping`` says so; the next one goes on.
    """
    limits = limits_of(settings, now)
    purger = _Purger(store, limits, stopping, progress)
    counts = {step.name: purger.work(step) for step in STEPS}
    with store.write() as tx:
        counts["unreadable"] = unreadable.purge(tx, before=limits.texts)
        counts["notices"] = notices.purge(tx, before=limits.flags)
        counts["sessions"] = sessions.purge(tx, before=limits.texts)
        counts["links"] = links.purge(tx, before=limits.texts)
        counts["claims"] = claims.purge(tx, before=limits.texts)
    search_index.scrub(store)
    return {**counts, "longest_ms": round(purger.longest * 1000, 1), "stopped": stopping()}


def count(store: Store, settings: Settings, *, now: datetime) -> Mapping[str, int]:
    """How many :func:`purge` would forget (``flags``: replies whose flags go)."""
    limits = limits_of(settings, now)
    counts = {}
    for step in STEPS:
        counts[step.name], after = 0, None
        while found := _page(store, step, limits, after):
            counts[step.name] += len(found)
            after = found[-1]
    return counts


class _Purger:
    """Works in writes that are fitted to AIM_SECONDS, and leaves others as long between them."""

    def __init__(
        self, store: Store, limits: Limits, stopping: Callable[[], bool], progress: Progress
    ) -> None:
        self._store = store
        self._limits = limits
        self._stopping = stopping
        self._progress = progress
        self._size = FEWEST * 5
        self.longest = 0.0

    def work(self, step: Step) -> int:
        forgotten, after = 0, None
        while not self._stopping() and (found := _page(self._store, step, self._limits, after)):
            after = found[-1]
            while found and not self._stopping():
                some, found = found[: self._size], found[self._size :]
                forgotten += self._forget(step, some)
                self._progress(step.name, forgotten, forgotten + len(found))
        return forgotten

    def _forget(self, step: Step, keys: list[Key]) -> int:
        with self._store.write() as tx:
            begun = time.perf_counter()
            number = step.forget(tx, self._limits, keys)
        took = time.perf_counter() - begun
        self.longest = max(self.longest, took)
        fitting = int(len(keys) * AIM_SECONDS / max(took, 1e-6))
        self._size = min(MOST, max(FEWEST, min(fitting, 2 * self._size)))
        time.sleep(min(took, AIM_SECONDS))
        return number


def _page(store: Store, step: Step, limits: Limits, after: Key | None) -> list[Key]:
    with store.read() as rx:
        return step.find(rx, limits, after, PAGE)
