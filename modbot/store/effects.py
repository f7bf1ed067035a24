"""What the outcome of an action does to its reply, its flag and the actions behind it.

``replies.our_hide`` is the truth about our hides: the outbox row whose hide is in
effect.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from modbot.domain import ActionKind, ActionOutcome, FlagState, OutboxState
from modbot.store import actions
from modbot.store.actions import Action
from modbot.store.schema import flags, outbox, replies


def apply(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    """Any outcome but UNKNOWN, which ends nothing."""
    if outcome is ActionOutcome.GONE:
        _gone(tx, action, at)
    elif action.kind is ActionKind.HIDE:
        _hide(tx, action, outcome, at)
    elif action.kind is ActionKind.RESTORE:
        _restore(tx, action, outcome, at)
    else:
        actions.set_flag(tx, action.flag_id, action_state=outcome.value)


def cancel_undoing(tx: Connection, action: Action, at: datetime) -> None:
    """The action had no effect of ours: what was to take it back has nothing to take back."""
    for later in actions.load(tx, outbox.c.undoes == action.id, outbox.c.state == OutboxState.QUEUED):
        actions.cancel(tx, later.id, who="modbot", at=at, why="nothing to undo")


def _gone(tx: Connection, action: Action, at: datetime) -> None:
    _set_our_hide(tx, action.reply_id, None)
    actions.cancel_queued(tx, action.reply_id, who="modbot", at=at)
    actions.set_flag(tx, action.flag_id, action_state="gone")
    values = {"state": FlagState.WITHDRAWN, "action_state": "gone", "closed_at": at}
    open_flag = and_(flags.c.reply_id == action.reply_id, flags.c.closed_at.is_(None))
    tx.execute(update(flags).where(open_flag).values({**values, "version": flags.c.version + 1}))


def _hide(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    if outcome is ActionOutcome.DONE:
        _set_our_hide(tx, action.reply_id, action.id)
        taken = {"hidden_at": at} if action.unasked else {}
        actions.set_flag(tx, action.flag_id, restored_at=None, **taken)
        actions.refresh_flag(tx, action.flag_id)
    elif outcome is ActionOutcome.ALREADY and _our_hide(tx, action.reply_id) is not None:
        actions.set_flag(tx, action.flag_id, action_state="done")  # an earlier hide of ours holds
    else:
        cancel_undoing(tx, action, at)
        actions.set_flag(tx, action.flag_id, action_state=outcome.value)
    actions.sync_open_flag(tx, action.reply_id)


def _restore(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    if outcome is not ActionOutcome.DONE:
        cancel_undoing(tx, action, at)
    if outcome is ActionOutcome.REFUSED:
        actions.set_flag(tx, action.flag_id, action_state=outcome.value)
    else:
        _set_our_hide(tx, action.reply_id, None)
        actions.set_flag(tx, action.flag_id, restored_at=at)
        if actions.flag_state(tx, action.flag_id) is FlagState.DISMISSED:
            actions.set_flag(tx, action.flag_id, state=FlagState.OVERTURNED)
        actions.refresh_flag(tx, action.flag_id)
    actions.sync_open_flag(tx, action.reply_id)


def _our_hide(tx: Connection, reply_id: int) -> int | None:
    found: int | None = tx.scalar(select(replies.c.our_hide).where(replies.c.id == reply_id))
    return found


def _set_our_hide(tx: Connection, reply_id: int, action_id: int | None) -> None:
    tx.execute(update(replies).where(replies.c.id == reply_id).values(our_hide=action_id))
