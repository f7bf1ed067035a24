"""Which replies are to be read again, and when: for edits, and for what humans do on the forum.

``replies.read_again_at`` is the one timetable. It is worked out anew, from what the store
knows, whenever a reply is judged or read; so what is owed is known after any crash, and what
a poll has read meanwhile is not read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, ScalarSelect, Select, and_, bindparam, false, func, or_, select, update

from modbot.domain import FlagState, OutboxState, Visibility
from modbot.store import hides, intents, opposites, rows
from modbot.store.schema import decisions, flags, misses, outbox, replies
from modbot.store.vitals import Waiting

DAY = timedelta(days=1)
_REMOVING = tuple(kind for kind in opposites.ON_POST if opposites.removes(kind, None))
PASSES = 20
"""A look at the timetable passes over so many times its limit of what needs no reading."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is read again. ``open_flags``: those that wait for a human. What is hidden
    (by us, or by a human and upheld, or missed) or taken away by us otherwise (deleted into a
    recycle bin, ignored, its thread recycled or moved): every ``fresh_hides`` for the first
    ``hides_are_fresh``, then every ``old_hides`` until ``hides_last`` is over. ``edits``: the
    replies of authors without standing, so long after they were posted."""

    open_flags: timedelta = timedelta(minutes=30)
    fresh_hides: timedelta = timedelta(minutes=30)
    hides_are_fresh: timedelta = DAY
    old_hides: timedelta = DAY
    hides_last: timedelta = 30 * DAY
    edits: tuple[timedelta, ...] = (timedelta(hours=1), DAY, 3 * DAY)


class Due(NamedTuple):
    """A reply to be read, with what finding it takes."""

    reply_id: int
    post_id: int
    thread_id: int | None
    board_id: int | None
    author_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What of a reply decides when it is to be read again. ``is_flagged``: its flag waits for a
    human; ``hidden_since``: what hides it, or took it away, is to be followed since then;
    ``may_return``: it is gone, and the forum keeps what we took away; ``established``: its
    author had standing when it was judged (None: not judged)."""

    visibility: Visibility
    seen_at: datetime
    posted_at: datetime | None
    established: bool | None
    is_flagged: bool
    hidden_since: datetime | None
    may_return: bool = False


def next_time(known: Known, rhythm: Rhythm) -> datetime | None:
    """When to read a reply again; in the past: it is due. None: not any more."""
    is_gone = known.visibility is Visibility.GONE
    if is_gone and not (known.is_flagged or known.may_return):
        return None
    times = [_hide_time(known, rhythm), None if is_gone else _edit_time(known, rhythm)]
    if known.is_flagged:
        times.append(known.seen_at + rhythm.open_flags)
    return min((time for time in times if time is not None), default=None)


def plan(tx: Connection, reply_ids: Iterable[int], rhythm: Rhythm) -> None:
    """Set when these replies are read again, after they were judged or read."""
    known = _known(tx, list(reply_ids))
    _set(tx, {reply_id: next_time(one, rhythm) for reply_id, one in known.items()})


def take(tx: Connection, forum: str, rhythm: Rhythm, *, now: datetime, limit: int) -> list[Due]:
    """The replies that are due, those first that have been so for longest. Of those that were
    read since, and need not be now, only the next time is set."""
    found: list[Due] = []
    for _ in range(PASSES):
        due = _due(tx, forum, now, limit - len(found), beside=[one.reply_id for one in found])
        known = _known(tx, [one.reply_id for one in due])
        times = {reply_id: next_time(one, rhythm) for reply_id, one in known.items()}
        later = {reply_id: time for reply_id, time in times.items() if time is None or time > now}
        _set(tx, later)
        found += [one for one in due if one.reply_id not in later]
        if not later or len(found) == limit:
            break
    return found


def put_off(tx: Connection, reply_ids: Iterable[int], *, until: datetime) -> None:
    """Before they are read: what breaks the reading is not the next to be tried again."""
    _set(tx, dict.fromkeys(reply_ids, until))


def adopt(tx: Connection, forum: str, rhythm: Rhythm, *, now: datetime) -> int:
    """Take up what should be on the timetable and is not (it was written by an earlier version,
    or decided since it was read last); answers how many."""
    oldest = now - rhythm.hides_last
    flagged = select(flags.c.reply_id).where(
        flags.c.forum == forum,
        or_(
            hides.waits_for_human(),
            and_(flags.c.state == FlagState.UPHELD, flags.c.closed_at >= oldest),
        ),
    )
    removed = select(outbox.c.id).where(
        outbox.c.forum == forum,
        outbox.c.settled_at >= oldest,
        outbox.c.kind.in_(_REMOVING),
        outbox.c.state == OutboxState.DONE,
    )
    hidden = select(outbox.c.reply_id).where(outbox.c.id.in_(removed))
    taken = and_(replies.c.our_delete.in_(removed), _taken_since().is_not(None))
    shown = replies.c.visibility != Visibility.GONE
    wanted = or_(and_(or_(replies.c.id.in_(flagged), replies.c.id.in_(hidden)), shown), taken)
    query = select(replies.c.id).where(wanted, replies.c.read_again_at.is_(None))
    lost = list(tx.scalars(query))
    plan(tx, lost, rhythm)
    return len(lost)


