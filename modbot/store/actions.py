"""Rows of the outbox: reading them, and cancelling what nobody has begun.

Shared by outbox (the queue) and effects (what an outcome does to reply and flag).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, exists, func, select, update

from modbot.domain import ActionKind, FlagState, OutboxState, ReplyKey
from modbot.errors import StoreError
from modbot.store import audit, opposites
from modbot.store.schema import flags, outbox, replies

UNSETTLED = (OutboxState.QUEUED, OutboxState.CLAIMED, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the outbox with what is needed to carry it out.

    ``is_stale``: the reply's text is not the one that was decided about; an unasked
    hide of it is to be abandoned. ``uncertain``: an earlier attempt may have taken
    effect; read first (a hide found hidden is then ``done``). ``wanted`` False: an
    opposite action waits behind it; when reading shows no effect, abandon it.
    ``overturns``: a restore of what modbot hid unasked.
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
    author_id: int | None
    reason: str
    notify: bool
    unasked: bool
    is_stale: bool
    uncertain: bool
    wanted: bool
    overturns: bool
    posted_at: datetime | None
    attempts: int
    not_before: datetime
    owner: str | None
    lease_until: datetime | None
    detail: str
    created_at: datetime
    settled_at: datetime | None
    standing_id: int | None
    details: Mapping[str, Any] | None

    @property
    def key(self) -> ReplyKey:
        return ReplyKey(self.forum, self.post_id)

    @property
    def removes(self) -> bool:
        """Whether it takes its post out of its place (and does not bring it back)."""
        return opposites.removes(self.kind, self.details)


def get(rx: Connection, action_id: int) -> Action:
    found = load(rx, outbox.c.id == action_id)
    if not found:
        raise StoreError(code="error.store.action_unknown", action=action_id)
    return found[0]


def listing(
    rx: Connection,
    *,
    ids: Sequence[int] | None = None,
    forum: str | None = None,
    states: Sequence[OutboxState] = (),
    kinds: Sequence[ActionKind] = (),
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
    if ids is not None:
        conditions.append(outbox.c.id.in_(ids))
    if states:
        conditions.append(outbox.c.state.in_(states))
    if kinds:
        conditions.append(outbox.c.kind.in_(kinds))
    return load(rx, *conditions, limit=limit)


def backlog(rx: Connection, forum: str) -> dict[OutboxState, int]:
    """How many actions stand in each state that needs somebody: waiting, claimed, dead."""
    query = (
        select(outbox.c.state, func.count())
        .where(outbox.c.forum == forum, outbox.c.state.in_((*UNSETTLED, OutboxState.DEAD)))
        .group_by(outbox.c.state)
    )
    return {OutboxState(state): number for state, number in rx.execute(query)}


def effective_hides(rx: Connection, forum: str) -> dict[int, int]:
    """How often a hide of ours changed the forum: post id → number."""
    query = (
        select(replies.c.post_id, func.count().label("number"))
        .join(outbox, outbox.c.reply_id == replies.c.id)
        .where(outbox.c.forum == forum, outbox.c.kind == ActionKind.HIDE, outbox.c.state == OutboxState.DONE)
        .group_by(replies.c.post_id)
    )
    return {row.post_id: row.number for row in rx.execute(query)}


def cancel(tx: Connection, action_id: int, *, who: str, at: datetime, why: str = "") -> bool:
    """Cancel an action that nobody has begun; answers whether it was still time."""
    action = get(tx, action_id)
    if action.state is not OutboxState.QUEUED:
        return False
    values = {"state": OutboxState.CANCELLED, "settled_at": at, "detail": why}
    tx.execute(update(outbox).where(outbox.c.id == action_id).values(values))
    refresh_flag(tx, action.flag_id)
    sync_open_flag(tx, action.reply_id)
    note(tx, action, "action.cancelled", at, {"action": action.id, "kind": action.kind, "why": why}, who=who)
    return True


def cancel_queued(
    tx: Connection, reply_id: int, *, who: str, at: datetime, kinds: Sequence[ActionKind] = tuple(ActionKind)
) -> list[Action]:
    """Cancel the reply's actions of these kinds that nobody has begun; answers them."""
    waiting = load(
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
    for action in load(
        tx, outbox.c.reply_id == reply_id, outbox.c.state == OutboxState.QUEUED, outbox.c.unasked
    ):
        cancel(tx, action.id, who="modbot", at=at, why="superseded")


def load(rx: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Action]:
    query = _query().where(*conditions).order_by(outbox.c.id).limit(limit)
    return [_action(row) for row in rx.execute(query).mappings()]


def _query() -> Select[Any]:
    later = outbox.alias("later")
    opposed = exists().where(later.c.undoes == outbox.c.id, later.c.state.in_(UNSETTLED))
    hidden_unasked = exists().where(flags.c.id == outbox.c.flag_id, flags.c.hidden_at.is_not(None))
    return select(
        outbox,
        replies.c.post_id,
        replies.c.thread_id,
        replies.c.board_id,
        replies.c.author_id,
        replies.c.posted_at,
        (replies.c.revision_id != outbox.c.revision_id).label("is_stale"),
        (~opposed).label("wanted"),
        ((outbox.c.kind == ActionKind.RESTORE) & hidden_unasked).label("overturns"),
    ).join(replies, replies.c.id == outbox.c.reply_id)


def _action(row: RowMapping) -> Action:
    fields = {name: row[name] for name in Action.__slots__}
    fields["kind"] = ActionKind(row["kind"])
    fields["state"] = OutboxState(row["state"])
    return Action(**fields)


def refresh_flag(tx: Connection, flag_id: int | None) -> None:
    """Let the flag's action state tell of the latest action that was not cancelled; of a mute
    only where nothing was done to the post."""
    if flag_id is None:
        return
    query = select(outbox.c.state).where(outbox.c.flag_id == flag_id, outbox.c.state != OutboxState.CANCELLED)
    latest = tx.scalar(query.order_by(outbox.c.kind.in_(opposites.MUTING), outbox.c.id.desc()).limit(1))
    shown = {None: "none", OutboxState.QUEUED: "pending", OutboxState.CLAIMED: "pending"}
    set_flag(tx, flag_id, action_state=shown.get(latest, latest))


def sync_open_flag(tx: Connection, reply_id: int) -> None:
    """The reply's open flag is *hidden* while our hide is in effect and no restore is on
    its way, *pending* otherwise."""
    restoring = exists().where(
        outbox.c.reply_id == reply_id,
        outbox.c.kind == ActionKind.RESTORE,
        outbox.c.state.in_(UNSETTLED),
    )
    hidden = select(replies.c.our_hide.is_not(None) & ~restoring).where(replies.c.id == reply_id)
    state = FlagState.HIDDEN if tx.scalar(hidden) else FlagState.PENDING
    other = (flags.c.reply_id == reply_id) & flags.c.closed_at.is_(None) & (flags.c.state != state)
    tx.execute(update(flags).where(other).values(state=state, version=flags.c.version + 1))


def flag_state(tx: Connection, flag_id: int | None) -> FlagState | None:
    state = tx.scalar(select(flags.c.state).where(flags.c.id == flag_id))
    return None if state is None else FlagState(state)


def set_flag(tx: Connection, flag_id: int | None, **columns: object) -> None:
    if flag_id is not None:
        values: dict[str, object] = {**columns, "version": flags.c.version + 1}
        tx.execute(update(flags).where(flags.c.id == flag_id).values(values))


def note(
    tx: Connection,
    action: Action,
    what: str,
    at: datetime,
    details: Mapping[str, object],
    *,
    who: str = "modbot",
) -> None:
    audit.add(tx, audit.Entry(at, who, what, action.forum, action.flag_id, action.reply_id, details))
