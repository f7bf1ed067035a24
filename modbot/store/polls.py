"""When each forum was polled, and how that went: for health, status and notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from modbot.store import dialect
from modbot.store.schema import polls


@dataclass(frozen=True, slots=True)
class Polled:
    """``ended_at`` None: under way, or cut off. ``succeeded_at``: the last end without an error."""

    began_at: datetime
    ended_at: datetime | None
    succeeded_at: datetime | None
    replies_read: int
    replies_new: int
    caught_up: bool


def began(tx: Connection, forum: str, *, at: datetime) -> None:
    row = {
        "forum": forum,
        "began_at": at,
        "ended_at": None,
        "replies_read": 0,
        "replies_new": 0,
        "caught_up": False,
    }
    dialect.upsert(tx, polls, [row], keys=["forum"], update=["began_at", "ended_at"])


def failed(tx: Connection, forum: str, *, at: datetime) -> None:
    tx.execute(update(polls).where(polls.c.forum == forum).values(ended_at=at))


def succeeded(tx: Connection, forum: str, *, at: datetime, read: int, new: int, caught_up: bool) -> None:
    values = {
        "ended_at": at,
        "succeeded_at": at,
        "replies_read": read,
        "replies_new": new,
        "caught_up": caught_up,
    }
    tx.execute(update(polls).where(polls.c.forum == forum).values(values))


def load(rx: Connection, forum: str) -> Polled | None:
    query = select(*(polls.c[name] for name in Polled.__slots__)).where(polls.c.forum == forum)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Polled(**row)
