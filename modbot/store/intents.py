"""From what a moderator wants of a reply to rows of the outbox: what waits is cancelled,
what is under way is taken back by a later action, what holds already is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from modbot.domain import ActionKind, OutboxState, Visibility
from modbot.store import actions, flags, opposites, outbox
from modbot.store.schema import outbox as outbox_table
from modbot.store.schema import replies

PENDING = "pending"
"""In the details of an action: its reply waited for the forum's approval then."""
RECYCLES = "recycles"
"""In the details of a delete: whether the board has a recycle bin (None: unknown)."""
_BEGUN = (OutboxState.DONE, OutboxState.CLAIMED, OutboxState.UNKNOWN)


class Message(NamedTuple):
    """What the author is told with an action, if ``notify``; ``not_before`` is the end of
    the window in which a slip can be undone without touching the forum."""

    reason: str
    notify: bool
    not_before: datetime


class Removing(NamedTuple):
    """How a post is to be taken away, and what that needs beside the post."""

    kind: ActionKind
    details: Mapping[str, Any] | None = None


HIDING = Removing(ActionKind.HIDE)


def accept_forum(
    tx: Connection, flag: flags.Flag, message: Message, *, removes: bool, who: str, now: datetime
) -> int | None:
    """A human acted on the forum itself: nothing that we had queued is wanted any more,
    and what we have begun to the contrary is taken back."""
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now, kinds=opposites.ON_POST)
    begun = last_unsettled(tx, flag.reply_id)
    if not removes:
        shown = update(replies).where(replies.c.id == flag.reply_id)
        tx.execute(shown.values(our_hide=None, our_delete=None))
    if begun is None or begun.removes is removes:
        return None
    return _take_back(tx, flag, begun, message, who=who, now=now)


def want_removed(
    tx: Connection,
    flag: flags.Flag,
    message: Message,
    *,
    removing: Removing = HIDING,
    who: str,
    now: datetime,
) -> int | None:
    """Answers the last action that it queued; None when what waits or holds suffices."""
    for action in queued(tx, flag.reply_id):
        if not (action.removes and action.kind is removing.kind):
            outbox.cancel(tx, action.id, who=who, at=now)
    last = last_unsettled(tx, flag.reply_id)
    if last is not None and last.removes and removing.kind in (last.kind, ActionKind.HIDE):
        asked = update(outbox_table).where(outbox_table.c.id == last.id)
        tx.execute(asked.values(unasked=False))
        return None
    if last is None and _is_removed(tx, flag, removing.kind):
        return None
    if last is not None and last.kind is ActionKind.APPROVE and removing.kind is ActionKind.IGNORE:
        # Whether it is published by then nobody knows: it is hidden if so, ignored if not.
        enqueue(tx, flag, HIDING, message, undoes=last.id, who=who, now=now)
        last = None
    takes_back = last is not None and opposites.opposite(last.kind) is removing.kind
    undoes = last.id if last is not None and takes_back else None
    return enqueue(tx, flag, removing, message, undoes=undoes, who=who, now=now)


def want_visible(
    tx: Connection,
    flag: flags.Flag,
    message: Message,
    *,
    publishes: bool = True,
    who: str,
    now: datetime,
) -> int | None:
    """Take back what of ours keeps the reply out of its place, the outermost first; answers
    the last action that it queued.

    ``publishes``: also approve what waits, or waited, for the forum's own approval. Without
    it what was not published before stays so.
    """
    for action in queued(tx, flag.reply_id):
        if action.removes or (action.kind is ActionKind.APPROVE and not publishes):
            outbox.cancel(tx, action.id, who=who, at=now)
    last: int | None = None
    for removal in removals(tx, flag.reply_id):
        if (publishes or not was_pending(removal)) and not is_for_good(removal):
            last = _take_back(tx, flag, removal, message, who=who, now=now)
    begun = last_unsettled(tx, flag.reply_id)
    if publishes and flag.visibility is Visibility.PENDING and begun is None:
        last = enqueue(tx, flag, Removing(ActionKind.APPROVE), message, who=who, now=now)
    elif not publishes and begun is not None and begun.kind is ActionKind.APPROVE and not begun.unasked:
        last = enqueue(tx, flag, HIDING, message, undoes=begun.id, who=who, now=now)
    return last


