"""One process at a time polls and acts: a lock that dies with its owner."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from modbot.errors import ModbotError
from modbot.store.leases import Lease

FILE = "modbot.lock"


class AlreadyRunning(ModbotError):
    """Another modbot works on this store; two would double the requests and the actions."""

    code = "error.already_running"


@contextmanager
def owning(state_dir: Path) -> Iterator[None]:
    """Hold the lock while inside. Raises AlreadyRunning, naming the owner's process id."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = state_dir / FILE
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise AlreadyRunning(pid=owner or "?", path=str(file)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def refuse_another_machine(lease: Lease | None, *, now: datetime, path: Path) -> None:
    """The file's lock tells of this machine's processes only; the lease of all. Raises
    AlreadyRunning, naming the machine, while the lease of another one lasts."""
    if lease is None or not lease.is_live(now) or lease.host == socket.gethostname():
        return
    raise AlreadyRunning(
        code="error.already_running_elsewhere",
        pid=lease.pid,
        host=lease.host,
        seconds=round((lease.until - now).total_seconds()),
        path=str(path),
    )


def is_held(state_dir: Path) -> bool:
    """Whether a living process of this machine holds the lock."""
    try:
        descriptor = os.open(state_dir / FILE, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
