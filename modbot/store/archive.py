"""A forum that was restored from a backup begins a new history; the old one is set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from modbot.domain import OutboxState
from modbot.store import audit, cursors, outbox
from modbot.store.flags import SET_ASIDE
from modbot.store.schema import (
    campaign_aliases,
    campaigns,
    decisions,
    flags,
    misses,
    openings,
    replies,
    spot_checks,
    verdicts,
)
from modbot.store.schema import outbox as outbox_table

_OF_ONE_FORUM = (
    replies,
    decisions,
    flags,
    outbox_table,
    verdicts,
    campaigns,
    campaign_aliases,
    openings,
    spot_checks,
    misses,
)


def set_aside(tx: Connection, forum: str, *, who: str, at: datetime) -> str:
    """Keep everything known of ``forum`` under another name, which is answered, so that its
    post ids may mean other posts from now on. What still waits for it is cancelled; labels
    and audit stay. Nothing is deleted."""
    for action in outbox.listing(tx, forum=forum, states=[OutboxState.QUEUED], limit=100_000):
        outbox.cancel(tx, action.id, who=who, at=at, why="forum rolled back")
    name = f"{forum}{SET_ASIDE}{at:%Y%m%dT%H%M%S}"
    for table in _OF_ONE_FORUM:
        tx.execute(update(table).where(table.c.forum == forum).values(forum=name))
    cursors.forget(tx, forum)
    audit.add(tx, audit.Entry(at, who, "forum.history_set_aside", forum, details={"kept_as": name}))
    return name
