"""Actions on the forum: queued → claimed → done | already | refused | gone | unknown → dead.

Actions on one reply keep their order: a later one waits until the earlier ones are
settled. A claim is a lease; when it runs out (its owner crashed) the action comes back
``uncertain``: the forum must be read first, for the action may have taken effect.
Settling moves the flag in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, exists, func, or_, select, update

from modbot.domain import ActionKind, ActionOutcome, FlagState, OutboxState, ReplyKey, Visibility
from modbot.errors import Conflict, StoreError
from modbot.store import audit
from modbot.store.schema import flags, outbox, replies

UNSETTLED = (OutboxState.QUEUED, OutboxState.CLAIMED, OutboxState.UNKNOWN)
_WAITING = (OutboxState.QUEUED, OutboxState.UNKNOWN)
_PRIORITY = {ActionKind.RESTORE: 0, ActionKind.HIDE: 1}
_LAST_PRIORITY = 2


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the outbox with what is needed to carry it out.

    ``is_stale``: the reply's text is not the one that was decided about; an unasked
    hide of it is to be abandoned. ``uncertain``: an earlier attempt may have taken
    effect; read first (a hide found hidden is then ``done``). ``wanted`` False: an
    opposite action waits behind it; when reading shows no effect, abandon it.
    """

    id: int
    forum: str
    kind: ActionKind
    state: OutboxState
    reply_id: int
    revision_id: int
    flag_id: int | None
    undoes: int | None
    post_id: int
    thread_id: int | None
    board_id: int | None
    reason: str
    notify: bool
    unasked: bool
    is_stale: bool
    uncertain: bool
    wanted: bool
    attempts: int
    not_before: datetime
    owner: str | None
    lease_until: datetime | None
    detail: str
    created_at: datetime
    settled_at: datetime | None

    @property
    def key(self) -> ReplyKey:
        return ReplyKey(self.forum, self.post_id)


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
    who: str = "modbot",
) -> int | None:
    """Queue an action; answers its id.

    ``unasked`` marks what no human and no standing decision asked for: the brake holds
    it, and None is answered, nothing queued, when a human put this revision back, or
    the same action waits already, or our hide is in effect already.
    """
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
        "state": OutboxState.QUEUED,
        "uncertain": False,
        "attempts": 0,
        "not_before": not_before or at,
        "detail": "",
        "created_at": at,
    }
    action_id: int = tx.execute(outbox.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    _set_flag(tx, flag_id, action_state="pending")
    details = {"action": action_id, "kind": kind, "unasked": unasked}
    audit.add(tx, audit.Entry(at, who, "action.queued", forum, flag_id, reply_id, details))
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

    The attempt is counted before it is made. ``hold_unasked`` (the brake is on) leaves
    unasked hides where they are.
    """
    earlier = outbox.alias("earlier")
    blocked = exists().where(
        earlier.c.reply_id == outbox.c.reply_id,
        earlier.c.id < outbox.c.id,
        earlier.c.state.in_(UNSETTLED),
    )
    expired = and_(outbox.c.state == OutboxState.CLAIMED, outbox.c.lease_until <= now)
    due = and_(outbox.c.state.in_(_WAITING), outbox.c.not_before <= now)
    query = (
        select(outbox.c.id, outbox.c.state, outbox.c.uncertain)
        .where(outbox.c.forum == forum, or_(due, expired), ~blocked)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
    )
    if hold_unasked:
        query = query.where(or_(~outbox.c.unasked, outbox.c.kind != ActionKind.HIDE, outbox.c.uncertain))
    taken = tx.execute(query).all()
    for row in taken:
        values = {
            "state": OutboxState.CLAIMED,
            "uncertain": row.uncertain or row.state != OutboxState.QUEUED,
            "attempts": outbox.c.attempts + 1,
            "owner": owner,
            "lease_until": now + lease,
        }
        tx.execute(update(outbox).where(outbox.c.id == row.id).values(values))
    found = {action.id: action for action in _load(tx, outbox.c.id.in_([row.id for row in taken]))}
    return [found[row.id] for row in taken]


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
        _set_flag(tx, action.flag_id, action_state="unknown")
    else:
        _release(tx, action, OutboxState(outcome.value), {"settled_at": at, "detail": detail})
        _apply(tx, action, outcome, at)
    details = {"action": action.id, "kind": action.kind, "visibility": visibility}
    _note(tx, action, f"action.{outcome.value}", at, details)


def retry(
    tx: Connection,
    action_id: int,
    owner: str,
    *,
    not_before: datetime,
    error: str,
    at: datetime,
    uncertain: bool = False,
) -> None:
    """Give a claimed action back after an error, to be tried again at ``not_before``.

    ``uncertain``: the request may have reached the forum (a time-out), so read first.
    """
    action = _held(tx, action_id, owner)
    unsure = uncertain or action.uncertain
    state = OutboxState.UNKNOWN if unsure else OutboxState.QUEUED
    _release(tx, action, state, {"not_before": not_before, "uncertain": unsure, "detail": error})
    details = {"action": action.id, "kind": action.kind, "attempts": action.attempts}
    _note(tx, action, "action.retry", at, details)


def bury(tx: Connection, action_id: int, owner: str, *, error: str, at: datetime) -> None:
    """Give a claimed action up: it waits as ``dead``, with its reason, for a human."""
    action = _held(tx, action_id, owner)
    _release(tx, action, OutboxState.DEAD, {"settled_at": at, "detail": error})
    _set_flag(tx, action.flag_id, action_state="dead")
    if not action.uncertain:
        _cancel_undoing(tx, action, at)
    _note(tx, action, "action.dead", at, {"action": action.id, "kind": action.kind})


def abandon(tx: Connection, action_id: int, owner: str, *, why: str, at: datetime) -> None:
    """Cancel a claimed action that is proved to have had no effect and is not wanted any
    more (the text has changed; its opposite waits behind it)."""
    action = _held(tx, action_id, owner)
    _release(tx, action, OutboxState.CANCELLED, {"settled_at": at, "detail": why})
    _cancel_undoing(tx, action, at)
    _refresh_flag(tx, action.flag_id)
    _note(tx, action, "action.cancelled", at, {"action": action.id, "kind": action.kind, "why": why})


def extend(tx: Connection, action_id: int, owner: str, *, until: datetime) -> None:
    """Hold a claim for longer. Raises Conflict when it is lost."""
    _held(tx, action_id, owner)
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(lease_until=until))


def cancel(tx: Connection, action_id: int, *, who: str, at: datetime, why: str = "") -> bool:
    """Cancel an action that nobody has begun; answers whether it was still time."""
    action = get(tx, action_id)
    if action.state is not OutboxState.QUEUED:
        return False
    values = {"state": OutboxState.CANCELLED, "settled_at": at, "detail": why}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    _refresh_flag(tx, action.flag_id)
    _note(tx, action, "action.cancelled", at, {"action": action.id, "kind": action.kind, "why": why}, who=who)
    return True


def cancel_queued(
    tx: Connection, reply_id: int, *, who: str, at: datetime, kinds: Sequence[ActionKind] = tuple(ActionKind)
) -> list[Action]:
    """Cancel the reply's actions of these kinds that nobody has begun; answers them."""
    waiting = _load(
        tx,
        outbox.c.reply_id == reply_id,
        outbox.c.state == OutboxState.QUEUED,
        outbox.c.kind.in_(kinds),
    )
    for action in waiting:
        cancel(tx, action.id, who=who, at=at)
    return waiting


def cancel_unasked(tx: Connection, reply_id: int, *, at: datetime) -> None:
    """Cancel the reply's waiting unasked actions (its flag is closed or replaced)."""
    for action in _load(
        tx, outbox.c.reply_id == reply_id, outbox.c.state == OutboxState.QUEUED, outbox.c.unasked
    ):
        cancel(tx, action.id, who="modbot", at=at, why="superseded")


def revive(tx: Connection, action_id: int, *, who: str, at: datetime) -> None:
    """Try a dead or refused action again, with its attempts counted anew.

    Raises Conflict when a later action on the same reply makes that wrong.
    """
    action = get(tx, action_id)
    if action.state not in (OutboxState.DEAD, OutboxState.REFUSED):
        raise Conflict(code="error.store.action_state", action=action_id, state=action.state, expected="dead")
    overtaken = select(outbox.c.id).where(
        outbox.c.reply_id == action.reply_id,
        outbox.c.id > action.id,
        outbox.c.state.in_((*UNSETTLED, OutboxState.DONE, OutboxState.ALREADY)),
    )
    if tx.scalar(overtaken.limit(1)) is not None:
        raise Conflict(code="error.store.action_overtaken", action=action_id)
    state = OutboxState.UNKNOWN if action.uncertain else OutboxState.QUEUED
    values = {"state": state, "attempts": 0, "not_before": at, "settled_at": None, "detail": ""}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    _set_flag(tx, action.flag_id, action_state="pending")
    _note(tx, action, "action.revived", at, {"action": action.id, "kind": action.kind}, who=who)


def drop(tx: Connection, action_id: int, *, who: str, at: datetime) -> None:
    """Give a dead action up for good. Raises Conflict when it is not dead."""
    action = get(tx, action_id)
    if action.state is not OutboxState.DEAD:
        raise Conflict(code="error.store.action_state", action=action_id, state=action.state, expected="dead")
    values = {"state": OutboxState.CANCELLED, "settled_at": at}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    _refresh_flag(tx, action.flag_id)
    _note(tx, action, "action.dropped", at, {"action": action.id, "kind": action.kind}, who=who)


def get(rx: Connection, action_id: int) -> Action:
    found = _load(rx, outbox.c.id == action_id)
    if not found:
        raise StoreError(code="error.store.action_unknown", action=action_id)
    return found[0]


def listing(
    rx: Connection,
    *,
    forum: str | None = None,
    states: Sequence[OutboxState] = (),
    flag_id: int | None = None,
    reply_id: int | None = None,
    limit: int = 200,
) -> list[Action]:
    """Actions that meet every given filter, in their order."""
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (outbox.c.forum, forum),
        (outbox.c.flag_id, flag_id),
        (outbox.c.reply_id, reply_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if states:
        conditions.append(outbox.c.state.in_(states))
    return _load(rx, *conditions, limit=limit)


def backlog(rx: Connection, forum: str) -> dict[OutboxState, int]:
    """How many actions stand in each state that needs somebody: waiting, claimed, dead."""
    query = (
        select(outbox.c.state, func.count())
        .where(outbox.c.forum == forum, outbox.c.state.in_((*UNSETTLED, OutboxState.DEAD)))
        .group_by(outbox.c.state)
    )
    return {OutboxState(state): number for state, number in rx.execute(query)}


def next_due(rx: Connection, forum: str) -> datetime | None:
    """When the next action may be tried or a lease runs out; None when nothing waits."""
    when = func.min(func.coalesce(outbox.c.lease_until, outbox.c.not_before), type_=outbox.c.not_before.type)
    query = select(when).where(outbox.c.forum == forum, outbox.c.state.in_(UNSETTLED))
    found: datetime | None = rx.scalar(query)
    return found


def effective_hides(rx: Connection, forum: str) -> dict[int, int]:
    """How often a hide of ours changed the forum: post id → number."""
    query = (
        select(replies.c.post_id, func.count().label("number"))
        .join(outbox, outbox.c.reply_id == replies.c.id)
        .where(outbox.c.forum == forum, outbox.c.kind == ActionKind.HIDE, outbox.c.state == OutboxState.DONE)
        .group_by(replies.c.post_id)
    )
    return {row.post_id: row.number for row in rx.execute(query)}


def _is_forbidden(tx: Connection, kind: ActionKind, reply_id: int, revision_id: int) -> bool:
    row = tx.execute(
        select(replies.c.kept_revision_id, replies.c.our_hide).where(replies.c.id == reply_id)
    ).one()
    if row.kept_revision_id == revision_id or (kind is ActionKind.HIDE and row.our_hide is not None):
        return True
    same = select(outbox.c.id).where(
        outbox.c.reply_id == reply_id, outbox.c.kind == kind, outbox.c.state.in_(UNSETTLED)
    )
    return tx.scalar(same.limit(1)) is not None


def _apply(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    if outcome is ActionOutcome.GONE:
        _apply_gone(tx, action, at)
    elif action.kind is ActionKind.HIDE:
        _apply_hide(tx, action, outcome, at)
    elif action.kind is ActionKind.RESTORE:
        _apply_restore(tx, action, outcome, at)
    else:
        _set_flag(tx, action.flag_id, action_state=outcome.value)


def _apply_gone(tx: Connection, action: Action, at: datetime) -> None:
    tx.execute(update(replies).where(replies.c.id == action.reply_id).values(our_hide=None))
    cancel_queued(tx, action.reply_id, who="modbot", at=at)
    _set_flag(tx, action.flag_id, action_state="gone")
    withdrawn = {
        "state": FlagState.WITHDRAWN,
        "action_state": "gone",
        "closed_at": at,
        "version": flags.c.version + 1,
    }
    still_open = and_(flags.c.reply_id == action.reply_id, flags.c.closed_at.is_(None))
    tx.execute(update(flags).where(still_open).values(withdrawn))


def _apply_hide(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    if outcome is not ActionOutcome.DONE:
        _cancel_undoing(tx, action, at)
        _set_flag(tx, action.flag_id, action_state=outcome.value)
        return
    tx.execute(update(replies).where(replies.c.id == action.reply_id).values(our_hide=action.id))
    state = _flag_state(tx, action.flag_id)
    changes: dict[str, Any] = {"action_state": outcome.value}
    if state is FlagState.PENDING and action.wanted:
        changes["state"] = FlagState.HIDDEN
    if action.unasked:
        changes |= {"hidden_at": at, "restored_at": None}
    _set_flag(tx, action.flag_id, **changes)
    if action.wanted:
        _hand_to_successor(tx, action)
    _refresh_flag(tx, action.flag_id)


def _hand_to_successor(tx: Connection, action: Action) -> None:
    """The flag was replaced while its hide was under way: the open one is hidden now."""
    heir = and_(
        flags.c.reply_id == action.reply_id,
        flags.c.closed_at.is_(None),
        flags.c.state == FlagState.PENDING,
    )
    values = {"state": FlagState.HIDDEN, "action_state": "done", "version": flags.c.version + 1}
    tx.execute(update(flags).where(heir).values(values))


def _apply_restore(tx: Connection, action: Action, outcome: ActionOutcome, at: datetime) -> None:
    changes: dict[str, Any] = {"action_state": outcome.value}
    if outcome is ActionOutcome.REFUSED:
        _cancel_undoing(tx, action, at)
    else:
        tx.execute(update(replies).where(replies.c.id == action.reply_id).values(our_hide=None))
        changes["restored_at"] = at
        state = _flag_state(tx, action.flag_id)
        if state is FlagState.DISMISSED:
            changes["state"] = FlagState.OVERTURNED
        elif state is FlagState.HIDDEN:
            changes["state"] = FlagState.PENDING
    _set_flag(tx, action.flag_id, **changes)
    _refresh_flag(tx, action.flag_id)


def _cancel_undoing(tx: Connection, action: Action, at: datetime) -> None:
    """What was to take this action back has nothing to take back."""
    for later in _load(tx, outbox.c.undoes == action.id, outbox.c.state == OutboxState.QUEUED):
        cancel(tx, later.id, who="modbot", at=at, why="nothing to undo")


def _refresh_flag(tx: Connection, flag_id: int | None) -> None:
    """Let the flag's action state tell of the latest action that was not cancelled."""
    if flag_id is None:
        return
    query = select(outbox.c.state).where(outbox.c.flag_id == flag_id, outbox.c.state != OutboxState.CANCELLED)
    latest = tx.scalar(query.order_by(outbox.c.id.desc()).limit(1))
    shown = {None: "none", OutboxState.QUEUED: "pending", OutboxState.CLAIMED: "pending"}
    _set_flag(tx, flag_id, action_state=shown.get(latest, latest))


def _flag_state(tx: Connection, flag_id: int | None) -> FlagState | None:
    state = tx.scalar(select(flags.c.state).where(flags.c.id == flag_id))
    return None if state is None else FlagState(state)


def _set_flag(tx: Connection, flag_id: int | None, **columns: object) -> None:
    if flag_id is not None:
        values: dict[str, object] = {**columns, "version": flags.c.version + 1}
        tx.execute(update(flags).where(flags.c.id == flag_id).values(values))


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


def _note(
    tx: Connection,
    action: Action,
    what: str,
    at: datetime,
    details: Mapping[str, object],
    *,
    who: str = "modbot",
) -> None:
    audit.add(tx, audit.Entry(at, who, what, action.forum, action.flag_id, action.reply_id, details))


def _load(rx: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Action]:
    query = _query().where(*conditions).order_by(outbox.c.id).limit(limit)
    return [_action(row) for row in rx.execute(query).mappings()]


def _query() -> Select[Any]:
    later = outbox.alias("later")
    opposed = exists().where(later.c.undoes == outbox.c.id, later.c.state.in_(UNSETTLED))
    return select(
        outbox,
        replies.c.post_id,
        replies.c.thread_id,
        replies.c.board_id,
        (replies.c.revision_id != outbox.c.revision_id).label("is_stale"),
        (~opposed).label("wanted"),
    ).join(replies, replies.c.id == outbox.c.reply_id)


def _action(row: RowMapping) -> Action:
    fields = {name: row[name] for name in Action.__slots__}
    fields["kind"] = ActionKind(row["kind"])
    fields["state"] = OutboxState(row["state"])
    return Action(**fields)
