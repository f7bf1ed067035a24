"""The daemon: one owner, a crew of forums, chores, signals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from modbot.daemon.house import Clock, open_store, utc_now
from modbot.daemon.serving import household, ownership, signals
from modbot.daemon.serving.daemon import Daemon
from modbot.settings import Loaded

__all__ = ["serve"]


def serve(
    loaded: Loaded,
    *,
    reread: Callable[[], Loaded],
    adopted: Callable[[Loaded], None] = lambda _loaded: None,
    clock: Clock = utc_now,
) -> bool:
    """Run the daemon until a signal ends it; answers whether every thread ended with it.

    ``reread`` reads the settings again on SIGHUP; ``adopted`` hears of those that came into
    force. ``clock`` is the forums' time; leases go by the machine's own. Raises AlreadyRunning
    when another process owns the database, LeaseLost when one took it over.
    """
    lease = timedelta(seconds=loaded.settings.daemon.lease_seconds)
    with (
        signals.heard() as heard,
        open_store(loaded) as store,
        ownership.owning(store, loaded.state_dir, lease=lease) as owned,
    ):
        daemon = Daemon(
            loaded,
            store=store,
            ownership=owned,
            signals=heard,
            reread=reread,
            adopted=adopted,
            clock=clock,
        )
        with household.open_household(daemon) as chores:
            daemon.run(chores)
        return not daemon.leaves_threads
