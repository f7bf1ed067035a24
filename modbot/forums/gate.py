"""One request stream per forum: who goes next, and how soon."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from modbot.errors import Retryable
from modbot.forums.protocol import Priority


class Pace:
    """A token bucket of one token: at least ``spacing`` seconds lie between two requests.

    A clock that was set back never makes the wait longer than one spacing.
    """

    def __init__(self, requests_per_second: float) -> None:
        self._spacing = timedelta(seconds=1 / requests_per_second)
        self._last: datetime | None = None

    @property
    def spacing_seconds(self) -> float:
        return self._spacing.total_seconds()

    def slow_down(self, seconds: float) -> None:
        """Never less than ``seconds`` between requests from now on."""
        self._spacing = max(self._spacing, timedelta(seconds=seconds))

    def wait(self, now: datetime) -> float:
        """Seconds until the next request may leave."""
        if self._last is None:
            return 0.0
        self._last = min(self._last, now)
        return max((self._spacing - (now - self._last)).total_seconds(), 0.0)

    def spend(self, now: datetime) -> None:
        self._last = now


class Gate:
    """Lets one request through at a time, the most urgent first, at the forum's pace."""

    def __init__(
        self,
        pace: Pace,
        *,
        forum: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], bool],
        urgent_sleep: Callable[[float], bool] | None = None,
    ) -> None:
        self.pace = pace
        self._forum = forum
        self._clock = clock
        self._sleep = sleep
        self._urgent_sleep = urgent_sleep or sleep
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, int]] = []
        self._tickets = 0
        self._taken = False
        self._closed = False

    @contextmanager
    def turn(self, priority: Priority) -> Iterator[None]:
        """Hold the stream for one request; raises ``Retryable`` when the owner is stopping."""
        self._enter(priority)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, priority: Priority) -> None:
        ticket = self._queue(priority)
        sleep = self._urgent_sleep if priority <= Priority.HIDE else self._sleep
        while True:
            self._take(ticket)
            wait = self.pace.wait(self._clock())
            if wait <= 0 and not self._closed:
                self.pace.spend(self._clock())
                return
            if self._closed or sleep(wait):
                self._leave()
                raise self._stopping()
            ticket = self._give_way(ticket)

    def _queue(self, priority: Priority) -> tuple[int, int]:
        with self._changed:
            self._tickets += 1
            ticket = (int(priority), self._tickets)
            heapq.heappush(self._waiting, ticket)
            return ticket

    def _take(self, ticket: tuple[int, int]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (not self._taken and self._waiting[0] == ticket))
            if self._closed:
                raise self._stopping()
            heapq.heappop(self._waiting)
            self._taken = True

    def _stopping(self) -> Retryable:
        return Retryable(code="error.forum.stopping", forum=self._forum)

    def close(self) -> None:
        """Let nobody through any more; those who wait are told that the owner is stopping."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_until_free(self, seconds: float) -> None:
        """Until the request under way is over, or so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken, seconds)

    def _give_way(self, ticket: tuple[int, int]) -> tuple[int, int]:
        """Queue again at the same place: whoever is more urgent has come by now goes first."""
        with self._changed:
            heapq.heappush(self._waiting, ticket)
            self._taken = False
            self._changed.notify_all()
            return ticket

    def _leave(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()
