"""One process owns a database. The others say so; a dead owner's lease ends."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import modbot.store
from modbot.daemon import lock, ownership
from modbot.errors import LeaseLost
from modbot.store import Store, leases
from modbot.store.leases import Lease

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@pytest.fixture
def store(tmp_path: Path, empty_store: Path):
    path = tmp_path / "modbot.db"
    path.write_bytes(empty_store.read_bytes())
    opened = modbot.store.open(path)
    yield opened
    opened.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def elsewhere(store: Store, *, until: datetime, released: bool = False) -> None:
    with store.write() as tx:
        leases.take(tx, Lease("token", "another-host", 77, NOW, until, released))


def owned(store: Store, state: Path, now: datetime = NOW):
    return ownership.owning(store, state, lease=LEASE, clock=lambda: now)


def test_while_one_owns_the_database_nobody_else_does_and_everybody_can_see_who(store, state):
    assert ownership.owner(store, state) is None
    with ownership.owning(store, state):
        found = ownership.owner(store, state)
        assert found is not None
        with pytest.raises(lock.AlreadyRunning, match=str(found.pid)), ownership.owning(store, state):
            pass
    assert ownership.owner(store, state) is None


def test_another_machines_owner_is_named_until_its_lease_ends(store, state):
    elsewhere(store, until=NOW + timedelta(seconds=20))
    with (
        pytest.raises(lock.AlreadyRunning, match=r"another-host, process 77.*in 20 seconds"),
        owned(store, state),
    ):
        pass
    with owned(store, state, NOW + timedelta(seconds=21)) as mine:
        assert mine.after_crash


def test_a_dead_owner_of_this_machine_keeps_nobody_out(store, state):
    with store.write() as tx:
        leases.take(tx, Lease("dead", ownership._host(), 1, NOW, NOW + LEASE))
    assert ownership.owner(store, state, clock=lambda: NOW) is None
    with owned(store, state) as mine:
        assert mine.after_crash
    with owned(store, state) as mine:
        assert not mine.after_crash, "the former owner ended in order"


def test_who_was_taken_for_dead_writes_nothing_more_and_learns_of_it(store, state):
    lease = timedelta(seconds=0.3)
    with ownership.owning(store, state, lease=lease) as mine:
        guarded = store.guarded(mine.guard)
        with guarded.write():
            pass
        elsewhere(store, until=datetime.now(UTC) + LEASE)
        with pytest.raises(LeaseLost), guarded.write() as tx:
            leases.release(tx, "token", at=NOW)
        assert mine.lost.wait(5)
    with store.read() as rx:
        found = leases.load(rx)
    assert found is not None
    assert (found.owner, found.released) == ("token", False), "the new owner's lease is not touched"


def test_the_lease_is_renewed_while_its_owner_lives(store, state):
    with ownership.owning(store, state, lease=timedelta(seconds=0.6)):
        time.sleep(1.5)
        found = ownership.owner(store, state)
        assert found is not None
        assert found.is_live(datetime.now(UTC))


def test_of_many_that_start_together_one_becomes_the_owner(store, state):
    start, results, leave = threading.Barrier(8), [], threading.Event()

    def run() -> None:
        start.wait()
        try:
            with ownership.owning(store, state):
                results.append("owner")
                leave.wait(10)
        except lock.AlreadyRunning:
            results.append("refused")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(results) < 8 and time.monotonic() < deadline:
        time.sleep(0.01)
    leave.set()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["owner"] + ["refused"] * 7
