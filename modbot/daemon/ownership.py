"""One process polls and acts for a database: it holds the lease, and says so while it lives.

On one machine a lock on a file tells at once that the former owner is dead; between
machines only the lease's end does.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection

from modbot.daemon import lock
from modbot.daemon.house import utc_now
from modbot.errors import StoreError
from modbot.store import leases
from modbot.store.engine import Store
from modbot.store.leases import Lease

LEASE = timedelta(seconds=30)
RENEWALS = 3


class Ownership:
    """``lost`` is set when another process became the owner. ``after_crash``: the former
    owner did not end in order."""

    def __init__(self, token: str, *, after_crash: bool) -> None:
        self.token = token
        self.after_crash = after_crash
        self.lost = threading.Event()

    def guard(self, tx: Connection) -> None:
        """For :meth:`Store.guarded`. Raises LeaseLost."""
        leases.require(tx, self.token)


@contextmanager
def owning(
    store: Store,
    state_dir: Path,
    *,
    lease: timedelta = LEASE,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Ownership]:
    """Be the owner while inside. Raises AlreadyRunning, naming who is.

    ``clock`` is compared between processes, so it is the machine's own.
    """
    with lock.owning(state_dir):
        ownership = _take(store, state_dir, lease, clock)
        ended = threading.Event()
        keeper = threading.Thread(
            target=_keep, args=(store, ownership, lease, clock, ended), name="lease", daemon=True
        )
        keeper.start()
        try:
            yield ownership
        finally:
            ended.set()
            keeper.join(lease.total_seconds())
            with store.write() as tx:
                leases.release(tx, ownership.token, at=clock())


def owner(store: Store, state_dir: Path, *, clock: Callable[[], datetime] = utc_now) -> Lease | None:
    """The lease of whoever works on this database now; None when nobody does."""
    with store.read() as rx:
        found = leases.load(rx)
    if found is None or not found.is_live(clock()):
        return None
    if found.host == _host() and not lock.is_held(state_dir):
        return None
    return found


def _take(store: Store, state_dir: Path, lease: timedelta, clock: Callable[[], datetime]) -> Ownership:
    """With the file's lock in hand: an owner of this machine can only be dead."""
    now, host = clock(), _host()
    with store.write() as tx:
        former = leases.load(tx)
        lock.refuse_another_machine(former, now=now, path=state_dir)
        token = secrets.token_hex(16)
        leases.take(tx, Lease(token, host, os.getpid(), now, now + lease))
    return Ownership(token, after_crash=former is not None and not former.released)


def _keep(
    store: Store,
    ownership: Ownership,
    lease: timedelta,
    clock: Callable[[], datetime],
    ended: threading.Event,
) -> None:
    log = structlog.get_logger("lease")
    while not ended.wait(lease.total_seconds() / RENEWALS):
        try:
            with store.write() as tx:
                kept = leases.renew(tx, ownership.token, until=clock() + lease)
        except StoreError as problem:
            log.warning("lease_not_renewed", problem=str(problem))
            continue
        if not kept:
            log.error("lease_lost")
            ownership.lost.set()
            return


def _host() -> str:
    return socket.gethostname()
