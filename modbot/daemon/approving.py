"""Approving unasked what waits for the forum's own approval, where policy lets it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from modbot.store import approvals
from modbot.store.decisions import Judgement


def approve(tx: Connection, forum: str, passed: Iterable[Judgement], *, at: datetime) -> int:
    """Queue the approvals of replies that no human has a card of; answers how many."""
    return sum(
        approvals.want(tx, forum, judgement.reply_id, judgement.revision_id, at=at) is not None
        for judgement in passed
    )
