"""The daemon, as ``modbot serve`` runs it, but on the town's clock and torn open for the reaper.

Usage: crash_serve.py SETTINGS EPOCH [EVENT AT SIGNAL]: without the last, nobody kills it from inside.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crash_clock import FastClock
from crash_points import Kill, Reaper, tear

from modbot import settings
from modbot.daemon import logs, serving


def main(file: str, epoch: str, event: str = "", at: str = "0", how: str = "") -> None:
    tear(Reaper(Kill(event, float(at), gently=how == "SIGTERM") if event else None))
    logs.configure(level="INFO", form="json")
    loaded = settings.load(Path(file))
    ended = serving.serve(loaded, reread=lambda: loaded, clock=FastClock(float(epoch)))
    if ended.problem is not None or ended.hangs:
        sys.exit(f"not in order: {ended}")


if __name__ == "__main__":
    main(*sys.argv[1:])
