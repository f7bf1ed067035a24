"""What the outcome of an action does to its reply, its flag and the actions behind it.

``replies.our_hide`` is the truth about our hides: the outbox row whose hide is in
effect. ``replies.our_delete`` is that about what took the reply away otherwise: a delete,
an ignoring while it waited for approval, the recycling or the move of its thread.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, and_, select, update

from modbot.domain import ActionKind, ActionOutcome, FlagState, OutboxState, Visibility
from modbot.store import actions, opposites
from modbot.store.actions import Action
from modbot.store.schema import flags, outbox, replies

_HOLDS = (ActionOutcome.DONE, ActionOutcome.ALREADY)


def apply(tx: Connection, action: Action, outcome: ActionOutcome, seen: Visibility, at: datetime) -> None:
    """Any outcome but UNKNOWN, which ends nothing. ``seen``: what the forum shows now."""
    if action.kind is ActionKind.MOVE_THREAD and outcome in _HOLDS:
        _move(tx, action)
    if action.kind in opposites.MUTING:
        _mute(tx, action, outcome, at)
    elif outcome is ActionOutcome.GONE and seen is Visibility.GONE:
        _gone(tx, action, at)
    elif action.removes:
        _remove(tx, action, outcome, seen, at)
    else:
        _bring_back(tx, action, outcome, at)


def cancel_undoing(tx: Connection, action: Action, at: datetime) -> None:
    """The action had no effect of ours: what was to take it back has nothing to take back."""
    for later in actions.load(tx, outbox.c.undoes == action.id, outbox.c.state == OutboxState.QUEUED):
        actions.cancel(tx, later.id, who="modbot", at=at, why="nothing to undo")


def _move(tx: Connection, action: Action) -> None:
    """The thread is on that board now with all its replies: not every page tells the board, and
    where it is not known to be, a human would be taken to have moved it back."""
    board = (action.details or {}).get("board")
    alone = replies.c.id == action.reply_id
    thread = and_(replies.c.forum == action.forum, replies.c.thread_id == action.thread_id)
    moved = alone if action.thread_id is None else thread
    tx.execute(update(replies).where(moved).values(board_id=board))


def _mute(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    is_lifted = action.kind is ActionKind.UNMUTE and outcome is ActionOutcome.ALREADY
    if outcome is not ActionOutcome.DONE and not is_lifted:
        cancel_undoing(tx, action, at)
    actions.refresh_flag(tx, action.flag_id)


def _gone(tx: Connection, action: Action, at: datetime) -> None:
    if _is_away_by_us(tx, action):
        cancel_undoing(tx, action, at)
        actions.refresh_flag(tx, action.flag_id)
        return
    _set(tx, action.reply_id, our_hide=None, our_delete=None)
    actions.cancel_queued(tx, action.reply_id, who="modbot", at=at, kinds=opposites.ON_POST)
    actions.set_flag(tx, action.flag_id, action_state="gone")
    values = {"state": FlagState.WITHDRAWN, "action_state": "gone", "closed_at": at}
    open_flag = and_(flags.c.reply_id == action.reply_id, flags.c.closed_at.is_(None))
    tx.execute(update(flags).where(open_flag).values({**values, "version": flags.c.version + 1}))


def _is_away_by_us(tx: Connection, action: Action) -> bool:
    """Whether the reply is gone because we took it away, and the action is not what brings it back."""
    taken = _marks(tx, action.reply_id).our_delete
    if taken is None or not (action.removes or action.kind is ActionKind.RESTORE):
        return False
    return actions.get(tx, taken).kind is not ActionKind.MOVE_THREAD


def _remove(tx: Connection, action: Action, outcome: ActionOutcome, seen: Visibility, at: datetime) -> None:
    mark = "our_hide" if action.kind is ActionKind.HIDE else "our_delete"
    if outcome is ActionOutcome.DONE:
        _set(tx, action.reply_id, **{mark: action.id})
        taken = {"hidden_at": at} if action.unasked else {}
        actions.set_flag(tx, action.flag_id, restored_at=None, **taken)
        actions.refresh_flag(tx, action.flag_id)
    elif outcome is ActionOutcome.ALREADY and getattr(_marks(tx, action.reply_id), mark) is not None:
        actions.set_flag(tx, action.flag_id, action_state="done")  # an earlier one of ours holds
    else:
        cancel_undoing(tx, action, at)
        actions.set_flag(tx, action.flag_id, action_state=outcome.value)
        if seen is Visibility.GONE:  # somebody else deleted it: an earlier hide of ours went with it
            _set(tx, action.reply_id, our_hide=None)
    actions.sync_open_flag(tx, action.reply_id)


def _bring_back(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    if outcome is not ActionOutcome.DONE:
        cancel_undoing(tx, action, at)
    if outcome in _HOLDS:
        _is_back(tx, action, at)
        actions.refresh_flag(tx, action.flag_id)
    else:
        actions.set_flag(tx, action.flag_id, action_state=outcome.value)
    actions.sync_open_flag(tx, action.reply_id)


def _is_back(tx: Connection, action: Action, at: datetime) -> None:
    if action.kind is ActionKind.APPROVE:
        _set(tx, action.reply_id, our_delete=None, pending=False)
    elif action.kind is ActionKind.RESTORE:
        _set(tx, action.reply_id, our_hide=None)
        actions.set_flag(tx, action.flag_id, restored_at=at)
        if actions.flag_state(tx, action.flag_id) is FlagState.DISMISSED:
            actions.set_flag(tx, action.flag_id, state=FlagState.OVERTURNED)
    else:
        _set(tx, action.reply_id, our_delete=None)


def _marks(tx: Connection, reply_id: int) -> Row[int | None, int | None]:
    return tx.execute(select(replies.c.our_hide, replies.c.our_delete).where(replies.c.id == reply_id)).one()


def _set(tx: Connection, reply_id: int, **columns: object) -> None:
    tx.execute(update(replies).where(replies.c.id == reply_id).values(columns))
