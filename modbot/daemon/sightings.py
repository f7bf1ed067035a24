"""Keep what a look at known replies showed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import Reply
from modbot.errors import ForumRolledBack
from modbot.store import inbox


def record(
    tx: Connection, forum: str, replies: Sequence[Reply], *, since: datetime, at: datetime
) -> inbox.Receipt:
    """Raises ForumRolledBack when a post id belongs to another post now."""
    receipt = inbox.record(tx, replies, at=at, since=since)
    if receipt.contradictions:
        post = receipt.contradictions[0].key.post_id
        raise ForumRolledBack(code="error.forum.other_post", forum=forum, post=post)
    return receipt
