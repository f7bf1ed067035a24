"""The counts that an open page is told of: at once, whenever they change, and that it is alive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from console_desk import ConsoleDesk
from moderation_room import newcomer
from queue_support import given, queued
from store_desk import FORUM

from modbot.console.pages import live as page
from modbot.domain import Role, Scope


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life in seconds, not in tens of them."""
    monkeypatch.setattr(page, "PING_SECONDS", 1)


def events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Names and data as they come."""
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def news(answer: httpx.Response) -> Iterator[Any]:
    return (data for name, data in events(answer) if name == "now")


def test_a_page_is_told_at_once_and_whenever_something_changes(desk: ConsoleDesk) -> None:
    flag = queued(desk, 1)
    queued(desk, 2)
    ann = desk.person()
    with desk.person("ben").http.stream("GET", "/live", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = news(answer)
        now = next(told)
        assert (now["cards"], now["waiting"]) == (2, 0)
        assert now["forums"] == [{"forum": FORUM, "mode": "shadow", "brake": False}]
        given(desk, ann, flag)
        later = next(told)
        assert (later["cards"], later["waiting"]) == (1, 1)
        assert later["mark"] != now["mark"]


def test_a_page_hears_that_the_console_is_alive_while_nothing_happens(desk: ConsoleDesk) -> None:
    with desk.person().http.stream("GET", "/live", timeout=60) as answer:
        assert "alive" in (name for name, _ in events(answer))


def test_the_counts_are_of_one_s_own_places(desk: ConsoleDesk) -> None:
    queued(desk, 1)
    queued(desk, 2, board_id=9, author=newcomer(2))
    ben = desk.person("ben", Role.VIEWER, scope=Scope({FORUM: frozenset({9})}))
    with ben.http.stream("GET", "/live", timeout=60) as answer:
        assert next(news(answer))["cards"] == 1


def test_strangers_hear_nothing(desk: ConsoleDesk) -> None:
    assert desk.visitor().get("/live").status_code in (303, 401)
