"""What moderators decided. A verdict, its outbox rows, its label and its audit row are
one transaction; so is taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from modbot.domain import (
    ActionKind,
    DecisionKind,
    FlagState,
    Label,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Conflict
from modbot.store import actions, audit, carrying, exceptions, flags, intents, labels, muting
from modbot.store import standing as precedents
from modbot.store.carrying import Kept, Means
from modbot.store.schema import decisions, replies
from modbot.store.schema import verdicts as table

_REMOVES = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
_BY_PLACE = Means()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``action_id``: what it queued on the forum for the post (the last of it), ``mute_id`` for
    its author; ``taught``: the label it taught; ``bulk``: the name that verdicts given at once
    share; ``standing_id``: the standing decision that giving it made or widened, told then only."""

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
    mute_id: int | None
    undone_at: datetime | None
    undone_by: str | None
    bulk: str | None
    standing_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking back did: ``verdict`` is None when only modbot's own hide was undone;
    ``action_id``: the restore (or hide) that is queued, the last of several; ``unmute_id``
    that for the author; ``cancelled``: actions that had not begun; ``forgotten``: labels;
    ``ours`` False: somebody else hid the reply, it stays; ``kept``: what the forum keeps;
    ``exception``, ``standing``: the policy exception, and the standing decision, that ended."""

    flag_id: int
    verdict: Verdict | None
    action_id: int | None
    unmute_id: int | None
    cancelled: tuple[int, ...]
    forgotten: int
    ours: bool
    kept: tuple[Kept, ...] = ()
    exception: int | None = None
    standing: int | None = None


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
    means: Means = _BY_PLACE,
    version: int | None = None,
    stands: bool | None = None,
    bulk: str | None = None,
    where: exceptions.Where | None = exceptions.HERE,
) -> Verdict:
    """Decide a flag.

    *Uphold* and *remove, don't learn* hide the reply (unless our hide is in effect), or take
    it away by the ``means`` that were chosen; one that waits for the forum's approval is
    ignored. *Dismiss* and *allow here* bring back what we took away, and approve what waits;
    actions that have not begun and would do the opposite are cancelled. A verdict from the
    forum itself queues nothing. The action waits for ``undo_window``; ``reason`` and
    ``notify`` go with it.

    Uphold teaches the flag's label (or ``label``), never ham: a repeated text that is
    decent by itself teaches nothing. Dismiss teaches ham, the others nothing.

    ``stands``: the verdict decides about the next copies, too; None: if the flag is one of a
    campaign's.

    *Allow here* makes a policy exception ``where`` (None: one that is in force covers it).

    Raises Conflict when the flag is closed, or not ``version`` any more; Unsuitable when the
    ``means`` do not fit where the post stands (an advert in a first post, whose title would
    stay; a board without a recycle bin). Nothing is changed then.
    """
    flag = flags.get(tx, flag_id)
    _require_open(tx, flag, version)
    message = intents.Message(reason, notify, now + undo_window)
    removes = kind in _REMOVES
    if source is VerdictSource.FORUM:
        action_id = intents.accept_forum(tx, flag, message, removes=removes, who=who, now=now)
    elif removes:
        removing = carrying.removing(flag, means, label or flag.label)
        action_id = intents.want_removed(tx, flag, message, removing=removing, who=who, now=now)
    else:
        action_id = intents.want_visible(tx, flag, message, who=who, now=now)
    days = means.mute_days if removes else None
    mute_id = muting.want(tx, flag, days, message, who=who, now=now) if days else None
    _keep(tx, flag, None if removes else flag.revision_id)
    given = {"kind": kind, "source": source, "who": who, "note": note, "given_at": now, "bulk": bulk}
    taught = _teaches(kind, label or flag.label)
    asked = {"action_id": action_id, "mute_id": mute_id}
    verdict_id = _insert(tx, flag, {**given, **asked, "taught": taught})
    if kind is VerdictKind.ALLOW_HERE and where is not None:
        exceptions.make(tx, flag, where, verdict_id=verdict_id, who=who, note=note, at=now)
    flags.change(tx, flag_id, state=_state_after(flag, kind), closed_at=now)
    details = {"source": source, "taught": taught, "action": action_id, "from": flag.state}
    _note(tx, flag, (f"verdict.{kind.value}", who, now), details)
    lasts = precedents.stands_by_default(tx, flag_id) if stands is None else stands
    made = precedents.make(tx, verdict_id, now=now) if lasts else None
    return replace(get(tx, verdict_id), standing_id=made)


def undo(
    tx: Connection,
    flag_id: int,
    *,
    who: str,
    now: datetime,
    reason: str = "",
    notify: bool = False,
    version: int | None = None,
    verdict_id: int | None = None,
) -> Undone:
    """Take the last verdict back, or, on a flag that nobody decided, modbot's own hide.

    Forgets what was taught, cancels what has not begun, brings the reply back if what took
    it away is in effect or under way (takes it away again when the verdict had brought it
    back), lifts the mute, revokes what the verdict made for the future and reopens the flag
    (closes one that was only opened for this verdict). What somebody else hid is not ours to
    undo and stays.

    Raises Conflict when there is nothing to undo, naming who undid it before, and when the
    verdict that stands is not ``verdict_id``, if that is given.
    """
    flag = flags.get(tx, flag_id)
    if version is not None and flag.version != version:
        raise Conflict(code="error.store.flag_changed", flag=flag_id, found=flag.version, expected=version)
    verdict = standing(tx, flag_id)
    if verdict_id is not None and (verdict is None or verdict.id != verdict_id):
        raise _undone_before(get(tx, verdict_id))
    if verdict is None:
        _require_undoable(tx, flag)
    forgotten = _forget(tx, verdict, who=who, now=now) if verdict else 0
    ended = _end_for_good(tx, verdict, who=who, now=now) if verdict else (None, None)
    before = {action.id for action in intents.queued(tx, flag.reply_id)}
    message = intents.Message(reason, notify, now)
    action_id, kept = _take_back(tx, flag, verdict, message, who=who, now=now)
    unmute_id = None
    if verdict is not None and verdict.mute_id is not None:
        unmute_id, stays = muting.lift(tx, flag, message, who=who, now=now)
        kept |= {Kept.MUTE} if stays else set()
    _reopen(tx, flag, verdict, now=now)
    cancelled = tuple(sorted(before - {action.id for action in intents.queued(tx, flag.reply_id)}))
    details = {"verdict": verdict.kind if verdict else None, "action": action_id, "cancelled": cancelled}
    what = "verdict.undone" if verdict else "hide.undone"
    _note(tx, flag, (what, who, now), {**details, "labels": forgotten})
    ours = action_id is not None or bool(cancelled) or flag.visibility is not Visibility.HIDDEN
    facts = (action_id, unmute_id, cancelled, forgotten, ours, tuple(sorted(kept)))
    return Undone(flag_id, verdict, *facts, *ended)


def retract(tx: Connection, flag_id: int, *, who: str, now: datetime) -> None:
    """Let a verdict go that the forum itself speaks against: what it taught is forgotten, a
    standing decision made of it revoked, its mute lifted, its flag open again. The post stays
    as a human left it. Raises Conflict without a verdict."""
    flag = flags.get(tx, flag_id)
    verdict = standing(tx, flag_id)
    if verdict is None:
        raise Conflict(code="error.store.undo_nothing", flag=flag_id, state=flag.state)
    forgotten = _forget(tx, verdict, who=who, now=now)
    _end_for_good(tx, verdict, who=who, now=now)
    if verdict.mute_id is not None:
        muting.lift(tx, flag, intents.Message("", notify=False, not_before=now), who=who, now=now)
    _reopen(tx, flag, None, now=now)
    _note(tx, flag, ("verdict.undone", who, now), {"verdict": verdict.kind, "labels": forgotten})


def get(rx: Connection, verdict_id: int) -> Verdict:
    return from_row(rx.execute(select(table).where(table.c.id == verdict_id)).mappings().one())


def standing(rx: Connection, flag_id: int) -> Verdict | None:
    """The flag's verdict that is not undone."""
    query = select(table).where(table.c.flag_id == flag_id, table.c.undone_at.is_(None))
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else from_row(row)


