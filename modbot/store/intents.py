"""From what a moderator wants of a reply to rows of the outbox: what waits is cancelled,
what is under way is taken back by a later action, what holds already is left alone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from modbot.domain import ActionKind, OutboxState, Visibility
from modbot.store import flags, outbox
from modbot.store.schema import outbox as outbox_table
from modbot.store.schema import replies

_UNTOUCHABLE = (Visibility.PENDING, Visibility.GONE)


class Message(NamedTuple):
    """What the author is told with an action, if ``notify``; ``not_before`` is the end of
    the window in which a slip can be undone without touching the forum."""

    reason: str
    notify: bool
    not_before: datetime


def accept_forum(
    tx: Connection, flag: flags.Flag, message: Message, *, removes: bool, who: str, now: datetime
) -> int | None:
    """A human acted on the forum itself: nothing that we had queued is wanted any more,
    and what we have begun to the contrary is taken back."""
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now)
    begun = last_unsettled(tx, flag.reply_id)
    if not removes:
        tx.execute(update(replies).where(replies.c.id == flag.reply_id).values(our_hide=None))
    opposite = ActionKind.RESTORE if removes else ActionKind.HIDE
    if begun is None or begun.kind is not opposite:
        return None
    back = ActionKind.HIDE if removes else ActionKind.RESTORE
    return _enqueue(tx, flag, back, message, undoes=begun.id, who=who, now=now)


def want_hidden(tx: Connection, flag: flags.Flag, message: Message, *, who: str, now: datetime) -> int | None:
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now, kinds=[ActionKind.RESTORE])
    last = last_unsettled(tx, flag.reply_id)
    if last is not None and last.kind is ActionKind.HIDE:
        asked = update(outbox_table).where(outbox_table.c.id == last.id)
        tx.execute(asked.values(unasked=False))
        return None
    if last is None and (flag.hidden_by_us or flag.visibility in _UNTOUCHABLE):
        return None
    undoes = last.id if last is not None else None
    return _enqueue(tx, flag, ActionKind.HIDE, message, undoes=undoes, who=who, now=now)


def want_visible(
    tx: Connection, flag: flags.Flag, message: Message, *, who: str, now: datetime
) -> int | None:
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now, kinds=[ActionKind.HIDE])
    last = last_unsettled(tx, flag.reply_id)
    if last is not None and last.kind is ActionKind.RESTORE:
        return None
    undoes = last.id if last is not None else our_hide(tx, flag.reply_id)
    if undoes is None:
        return None
    return _enqueue(tx, flag, ActionKind.RESTORE, message, undoes=undoes, who=who, now=now)


def hide_again(
    tx: Connection, flag: flags.Flag, queued_by_verdict: int | None, *, who: str, now: datetime
) -> int | None:
    """Undo an overturn: only what that verdict itself restored is hidden again."""
    if queued_by_verdict is None:
        return None
    restore = outbox.get(tx, queued_by_verdict)
    if outbox.cancel(tx, restore.id, who=who, at=now):
        return None
    if restore.state not in (OutboxState.DONE, OutboxState.CLAIMED, OutboxState.UNKNOWN):
        return None
    first = outbox.get(tx, restore.undoes) if restore.undoes is not None else restore
    message = Message(first.reason, first.notify, now)
    return want_hidden(tx, flag, message, who=who, now=now)


def our_hide(tx: Connection, reply_id: int) -> int | None:
    """The hide of ours that is, or (given up while uncertain) may be, in effect."""
    row = tx.execute(select(replies.c.our_hide).where(replies.c.id == reply_id)).one()
    if row.our_hide is not None:
        return int(row.our_hide)
    actions = outbox.listing(tx, reply_id=reply_id)
    latest = [action for action in actions if action.state is not OutboxState.CANCELLED][-1:]
    for action in latest:
        if action.kind is ActionKind.HIDE and action.state is OutboxState.DEAD and action.uncertain:
            return action.id
    return None


def queued(tx: Connection, reply_id: int) -> list[outbox.Action]:
    return outbox.listing(tx, reply_id=reply_id, states=[OutboxState.QUEUED])


def unsettled(tx: Connection, reply_id: int, *kinds: ActionKind) -> list[outbox.Action]:
    waiting = outbox.listing(tx, reply_id=reply_id, states=outbox.UNSETTLED)
    return [action for action in waiting if action.kind in kinds]


def last_unsettled(tx: Connection, reply_id: int) -> outbox.Action | None:
    waiting = unsettled(tx, reply_id, ActionKind.HIDE, ActionKind.RESTORE)
    return waiting[-1] if waiting else None


def _enqueue(
    tx: Connection,
    flag: flags.Flag,
    kind: ActionKind,
    message: Message,
    *,
    undoes: int | None,
    who: str,
    now: datetime,
) -> int | None:
    return outbox.enqueue(
        tx,
        forum=flag.forum,
        kind=kind,
        reply_id=flag.reply_id,
        revision_id=flag.revision_id,
        at=now,
        reason=message.reason,
        notify=message.notify,
        not_before=message.not_before,
        flag_id=flag.id,
        undoes=undoes,
        who=who,
    )
