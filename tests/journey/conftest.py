"""A real forum over HTTP, a real store, the shipped model, and the house between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modbot import settings
from modbot.daemon.house import ForumDesk, House, open_house
from modbot.demo.members import write
from modbot.demo.scene import Scene, stage
from modbot.demo.server import DemoServer
from modbot.demo.state import Fate, Post

SETTINGS = """
[policy]
mode = "{mode}"

[policy.spam]
hide = {spam_hide}

[actions]
undo_seconds = 0

[forums.city]
url = "{url}"
username = "{username}"
password_over_http = true
panel_search = {panel}
panel_search_seconds = 0.001
requests_per_second = 20
requests_per_day = 100000

[forums.city.boards.37]
kind = "chatter"

[forums.city.boards.38]
kind = "trade"
"""


class Clock:
    """The real time, which a test may move on."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, **span: float) -> None:
        self._ahead += timedelta(**span)


@dataclass
class Town:
    """The scene on its server, and modbot's settings for it."""

    scene: Scene
    server: DemoServer
    folder: Path
    clock: Clock
    mode: str = "enforce"
    panel: bool = True
    spam_hide: float = 0.97
    rules: str = ""

    @property
    def settings_file(self) -> Path:
        file = self.folder / "modbot.toml"
        text = SETTINGS.format(
            mode=self.mode,
            spam_hide=self.spam_hide,
            url=self.server.url,
            username=self.server.moderator.name,
            panel=str(self.panel).lower(),
        )
        models = f'\n[paths]\nmodels = "{settings.project_root() / "models"}"\n'
        file.write_text(text + models + self.rules, "utf-8")
        return file

    @property
    def environ(self) -> dict[str, str]:
        return {"MODBOT_FORUMS__CITY__PASSWORD": self.server.moderator.password}

    def loaded(self) -> settings.Loaded:
        return settings.load(self.settings_file, environ=self.environ)

    def everybody_writes(self) -> None:
        for arrival in self.scene.arrivals:
            write(self.scene, arrival)

    def posts(self, *fates: Fate) -> list[Post]:
        return self.scene.forum.fated(*fates)


@dataclass
class Running:
    house: House
    desk: ForumDesk
    clock: Clock

    def round(self) -> None:
        """Poll, judge, act; lists and the panel's search tell whole minutes, so one passes first."""
        self.clock.move(minutes=2)
        self.desk.poll()
        self.desk.executor.work()


@pytest.fixture
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The scene before anybody writes. ``@pytest.mark.parametrize("town", ["gbk"], indirect=True)``
    serves it in GBK."""
    charset = getattr(request, "param", "utf-8")
    clock = Clock()
    scene = stage(clock=clock)
    with DemoServer(forum=scene.forum, charset=charset, clock=clock) as server:
        yield Town(scene, server, tmp_path, clock)


@pytest.fixture
def start(town: Town) -> Iterator[Callable[[], Running]]:
    """Open the house beside the town; called again, it is a restart."""
    with ExitStack() as stack:
        opened: list[ExitStack] = []

        def begin() -> Running:
            while opened:
                opened.pop().close()
            one = stack.enter_context(ExitStack())
            opened.append(one)
            house = one.enter_context(
                open_house(town.loaded(), ["city"], clock=town.clock, stop=threading.Event())
            )
            return Running(house, house.desks["city"], town.clock)

        yield begin
