"""How many requests each forum was sent on each UTC day, across restarts."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from modbot.store import dialect
from modbot.store.engine import Store
from modbot.store.schema import requests


class Ledger:
    """The engines' ``RequestLedger`` on a store: each request is a short write of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def spend(self, forum: str, *, at: datetime) -> int:
        """Count one request; answers how many were made that day, this one included."""
        with self._store.write() as tx:
            return spend(tx, forum, at=at)


def spend(tx: Connection, forum: str, *, at: datetime, number: int = 1) -> int:
    """Count ``number`` requests; answers the day's total, these included."""
    row = {"forum": forum, "day": at.astimezone(UTC).date(), "made": number}
    more = {"made": requests.c.made + number}
    dialect.upsert(tx, requests, [row], keys=["forum", "day"], computed=more)
    return made(tx, forum, at=at)


def made(rx: Connection, forum: str, *, at: datetime) -> int:
    """Requests made on the UTC day of ``at``."""
    day = at.astimezone(UTC).date()
    query = select(requests.c.made).where(requests.c.forum == forum, requests.c.day == day)
    return rx.scalar(query) or 0


def total(rx: Connection, forum: str) -> int:
    """Requests made on all days that are kept."""
    return rx.scalar(select(func.sum(requests.c.made)).where(requests.c.forum == forum)) or 0
