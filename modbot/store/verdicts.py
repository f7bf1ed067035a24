"""What moderators decided. A verdict, its outbox rows, its label and its audit row are
one transaction; so is taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from modbot.domain import (
    ActionKind,
    FlagState,
    Label,
    OutboxState,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Conflict
from modbot.store import audit, flags, labels, outbox
from modbot.store.schema import outbox as outbox_table
from modbot.store.schema import replies
from modbot.store.schema import verdicts as table

_REMOVES = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
_UNTOUCHABLE = (Visibility.PENDING, Visibility.GONE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``action_id``: what it queued on the forum; ``taught``: the label it taught."""

    id: int
    forum: str
    flag_id: int
    reply_id: int
    kind: VerdictKind
    source: VerdictSource
    taught: Label | None
    who: str
    note: str
    given_at: datetime
    action_id: int | None
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking back did: ``verdict`` is None when only modbot's own hide was undone;
    ``action_id``: the restore (or hide) that is queued; ``cancelled``: actions that had
    not begun; ``forgotten``: labels; ``ours`` False: somebody else hid the reply, it stays."""

    flag_id: int
    verdict: Verdict | None
    action_id: int | None
    cancelled: tuple[int, ...]
    forgotten: int
    ours: bool


class Message(NamedTuple):
    """What the author is told with an action, if ``notify``; ``not_before`` is the end of
    the window in which a slip can be undone without touching the forum."""

    reason: str
    notify: bool
    not_before: datetime


def give(
    tx: Connection,
    flag_id: int,
    kind: VerdictKind,
    *,
    source: VerdictSource,
    who: str,
    now: datetime,
    undo_window: timedelta = timedelta(0),
    note: str = "",
    reason: str = "",
    notify: bool = False,
    label: Label | None = None,
    version: int | None = None,
) -> Verdict:
    """Decide a flag.

    *Uphold* and *remove, don't learn* hide the reply (unless our hide is in effect);
    *dismiss* and *allow here* take our hide back; actions that have not begun and would
    do the opposite are cancelled. A verdict from the forum itself queues nothing. The
    action waits for ``undo_window``; ``reason`` and ``notify`` go with it.

    Uphold teaches the flag's label (or ``label``), never ham: a repeated text that is
    decent by itself teaches nothing. Dismiss teaches ham, the others nothing.

    Raises Conflict when the flag is closed, or not ``version`` any more.
    """
    flag = flags.get(tx, flag_id)
    _require_open(tx, flag, version)
    message = Message(reason, notify, now + undo_window)
    removes = kind in _REMOVES
    if source is VerdictSource.FORUM:
        action_id = _accept_forum(tx, flag, removes=removes, who=who, now=now)
    elif removes:
        action_id = _want_hidden(tx, flag, message, who=who, now=now)
    else:
        action_id = _want_visible(tx, flag, message, who=who, now=now)
    kept = None if removes else flag.revision_id
    tx.execute(update(replies).where(replies.c.id == flag.reply_id).values(kept_revision_id=kept))
    taught = _teaches(kind, label or flag.label)
    values = {
        "forum": flag.forum,
        "flag_id": flag_id,
        "reply_id": flag.reply_id,
        "kind": kind,
        "source": source,
        "taught": taught,
        "who": who,
        "note": note,
        "given_at": now,
        "action_id": action_id,
    }
    verdict_id: int = tx.execute(table.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    if taught is not None:
        labels.teach(tx, flag_id, taught, verdict_id=verdict_id, source=source, who=who, at=now)
    flags.change(tx, flag_id, state=_state_after(flag, kind), closed_at=now)
    details = {"source": source, "taught": taught, "action": action_id, "from": flag.state}
    _note(tx, flag, (f"verdict.{kind.value}", who, now), details)
    return get(tx, verdict_id)


def undo(
    tx: Connection,
    flag_id: int,
    *,
    who: str,
    now: datetime,
    reason: str = "",
    notify: bool = False,
    version: int | None = None,
) -> Undone:
    """Take the last verdict back, or, on a flag that nobody decided, modbot's own hide.

    Forgets what was taught, cancels what has not begun, restores the reply if our hide
    is in effect or under way (hides it again when the verdict had restored it) and
    reopens the flag. What somebody else hid is not ours to undo and stays.

    Raises Conflict when there is nothing to undo, naming who undid it before.
    """
    flag = flags.get(tx, flag_id)
    if version is not None and flag.version != version:
        raise Conflict(code="error.store.flag_changed", flag=flag_id, found=flag.version, expected=version)
    verdict = standing(tx, flag_id)
    if verdict is None:
        _require_undoable(tx, flag)
    forgotten = labels.forget(tx, verdict_id=verdict.id, at=now) if verdict else 0
    if verdict:
        undone = update(table).where(table.c.id == verdict.id)
        tx.execute(undone.values(undone_at=now, undone_by=who))
    before = {action.id for action in _queued(tx, flag.reply_id)}
    message = Message(reason, notify, now)
    if verdict is None or verdict.kind in _REMOVES:
        action_id = _want_visible(tx, flag, message, who=who, now=now)
        kept = flag.revision_id
    else:
        action_id = _hide_again(tx, flag, verdict, who=who, now=now)
        kept = None
    tx.execute(update(replies).where(replies.c.id == flag.reply_id).values(kept_revision_id=kept))
    _reopen(tx, flag, hidden=kept is None, now=now)
    cancelled = tuple(sorted(before - {action.id for action in _queued(tx, flag.reply_id)}))
    details = {"verdict": verdict.kind if verdict else None, "action": action_id, "cancelled": cancelled}
    what = "verdict.undone" if verdict else "hide.undone"
    _note(tx, flag, (what, who, now), {**details, "labels": forgotten})
    ours = action_id is not None or bool(cancelled) or flag.visibility is not Visibility.HIDDEN
    return Undone(flag_id, verdict, action_id, cancelled, forgotten, ours)


def get(rx: Connection, verdict_id: int) -> Verdict:
    return _verdict(rx.execute(select(table).where(table.c.id == verdict_id)).mappings().one())


def standing(rx: Connection, flag_id: int) -> Verdict | None:
    """The flag's verdict that is not undone."""
    query = select(table).where(table.c.flag_id == flag_id, table.c.undone_at.is_(None))
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else _verdict(row)


