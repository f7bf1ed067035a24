"""Signs of life of one forum's work: what shows none for long is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Work:
    name: str
    last: float


class Pulse:
    """Each piece of work belongs to the thread that does it, so that a stuck poll is seen
    although the outbox goes on. ``now`` answers monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._at_work: dict[int, _Work] = {}

    @contextmanager
    def at_work(self, name: str) -> Iterator[None]:
        thread = threading.get_ident()
        with self._lock:
            self._at_work[thread] = _Work(name, self._now())
        try:
            yield
        finally:
            with self._lock:
                del self._at_work[thread]

    def beat(self) -> None:
        """Something was done by this thread: a request, a transaction."""
        self.rest(0.0)

    def rest(self, seconds: float) -> None:
        """This thread sleeps on purpose, for so long."""
        with self._lock:
            work = self._at_work.get(threading.get_ident())
            if work is not None:
                work.last = self._now() + seconds

    def busy(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(work.name for work in self._at_work.values())

    def stuck(self, after: float) -> tuple[str, ...]:
        """The names of the work without a sign of life for ``after`` seconds."""
        with self._lock:
            limit = self._now() - after
            return tuple(work.name for work in self._at_work.values() if work.last < limit)