def history(rx: Connection, flag_id: int) -> list[Verdict]:
    """All verdicts on a flag, undone ones too, oldest first."""
    query = select(table).where(table.c.flag_id == flag_id).order_by(table.c.id)
    return [from_row(row) for row in rx.execute(query).mappings()]


def of_bulk(rx: Connection, bulk: str) -> list[Verdict]:
    """The verdicts given at once under this name, undone ones too, in their order."""
    query = select(table).where(table.c.bulk == bulk).order_by(table.c.id)
    return [from_row(row) for row in rx.execute(query).mappings()]


def on_author(rx: Connection, forum: str, author_id: int, *, limit: int = 50) -> list[Verdict]:
    """Standing verdicts on this author's replies, latest first."""
    return on_replies(rx, replies.c.forum == forum, replies.c.author_id == author_id, limit=limit)


def on_replies(rx: Connection, *which: ColumnElement[bool], limit: int = 50) -> list[Verdict]:
    """Standing verdicts on the replies that meet the conditions, latest first."""
    query = (
        select(table)
        .join(replies, replies.c.id == table.c.reply_id)
        .where(*which, table.c.undone_at.is_(None))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    return [from_row(row) for row in rx.execute(query).mappings()]


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


def _insert(tx: Connection, flag: flags.Flag, values: Mapping[str, Any]) -> int:
    about = {"forum": flag.forum, "flag_id": flag.id, "reply_id": flag.reply_id}
    verdict_id: int = tx.execute(table.insert().values({**about, **values})).inserted_primary_key[0]  # type: ignore[index]
    if values["taught"] is not None:
        who, source, at = values["who"], values["source"], values["given_at"]
        labels.teach(tx, flag.id, values["taught"], verdict_id=verdict_id, source=source, who=who, at=at)
    return verdict_id


def _forget(tx: Connection, verdict: Verdict, *, who: str, now: datetime) -> int:
    tx.execute(update(table).where(table.c.id == verdict.id).values(undone_at=now, undone_by=who))
    return labels.forget(tx, verdict_id=verdict.id, at=now)


def _end_for_good(
    tx: Connection, verdict: Verdict, *, who: str, now: datetime
) -> tuple[int | None, int | None]:
    """End what the verdict made for the future; answers the policy exception that was, and the
    standing decision."""
    revoked = precedents.revoke_of(tx, verdict.id, who=who, now=now)
    return exceptions.revoke_of_verdict(tx, verdict.id, who=who, at=now), revoked


def _take_back(
    tx: Connection,
    flag: flags.Flag,
    verdict: Verdict | None,
    message: intents.Message,
    *,
    who: str,
    now: datetime,
) -> tuple[int | None, set[Kept]]:
    if verdict is not None and verdict.kind not in _REMOVES:
        return carrying.do_again(tx, flag, verdict.action_id, who=who, now=now)
    if _is_removed_since(tx, flag):
        return None, set()
    _keep(tx, flag, flag.revision_id)
    return carrying.take_back(tx, flag, message, who=who, now=now)


def _is_removed_since(tx: Connection, flag: flags.Flag) -> bool:
    """Whether a later text of the reply was upheld: the old flag's hide is not its own any more."""
    later = select(table.c.id).where(
        table.c.reply_id == flag.reply_id,
        table.c.flag_id > flag.id,
        table.c.kind.in_(_REMOVES),
        table.c.undone_at.is_(None),
    )
    return tx.scalar(later.limit(1)) is not None


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
    if flag.state is FlagState.HIDDEN or (
        flag.is_open and intents.unsettled(tx, flag.reply_id, ActionKind.HIDE)
    ):
        return
    if earlier and earlier[-1].undone_at is not None:
        raise _undone_before(earlier[-1])
    raise Conflict(code="error.store.undo_nothing", flag=flag.id, state=flag.state)


def _undone_before(verdict: Verdict) -> Conflict:
    at = verdict.undone_at.isoformat(timespec="seconds") if verdict.undone_at else "-"
    return Conflict(code="error.store.undo_done", flag=verdict.flag_id, who=verdict.undone_by, at=at)


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


def _keep(tx: Connection, flag: flags.Flag, revision_id: int | None) -> None:
    """Remember that a human put this revision back: it is never hidden unasked again."""
    tx.execute(update(replies).where(replies.c.id == flag.reply_id).values(kept_revision_id=revision_id))


def _reopen(tx: Connection, flag: flags.Flag, verdict: Verdict | None, *, now: datetime) -> None:
    newer = flags.open_of(tx, [flag.reply_id]).get(flag.reply_id)
    if newer is not None and newer != flag.id:
        flags.change(tx, flag.id, state=FlagState.WITHDRAWN, superseded_by=newer)
    elif _is_gone_for_good(tx, flag) or _is_only_for(tx, flag, verdict):
        flags.change(tx, flag.id, state=FlagState.WITHDRAWN, closed_at=flag.closed_at or now)
    else:
        flags.change(tx, flag.id, state=FlagState.PENDING, closed_at=None)
        actions.sync_open_flag(tx, flag.reply_id)


def _is_gone_for_good(tx: Connection, flag: flags.Flag) -> bool:
    return flag.visibility is Visibility.GONE and not intents.may_come_back(tx, flag.reply_id)


def _is_only_for(tx: Connection, flag: flags.Flag, verdict: Verdict | None) -> bool:
    """Whether the reply had passed, and the flag was opened only to hold this verdict."""
    passed = select(decisions.c.kind).where(decisions.c.id == flag.decision_id)
    at_once = verdict is not None and verdict.given_at == flag.opened_at
    return at_once and tx.scalar(passed) == DecisionKind.ALLOW


def _note(
    tx: Connection, flag: flags.Flag, entry: tuple[str, str, datetime], details: Mapping[str, object]
) -> None:
    what, who, at = entry
    audit.add(tx, audit.Entry(at, who, what, flag.forum, flag.id, flag.reply_id, details))


def from_row(row: Any) -> Verdict:
    """A verdict of a row with the columns of the table."""
    fields = {name: row[name] for name in Verdict.__slots__ if name in table.c}
    fields["kind"] = VerdictKind(row["kind"])
    fields["source"] = VerdictSource(row["source"])
    fields["taught"] = Label(row["taught"]) if row["taught"] else None
    return Verdict(**fields)
