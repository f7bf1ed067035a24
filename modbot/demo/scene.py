"""The forum of the demo, built from ``scene.toml`` relative to now."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from modbot.demo.community import Community
from modbot.demo.state import Fate, Member

MODERATOR = "modbot"
LATEST_REPLY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post that a simulated member writes ``at`` seconds after the start."""

    at: float
    thread: str
    author: str
    text: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Scene:
    """``threads`` maps the keys that arrivals use to thread ids of the built forum."""

    forum: Community
    threads: Mapping[str, int]
    arrivals: Sequence[Arrival]


def build(*, clock: Callable[[], datetime] | None = None) -> Community:
    """The forum as it is before anything happens. Staff passwords are drawn anew."""
    return stage(clock=clock).forum


def stage(*, clock: Callable[[], datetime] | None = None) -> Scene:
    """The forum together with what is going to happen in it."""
    script = _script()
    forum = Community(name=script["name"], clock=clock)
    now = forum.clock()
    boards = {
        entry["key"]: forum.open_board(entry["name"], board_id=entry["id"]) for entry in script["boards"]
    }
    people = {name: _join(forum, name, entry, now) for name, entry in script["members"].items()}
    for name, entry in script["members"].items():
        for key in entry.get("moderates", ()):
            boards[key].moderators.add(people[name].id)
    threads = {}
    for entry in sorted(script["threads"], key=lambda one: -float(one["days_ago"])):
        threads[entry["key"]] = _tell(forum, boards[entry["board"]].id, people, entry, now)
    return Scene(forum, threads, arrivals())


def arrivals() -> tuple[Arrival, ...]:
    return tuple(
        Arrival(float(entry["at"]), entry["thread"], entry["by"], entry["text"], Fate(entry["fate"]))
        for entry in sorted(_script()["arrivals"], key=lambda one: float(one["at"]))
    )


@cache
def _script() -> Mapping[str, Any]:
    file = resources.files("modbot.demo").joinpath("scene.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _join(forum: Community, name: str, entry: Mapping[str, Any], now: datetime) -> Member:
    """Old hands came long ago, the others this month; only staff can sign in."""
    posts = int(entry["posts"])
    staff = "group" in entry
    return forum.join(
        name,
        posts=posts,
        group_id=entry.get("group"),
        registered=now - timedelta(days=3 + 4 * posts),
        region=entry["region"],
        password=secrets.token_urlsafe(9) if staff else "",
    )


def _tell(
    forum: Community, board_id: int, people: Mapping[str, Member], entry: Mapping[str, Any], now: datetime
) -> int:
    """Write one thread with its replies; answers its id. ``quotes`` counts floors."""
    moment = now - timedelta(days=float(entry["days_ago"]))
    first = forum.start_thread(
        board_id,
        people[entry["by"]],
        entry["title"],
        entry["text"].strip(),
        at=moment,
        pinned=entry.get("pinned", False),
        fate=Fate.GENUINE,
    )
    floors = [first.id]
    for reply in entry["replies"]:
        moment = min(moment + timedelta(minutes=reply["after"]), now - LATEST_REPLY)
        quoted = floors[reply["quotes"]] if "quotes" in reply else None
        written = forum.post(
            first.thread_id,
            people[reply["by"]],
            reply["text"],
            at=moment,
            quotes=quoted,
            images=reply.get("images", 0),
            fate=Fate.GENUINE,
        )
        floors.append(written.id)
    return first.thread_id