def history(rx: Connection, flag_id: int) -> list[Verdict]:
    """All verdicts on a flag, undone ones too, oldest first."""
    query = select(table).where(table.c.flag_id == flag_id).order_by(table.c.id)
    return [_verdict(row) for row in rx.execute(query).mappings()]


def on_author(rx: Connection, forum: str, author_id: int, *, limit: int = 50) -> list[Verdict]:
    """Standing verdicts on this author's replies, latest first."""
    query = (
        select(table)
        .join(replies, replies.c.id == table.c.reply_id)
        .where(replies.c.forum == forum, replies.c.author_id == author_id, table.c.undone_at.is_(None))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    return [_verdict(row) for row in rx.execute(query).mappings()]


def upheld_authors(rx: Connection, forum: str, author_ids: list[int]) -> set[int]:
    """Which of these authors had a reply upheld (and so have no standing)."""
    query = (
        select(replies.c.author_id)
        .distinct()
        .join(table, table.c.reply_id == replies.c.id)
        .where(
            replies.c.forum == forum,
            replies.c.author_id.in_(author_ids),
            table.c.undone_at.is_(None),
            table.c.kind.in_(_REMOVES),
        )
    )
    return set(rx.scalars(query))


def _require_open(tx: Connection, flag: flags.Flag, version: int | None) -> None:
    decided = standing(tx, flag.id)
    if decided is not None:
        at = decided.given_at.isoformat(timespec="seconds")
        raise Conflict(
            code="error.store.flag_decided", flag=flag.id, state=flag.state, who=decided.who, at=at
        )
    if not flag.is_open:
        raise Conflict(code="error.store.flag_closed", flag=flag.id, state=flag.state)
    if version is not None and flag.version != version:
        raise Conflict(code="error.store.flag_changed", flag=flag.id, found=flag.version, expected=version)


def _require_undoable(tx: Connection, flag: flags.Flag) -> None:
    """Without a verdict there is only a hide of ours to undo: in effect, or under way."""
    earlier = history(tx, flag.id)
    if flag.state is FlagState.HIDDEN or (flag.is_open and _unsettled(tx, flag.reply_id, ActionKind.HIDE)):
        return
    if earlier and earlier[-1].undone_at is not None:
        at = earlier[-1].undone_at.isoformat(timespec="seconds")
        raise Conflict(code="error.store.undo_done", flag=flag.id, who=earlier[-1].undone_by, at=at)
    raise Conflict(code="error.store.undo_nothing", flag=flag.id, state=flag.state)


def _teaches(kind: VerdictKind, label: Label) -> Label | None:
    if kind is VerdictKind.DISMISS:
        return Label.HAM
    return label if kind is VerdictKind.UPHOLD and label is not Label.HAM else None


def _state_after(flag: flags.Flag, kind: VerdictKind) -> FlagState:
    if kind in _REMOVES:
        return FlagState.UPHELD
    if kind is VerdictKind.ALLOW_HERE:
        return FlagState.ALLOWED_HERE
    return FlagState.OVERTURNED if flag.state is FlagState.HIDDEN else FlagState.DISMISSED


def _accept_forum(tx: Connection, flag: flags.Flag, *, removes: bool, who: str, now: datetime) -> int | None:
    """A human acted on the forum itself: whatever we had queued is not wanted any more."""
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now)
    if not removes:
        tx.execute(update(replies).where(replies.c.id == flag.reply_id).values(our_hide=None))
    return None


