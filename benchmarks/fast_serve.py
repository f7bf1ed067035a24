"""The product's own ``serve`` on a clock that runs fast: SETTINGS SPEED BEGUN."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from modbot import settings
from modbot.daemon import logs, serving

START = datetime(2026, 3, 1, tzinfo=UTC)


class FastClock:
    """``speed`` seconds pass in one; every process that is given ``begun`` agrees."""

    def __init__(self, speed: float, begun: float) -> None:
        self.speed, self.begun = speed, begun

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self.begun) * self.speed)


if __name__ == "__main__":
    logs.configure(level="WARNING")
    loaded = settings.load(Path(sys.argv[1]))
    serving.serve(loaded, reread=lambda: loaded, clock=FastClock(float(sys.argv[2]), float(sys.argv[3])))
