"""How far each forum has been read: the engine's opaque cursor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from modbot.store import dialect
from modbot.store.schema import cursors


@dataclass(frozen=True, slots=True)
class Saved:
    cursor: str
    at: datetime


def load(rx: Connection, forum: str) -> str | None:
    """The last cursor; None before the first poll."""
    saved = last(rx, forum)
    return saved.cursor if saved else None


def last(rx: Connection, forum: str) -> Saved | None:
    """The last cursor and when it was stored: the time of the last poll that went through."""
    row = rx.execute(
        select(cursors.c.cursor, cursors.c.saved_at).where(cursors.c.forum == forum)
    ).one_or_none()
    return Saved(row.cursor, row.saved_at) if row else None


def save(tx: Connection, forum: str, cursor: str, *, at: datetime) -> None:
    """Call in the transaction that stores the batch which came with the cursor."""
    row = {"forum": forum, "cursor": cursor, "saved_at": at}
    dialect.upsert(tx, cursors, [row], keys=["forum"], update=["cursor", "saved_at"])


def forget(tx: Connection, forum: str) -> None:
    """Let the next poll read as if it were the first."""
    tx.execute(cursors.delete().where(cursors.c.forum == forum))
