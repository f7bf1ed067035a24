"""The texts that a reply had, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from modbot.store.schema import revisions


@dataclass(frozen=True, slots=True)
class Revision:
    """``seen_at``: when this text was read first."""

    id: int
    text: str
    seen_at: datetime


def of_reply(rx: Connection, reply_id: int) -> list[Revision]:
    """In the order in which they were read."""
    query = select(revisions.c.id, revisions.c.text, revisions.c.seen_at)
    found = rx.execute(query.where(revisions.c.reply_id == reply_id).order_by(revisions.c.id))
    return [Revision(*row) for row in found]
