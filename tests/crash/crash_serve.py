"""The daemon, as ``modbot serve`` runs it, but on the town's clock and torn open for the reaper.

Usage: crash_serve.py SETTINGS EPOCH EVENT AT (an empty EVENT: nobody kills it from inside).
Logs ``ready`` once it works.
"""

from __future__ import annotations

import sys
from pathlib import Path

import structlog
from crash_clock import FastClock
from crash_points import Kill, Reaper, tear

from modbot import settings
from modbot.cli.running import stopping, wait_for
from modbot.daemon import lock, logs, scheduler, wiring
from modbot.daemon.house import open_house


def main(file: str, epoch: str, event: str, at: str) -> None:
    tear(Reaper(Kill(event, float(at)) if event else None))
    logs.configure(level="INFO", form="json")
    loaded = settings.load(Path(file))
    names = wiring.forum_names(loaded)
    clock = FastClock(float(epoch))
    with (
        stopping() as stop,
        lock.owning(loaded.state_dir),
        open_house(loaded, names, clock=clock, stop=stop) as house,
    ):
        structlog.get_logger("serve").info("ready")
        scheduler.serve(house, wait=lambda: wait_for(stop))


if __name__ == "__main__":
    main(*sys.argv[1:])
