"""A desk that was closed sends nothing more, whatever its threads were in the middle of."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from forum_support import Asked, Site, Told, World, page

from modbot.errors import ModbotError, Retryable
from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz import DiscuzForum
from modbot.forums.http import Origin, Wire, WireError
from modbot.forums.protocol import ReplyRef

POLITE = Politeness(requests_per_second=1000, requests_per_day=10**9)


class Caller(threading.Thread):
    """Calls from a thread of its own and keeps the error."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.error: ModbotError | None = None
        self._call = call
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except ModbotError as error:
            self.error = error


class Waiting:
    """A site that answers the index, and nothing else before it is released."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.reached, self.released = threading.Event(), threading.Event()
        site.answer = self.answer

    def answer(self, asked: Asked) -> Told:
        if "mod" in asked.query:
            self.reached.set()
            self.released.wait(10)
        return Told(page())


@pytest.fixture
def waiting(site: Site) -> Iterator[Waiting]:
    there = Waiting(site)
    yield there
    there.released.set()


@pytest.fixture
def forum(waiting: Waiting, world: World) -> Iterator[DiscuzForum]:
    config = ForumConfig(
        "f",
        waiting.site.url,
        credentials=Credentials(auth_cookie="A", saltkey_cookie="S"),
        politeness=POLITE,
    )
    with ExitStack() as after:
        forum = DiscuzForum(config, world.context)
        after.callback(forum.close)
        yield forum


def ended(caller: Caller, since: float) -> str:
    caller.join(5)
    assert time.monotonic() - since < 2
    assert isinstance(caller.error, Retryable)
    return caller.error.code


def test_a_request_under_way_fails_at_once(forum: DiscuzForum, waiting: Waiting) -> None:
    caller = Caller(lambda: forum.read([ReplyRef(7, 5)]))
    assert waiting.reached.wait(5)
    began = time.monotonic()
    forum.close()
    assert ended(caller, began) == "error.forum.stopping"


def test_who_waits_for_the_line_is_sent_away_unheard(forum: DiscuzForum, waiting: Waiting) -> None:
    first = Caller(lambda: forum.read([ReplyRef(7, 5)]))
    assert waiting.reached.wait(5)
    asked = len(waiting.site.asked)
    second = Caller(forum.boards)
    time.sleep(0.1)
    began = time.monotonic()
    forum.close()
    assert {ended(first, began), ended(second, began)} == {"error.forum.stopping"}
    assert len(waiting.site.asked) == asked


def test_nothing_is_sent_after_the_close(forum: DiscuzForum, waiting: Waiting, world: World) -> None:
    waiting.released.set()
    forum.read([ReplyRef(7, 5)])
    forum.close()
    asked = len(waiting.site.asked)
    calls: list[Callable[[], object]] = [
        forum.boards,
        lambda: forum.read([ReplyRef(7, 5)]),
        lambda: forum.hide([ReplyRef(7, 5)], "x", notify=False),
        lambda: list(forum.poll(None, now=world.now)),
    ]
    for call in calls:
        with pytest.raises(Retryable) as refusal:
            call()
        assert refusal.value.code == "error.forum.stopping"
    forum.close()
    assert len(waiting.site.asked) == asked


def test_who_rests_between_two_tries_does_not_try_again(site: Site, world: World) -> None:
    site.answer = lambda asked: Told(page()) if "mod" not in asked.query else Told("<html>busy</html>", 502)
    forums: list[DiscuzForum] = []

    def sleep(seconds: float) -> bool:
        if seconds > 0.01:
            forums[0].close()
        return world.sleep(seconds)

    config = ForumConfig(
        "f", site.url, credentials=Credentials(auth_cookie="A", saltkey_cookie="S"), politeness=POLITE
    )
    forums.append(DiscuzForum(config, replace(world.context, sleep=sleep)))
    with pytest.raises(Retryable) as refusal:
        forums[0].read([ReplyRef(7, 5)])
    assert refusal.value.code == "error.forum.stopping"
    assert site.count("viewpid") == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_wire_hangs_up_on_a_server_that_says_nothing(scheme: str) -> None:
    """Over TLS it is the handshake that is never answered."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = Origin.of(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")
        wire = Wire(origin, seconds=30, max_raw_bytes=1000, max_decoded_bytes=1000)
        caller = Caller(lambda: wire.send("GET", "/", {}))
        connection, _ = silent.accept()
        with connection:
            time.sleep(0.1)
            began = time.monotonic()
            wire.hang_up()
            caller.join(5)
            assert time.monotonic() - began < 1
        assert isinstance(caller.error, WireError)
        wire.close()
        with pytest.raises(WireError):
            wire.send("GET", "/", {})
