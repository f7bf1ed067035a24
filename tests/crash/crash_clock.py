"""One clock for the forum, the daemon and the moderators: it starts at a fixed date, runs
faster than the real one, and is the same in every process that knows its ``epoch``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPEED = 60.0
"""A minute of the forum's in a second: pauses and backoffs pass quickly."""


@dataclass(frozen=True, slots=True)
class FastClock:
    """``epoch``: the monotonic second (one for all processes of a machine) that START was at."""

    epoch: float

    @classmethod
    def begin(cls) -> FastClock:
        return cls(time.monotonic())

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self.epoch) * SPEED)
