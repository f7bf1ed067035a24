"""Rates by CPU time of one core: what other processes do then matters less."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
BATCH = 1024
_RUNS = 3


def rate(work: Callable[[], object], items: int, *, runs: int = _RUNS) -> float:
    """Items per CPU second, the best of ``runs``."""
    best = float("inf")
    for _ in range(runs):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return items / max(best, 1e-9)


def latency(work: Callable[[Item], object], items: Iterable[Item]) -> tuple[float, float]:
    """``(median, 99th percentile)`` of the CPU time of each call, in milliseconds."""
    times = []
    for item in items:
        begun = time.process_time_ns()
        work(item)
        times.append(time.process_time_ns() - begun)
    return float(np.percentile(times, 50)) / 1e6, float(np.percentile(times, 99)) / 1e6


def batches(items: Sequence[Item], size: int = BATCH) -> list[Sequence[Item]]:
    return [items[first : first + size] for first in range(0, len(items), size)]
