"""Fixtures of the Discuz! engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from club_support import PASSWORD, Club, Opener
from forum_support import Site, World
from town_support import Town
from wicked_support import Wicked

from modbot.demo.server import DemoServer
from modbot.forums.config import Credentials, ForumConfig, Politeness
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Transport


@pytest.fixture(scope="module")
def embedded() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def town(embedded: DemoServer, world: World) -> Iterator[Town]:
    with ExitStack() as after:
        there = Town(embedded, world)
        after.callback(there.close)
        yield there


@pytest.fixture
def club(site: Site) -> Club:
    there = Club(site)
    site.answer = there.answer
    return there


@pytest.fixture
def session_with(site: Site, world: World) -> Iterator[Opener]:
    with ExitStack() as open_ones:

        def connect(credentials: Credentials = PASSWORD, *, url: str = "") -> Session:
            polite = Politeness(requests_per_second=1000, attempts=1)
            config = ForumConfig(
                "f", url or site.url, credentials=credentials, politeness=polite, panel_search=True
            )
            transport = Transport(config, world.context)
            open_ones.callback(transport.close)
            return Session(config, world.context, transport)

        yield connect


@pytest.fixture
def wicked(site: Site, embedded: DemoServer, world: World) -> Iterator[Wicked]:
    with ExitStack() as after:
        there = Wicked(site, embedded, world)
        after.callback(there.client.close)
        yield there
