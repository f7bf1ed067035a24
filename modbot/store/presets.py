"""The reasons that a forum itself offers for hiding, as its dialog told them last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from modbot.domain import Visibility
from modbot.store import dialect
from modbot.store.schema import presets, replies


def load(rx: Connection, forum: str) -> tuple[str, ...]:
    return tuple(rx.scalar(select(presets.c.reasons).where(presets.c.forum == forum)) or ())


def asked_at(rx: Connection, forum: str) -> datetime | None:
    found: datetime | None = rx.scalar(select(presets.c.asked_at).where(presets.c.forum == forum))
    return found


def ask(tx: Connection, forum: str, *, at: datetime) -> tuple[int, int, int | None] | None:
    """Note that the forum is asked now, whatever it will answer; answers the post, thread and
    board of a reply whose dialog can be opened. None without such a reply: then nothing is noted."""
    query = (
        select(replies.c.post_id, replies.c.thread_id, replies.c.board_id)
        .where(replies.c.forum == forum, replies.c.thread_id.is_not(None))
        .where(replies.c.visibility == Visibility.VISIBLE)
        .order_by(replies.c.id.desc())
        .limit(1)
    )
    example = tx.execute(query).one_or_none()
    if example is None:
        return None
    row = {"forum": forum, "reasons": [], "asked_at": at}
    dialect.upsert(tx, presets, [row], keys=["forum"], update=["asked_at"])
    return (example.post_id, example.thread_id, example.board_id)


def keep(tx: Connection, forum: str, reasons: Sequence[str]) -> None:
    """What the forum answered when it was asked."""
    tx.execute(update(presets).where(presets.c.forum == forum).values(reasons=list(reasons)))
