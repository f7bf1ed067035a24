"""A moderator at modbot's tools, in a process of its own.

Usage: crash_moderator.py SETTINGS EPOCH [EVENT]: with the last, it kills itself there.
Reads ``{"do": "uphold" | "dismiss" | … | "undo", "post": id, "alone": …}`` line by line, and
answers ``done`` or why it was refused. ``alone``: it carries its verdict out itself, as the
terminal does while no daemon runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from crash_clock import FastClock
from crash_points import Kill, Reaper, tear

from modbot import settings
from modbot.daemon.house import open_store
from modbot.daemon.moderating import Moderator
from modbot.domain import FlagState, ReplyKey, VerdictKind
from modbot.errors import ModbotError
from modbot.moderation.deciding import Choice
from modbot.store import flags
from modbot.store.engine import Store


def main(file: str, epoch: str, event: str = "") -> None:
    tear(Reaper(Kill(event, 1) if event else None))
    loaded = settings.load(Path(file))
    clock = FastClock(float(epoch))
    for line in sys.stdin:
        sys.stdout.write(answer(loaded, clock, json.loads(line)) + "\n")
        sys.stdout.flush()


def answer(loaded: settings.Loaded, clock: FastClock, order: dict[str, Any]) -> str:
    """The store is opened for each order, so that it has been closed by all when the daemon
    starts after its death, and has to be recovered."""
    with open_store(loaded) as store:
        moderator = Moderator(loaded, store, "郭", clock)
        try:
            action_id = obey(moderator, latest_flag(store, order["post"]), order["do"])
        except ModbotError as problem:
            return f"{problem.code}: {problem}".replace("\n", " ")
        if order["alone"] and action_id is not None:
            moderator.see_through("city", [action_id])
    return "done"


def obey(moderator: Moderator, flag_id: int, what: str) -> int | None:
    """Answers the action that it queued."""
    if what == "undo":
        return moderator.undo(flag_id).action_id
    # Stories tell of their own posts: no verdict of one decides about another's copies.
    return moderator.give(flag_id, VerdictKind(what), Choice(stands=False)).action_id


def latest_flag(store: Store, post_id: int) -> int:
    every = flags.Filter(forum="city", states=tuple(FlagState))
    with store.read() as rx:
        found = [
            flag.id for flag in flags.find(rx, every, limit=100_000) if flag.key == ReplyKey("city", post_id)
        ]
    return max(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
