"""The demo: an embedded forum with simulated members, and the real daemon beside it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modbot import settings
from modbot.daemon import house, kinds
from modbot.daemon.serving.crew import Crew, at_work
from modbot.demo.members import Members
from modbot.demo.scene import Scene, stage
from modbot.demo.server import DemoServer
from modbot.domain import DecisionKind, FlagState
from modbot.store import flags, overview
from modbot.store.engine import Store

FORUM = "demo"
NEWEST = 14
LOOK_SECONDS = 0.5
STOP_SECONDS = 8.0

# The demo turns enforce on openly: elsewhere a new installation starts in shadow.
SETTINGS = """
[policy]
mode = "enforce"

[policy.spam]
# Elsewhere spam is queued until a forum's own verdicts have proved enough precision.
hide = 0.97

[polling]
every_seconds = 1.0
quiet_every_seconds = 1.5

[actions]
undo_seconds = 3

[forums.demo]
url = "{url}"
username = "{username}"
password_over_http = true
polling = "sweep"
requests_per_second = 20
requests_per_day = 200000
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the demo came to: the one JSON line at its end."""

    polled: int
    allowed: int
    queued: int
    hidden: int
    genuine_hidden: int
    campaigns: int

    def as_object(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Glance:
    """What the live view shows at one moment."""

    counts: overview.Counts
    newest: list[flags.Flag]
    done: bool


class Demonstration:
    """A running demo. ``url`` is the forum's address; ``moderator`` its moderator's name."""

    def __init__(self, scene: Scene, server: DemoServer, members: Members, crew: Crew, store: Store) -> None:
        self._scene = scene
        self._server = server
        self._members = members
        self._crew = crew
        self.store = store

    @property
    def url(self) -> str:
        return self._server.url

    def run(self, *, stop: threading.Event, seconds: float | None, show: Callable[[Glance], None]) -> Summary:
        """Let the members write and modbot work for ``seconds`` (until ``stop`` without)."""
        self._members.start()
        left = float("inf") if seconds is None else seconds
        while left > 0 and not stop.wait(LOOK_SECONDS):
            show(self.glance())
            left -= LOOK_SECONDS
        self._members.stop()
        self._crew.dismiss(seconds=STOP_SECONDS)
        return self.summary()

    def glance(self) -> Glance:
        every = flags.Filter(forum=FORUM, states=(FlagState.PENDING, FlagState.HIDDEN))
        with self.store.read() as rx:
            newest = flags.find(rx, every, order=flags.Order.NEWEST, limit=NEWEST)
            return Glance(overview.counts(rx, FORUM), newest, self._members.done)

    def summary(self) -> Summary:
        with self.store.read() as rx:
            counts = overview.counts(rx, FORUM)
        return Summary(
            polled=counts.replies,
            allowed=counts.decisions.get(DecisionKind.ALLOW, 0),
            queued=counts.flags.get(FlagState.PENDING, 0),
            hidden=counts.flags.get(FlagState.HIDDEN, 0),
            genuine_hidden=self._scene.forum.genuine_hidden(),
            campaigns=counts.campaigns,
        )


@contextmanager
def demonstration(*, charset: str = "utf-8") -> Iterator[Demonstration]:
    """The scene, its server and the house beside it, in a folder that goes with it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modbot-demo-")))
        scene = stage()
        server = stack.enter_context(DemoServer(forum=scene.forum, charset=charset))
        loaded = _settings(folder, server, scene)
        store = stack.enter_context(house.open_store(loaded))
        crew = stack.enter_context(at_work(loaded, [FORUM], store))
        members = Members(scene)
        stack.callback(members.stop)
        yield Demonstration(scene, server, members, crew, store)


def _settings(folder: Path, server: DemoServer, scene: Scene) -> settings.Loaded:
    text = SETTINGS.format(url=server.url, username=server.moderator.name)
    root = settings.project_root() / "models"
    text += f'\n[paths]\nmodels = "{root}"\n'
    for board in scene.forum.content.boards.values():
        kind = kinds.proposed(board.name)
        if kind is not None:
            text += f'\n[forums.demo.boards.{board.id}]\nkind = "{kind.value}"\n'
    file = folder / settings.OPERATOR_FILE
    file.write_text(text, encoding="utf-8")
    return settings.load(file, environ={"MODBOT_FORUMS__DEMO__PASSWORD": server.moderator.password})
