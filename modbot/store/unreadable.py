"""Pieces of pages that were not understood: kept for a human, counted, capped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from modbot.store import dialect
from modbot.store.schema import unreadable

KEPT_PER_FORUM = 200
EXCERPT_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Kept:
    id: int
    url: str
    problem: str
    excerpt: str
    times: int
    first_seen: datetime
    last_seen: datetime


def keep(tx: Connection, forum: str, blocks: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
    """Keep ``(url, problem, excerpt)``: the same problem and excerpt are one row, counted.

    Beyond KEPT_PER_FORUM the ones not seen for longest go.
    """
    for url, problem, excerpt in blocks:
        short = excerpt[:EXCERPT_CHARACTERS]
        mark = hashlib.blake2b(f"{problem}\x00{short}".encode("utf-8", "replace"), digest_size=16)
        row = {
            "forum": forum,
            "digest": mark.hexdigest(),
            "url": url,
            "problem": problem,
            "excerpt": short,
            "times": 1,
            "first_seen": at,
            "last_seen": at,
        }
        again = {"times": unreadable.c.times + 1}
        dialect.upsert(
            tx, unreadable, [row], keys=["forum", "digest"], update=["url", "last_seen"], computed=again
        )
    if blocks:
        _drop_beyond_cap(tx, forum)


def listing(rx: Connection, forum: str, *, limit: int = 50) -> list[Kept]:
    """The latest first."""
    query = select(*(unreadable.c[name] for name in Kept.__slots__)).where(unreadable.c.forum == forum)
    newest_first = query.order_by(unreadable.c.last_seen.desc(), unreadable.c.id.desc()).limit(limit)
    return [Kept(**row) for row in rx.execute(newest_first).mappings()]


def count(rx: Connection, forum: str, *, since: datetime | None = None) -> int:
    """How many different blocks are kept (seen since then)."""
    query = select(func.count()).select_from(unreadable).where(unreadable.c.forum == forum)
    if since is not None:
        query = query.where(unreadable.c.last_seen >= since)
    return rx.scalar(query) or 0


def purge(tx: Connection, *, before: datetime) -> int:
    """Forget those last seen before then; answers how many."""
    return tx.execute(delete(unreadable).where(unreadable.c.last_seen < before)).rowcount


def _drop_beyond_cap(tx: Connection, forum: str) -> None:
    kept = (
        select(unreadable.c.id)
        .where(unreadable.c.forum == forum)
        .order_by(unreadable.c.last_seen.desc(), unreadable.c.id.desc())
        .limit(KEPT_PER_FORUM)
    )
    tx.execute(delete(unreadable).where(unreadable.c.forum == forum, unreadable.c.id.not_in(kept)))
