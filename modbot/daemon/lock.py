"""One process at a time polls and acts: a lock that dies with its owner."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modbot.errors import ModbotError

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
