"""What stands around replies, for many at once: their neighbours in the thread, and what their
authors wrote and what was decided of it. Each question is a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from modbot.domain import EVERYWHERE, Scope, VerdictKind, Visibility
from modbot.store import rows
from modbot.store.flag_filter import in_scope
from modbot.store.schema import flags, replies, revisions, verdicts

_here, _other = replies.alias("here"), replies.alias("other")
LAST = 5
_BEFORE = 2


class AuthorKey(NamedTuple):
    forum: str
    id: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A reply as something that another is read beside. ``at`` is when it was posted, or
    first seen."""

    reply_id: int
    author_id: int | None
    author_name: str
    thread_title: str
    floor: int | None
    at: datetime
    text: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What stands before a reply in its thread (the nearest last), and what comes after."""

    before: tuple[Passage, ...]
    after: tuple[Passage, ...]


ALONE = Neighbours((), ())


def neighbours(rx: Connection, reply_ids: Iterable[int]) -> dict[int, Neighbours]:
    """By reply row id. Two statements: which they are, and what they say."""
    beside = select(_other.c.id).where(
        _other.c.forum == _here.c.forum, _other.c.thread_id == _here.c.thread_id
    )
    earlier = beside.where(_other.c.post_id < _here.c.post_id).order_by(_other.c.post_id.desc())
    later = beside.where(_other.c.post_id > _here.c.post_id).order_by(_other.c.post_id)
    columns = [
        *(earlier.limit(1).offset(back).scalar_subquery() for back in reversed(range(_BEFORE))),
        later.limit(1).scalar_subquery(),
    ]
    places: dict[int, list[int | None]] = {}
    for chunk in rows.chunks(sorted(reply_ids)):
        for row in rx.execute(select(_here.c.id, *columns).where(_here.c.id.in_(chunk))):
            places[row[0]] = list(row[1:])
    wanted = {one for found in places.values() for one in found if one is not None}
    said = {one.reply_id: one for one in _passages(rx, wanted)}
    return {reply_id: _beside(found, said) for reply_id, found in places.items()}


def latest(
    rx: Connection, reply_ids: Collection[int], *, within: Scope = EVERYWHERE
) -> dict[AuthorKey, tuple[Passage, ...]]:
    """The LAST replies, latest first, of each member who wrote one of ``reply_ids``."""
    of_author = (
        select(_other.c.id)
        .where(_other.c.forum == _here.c.forum, _other.c.author_id == _here.c.author_id)
        .order_by(_other.c.posted_at.desc(), _other.c.id.desc())
        .limit(LAST)
    )
    wanted: dict[int, AuthorKey] = {}
    for chunk in rows.chunks(sorted(reply_ids)):
        query = (
            select(replies.c.id, replies.c.forum, replies.c.author_id)
            .select_from(_here)
            .join(replies, replies.c.id.in_(of_author.correlate(_here)))
            .where(_here.c.id.in_(chunk), _here.c.author_id.is_not(None))
        )
        wanted.update({row.id: AuthorKey(row.forum, row.author_id) for row in rx.execute(query)})
    found: dict[AuthorKey, list[Passage]] = {}
    for one in _passages(rx, wanted, in_scope(within, replies.c.forum)):
        found.setdefault(wanted[one.reply_id], []).append(one)
    newest_first = {key: sorted(said, key=lambda one: one.at, reverse=True) for key, said in found.items()}
    return {key: tuple(said) for key, said in newest_first.items()}


def decided(
    rx: Connection, authors: Collection[AuthorKey], *, within: Scope = EVERYWHERE
) -> dict[AuthorKey, dict[VerdictKind, int]]:
    """How many verdicts of each kind stand on these members' replies."""
    found: dict[AuthorKey, dict[VerdictKind, int]] = {}
    for chunk in rows.chunks(sorted(authors)):
        for row in rx.execute(_tally(chunk, within)):
            key = AuthorKey(row.forum, row.writer_id)
            found.setdefault(key, {})[VerdictKind(row.kind)] = row.number
    return found


def _tally(authors: Sequence[AuthorKey], within: Scope) -> Any:
    found = flags.join(verdicts, verdicts.c.flag_id == flags.c.id)
    if within.places is not None:
        found = found.join(replies, replies.c.id == flags.c.reply_id)
    return (
        select(flags.c.forum, flags.c.writer_id, verdicts.c.kind, func.count().label("number"))
        .select_from(found)
        .where(
            flags.c.forum.in_({one.forum for one in authors}),
            flags.c.writer_id.in_({one.id for one in authors}),
            verdicts.c.undone_at.is_(None),
            in_scope(within, flags.c.forum),
        )
        .group_by(flags.c.forum, flags.c.writer_id, verdicts.c.kind)
    )


def _passages(rx: Connection, reply_ids: Iterable[int], *conditions: ColumnElement[bool]) -> list[Passage]:
    query = select(replies, revisions.c.text).join(
        revisions, and_(revisions.c.id == replies.c.revision_id, *conditions)
    )
    return [
        Passage(
            reply_id=row["id"],
            **{name: row[name] for name in ("author_id", "author_name", "thread_title", "floor", "text")},
            at=row["posted_at"] or row["first_seen"],
            visibility=Visibility(row["visibility"]),
        )
        for chunk in rows.chunks(sorted(reply_ids))
        for row in rx.execute(query.where(replies.c.id.in_(chunk))).mappings()
    ]


def _beside(found: Sequence[int | None], said: dict[int, Passage]) -> Neighbours:
    before = tuple(said[one] for one in found[:_BEFORE] if one in said)
    return Neighbours(before, tuple(said[one] for one in found[_BEFORE:] if one in said))
