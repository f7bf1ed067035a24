"""How often somebody may try: to sign in, and to ask for anything at all.

Nothing here outlives the process. Times are the machine's own.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from dataclasses import dataclass, field

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from modbot.errors import ModbotError

PER_NAME = RateLimitItemPerMinute(10, 15, namespace="name")
PER_ADDRESS = RateLimitItemPerMinute(40, 15, namespace="address")
PER_BROWSER = RateLimitItemPerMinute(10, 15, namespace="browser")
ASKED_BY_ADDRESS = RateLimitItemPerMinute(3000, namespace="asked_address")
ASKED_BY_VISITOR = RateLimitItemPerMinute(600, namespace="asked_visitor")


class TooMany(ModbotError):
    """Too many tries of one kind. ``retry_after`` in seconds."""

    code = "error.console.too_many"

    def __init__(self, retry_after: int) -> None:
        super().__init__(minutes=math.ceil(retry_after / 60))
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Throttle:
    """One per application; every method may be called from any thread."""

    _tries: RateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))
    _asked: RateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def try_to_sign_in(self, *, name: str, address: str, browser: int | None) -> None:
        """Count a try before it is looked at. ``browser``: one that the owner of the name has
        signed in with before; it has a count of its own, so that nobody who guesses elsewhere,
        or from behind the same address, keeps the owner out. Raises TooMany."""
        if browser is not None:
            self._hit(self._tries, PER_BROWSER, str(browser))
            return
        self._hit(self._tries, PER_ADDRESS, key_of_address(address))
        self._hit(self._tries, PER_NAME, name)

    def signed_in(self, *, name: str, browser: int | None) -> None:
        """The tries before a right one were slips. Those of the address still count: who has a
        password could otherwise guess at others' for ever."""
        with self._lock:
            self._tries.clear(PER_NAME, name)
            if browser is not None:
                self._tries.clear(PER_BROWSER, str(browser))

    def try_link(self, *, address: str) -> None:
        """Raises TooMany."""
        self._hit(self._tries, PER_ADDRESS, key_of_address(address))

    def ask(self, *, address: str) -> None:
        """Raises TooMany."""
        self._hit(self._asked, ASKED_BY_ADDRESS, key_of_address(address))

    def visit(self, visitor: str) -> None:
        """``visitor`` names a session or a token. Raises TooMany."""
        self._hit(self._asked, ASKED_BY_VISITOR, visitor)

    def _hit(self, limiter: RateLimiter, item: RateLimitItem, key: str) -> None:
        with self._lock:
            if not limiter.hit(item, key):
                left = limiter.get_window_stats(item, key).reset_time - time.time()
                raise TooMany(max(1, math.ceil(left)))


def key_of_address(address: str) -> str:
    """Whoever has one IPv6 address has the 2⁶⁴ of its network, too."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)