def waiting(rx: Connection, forum: str, *, now: datetime) -> Waiting:
    """The replies that are due, and since when the first of them is."""
    query = select(func.count(), func.min(replies.c.read_again_at, type_=replies.c.read_again_at.type)).where(
        replies.c.forum == forum, replies.c.read_again_at <= now
    )
    return Waiting(*rx.execute(query).one())


def _edit_time(known: Known, rhythm: Rhythm) -> datetime | None:
    if known.established is not False or known.posted_at is None:
        return None
    steps = (known.posted_at + after for after in sorted(rhythm.edits))
    return next((step for step in steps if step > known.seen_at), None)


def _hide_time(known: Known, rhythm: Rhythm) -> datetime | None:
    since = known.hidden_since
    if since is None:
        return None
    fresh = known.seen_at + rhythm.fresh_hides
    at = fresh if fresh <= since + rhythm.hides_are_fresh else known.seen_at + rhythm.old_hides
    return at if at <= since + rhythm.hides_last else None


def _due(tx: Connection, forum: str, now: datetime, limit: int, *, beside: Sequence[int]) -> list[Due]:
    columns = [replies.c[name] for name in ("id", "post_id", "thread_id", "board_id", "author_id")]
    query = (
        select(*columns)
        .where(replies.c.forum == forum, replies.c.read_again_at <= now, replies.c.id.not_in(beside))
        .order_by(replies.c.read_again_at, replies.c.id)
        .limit(limit)
    )
    return [Due(*row) for row in tx.execute(query)]


def _known(rx: Connection, reply_ids: Sequence[int]) -> dict[int, Known]:
    found: dict[int, Known] = {}
    for chunk in rows.chunks(reply_ids):
        for row in rx.execute(_facts().where(replies.c.id.in_(chunk))):
            found[row.id] = Known(
                visibility=Visibility(row.visibility),
                seen_at=row.visibility_at,
                posted_at=row.posted_at,
                established=row.established,
                is_flagged=row.flag_id is not None,
                hidden_since=max((at for at in row[-4:] if at is not None), default=None),
                may_return=row.taken is not None,
            )
    return found


def _facts() -> Select[Any]:
    """What ``Known`` is made of; the last four columns are since when something hides it."""
    latest = {"type_": replies.c.visibility_at.type}
    closed = flags.alias("closed")
    upheld = (
        select(func.max(closed.c.closed_at, **latest))
        .where(closed.c.reply_id == replies.c.id, closed.c.state == FlagState.UPHELD)
        .scalar_subquery()
    )
    ours = select(outbox.c.settled_at).where(outbox.c.id == replies.c.our_hide).scalar_subquery()
    missed = (
        select(func.max(misses.c.seen_at, **latest))
        .where(
            misses.c.reply_id == replies.c.id,
            misses.c.visibility == Visibility.HIDDEN,
            misses.c.taken_back_at.is_(None),
        )
        .scalar_subquery()
    )
    open_flag = and_(flags.c.reply_id == replies.c.id, hides.waits_for_human())
    seen = (replies.c.id, replies.c.visibility, replies.c.visibility_at, replies.c.posted_at)
    since = (upheld, ours, missed, _taken_since().label("taken"))
    return (
        select(*seen, decisions.c.established, flags.c.id.label("flag_id"), *since)
        .select_from(replies)
        .join(decisions, decisions.c.id == replies.c.decision_id, isouter=True)
        .join(flags, open_flag, isouter=True)
    )


def _taken_since() -> ScalarSelect[datetime | None]:
    """When we took the reply away otherwise than by hiding it, if a human can bring it back."""
    keeps = outbox.c.details[intents.RECYCLES].as_boolean().is_not(false())
    taken = select(outbox.c.settled_at).where(outbox.c.id == replies.c.our_delete, keeps)
    return taken.scalar_subquery()


def _set(tx: Connection, times: dict[int, datetime | None]) -> None:
    if times:
        statement = update(replies).where(replies.c.id == bindparam("row_id"))
        values: dict[str, Any] = {"read_again_at": bindparam("time")}
        tx.execute(statement.values(values), [{"row_id": row, "time": time} for row, time in times.items()])
