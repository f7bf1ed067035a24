"""What a page that stays open is told of every few seconds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from modbot.domain import EVERYWHERE, Scope
from modbot.store.actions import UNSETTLED
from modbot.store.flag_filter import in_scope
from modbot.store.schema import audit, outbox, replies


def on_their_way(rx: Connection, forums: Sequence[str], *, within: Scope = EVERYWHERE) -> int:
    """Actions that are queued for these forums, or under way."""
    query = (
        select(func.count())
        .select_from(outbox.join(replies, replies.c.id == outbox.c.reply_id))
        .where(outbox.c.forum.in_(forums), outbox.c.state.in_(UNSETTLED), in_scope(within, outbox.c.forum))
    )
    return rx.scalar(query) or 0


def last_change(rx: Connection) -> int:
    """The number of the last thing that anybody did."""
    return rx.scalar(select(func.max(audit.c.id))) or 0
