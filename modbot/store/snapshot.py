"""Copies of an SQLite database: made while others write, and proved afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from modbot.errors import StoreError

PAGES_AT_ONCE = 4096
SPARE_BYTES = 16 << 20
_SHOWN_PROBLEMS = 3

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


def copy(source: Path, target: Path, *, progress: Progress | None = None) -> None:
    """A consistent copy of a live database, 0600, on the disk when this returns.

    All of it is of one moment: the source is read within one transaction, so that a writer
    neither waits nor makes SQLite begin the copy again (https://sqlite.org/backup.html).
    """
    target.touch(mode=0o600)
    tell = None if progress is None else lambda _status, left, total: progress(total - left, total)
    with (
        closing(sqlite3.connect(source, isolation_level=None)) as origin,
        closing(sqlite3.connect(target)) as made,
    ):
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        origin.backup(made, pages=PAGES_AT_ONCE, progress=tell)
    to_disk(target)


def check(path: Path) -> None:
    """Prove a database file that nobody writes to: structure, indexes and references.

    Raises StoreError with SQLite's first findings.
    """
    try:
        with closing(open_still(path)) as raw:
            found = [row[0] for row in raw.execute(f"PRAGMA integrity_check({_SHOWN_PROBLEMS})")]
            dangling = raw.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN_PROBLEMS)
    except sqlite3.DatabaseError as problem:
        raise _damaged(path, str(problem)) from problem
    if found != ["ok"]:
        raise _damaged(path, "; ".join(found))
    if dangling:
        raise _damaged(path, "; ".join(f"{row[0]} {row[1]} -> {row[2]}" for row in dangling))


def revision(path: Path) -> str | None:
    """The migration that a still database file stands at; None for a file without any."""
    try:
        with closing(open_still(path)) as raw:
            if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return None
            found: str | None = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            return found
    except (sqlite3.DatabaseError, TypeError) as problem:
        raise _damaged(path, str(problem)) from problem


def open_still(path: Path) -> sqlite3.Connection:
    """Read a file that nobody writes to, leaving no trace beside it."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def size(path: Path) -> int:
    """Bytes of a database with its write-ahead log: what a copy may take."""
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def require_room(folder: Path, needed: int) -> None:
    """Raises StoreError, with advice, when the disk of ``folder`` has not ``needed`` bytes to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        wanted = -(-(needed + SPARE_BYTES) // 1_000_000)
        raise StoreError(
            code="error.store.no_room", folder=str(folder), needed=wanted, free=free // 1_000_000
        )


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(code="error.store.damaged", url=str(path), problem=problem)
