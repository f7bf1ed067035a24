"""What `scene.toml` says that members wrote, as replies in the order in which they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modbot.domain import Author, Link, Reply

FORUM = "city"
FIRST_POST = 7001
OLD_HAND = 50
"""Posts from which on a member is in the forum's group of old hands."""
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """A reply as it was read at a moment; an edited one is read twice. ``name`` is what the
    script calls the post, if it does."""

    at: datetime
    reply: Reply
    name: str


def board_names() -> list[tuple[int, str]]:
    return [(int(number), name) for number, name in _script()["boards"].items()]


def members() -> list[str]:
    return list(_script()["members"])


def sights(end: datetime) -> list[Sight]:
    """All that is read until ``end``, the earliest first."""
    script = _script()
    threads = {thread["id"]: thread for thread in script["threads"]}
    written = sorted([*_in_threads(script), *_in_series(script)], key=lambda one: -one["ago"])
    found: list[Sight] = []
    for post_id, said in enumerate(written, FIRST_POST):
        at = end - timedelta(minutes=said["ago"])
        reply = _reply(post_id, at, said, threads[said["thread"]], script["members"][said["by"]])
        name = said.get("as", "")
        if "before" in said:
            found.append(Sight(at, replace(reply, text=said["before"]), name))
            at += timedelta(minutes=said["ago"] // 2)
        found.append(Sight(at, reply, name))
    return sorted(found, key=lambda one: one.at)


def _script() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("scene.toml").read_text("utf-8"))


def _in_threads(script: Entry) -> Iterator[Entry]:
    for thread in script["threads"]:
        for floor, said in enumerate([thread, *thread["replies"]], 1):
            yield {**said, "thread": thread["id"], "floor": floor}


def _in_series(script: Entry) -> Iterator[Entry]:
    for series in script["series"]:
        for turn, text in enumerate(series["texts"]):
            ago = series["ago"] - turn * series["every"]
            is_last = turn == len(series["texts"]) - 1
            where = {"thread": series["threads"][turn], "floor": 30 + turn}
            yield {**series, **where, "text": text, "ago": ago, "as": series["as"] if is_last else ""}


def _reply(post_id: int, at: datetime, said: Entry, thread: Entry, member: Entry) -> Reply:
    author = Author(
        id=member["id"],
        name=said["by"],
        group_id=member.get("group", 12 if member["posts"] >= OLD_HAND else 10),
        posts=member["posts"],
        credits=3 * member["posts"],
        registered=at - timedelta(days=member["days"]),
    )
    return Reply(
        forum=FORUM,
        post_id=post_id,
        text=said["text"].strip(),
        thread_id=thread["id"],
        thread_title=thread["title"],
        board_id=thread["board"],
        author=author,
        is_thread_author=said["by"] == thread["by"],
        posted_at=at,
        quoted=said.get("quotes", ""),
        links=tuple(Link(url) for url in said.get("links", ())),
        floor=said["floor"],
        region=member["region"],
        opening=thread["text"] if said["floor"] > 1 else "",
    )
