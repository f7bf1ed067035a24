"""A quiet forum of its own for each test: two boards, one thread, a clock to turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from visitor import PASSWORD, Visitor

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import SUPER_MODERATORS


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 20, 4, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forum(clock) -> Community:
    forum = Community(name="小论坛", clock=clock)
    forum.join("modbot", group_id=SUPER_MODERATORS, password=PASSWORD)
    forum.join("阿木", posts=80, password=PASSWORD)
    forum.open_board("一版", board_id=2)
    forum.open_board("二版", board_id=3)
    opening = forum.start_thread(2, forum.member_named("阿木"), "头一个主题", "正文")
    clock.turn(minutes=1)
    for number in range(3):
        forum.post(opening.thread_id, forum.member_named("阿木"), f"回复 {number}")
        clock.turn(minutes=1)
    return forum


@pytest.fixture(scope="session")
def running():
    """One server per charset for all tests: starting and stopping is what takes time."""
    servers: dict[str, DemoServer] = {}
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(params=["utf-8"])
def server(request, forum, running):
    if request.param not in running:
        running[request.param] = DemoServer(forum=forum, charset=request.param)
        running[request.param].start()
    running[request.param].restage(forum)
    return running[request.param]


@pytest.fixture
def guest(server):
    with Visitor(server) as visitor:
        yield visitor


@pytest.fixture
def member(server):
    with Visitor(server, "阿木", PASSWORD) as visitor:
        yield visitor


@pytest.fixture
def moderator(server):
    with Visitor(server, "modbot", PASSWORD) as visitor:
        yield visitor
