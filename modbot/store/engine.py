"""The database behind the store: connections, transactions, pragmas."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from modbot.errors import StoreError
from modbot.store import migrate, swap
from modbot.store.types import storable

BUSY_SECONDS = 15.0
_BEGIN_ATTEMPTS = 4
_WRITING = "modbot_writing"
_LASTING = "modbot_lasting"


class Store:
    """One database. Safe to share between threads; several processes may open one file.

    Use :func:`open` to make one. ``write`` takes the only write lock of the database
    at once, so it must be short and never span a request to a forum.
    """

    def __init__(self, engine: Engine, *, guard: Callable[[Connection], None] | None = None) -> None:
        self.engine = engine
        self._guard = guard
        self._inside = threading.local()

    def guarded(self, guard: Callable[[Connection], None]) -> Store:
        """The same database for one who may lose the right to write: ``guard`` is asked
        inside each write transaction, and what it raises rolls that back."""
        other = Store(self.engine, guard=guard)
        other._inside = self._inside
        return other

    @property
    def url(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self, *, lasting: bool = False) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on an error.

        ``lasting``: it (with all before it) outlives a power cut, too, once it is committed.
        The others outlive the death of the process, and cost no wait for the disk.
        Raises StoreError when this thread is inside another write already, and when
        the lock was not to be had for a minute.
        """
        if getattr(self._inside, "writing", False):
            raise StoreError(code="error.store.nested_write", url=self.url)
        self._inside.writing = True
        try:
            options = {_WRITING: True, _LASTING: lasting}
            with self.engine.connect().execution_options(**options) as connection:
                transaction = self._begin(connection)
                with transaction:
                    if self._guard is not None:
                        self._guard(connection)
                    yield connection
        finally:
            self._inside.writing = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of one moment. Writing in it is an error."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def _begin(self, connection: Connection) -> sa.RootTransaction:
        for attempt in range(1, _BEGIN_ATTEMPTS + 1):
            try:
                return connection.begin()
            except OperationalError as problem:
                if not is_busy(problem):
                    raise
                if attempt == _BEGIN_ATTEMPTS:
                    raise StoreError(code="error.store.busy", url=self.url) from problem
                time.sleep(0.05 * attempt)
        raise AssertionError("unreachable")


def open(url: str | Path, *, create: bool = True, keep_copy: bool = True) -> Store:
    """Open the database at ``url`` (an SQLAlchemy URL, or a path of an SQLite file).

    A new database is created unless ``create`` is False; an older one is copied beside
    itself (``keep_copy``) and migrated; a newer or foreign one is refused (StoreError).
    A restore that was interrupted is finished, and told as a StoreError: what the caller
    has read of settings and models is of before it.
    """
    target = _as_url(url)
    path = file_of(target)
    if path is not None:
        if swap.finish(path):
            raise StoreError(code="error.store.restored_now", url=str(path))
        _prepare_file(path, create=create)
    engine = _engine(target)
    store = Store(engine)
    try:
        if path is not None:
            _use_wal(engine)
        migrate.bring_up_to_date(store, path if keep_copy else None)
    except (DatabaseError, sqlite3.DatabaseError, OSError) as problem:
        store.close()
        detail = str(getattr(problem, "orig", problem))
        raise StoreError(code="error.store.damaged", url=store.url, problem=detail) from problem
    except BaseException:
        store.close()
        raise
    return store


@contextmanager
def look(url: str) -> Iterator[Connection | None]:
    """A view of the database at ``url`` as it is: it is neither made nor migrated. None when
    there is none. Raises StoreError when it cannot be read."""
    target = _as_url(url)
    path = file_of(target)
    if path is not None and not path.exists():
        yield None
        return
    engine = _engine(target)
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except (DatabaseError, sqlite3.DatabaseError) as problem:
        detail = str(getattr(problem, "orig", problem))
        shown = target.render_as_string(hide_password=True)
        raise StoreError(code="error.store.damaged", url=shown, problem=detail) from problem
    finally:
        engine.dispose()


def is_busy(problem: OperationalError) -> bool:
    """Whether another connection held the lock for longer than we waited."""
    code = getattr(problem.orig, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _as_url(url: str | Path) -> URL:
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite", database=str(url))
    return make_url(url)


def file_of(url: str | URL) -> Path | None:
    """The file of an SQLite database; None for a database on a server."""
    url = make_url(url)
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise StoreError(code="error.store.in_memory", url=url.render_as_string())
    return Path(url.database)


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.exists():
        return
    if not create:
        raise StoreError(code="error.store.missing", url=str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it will hold what members wrote, also behind hidden boards
    except OSError as problem:
        detail = problem.strerror or str(problem)
        raise StoreError(code="error.store.damaged", url=str(path), problem=detail) from problem


def _engine(url: URL) -> Engine:
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        arguments["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = sa.create_engine(
        url,
        json_serializer=_to_json,
        json_deserializer=json.loads,
        pool_size=8,
        max_overflow=24,
        hide_parameters=True,
        **arguments,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _plain(value: Any) -> object:
    """Numbers of array libraries as Python's own; anything else is a mistake."""
    return value.item()


_JSON: Final = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,  # nothing that is stored holds itself
    separators=(",", ":"),
    default=_plain,
)


def _to_json(value: object) -> str:
    return storable(_JSON.encode(value))


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes late and deferred
    connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what is forgotten must not lie in the file


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writing, lasting = options.get(_WRITING, False), options.get(_LASTING, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _use_wal(engine: Engine) -> None:
    """Turn the write-ahead log on. It is a property of the file and stays.

    SQLite answers "busy" at once, without waiting, when two openers do this together.
    """
    raw = engine.raw_connection()
    try:
        for attempt in range(1, 101):
            try:
                raw.cursor().execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or attempt == 100:
                    raise
                time.sleep(0.05)
            else:
                return
    finally:
        raw.close()
