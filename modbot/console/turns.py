"""How often what costs something may be done."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

from modbot.errors import UsageError

PER_MINUTE = 20
MINUTE = 60.0


class Turns:
    """At most so many tries a minute, of all visitors together: each costs the forum a request,
    or this machine some work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: deque[float] = deque(maxlen=PER_MINUTE)

    def take(self) -> None:
        """Raises UsageError when all are taken."""
        now = time.monotonic()
        with self._lock:
            if len(self._made) == PER_MINUTE and now - self._made[0] < MINUTE:
                raise UsageError(code="error.try.too_many", number=PER_MINUTE)
            self._made.append(now)
