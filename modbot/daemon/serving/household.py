"""What the daemon does beside its forums: its chores, and telling who asks how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from modbot.daemon import upkeep
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.reading import Lookout, examine
from modbot.daemon.health.status import Health, Status
from modbot.daemon.health.web import Probes, create_app
from modbot.daemon.house import Clock
from modbot.daemon.notices import assembly, heartbeat, hours
from modbot.daemon.serving import heavy
from modbot.daemon.serving.chores import Chore
from modbot.daemon.serving.daemon import Daemon
from modbot.daemon.upkeep import indexing
from modbot.daemon.webserver import WebServer
from modbot.moderation import spot_checks
from modbot.settings import Loaded
from modbot.store import overlay
from modbot.store.engine import Store

NOTICES_EVERY = 30.0
SETTINGS_EVERY = 2.0
INDEXING_EVERY = 5.0
BACKUP_SECONDS = 3600.0


class Household:
    """The chores of one daemon, made anew when the settings change."""

    def __init__(self, daemon: Daemon, store: Store, *, clock: Clock, look: Callable[[], Status]) -> None:
        self._daemon = daemon
        self._store = store
        self._clock = clock
        self._look = look
        self._told: dict[str, object] | None = None

    def chores(self, loaded: Loaded) -> Sequence[Chore]:
        """Raises SettingsError for what is wrong with the settings of a chore."""
        notifier = assembly.notifier(loaded, self._store, stopping=self._daemon.stopping)
        beat = heartbeat.of(loaded, healthy=self._is_healthy)
        chosen = loaded.settings
        zone = hours.zone_named(chosen.notifications.timezone, source=str(loaded.operator_file))
        found = [
            Chore("notices", lambda: notifier.tick(self._clock()), every=NOTICES_EVERY, recorded=False),
            Chore("settings", self._look_for_changes, every=SETTINGS_EVERY, recorded=False),
            Chore("search_index", self._index, every=INDEXING_EVERY, recorded=False),
        ]
        if beat is not None:
            every = chosen.notifications.heartbeat_seconds
            found.append(Chore("heartbeat", beat.beat, every=every, recorded=False))
        if chosen.backup.at and loaded.store_url.startswith("sqlite"):
            found.append(Chore("backup", lambda: self._back_up(loaded), at=chosen.backup.at, zone=zone))
        if chosen.retention.at:
            found.append(Chore("purge", lambda: self._purge(loaded), at=chosen.retention.at, zone=zone))
        if chosen.spot_checks.at and chosen.spot_checks.per_day:
            found.append(
                Chore("spot_checks", lambda: self._draw(loaded), at=chosen.spot_checks.at, zone=zone)
            )
        return found

    def _look_for_changes(self) -> Mapping[str, object]:
        """Another process may have changed settings, too. What was refused is not told again."""
        with self._store.read() as rx:
            chosen = overlay.in_force(rx)
        loaded = self._daemon.loaded
        usable = {key: value for key, value in chosen.items() if key not in loaded.left_out}
        if usable != loaded.overlay and chosen != self._told:
            self._told = chosen
            self._daemon.take_up()
        return {}

    def _draw(self, loaded: Loaded) -> Mapping[str, object]:
        per_day, forums = loaded.settings.spot_checks.per_day, tuple(loaded.settings.forums)
        return spot_checks.draw_for(self._store, forums, per_day=per_day, now=self._clock())

    def _back_up(self, loaded: Loaded) -> Mapping[str, object]:
        return heavy.run(
            ["backup", "create", "--daily"],
            settings_file=loaded.operator_file,
            seconds=BACKUP_SECONDS,
            stopping=self._daemon.stopping,
        )

    def _purge(self, loaded: Loaded) -> Mapping[str, object]:
        stopping = self._daemon.stopping
        return upkeep.purge(self._store, loaded.settings, now=self._clock(), stopping=stopping)

    def _index(self) -> Mapping[str, object]:
        return {"indexed": indexing.follow(self._store, stopping=self._daemon.stopping)}

    def _is_healthy(self) -> bool:
        return self._daemon.is_alive() and self._look().verdict is not Health.FAILING


def lookout(store: Store, daemon: Daemon, *, clock: Clock) -> Lookout:
    """How the house stands, for whoever asks and however often."""
    return Lookout(lambda: examine(store, daemon.loaded, tuple(daemon.loaded.settings.forums), now=clock()))


@contextmanager
def answering(listen: str, daemon: Daemon, metrics: Metrics, look: Callable[[], Status]) -> Iterator[None]:
    """Answer at ``listen`` while inside; nobody when it is empty. Raises SettingsError."""
    if not listen:
        yield
        return
    probes = Probes(alive=daemon.is_alive, ready=daemon.is_ready, look=look)
    with WebServer(create_app(probes, metrics), listen=listen):
        yield
