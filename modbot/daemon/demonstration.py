"""The demo: an embedded forum with simulated members, the real daemon beside it, its console."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modbot import settings
from modbot.daemon import consoling, house, kinds, ownership
from modbot.daemon.serving import household
from modbot.daemon.serving.chores import Chore
from modbot.daemon.serving.daemon import Daemon
from modbot.daemon.serving.signals import Signals
from modbot.daemon.serving.systemd import Notifier
from modbot.demo.members import Members
from modbot.demo.scene import Scene, stage
from modbot.demo.server import DemoServer
from modbot.domain import DecisionKind, FlagState
from modbot.errors import ModbotError
from modbot.settings import Loaded
from modbot.store import flags, overview
from modbot.store.engine import Store

FORUM = "demo"
NEWEST = 14
LOOK_SECONDS = 0.5
STOP_SECONDS = 20.0
"""The daemon ends within its own stop_seconds; a slow machine may take longer to close all."""

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

[health]
listen = ""

[console]
listen = "127.0.0.1:0"

[backup]
at = ""

[retention]
at = ""

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


class Background:
    """The daemon at work in a thread. ``problem``: why it could not go on."""

    def __init__(self, daemon: Daemon, chores: Callable[[Loaded], Sequence[Chore]], signals: Signals) -> None:
        self._daemon = daemon
        self._chores = chores
        self._signals = signals
        self._thread = threading.Thread(target=self._run, name="demo-daemon", daemon=True)
        self.problem: ModbotError | None = None

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """What is under way ends in order. Once is enough."""
        self._signals.stop.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            self._daemon.run(self._chores)
        except ModbotError as problem:
            self.problem = problem


class Demonstration:
    """A running demo. ``url`` is the forum's address, ``console`` that of the moderators' console,
    ``link`` signs its first visitor in, once."""

    def __init__(
        self,
        scene: Scene,
        server: DemoServer,
        members: Members,
        store: Store,
        background: Background,
        *,
        console: str,
        link: str,
    ) -> None:
        self._scene = scene
        self._server = server
        self._members = members
        self._background = background
        self.store = store
        self.console = console
        self.link = link

    @property
    def url(self) -> str:
        return self._server.url

    def run(self, *, stop: threading.Event, seconds: float | None, show: Callable[[Glance], None]) -> Summary:
        """Let the members write and modbot work for ``seconds`` (until ``stop`` without). Raises
        what kept the daemon from going on."""
        self._members.start()
        left = float("inf") if seconds is None else seconds
        while left > 0 and self._background.problem is None and not stop.wait(LOOK_SECONDS):
            show(self.glance())
            left -= LOOK_SECONDS
        self._members.stop()
        self._background.end()
        if self._background.problem is not None:
            raise self._background.problem
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
        signals = Signals()
        daemon = Daemon(
            loaded,
            store=store,
            ownership=stack.enter_context(ownership.owning(store, loaded.state_dir)),
            signals=signals,
            reread=lambda: loaded,
            notifier=Notifier({}),
        )
        look = household.lookout(store, daemon, clock=house.utc_now)
        chores = household.Household(daemon, store, clock=house.utc_now, look=look).chores
        lent = consoling.House(store, lambda: daemon.loaded, house.utc_now, look, daemon.take_up, daemon.crew)
        console = stack.enter_context(consoling.open_for_moderators(lent))
        visit = consoling.first_visit(lent, console, to_terminal=True)
        background = Background(daemon, chores, signals)
        members = Members(scene)
        stack.callback(background.end)
        stack.callback(members.stop)
        background.start()
        link = "" if visit is None else visit.link
        yield Demonstration(scene, server, members, store, background, console=console, link=link)


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
