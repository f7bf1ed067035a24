"""What humans do on the forum itself, learnt from how it shows a reply when it is read.

The human on the forum wins: what they hid is upheld, what they put back or approved is
dismissed, and modbot never does the opposite again. The page does not say who acted, so
it is all given by FORUM. Nor does it say whether a reply that is gone was deleted,
recycled, or deleted by its own author: that closes its flag and teaches nothing.

What modbot did itself is told apart by the outbox: while an action of ours that may
explain what is seen is under way, or was given up without a proof, nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, exists, or_, select, update

from modbot.domain import ActionKind, FlagState, OutboxState, VerdictKind, VerdictSource, Visibility
from modbot.store import audit, flags, misses, outbox, rows, verdicts
from modbot.store.flags import Flag
from modbot.store.schema import flags as flags_table
from modbot.store.schema import outbox as actions
from modbot.store.schema import replies

WHO = "forum"

_REMOVES = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)
_KEEPS = (VerdictKind.DISMISS,)
"""Not *allow here*: one reply that a human hid does not end what holds for a board."""
_EXPLAINED_BY: Mapping[Visibility, tuple[ActionKind, ...]] = {
    Visibility.HIDDEN: (ActionKind.HIDE, ActionKind.UNDELETE, ActionKind.RESTORE_THREAD),
    Visibility.VISIBLE: (
        ActionKind.RESTORE,
        ActionKind.APPROVE,
        ActionKind.UNDELETE,
        ActionKind.RESTORE_THREAD,
    ),
    Visibility.GONE: (ActionKind.DELETE, ActionKind.IGNORE, ActionKind.RECYCLE_THREAD),
}
_OF_THREADS = (ActionKind.RECYCLE_THREAD, ActionKind.RESTORE_THREAD)


class Act(StrEnum):
    """What a human (or, of GONE, perhaps the author) did on the forum."""

    HID = "hid"
    RESTORED = "restored"
    APPROVED = "approved"
    GONE = "gone"
    BACK = "back"


class Sighting(NamedTuple):
    """How a reply was known to be shown (last at ``before_at``; ``ours``: we took it out of its
    place), and how it is shown ``now``."""

    reply_id: int
    before: Visibility
    before_at: datetime
    ours: bool
    now: Visibility

    @property
    def may_tell(self) -> bool:
        """Whether more than a glance at it is worth while: the most are as they were."""
        if self.now is Visibility.VISIBLE:
            return self.before is not self.now or self.ours
        return self.now in _EXPLAINED_BY


def learn(tx: Connection, seen: Sequence[Sighting], *, since: datetime, at: datetime) -> dict[int, Act]:
    """Make truth of what was read from ``since`` on, once the store has it; answers the acts by
    reply row id. A reading that began before the store learnt of a reply last says nothing of it."""
    telling = [one for one in seen if one.before_at <= since and one.may_tell]
    found: dict[int, Act] = {}
    for one in _news(tx, telling):
        row = _row(tx, one.reply_id)
        if _may_be_ours(tx, one, row):
            continue
        act = _LEARNT[one.now](tx, one, row, at)
        if act is not None:
            found[one.reply_id] = act
    return found


def _news(tx: Connection, telling: Sequence[Sighting]) -> list[Sighting]:
    """Without those that were hidden or gone before, and whose flag is closed."""
    same = [one.reply_id for one in telling if one.before is one.now and not one.ours]
    flagged = {found for chunk in rows.chunks(same) for found in flags.open_of(tx, chunk)}
    return [one for one in telling if one.before is not one.now or one.ours or one.reply_id in flagged]


def _hidden(tx: Connection, seen: Sighting, row: Row[Any], at: datetime) -> Act | None:
    if row.our_delete is not None and not _is_moved_away(tx, row):
        return _back_hidden(tx, seen, row, at)
    if row.our_hide is not None:
        return None
    flag = _last_flag(tx, seen.reply_id)
    if flag is not None and flag.is_open:
        _note(tx, Act.HID, seen, flag.forum, flag.id, at)
        # Whether the human saw the flagged text or the one that stands there now, nobody knows.
        _give(tx, flag, VerdictKind.REMOVE_DONT_LEARN if flag.is_edited else VerdictKind.UPHOLD, at)
    elif seen.before is seen.now:
        return None
    elif flag is not None and seen.before is Visibility.VISIBLE and _is_contradicted(tx, flag, _KEEPS):
        _note(tx, Act.HID, seen, flag.forum, flag.id, at)
        _overrule(tx, flag, VerdictKind.UPHOLD, at)
    else:
        missed = misses.note(tx, seen.reply_id, Visibility.HIDDEN, at=at)
        _note(tx, Act.HID, seen, row.forum, None, at, missed=missed)
    return Act.HID


def _shown(tx: Connection, seen: Sighting, row: Row[Any], at: datetime) -> Act | None:
    taken = row.our_hide or (None if _is_moved_away(tx, row) else row.our_delete)
    if taken is None and seen.before is Visibility.VISIBLE:
        return None
    flag = _last_flag(tx, seen.reply_id)
    if taken is None and seen.before is Visibility.GONE:
        return _back(tx, seen, row, flag, at)
    act = Act.APPROVED if seen.before is Visibility.PENDING else Act.RESTORED
    taken_back = misses.take_back(tx, seen.reply_id, at=at)
    _note(tx, act, seen, row.forum, flag.id if flag else None, at, taken_back=taken_back)
    if flag is not None and flag.is_open and flag.is_edited:
        # Put back with another text than the flagged one: that says nothing of the flagged one.
        withdrawn = FlagState.WITHDRAWN
        flags.transition(tx, flag.id, from_version=flag.version, to=withdrawn, at=at, who=WHO, why="edited")
    elif flag is not None and flag.is_open:
        _give(tx, flag, VerdictKind.DISMISS, at)
    elif flag is not None and _is_contradicted(tx, flag, _REMOVES):
        _overrule(tx, flag, VerdictKind.DISMISS, at)
    outbox.cancel_unasked(tx, seen.reply_id, at=at)
    _let_stand(tx, row, taken)
    return act


def _gone(tx: Connection, seen: Sighting, row: Row[Any], at: datetime) -> Act | None:
    if row.our_delete is not None:
        return None
    flag = _last_flag(tx, seen.reply_id)
    if flag is not None and flag.is_open:
        _note(tx, Act.GONE, seen, flag.forum, flag.id, at)
        _give(tx, flag, VerdictKind.REMOVE_DONT_LEARN, at)
    elif seen.before is seen.now:
        return None
    else:
        missed = misses.note(tx, seen.reply_id, Visibility.GONE, at=at)
        _note(tx, Act.GONE, seen, row.forum, None, at, missed=missed)
    tx.execute(update(replies).where(replies.c.id == seen.reply_id).values(our_hide=None))
    return Act.GONE


_LEARNT = {Visibility.HIDDEN: _hidden, Visibility.VISIBLE: _shown, Visibility.GONE: _gone}


def _back(tx: Connection, seen: Sighting, row: Row[Any], flag: Flag | None, at: datetime) -> Act:
    """A reply that was gone is there again (from a recycle bin, or it never was gone): what
    was concluded from its absence is void, and a human is asked anew."""
    taken_back = misses.take_back(tx, seen.reply_id, at=at)
    _note(tx, Act.BACK, seen, row.forum, flag.id if flag else None, at, taken_back=taken_back)
    verdict = verdicts.standing(tx, flag.id) if flag is not None else None
    if flag is not None and verdict is not None and verdict.source is VerdictSource.FORUM:
        verdicts.retract(tx, flag.id, who=WHO, now=at)
    return Act.BACK


def _back_hidden(tx: Connection, seen: Sighting, row: Row[Any], at: datetime) -> Act:
    """A human brought back what we had taken away, and left it hidden (by us, if it was): that
    speaks against no verdict, and there is nothing to bring back any more."""
    flag = _last_flag(tx, seen.reply_id)
    _note(tx, Act.BACK, seen, row.forum, flag.id if flag else None, at)
    tx.execute(update(replies).where(replies.c.id == seen.reply_id).values(our_delete=None))
    return Act.BACK


def _may_be_ours(tx: Connection, seen: Sighting, row: Row[Any]) -> bool:
    """Whether an action of ours explains what is seen, or may. One that ended before the reply
    was last seen otherwise does not."""
    whose = actions.c.reply_id == seen.reply_id
    if row.thread_id is not None:
        mate = replies.alias("mate")
        same_thread = exists().where(
            mate.c.id == actions.c.reply_id, mate.c.forum == row.forum, mate.c.thread_id == row.thread_id
        )
        whose = or_(whose, and_(actions.c.kind.in_(_OF_THREADS), same_thread))
    under_way = or_(
        actions.c.state.in_((OutboxState.CLAIMED, OutboxState.UNKNOWN)),
        and_(actions.c.state == OutboxState.QUEUED, actions.c.uncertain),
    )
    ended = and_(actions.c.state.in_((OutboxState.DEAD, OutboxState.CANCELLED)), actions.c.uncertain)
    if seen.before is not seen.now:
        done = actions.c.state == OutboxState.DONE
        ended = and_(or_(ended, done), actions.c.settled_at > seen.before_at)
    kinds = actions.c.kind.in_(_EXPLAINED_BY[seen.now])
    query = select(actions.c.id).where(whose, kinds, or_(under_way, ended)).limit(1)
    return tx.scalar(query) is not None


def _is_contradicted(tx: Connection, flag: Flag, kinds: Sequence[VerdictKind]) -> bool:
    """Whether the present text was given a verdict of one of these kinds. Even one given after
    the act on the forum did not know of it."""
    verdict = verdicts.standing(tx, flag.id)
    return not flag.is_edited and verdict is not None and verdict.kind in kinds


def _overrule(tx: Connection, flag: Flag, kind: VerdictKind, at: datetime) -> None:
    """What was decided in modbot gives way to what a human did on the forum since."""
    verdicts.retract(tx, flag.id, who=WHO, now=at)
    _give(tx, flag, kind, at)


def _give(tx: Connection, flag: Flag, kind: VerdictKind, at: datetime) -> None:
    verdicts.give(tx, flag.id, kind, source=VerdictSource.FORUM, who=WHO, now=at)


def _let_stand(tx: Connection, row: Row[Any], taken: int | None) -> None:
    """A human shows this text: nothing of ours (``taken``) keeps it away any more, and no hide
    unasked will."""
    shown = {"kept_revision_id": row.revision_id, "our_hide": None}
    back = {"our_delete": None} if taken is not None and not _is_moved_away(tx, row) else {}
    tx.execute(update(replies).where(replies.c.id == row.id).values({**shown, **back}))


def _is_moved_away(tx: Connection, row: Row[Any]) -> bool:
    """Whether we moved the reply's thread to a board where it still is: there it is shown, too."""
    if row.our_delete is None:
        return False
    taken = outbox.get(tx, row.our_delete)
    return taken.kind is ActionKind.MOVE_THREAD and row.board_id != (taken.details or {}).get("from")


def _row(tx: Connection, reply_id: int) -> Row[Any]:
    return tx.execute(select(replies).where(replies.c.id == reply_id)).one()


def _last_flag(tx: Connection, reply_id: int) -> Flag | None:
    query = select(flags_table.c.id).where(flags_table.c.reply_id == reply_id)
    flag_id = tx.scalar(query.order_by(flags_table.c.id.desc()).limit(1))
    return None if flag_id is None else flags.get(tx, flag_id)


def _note(
    tx: Connection,
    act: Act,
    seen: Sighting,
    forum: str,
    flag_id: int | None,
    at: datetime,
    **facts: bool,
) -> None:
    told = {name: True for name, holds in facts.items() if holds}
    details = {"before": seen.before, "now": seen.now, **told}
    audit.add(tx, audit.Entry(at, WHO, f"forum.{act.value}", forum, flag_id, seen.reply_id, details))