def do_again(
    tx: Connection, flag: flags.Flag, queued_by_verdict: int | None, *, who: str, now: datetime
) -> int | None:
    """Undo an overturn: only what that verdict itself brought back is taken away again. A
    reply that it approved cannot wait again: it is hidden."""
    if queued_by_verdict is None:
        return None
    back = outbox.get(tx, queued_by_verdict)
    if outbox.cancel(tx, back.id, who=who, at=now):
        return None
    if back.state not in _BEGUN:
        return None
    first = outbox.get(tx, back.undoes) if back.undoes is not None else back
    message = Message(first.reason, first.notify, now)
    approved = back.kind is ActionKind.APPROVE
    removing = HIDING if approved else Removing(first.kind, first.details)
    return want_removed(tx, flag, message, removing=removing, who=who, now=now)


def removals(tx: Connection, reply_id: int) -> list[outbox.Action]:
    """What of ours keeps the reply out of its place once all that waits is done: of what is,
    is under way, or (given up while uncertain) may be in effect; hides last."""
    row = tx.execute(select(replies.c.our_delete, replies.c.our_hide).where(replies.c.id == reply_id)).one()
    found = [outbox.get(tx, kept) for kept in (row.our_delete, row.our_hide) if kept is not None]
    history = [one for one in _on_post(tx, reply_id) if one.state is not OutboxState.CANCELLED]
    for action in history:
        if not action.removes and action.state in outbox.UNSETTLED:
            found = [one for one in found if opposites.opposite(one.kind) is not action.kind]
        elif action.removes and (action.state in outbox.UNSETTLED or _is_last_doubt(action, history)):
            found = [*(one for one in found if one.kind is not action.kind), action]
    return sorted(found, key=lambda action: action.kind is ActionKind.HIDE)


def was_pending(action: outbox.Action) -> bool:
    """Whether its reply waited for the forum's approval when it was taken away."""
    return action.kind is ActionKind.IGNORE or bool((action.details or {}).get(PENDING))


def may_come_back(tx: Connection, reply_id: int) -> bool:
    """Whether the reply is gone because we took it away, and the forum keeps it."""
    kept: int | None = tx.scalar(select(replies.c.our_delete).where(replies.c.id == reply_id))
    return kept is not None and not is_for_good(outbox.get(tx, kept))


def is_for_good(action: outbox.Action) -> bool:
    """Whether it deleted what no recycle bin keeps."""
    return action.state is OutboxState.DONE and (action.details or {}).get(RECYCLES) is False


def queued(tx: Connection, reply_id: int) -> list[outbox.Action]:
    """What waits to be done to the post and has not begun."""
    return [action for action in _on_post(tx, reply_id) if action.state is OutboxState.QUEUED]


def unsettled(tx: Connection, reply_id: int, *kinds: ActionKind) -> list[outbox.Action]:
    waiting = [action for action in _on_post(tx, reply_id) if action.state in outbox.UNSETTLED]
    return [action for action in waiting if action.kind in kinds]


def last_unsettled(tx: Connection, reply_id: int) -> outbox.Action | None:
    waiting = unsettled(tx, reply_id, *opposites.ON_POST)
    return waiting[-1] if waiting else None


def enqueue(
    tx: Connection,
    flag: flags.Flag,
    what: Removing,
    message: Message,
    *,
    undoes: int | None = None,
    who: str,
    now: datetime,
) -> int | None:
    return outbox.enqueue(
        tx,
        forum=flag.forum,
        kind=what.kind,
        reply_id=flag.reply_id,
        revision_id=flag.revision_id,
        at=now,
        reason=message.reason,
        notify=message.notify,
        not_before=message.not_before,
        flag_id=flag.id,
        undoes=undoes,
        details=what.details,
        who=who,
    )


def _is_removed(tx: Connection, flag: flags.Flag, kind: ActionKind) -> bool:
    """Whether the reply is as far out of sight as such an action would put it."""
    if flag.visibility is Visibility.GONE:
        return True
    if kind is ActionKind.HIDE:
        return flag.hidden_by_us or flag.visibility is Visibility.PENDING
    return any(removal.kind is kind for removal in removals(tx, flag.reply_id))


def _take_back(
    tx: Connection, flag: flags.Flag, action: outbox.Action, message: Message, *, who: str, now: datetime
) -> int | None:
    details = None
    if action.kind is ActionKind.MOVE_THREAD:
        to, of = (action.details or {})["from"], (action.details or {})["board"]
        details = {"board": to, "from": of, **({opposites.BACK: True} if action.removes else {})}
    what = Removing(opposites.opposite(action.kind), details)
    return enqueue(tx, flag, what, message, undoes=action.id, who=who, now=now)


def _on_post(tx: Connection, reply_id: int) -> list[outbox.Action]:
    return actions.load(tx, outbox_table.c.reply_id == reply_id, outbox_table.c.kind.in_(opposites.ON_POST))


def _is_last_doubt(action: outbox.Action, history: list[outbox.Action]) -> bool:
    return action is history[-1] and action.state is OutboxState.DEAD and action.uncertain
