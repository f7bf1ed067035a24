"""A forum's own reasons for hiding are read once a day, so that deciding needs no request."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from modbot.errors import ForumError
from modbot.forums.protocol import Forum
from modbot.store import presets
from modbot.store.engine import Store

READ_EVERY = timedelta(days=1)


def refresh(forum: Forum, store: Store, *, now: datetime) -> bool:
    """Read them if that was long ago; answers whether the forum was asked. One that refuses is
    asked again the next day: what it said before, or our own sentences, do meanwhile."""
    with store.read() as rx:
        asked = presets.asked_at(rx, forum.name)
    if asked is not None and now - asked < READ_EVERY:
        return False
    with store.write() as tx:
        presets.ask(tx, forum.name, at=now)
    try:
        reasons = forum.preset_reasons()
    except ForumError as problem:
        log = structlog.get_logger("presets").bind(forum=forum.name)
        log.warning("presets_unread", code=problem.code)
        return True
    with store.write() as tx:
        presets.keep(tx, forum.name, reasons)
    return True
