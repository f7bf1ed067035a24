"""The opening posts' texts of threads: what replies are read against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from modbot.domain import Reply
from modbot.store import dialect, rows
from modbot.store.schema import openings, replies

LONGEST = 4000


def keep(tx: Connection, batch: Iterable[Reply], *, at: datetime) -> None:
    """Keep what a batch tells of its threads' openings, cut to LONGEST characters; but not of
    threads whose author was to be forgotten."""
    texts: dict[tuple[str, int], str] = {}
    for reply in batch:
        text = reply.opening or (reply.text if reply.floor == 1 else "")
        if reply.thread_id is not None and text:
            texts[reply.forum, reply.thread_id] = text[:LONGEST]
    forgotten = _forgotten(tx, list(texts))
    values = [
        {"forum": forum, "thread_id": thread_id, "text": text, "seen_at": at}
        for (forum, thread_id), text in texts.items()
        if (forum, thread_id) not in forgotten
    ]
    dialect.upsert(tx, openings, values, keys=["forum", "thread_id"], update=["text", "seen_at"])


def of_threads(rx: Connection, forum: str, thread_ids: Iterable[int]) -> dict[int, str]:
    """The opening posts' texts of those threads where they are known."""
    found: dict[int, str] = {}
    for chunk in rows.chunks(list(thread_ids)):
        query = select(openings.c.thread_id, openings.c.text).where(
            openings.c.forum == forum, openings.c.thread_id.in_(chunk)
        )
        found.update({row.thread_id: row.text for row in rx.execute(query)})
    return found


def _forgotten(tx: Connection, threads: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for forum in {forum for forum, _ in threads}:
        for chunk in rows.chunks([thread_id for of, thread_id in threads if of == forum]):
            first = select(replies.c.thread_id).where(
                replies.c.forum == forum,
                replies.c.thread_id.in_(chunk),
                replies.c.floor == 1,
                replies.c.forgotten_at.is_not(None),
            )
            found.update((forum, thread_id) for thread_id in tx.scalars(first))
    return found
