"""The daemon: one owner, a crew of forums, chores, signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from modbot.daemon import consoling, overlaying, ownership
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.house import Clock, open_store, utc_now
from modbot.daemon.serving import household, signals
from modbot.daemon.serving.daemon import Daemon
from modbot.errors import ModbotError
from modbot.settings import Loaded

__all__ = ["Ended", "serve"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How the daemon ended. ``problem``: why it could not go on. ``hangs``: threads are left
    that the interpreter would wait for."""

    problem: ModbotError | None
    hangs: bool


def serve(
    loaded: Loaded,
    *,
    reread: Callable[[], Loaded],
    adopted: Callable[[Loaded], None] = lambda _loaded: None,
    opened: Callable[[consoling.House, str], None] = lambda _house, _address: None,
    clock: Clock = utc_now,
) -> Ended:
    """Run the daemon until a signal ends it, or something that it cannot mend.

    ``reread`` reads the settings again on SIGHUP; ``adopted`` hears of those that came into
    force, ``opened`` of the console and its address, once it can be visited. ``clock`` is the
    forums' time; leases go by the machine's own. Raises AlreadyRunning when another process owns
    the database, and what is wrong with the settings.
    """
    metrics = Metrics()
    lease = timedelta(seconds=loaded.settings.daemon.lease_seconds)
    with (
        signals.heard(reloads=True) as heard,
        open_store(loaded) as store,
        ownership.owning(store, loaded.state_dir, lease=lease) as owned,
    ):
        daemon = Daemon(
            overlaying.laid(loaded, store),
            store=store,
            ownership=owned,
            signals=heard,
            reread=reread,
            adopted=adopted,
            clock=clock,
            metrics=metrics,
        )
        look = household.lookout(store, daemon, clock=clock)
        chores = household.Household(daemon, store, clock=clock, look=look).chores
        problem: ModbotError | None = None
        house = consoling.House(store, lambda: daemon.loaded, clock, look, daemon.take_up, daemon.crew)
        with (
            household.answering(loaded.settings.health.listen, daemon, metrics, look),
            consoling.open_for_moderators(house) as address,
        ):
            if address:
                opened(house, address)
            try:
                daemon.run(chores)
            except ModbotError as cause:
                problem = cause
        return Ended(problem, daemon.leaves_threads)
