"""Who works on this database: one owner polls and acts, everybody else asks it to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update

from modbot.errors import LeaseLost
from modbot.store import dialect
from modbot.store.schema import leases
from modbot.store.types import from_microseconds

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Lease:
    """``owner`` is a random token. ``released``: its owner ended in order."""

    owner: str
    host: str
    pid: int
    since: datetime
    until: datetime
    released: bool = False

    def is_live(self, now: datetime) -> bool:
        return not self.released and self.until > now


def load(rx: Connection) -> Lease | None:
    """The lease as it was last taken, live or not."""
    query = select(*(leases.c[name] for name in Lease.__slots__)).where(leases.c.name == OWNER)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Lease(**row)


def peek(database: Path) -> Lease | None:
    """The lease in a file that is not opened as a store: a restore replaces it, however damaged
    or old it is. None also when it cannot be told."""
    query = "SELECT owner, host, pid, since, until, released FROM leases WHERE name = ?"
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as raw:
            row = raw.execute(query, (OWNER,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    if row is None:
        return None
    owner, host, pid, since, until, released = row
    return Lease(owner, host, pid, from_microseconds(since), from_microseconds(until), bool(released))


def take(tx: Connection, lease: Lease) -> None:
    """Be the owner from now on. Whether the former one is gone is the caller's to know."""
    row = {"name": OWNER, **{name: getattr(lease, name) for name in Lease.__slots__}}
    dialect.upsert(tx, leases, [row], keys=["name"], update=list(Lease.__slots__))


def renew(tx: Connection, owner: str, *, until: datetime) -> bool:
    """Answers False when somebody else is the owner now."""
    mine = update(leases).where(leases.c.name == OWNER, leases.c.owner == owner)
    return tx.execute(mine.values(until=until)).rowcount == 1


def release(tx: Connection, owner: str, *, at: datetime) -> None:
    mine = update(leases).where(leases.c.name == OWNER, leases.c.owner == owner)
    tx.execute(mine.values(until=at, released=True))


def require(rx: Connection, owner: str) -> None:
    """Raises LeaseLost when ``owner`` is not the owner any more (a process that slept too
    long, and was taken for dead): what it was about to write must not be written."""
    query = select(leases.c.owner).where(leases.c.name == OWNER)
    if rx.scalar(query) != owner:
        raise LeaseLost()
