"""A store that comes from a backup goes on from an earlier moment than the forum.

What was under way then may have been done since, by us; what was hidden unasked then may
have been put back by a human since, and nothing here knows of it. So what waits is read
back first, and nothing more is hidden unasked until a human has looked.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from modbot.domain import OutboxState
from modbot.store import actions, audit, brake
from modbot.store.actions import UNSETTLED
from modbot.store.flags import SET_ASIDE
from modbot.store.schema import cursors, leases, outbox

WHY = "restored"
"""Why the brake is on, and what is told of the actions that were given up."""


def take_up(tx: Connection, *, made_at: datetime, who: str, at: datetime) -> int:
    """Make a restored store fit to work on; answers how many actions were waiting in it.

    Restores and what people asked for are read back before anything is done. What nobody
    asked for waits as ``dead``, perhaps in effect, for a human. The brake is on in
    every forum. The former owner is gone.
    """
    waiting = actions.load(tx, outbox.c.state.in_(UNSETTLED))
    for action in waiting:
        values = {
            "state": OutboxState.DEAD if action.unasked else OutboxState.UNKNOWN,
            "settled_at": at if action.unasked else None,
            "uncertain": True,
            "owner": None,
            "lease_until": None,
            "detail": WHY,
        }
        tx.execute(update(outbox).where(outbox.c.id == action.id).values(values))
        actions.refresh_flag(tx, action.flag_id)
        actions.sync_open_flag(tx, action.reply_id)
    for forum in tx.scalars(select(cursors.c.forum)).all():
        if SET_ASIDE not in forum:
            brake.pull(tx, forum, WHY, at=at, who=who)
    tx.execute(update(leases).values(released=True, until=at))
    details = {"made_at": made_at.isoformat(), "unsettled": len(waiting)}
    audit.add(tx, audit.Entry(at, who, "store.restored", details=details))
    return len(waiting)
