"""Actions on the forum: queued → claimed → done | already | refused | gone | unknown → dead.

Actions on one reply keep their order: a later one waits until the earlier ones are
settled. A claim is a lease; when it runs out (its owner crashed) the action comes back
``uncertain``: the forum must be read first, for the action may have taken effect.
Settling moves the flag in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, update

from modbot.domain import ActionKind, ActionOutcome, OutboxState, Visibility
from modbot.errors import Conflict
from modbot.store import actions, audit, effects, opposites
from modbot.store.actions import (
    UNSETTLED,
    Action,
    backlog,
    cancel,
    cancel_queued,
    cancel_unasked,
    effective_hides,
    get,
    listing,
)
from modbot.store.schema import outbox, replies

__all__ = [
    "UNSETTLED",
    "Action",
    "abandon",
    "backlog",
    "bury",
    "cancel",
    "cancel_queued",
    "cancel_unasked",
    "claim",
    "drop",
    "effective_hides",
    "enqueue",
    "extend",
    "get",
    "hand_over",
    "listing",
    "next_due",
    "retry",
    "revive",
    "settle",
]

_WAITING = (OutboxState.QUEUED, OutboxState.UNKNOWN)
_PRIORITY = {
    ActionKind.RESTORE: 0,
    ActionKind.UNDELETE: 0,
    ActionKind.RESTORE_THREAD: 0,
    ActionKind.UNMUTE: 0,
    ActionKind.HIDE: 1,
}
_LAST_PRIORITY = 2
_FRESH = {"state": OutboxState.QUEUED, "uncertain": False, "attempts": 0, "detail": ""}


def enqueue(
    tx: Connection,
    *,
    forum: str,
    kind: ActionKind,
    reply_id: int,
    revision_id: int,
    at: datetime,
    reason: str = "",
    notify: bool = False,
    unasked: bool = False,
    not_before: datetime | None = None,
    flag_id: int | None = None,
    undoes: int | None = None,
    standing: int | None = None,
    details: Mapping[str, Any] | None = None,
    who: str = "modbot",
) -> int | None:
    """Queue an action; answers its id. ``details`` are what its kind needs beside the reply
    (days of a mute, the board of a move).

    ``unasked`` marks what no human asked for: the brake holds it, unless the ``standing``
    decision of that id wants it; and None is answered, nothing queued, when a human put this
    revision back, or the same action waits already, or our hide is in effect already. Raises
    ValueError for a kind that only humans ask for.
    """
    if unasked and kind not in opposites.UNASKED:
        raise ValueError(f"nobody asked for this {kind}")
    if unasked and _is_forbidden(tx, kind, reply_id, revision_id):
        return None
    values = {
        "forum": forum,
        "reply_id": reply_id,
        "revision_id": revision_id,
        "flag_id": flag_id,
        "undoes": undoes,
        "kind": kind,
        "reason": reason,
        "notify": notify,
        "unasked": unasked,
        "priority": _PRIORITY.get(kind, _LAST_PRIORITY),
        "not_before": not_before or at,
        "created_at": at,
        "standing_id": standing,
        "details": dict(details) if details else None,
        **_FRESH,
    }
    action_id: int = tx.execute(outbox.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    actions.refresh_flag(tx, flag_id)
    about = {"action": action_id, "kind": kind, "unasked": unasked}
    audit.add(tx, audit.Entry(at, who, "action.queued", forum, flag_id, reply_id, about))
    return action_id


def claim(
    tx: Connection,
    forum: str,
    owner: str,
    *,
    now: datetime,
    lease: timedelta,
    limit: int = 10,
    hold_unasked: bool = False,
) -> list[Action]:
    """Take up to ``limit`` due actions for ``owner`` until ``now + lease``: restores first,
    then the oldest; of one reply only its earliest.

    The attempt is counted before it is made. What was under way when its owners died, twice
    at least, may be what they died of: it comes last and alone, the least tried first.
    ``hold_unasked`` (the brake is on) leaves unasked hides where they are.
    """
    expired = and_(outbox.c.state == OutboxState.CLAIMED, outbox.c.lease_until <= now)
    due = and_(outbox.c.state.in_(_WAITING), outbox.c.not_before <= now)
    deaths = case((and_(expired, outbox.c.attempts > 1), outbox.c.attempts), else_=0)
    query = (
        select(outbox.c.id, outbox.c.state, outbox.c.uncertain, deaths.label("deaths"))
        .where(*_is_next(forum, hold_unasked=hold_unasked), or_(due, expired))
        .order_by(deaths, outbox.c.priority, outbox.c.id)
        .limit(limit)
    )
    taken = tx.execute(query).all()
    taken = [row for row in taken if not row.deaths] or taken[:1]
    for row in taken:
        values = {
            "state": OutboxState.CLAIMED,
            "uncertain": row.uncertain or row.state != OutboxState.QUEUED,
            "attempts": outbox.c.attempts + 1,
            "owner": owner,
            "lease_until": now + lease,
        }
        tx.execute(update(outbox).where(outbox.c.id == row.id).values(values))
    found = {action.id: action for action in actions.load(tx, outbox.c.id.in_([row.id for row in taken]))}
    return [found[row.id] for row in taken]


def expire_claims(tx: Connection, forum: str, *, now: datetime) -> int:
    """End every lease at once. For whoever holds the only process that acts on this forum:
    a claim that is there when it starts was left by a crash."""
    left = update(outbox).where(outbox.c.forum == forum, outbox.c.state == OutboxState.CLAIMED)
    return tx.execute(left.values(lease_until=now)).rowcount


def settle(
    tx: Connection,
    action_id: int,
    owner: str,
    *,
    outcome: ActionOutcome,
    visibility: Visibility,
    at: datetime,
    detail: str = "",
    retry_at: datetime | None = None,
) -> None:
    """Write down what became of a claimed action, and move reply and flag with it.

    UNKNOWN leaves it waiting (until ``retry_at``) to be read again first; the other
    outcomes end it. ``detail`` is the forum's sentence. Raises Conflict when ``owner``
    does not hold it any more.
    """
    action = _held(tx, action_id, owner)
    _saw(tx, action.reply_id, visibility, at)
    if outcome is ActionOutcome.UNKNOWN:
        values = {"not_before": retry_at or at, "uncertain": True, "detail": detail}
        _release(tx, action, OutboxState.UNKNOWN, values)
        actions.refresh_flag(tx, action.flag_id)
    else:
        _release(tx, action, OutboxState(outcome.value), {"settled_at": at, "detail": detail})
        effects.apply(tx, action, outcome, visibility, at)
    details = {"action": action.id, "kind": action.kind, "visibility": visibility}
    actions.note(tx, action, f"action.{outcome.value}", at, details)


def retry(
    tx: Connection,
    action_id: int,
    owner: str,
    *,
    not_before: datetime,
    error: str,
    at: datetime,
    uncertain: bool = False,
    counted: bool = True,
) -> None:
    """Give a claimed action back after an error, to be tried again at ``not_before``.

    ``uncertain``: the request may have reached the forum (a time-out), so read first.
    ``counted`` False takes the attempt back: it failed for a reason of the account's, not
    of this action.
    """
    action = _held(tx, action_id, owner)
    unsure = uncertain or action.uncertain
    attempts = action.attempts if counted else action.attempts - 1
    values = {"not_before": not_before, "uncertain": unsure, "detail": error, "attempts": attempts}
    state = OutboxState.UNKNOWN if unsure else OutboxState.QUEUED
    _release(tx, action, state, values)
    details = {"action": action.id, "kind": action.kind, "attempts": attempts}
    actions.note(tx, action, "action.retry", at, details)


def bury(
    tx: Connection, action_id: int, owner: str, *, error: str, at: datetime, uncertain: bool = False
) -> None:
    """Give a claimed action up: it waits as ``dead``, with its reason, for a human.

    ``uncertain``: this last attempt may have taken effect.
    """
    action = _held(tx, action_id, owner)
    unsure = uncertain or action.uncertain
    _release(tx, action, OutboxState.DEAD, {"settled_at": at, "detail": error, "uncertain": unsure})
    actions.refresh_flag(tx, action.flag_id)
    actions.sync_open_flag(tx, action.reply_id)
    if not unsure:
        effects.cancel_undoing(tx, action, at)
    actions.note(tx, action, "action.dead", at, {"action": action.id, "kind": action.kind})


def abandon(tx: Connection, action_id: int, owner: str, *, why: str, at: datetime) -> None:
    """Cancel a claimed action that is proved to have had no effect and is not wanted any
    more (the text has changed; its opposite waits behind it)."""
    action = _held(tx, action_id, owner)
    _release(tx, action, OutboxState.CANCELLED, {"settled_at": at, "detail": why})
    effects.cancel_undoing(tx, action, at)
    actions.refresh_flag(tx, action.flag_id)
    actions.sync_open_flag(tx, action.reply_id)
    actions.note(tx, action, "action.cancelled", at, {"action": action.id, "kind": action.kind, "why": why})


def hand_over(tx: Connection, from_flag: int, to_flag: int) -> None:
    """Let actions that are under way report to the flag that replaces theirs."""
    begun = and_(outbox.c.flag_id == from_flag, outbox.c.state.in_(UNSETTLED))
    if tx.execute(update(outbox).where(begun).values(flag_id=to_flag)).rowcount:
        actions.refresh_flag(tx, to_flag)


def extend(tx: Connection, action_id: int, owner: str, *, until: datetime) -> None:
    """Hold a claim for longer. Raises Conflict when it is lost."""
    _held(tx, action_id, owner)
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(lease_until=until))


def revive(tx: Connection, action_id: int, *, who: str, at: datetime) -> None:
    """Try a dead or refused action again, with its attempts counted anew.

    Raises Conflict when a later action on the same reply makes that wrong.
    """
    action = get(tx, action_id)
    if action.state not in (OutboxState.DEAD, OutboxState.REFUSED):
        raise Conflict(code="error.store.action_state", action=action_id, state=action.state, expected="dead")
    overtaken = select(outbox.c.id).where(
        outbox.c.reply_id == action.reply_id,
        outbox.c.kind.in_(_of_its_sort(action.kind)),
        outbox.c.id > action.id,
        outbox.c.state.in_((*UNSETTLED, OutboxState.DONE, OutboxState.ALREADY)),
    )
    if tx.scalar(overtaken.limit(1)) is not None:
        raise Conflict(code="error.store.action_overtaken", action=action_id)
    state = OutboxState.UNKNOWN if action.uncertain else OutboxState.QUEUED
    values = {"state": state, "attempts": 0, "not_before": at, "settled_at": None, "detail": ""}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    actions.refresh_flag(tx, action.flag_id)
    actions.sync_open_flag(tx, action.reply_id)
    actions.note(tx, action, "action.revived", at, {"action": action.id, "kind": action.kind}, who=who)


def drop(tx: Connection, action_id: int, *, who: str, at: datetime) -> None:
    """Give a dead action up for good. Raises Conflict when it is not dead."""
    action = get(tx, action_id)
    if action.state is not OutboxState.DEAD:
        raise Conflict(code="error.store.action_state", action=action_id, state=action.state, expected="dead")
    values = {"state": OutboxState.CANCELLED, "settled_at": at}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    actions.refresh_flag(tx, action.flag_id)
    actions.note(tx, action, "action.dropped", at, {"action": action.id, "kind": action.kind}, who=who)


def next_due(rx: Connection, forum: str, *, hold_unasked: bool = False) -> datetime | None:
    """When the next action may be claimed (now or later); None when nothing waits."""
    when = func.coalesce(outbox.c.lease_until, outbox.c.not_before)
    query = select(func.min(when, type_=outbox.c.not_before.type)).where(
        *_is_next(forum, hold_unasked=hold_unasked)
    )
    found: datetime | None = rx.scalar(query)
    return found


def _is_next(forum: str, *, hold_unasked: bool) -> list[ColumnElement[bool]]:
    """Unsettled, the earliest on its reply (of mutes: on its author), and not held by the brake."""
    is_mute = outbox.c.kind.in_(opposites.MUTING)
    conditions = [
        outbox.c.forum == forum,
        outbox.c.state.in_(UNSETTLED),
        or_(is_mute, ~_blocked_on_post()),
        or_(~is_mute, ~_blocked_on_author()),
    ]
    if hold_unasked:
        begun = or_(outbox.c.uncertain, outbox.c.state == OutboxState.CLAIMED)
        asked = or_(~outbox.c.unasked, outbox.c.standing_id.is_not(None))
        conditions.append(or_(asked, outbox.c.kind != ActionKind.HIDE, begun))
    return conditions


def _blocked_on_post() -> ColumnElement[bool]:
    earlier = outbox.alias("earlier")
    return exists().where(
        earlier.c.reply_id == outbox.c.reply_id,
        earlier.c.id < outbox.c.id,
        earlier.c.state.in_(UNSETTLED),
        earlier.c.kind.not_in(opposites.MUTING),
    )


def _blocked_on_author() -> ColumnElement[bool]:
    earlier, its_reply, this_reply = outbox.alias("mute"), replies.alias("muted"), replies.alias("this")
    return exists().where(
        this_reply.c.id == outbox.c.reply_id,
        its_reply.c.forum == this_reply.c.forum,
        its_reply.c.author_id == this_reply.c.author_id,
        earlier.c.reply_id == its_reply.c.id,
        earlier.c.id < outbox.c.id,
        earlier.c.state.in_(UNSETTLED),
        earlier.c.kind.in_(opposites.MUTING),
    )


def _of_its_sort(kind: ActionKind) -> tuple[ActionKind, ...]:
    return opposites.MUTING if kind in opposites.MUTING else opposites.ON_POST


def _is_forbidden(tx: Connection, kind: ActionKind, reply_id: int, revision_id: int) -> bool:
    row = tx.execute(
        select(replies.c.kept_revision_id, replies.c.our_hide, replies.c.our_delete).where(
            replies.c.id == reply_id
        )
    ).one()
    ours = row.our_hide is not None or row.our_delete is not None
    if kind == ActionKind.HIDE and (row.kept_revision_id == revision_id or ours):
        return True
    same = select(outbox.c.id).where(
        outbox.c.reply_id == reply_id,
        outbox.c.revision_id == revision_id,
        outbox.c.kind == kind,
        outbox.c.state.in_(UNSETTLED),
    )
    return tx.scalar(same.limit(1)) is not None


def _saw(tx: Connection, reply_id: int, visibility: Visibility, at: datetime) -> None:
    if visibility is not Visibility.UNKNOWN:
        values = {"visibility": visibility, "visibility_at": at}
        tx.execute(update(replies).where(replies.c.id == reply_id).values(values))


def _held(tx: Connection, action_id: int, owner: str) -> Action:
    action = get(tx, action_id)
    if action.state is not OutboxState.CLAIMED or action.owner != owner:
        raise Conflict(code="error.store.action_lost", action=action_id, owner=owner, state=action.state)
    return action


def _release(tx: Connection, action: Action, state: OutboxState, values: Mapping[str, object]) -> None:
    free = {"state": state, "owner": None, "lease_until": None, **values}
    tx.execute(update(outbox).where(outbox.c.id == action.id).values(free))
