"""Replies that modbot approved unasked while they waited for the forum's own approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, func, select

from modbot.domain import ActionKind, OutboxState
from modbot.errors import Conflict
from modbot.store import actions, audit, outbox
from modbot.store.schema import flags, replies
from modbot.store.schema import outbox as table

_IN_VAIN = (OutboxState.ALREADY, OutboxState.REFUSED, OutboxState.GONE, OutboxState.CANCELLED)


def want(tx: Connection, forum: str, reply_id: int, revision_id: int, *, at: datetime) -> int | None:
    """Queue the approval of a reply; answers its id, or None where humans have had a card of
    it, or something is under way already."""
    card = exists().where(flags.c.reply_id == replies.c.id)
    under_way = exists().where(table.c.reply_id == replies.c.id, table.c.state.in_(outbox.UNSETTLED))
    free = select(replies.c.id).where(replies.c.id == reply_id, ~card, ~under_way)
    if tx.scalar(free) is None:
        return None
    return outbox.enqueue(
        tx,
        forum=forum,
        kind=ActionKind.APPROVE,
        reply_id=reply_id,
        revision_id=revision_id,
        at=at,
        unasked=True,
    )


def listing(
    rx: Connection, forum: str | None = None, *, since: datetime | None = None, limit: int = 100
) -> list[outbox.Action]:
    """The unasked approvals that had, or may yet have, an effect; latest first."""
    conditions = [table.c.kind == ActionKind.APPROVE, table.c.unasked, table.c.state.not_in(_IN_VAIN)]
    if forum is not None:
        conditions.append(table.c.forum == forum)
    if since is not None:
        conditions.append(table.c.created_at >= since)
    return actions.load(rx, *conditions)[: -limit - 1 : -1]


def count(rx: Connection, forum: str, *, since: datetime) -> int:
    """How many approvals took effect since then."""
    query = select(func.count()).where(
        table.c.forum == forum,
        table.c.kind == ActionKind.APPROVE,
        table.c.unasked,
        table.c.state == OutboxState.DONE,
        table.c.settled_at >= since,
    )
    return rx.scalar(query) or 0


def take_back(
    tx: Connection, action_id: int, *, who: str, now: datetime, reason: str = "", notify: bool = False
) -> int | None:
    """Undo an unasked approval: what was published cannot wait again, and is hidden. Answers
    the hide that is queued, None when the approval had not begun.

    Raises Conflict for what is no such approval, had no effect, or was taken back before.
    """
    action = actions.get(tx, action_id)
    if action.kind is not ActionKind.APPROVE or not action.unasked or action.state in _IN_VAIN:
        raise Conflict(code="error.store.no_approval", action=action_id, state=action.state)
    if _is_taken_back(tx, action_id):
        raise Conflict(code="error.store.approval_undone", action=action_id)
    hide = None
    if not outbox.cancel(tx, action_id, who=who, at=now):
        hide = outbox.enqueue(
            tx,
            forum=action.forum,
            kind=ActionKind.HIDE,
            reply_id=action.reply_id,
            revision_id=action.revision_id,
            at=now,
            reason=reason,
            notify=notify,
            undoes=action_id,
            who=who,
        )
    details = {"action": action_id, "hide": hide}
    entry = audit.Entry(now, who, "approval.undone", action.forum, None, action.reply_id, details)
    audit.add(tx, entry)
    return hide


def _is_taken_back(tx: Connection, action_id: int) -> bool:
    later = select(table.c.id).where(table.c.undoes == action_id, table.c.state.not_in(_IN_VAIN))
    return tx.scalar(later.limit(1)) is not None
