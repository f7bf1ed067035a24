"""Mutes of authors beside verdicts: one lasts as long as one of the verdicts that asked for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from modbot.domain import ActionKind, OutboxState
from modbot.errors import Unsuitable
from modbot.store import actions, flags, intents, opposites, outbox
from modbot.store.schema import outbox as outbox_table
from modbot.store.schema import replies, verdicts

_ENDED = (OutboxState.DONE, OutboxState.ALREADY)


class Lifted(NamedTuple):
    """``action_id``: the unmute that is queued. ``stays``: another verdict wants the mute."""

    action_id: int | None
    stays: bool


def want(
    tx: Connection, flag: flags.Flag, days: int, message: intents.Message, *, who: str, now: datetime
) -> int | None:
    """Queue a mute of the flag's author for so many days. Raises Unsuitable when nobody knows
    who that is."""
    if flag.author_id is None:
        raise Unsuitable(code="error.store.no_author", flag=flag.id)
    waiting = [one for one in _of_author(tx, flag) if one.state in outbox.UNSETTLED]
    for action in waiting:
        if action.kind is ActionKind.UNMUTE:
            outbox.cancel(tx, action.id, who=who, at=now)
    begun = [one for one in waiting if one.kind is ActionKind.UNMUTE and one.state is not OutboxState.QUEUED]
    what = intents.Removing(ActionKind.MUTE, {"days": days})
    undoes = begun[-1].id if begun else None
    return intents.enqueue(tx, flag, what, message, undoes=undoes, who=who, now=now)


def lift(tx: Connection, flag: flags.Flag, message: intents.Message, *, who: str, now: datetime) -> Lifted:
    """Take back what of ours mutes the flag's author, unless a standing verdict wants it.

    To be called once the verdict that is undone counts no more.
    """
    if _is_wanted(tx, flag):
        return Lifted(None, stays=True)
    ours = [mute for mute in _in_effect(_of_author(tx, flag)) if not _is_over(mute, now)]
    begun = [action for action in ours if not outbox.cancel(tx, action.id, who=who, at=now)]
    if not begun:
        return Lifted(None, stays=False)
    # The first of them: a later one that finds the member muted has nothing of its own to undo.
    what = intents.Removing(ActionKind.UNMUTE)
    queued = intents.enqueue(tx, flag, what, message, undoes=begun[0].id, who=who, now=now)
    return Lifted(queued, stays=False)


def _of_author(tx: Connection, flag: flags.Flag) -> list[outbox.Action]:
    return actions.load(
        tx,
        outbox_table.c.forum == flag.forum,
        outbox_table.c.kind.in_(opposites.MUTING),
        replies.c.author_id == flag.author_id,
    )


def _in_effect(history: list[outbox.Action]) -> list[outbox.Action]:
    """The mutes that hold once all that waits is done, in their order."""
    found: list[outbox.Action] = []
    for action in history:
        waits = action.state in outbox.UNSETTLED
        if action.kind is ActionKind.UNMUTE and (waits or action.state in _ENDED):
            found = []
        elif action.kind is ActionKind.MUTE and (waits or _may_have_happened(action)):
            found.append(action)
    return found


def _is_over(mute: outbox.Action, now: datetime) -> bool:
    """Whether its days are over: who is muted now is so by somebody else's will."""
    days = (mute.details or {}).get("days")
    return days is not None and mute.settled_at is not None and mute.settled_at + timedelta(days=days) <= now


def _may_have_happened(action: outbox.Action) -> bool:
    return action.state is OutboxState.DONE or (action.state is OutboxState.DEAD and action.uncertain)


def _is_wanted(tx: Connection, flag: flags.Flag) -> bool:
    query = (
        select(verdicts.c.id)
        .join(replies, replies.c.id == verdicts.c.reply_id)
        .where(
            verdicts.c.mute_id.is_not(None),
            verdicts.c.undone_at.is_(None),
            replies.c.forum == flag.forum,
            replies.c.author_id == flag.author_id,
        )
    )
    return tx.scalar(query.limit(1)) is not None
