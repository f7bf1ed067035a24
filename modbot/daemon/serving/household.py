"""What the daemon does beside its forums: the chores, and who may ask how it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from modbot.daemon.serving.chores import Chore
from modbot.daemon.serving.daemon import Daemon

FORGETS_EVERY = 3600.0


@contextmanager
def open_household(daemon: Daemon) -> Iterator[list[Chore]]:
    yield [Chore("forget", lambda: _forget_old(daemon), every=FORGETS_EVERY, recorded=False)]


def _forget_old(daemon: Daemon) -> Mapping[str, object]:
    """Bound the memory of months: what no reply can be compared with any more goes."""
    for worker in list(daemon.crew.workers.values()):
        worker.desk.judge.forget_old()
    return {"texts": {name: worker.desk.judge.remembered for name, worker in daemon.crew.workers.items()}}