def _want_hidden(
    tx: Connection, flag: flags.Flag, message: Message, *, who: str, now: datetime
) -> int | None:
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now, kinds=[ActionKind.RESTORE])
    last = _last_unsettled(tx, flag.reply_id)
    if last is not None and last.kind is ActionKind.HIDE:
        asked = update(outbox_table).where(outbox_table.c.id == last.id)
        tx.execute(asked.values(unasked=False))
        return last.id
    if last is None and (flag.hidden_by_us or flag.visibility in _UNTOUCHABLE):
        return None
    undoes = last.id if last is not None else None
    return _enqueue(tx, flag, ActionKind.HIDE, message, undoes=undoes, who=who, now=now)


def _want_visible(
    tx: Connection, flag: flags.Flag, message: Message, *, who: str, now: datetime
) -> int | None:
    outbox.cancel_queued(tx, flag.reply_id, who=who, at=now, kinds=[ActionKind.HIDE])
    last = _last_unsettled(tx, flag.reply_id)
    if last is not None and last.kind is ActionKind.RESTORE:
        return last.id
    undoes = last.id if last is not None else _our_hide(tx, flag.reply_id)
    if undoes is None:
        return None
    return _enqueue(tx, flag, ActionKind.RESTORE, message, undoes=undoes, who=who, now=now)


def _hide_again(tx: Connection, flag: flags.Flag, verdict: Verdict, *, who: str, now: datetime) -> int | None:
    """Undo an overturn: only what that verdict itself restored is hidden again."""
    if verdict.action_id is None:
        return None
    restore = outbox.get(tx, verdict.action_id)
    if outbox.cancel(tx, restore.id, who=who, at=now):
        return None
    if restore.state not in (OutboxState.DONE, OutboxState.CLAIMED, OutboxState.UNKNOWN):
        return None
    first = outbox.get(tx, restore.undoes) if restore.undoes is not None else restore
    message = Message(first.reason, first.notify, now)
    return _want_hidden(tx, flag, message, who=who, now=now)


def _reopen(tx: Connection, flag: flags.Flag, *, hidden: bool, now: datetime) -> None:
    newer = flags.open_of(tx, [flag.reply_id]).get(flag.reply_id)
    if newer is not None and newer != flag.id:
        flags.change(tx, flag.id, state=FlagState.WITHDRAWN, superseded_by=newer)
    elif flag.visibility is Visibility.GONE:
        flags.change(tx, flag.id, state=FlagState.WITHDRAWN, closed_at=flag.closed_at or now)
    else:
        still = hidden and _last_unsettled(tx, flag.reply_id) is None
        effect = still and _our_hide(tx, flag.reply_id) is not None
        flags.change(tx, flag.id, state=FlagState.HIDDEN if effect else FlagState.PENDING, closed_at=None)


def _our_hide(tx: Connection, reply_id: int) -> int | None:
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


def _queued(tx: Connection, reply_id: int) -> list[outbox.Action]:
    return outbox.listing(tx, reply_id=reply_id, states=[OutboxState.QUEUED])


def _unsettled(tx: Connection, reply_id: int, *kinds: ActionKind) -> list[outbox.Action]:
    waiting = outbox.listing(tx, reply_id=reply_id, states=outbox.UNSETTLED)
    return [action for action in waiting if action.kind in kinds]


def _last_unsettled(tx: Connection, reply_id: int) -> outbox.Action | None:
    waiting = _unsettled(tx, reply_id, ActionKind.HIDE, ActionKind.RESTORE)
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


def _note(
    tx: Connection, flag: flags.Flag, entry: tuple[str, str, datetime], details: Mapping[str, object]
) -> None:
    what, who, at = entry
    audit.add(tx, audit.Entry(at, who, what, flag.forum, flag.id, flag.reply_id, details))


def _verdict(row: Any) -> Verdict:
    fields = {name: row[name] for name in Verdict.__slots__}
    fields["kind"] = VerdictKind(row["kind"])
    fields["source"] = VerdictSource(row["source"])
    fields["taught"] = Label(row["taught"]) if row["taught"] else None
    return Verdict(**fields)
