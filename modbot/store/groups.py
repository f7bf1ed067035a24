"""Flags that one look decides: all of a campaign, else all of an author, else a single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Subquery,
    and_,
    case,
    func,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.types import TypeEngine

from modbot.store import flags as flag_rows
from modbot.store.flag_filter import Filter, conditions, reads_replies
from modbot.store.flags import Flag, Order
from modbot.store.schema import flags, replies

_of_flag = replies.alias("of_flag")
AT_ONCE = 50
"""Flags of a group that are read with it; ``number`` counts all of them."""


class GroupKind(StrEnum):
    CAMPAIGN = "campaign"
    AUTHOR = "author"
    SINGLE = "single"


class Key(NamedTuple):
    """``author_name`` only of guests: they have no number."""

    forum: str
    campaign: str | None
    author_id: int | None
    author_name: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """``score`` is the best of its flags, ``oldest`` when the first was opened. ``flags`` are
    up to AT_ONCE of them, in the order that was asked for. ``doubt``, where that order asked:
    how near the nearest is to its threshold, times how many one decision answers."""

    key: Key
    number: int
    authors: int
    threads: int
    score: float
    oldest: datetime
    newest: datetime
    flags: tuple[Flag, ...]
    doubt: float = 0.0

    @property
    def kind(self) -> GroupKind:
        if self.key.campaign is not None:
            return GroupKind.CAMPAIGN
        return GroupKind.AUTHOR if self.number > 1 else GroupKind.SINGLE


@dataclass(frozen=True, slots=True)
class Found:
    """Some groups of those that meet a filter: as many as ``shown`` by the queue's budget, while
    it keeps others out of sight."""

    groups: list[Group]
    shown: int
    kept_back: int


def find(
    rx: Connection,
    wanted: Filter | None = None,
    *,
    order: Order = Order.BEST,
    limit: int = 50,
    offset: int = 0,
    at_once: int = AT_ONCE,
) -> list[Group]:
    """The groups of the flags that meet the filter, each with ``at_once`` of its flags. Three
    statements, however many they are.

    ``shown`` is of the whole group: one flag of it in the queue's budget shows them all.
    """
    return page(rx, wanted or Filter(), order=order, limit=limit, offset=offset, at_once=at_once).groups


def page(
    rx: Connection, wanted: Filter, *, order: Order, limit: int, offset: int = 0, at_once: int = AT_ONCE
) -> Found:
    """What :func:`find` answers, with how many there are in all."""
    found = _counted(rx, wanted, order, limit, offset)
    keys = [group.key for group in found.groups]
    if not keys:
        return found
    members = _members_of(rx, wanted, keys, order, at_once)
    known = [flag_id for some in members.values() for flag_id in some.first]
    by_id = {
        flag.id: flag for flag in flag_rows.find(rx, Filter(ids=tuple(known), states=()), limit=len(known))
    }
    whole = [
        replace(
            group,
            authors=len(members[group.key].authors),
            threads=len(members[group.key].threads),
            flags=tuple(by_id[flag_id] for flag_id in members[group.key].first if flag_id in by_id),
        )
        for group in found.groups
    ]
    return replace(found, groups=whole)


def count(rx: Connection, wanted: Filter | None = None) -> int:
    """How many groups there are."""
    wanted = wanted or Filter()
    grouped = _grouped(wanted)
    return rx.scalar(select(func.count()).select_from(grouped).where(_is_wanted(grouped, wanted))) or 0


_KEY = ("forum", "campaign", "writer_id", "guest")
_TYPES: dict[str, TypeEngine[Any]] = {"campaign": String(), "writer_id": BigInteger(), "guest": String()}


def _members(wanted: Filter, *which: ColumnElement[bool]) -> Subquery:
    """The flags with what those of one group have in common: of a campaign not its authors, and
    the name only of a guest. Replies are looked at for guests alone, or as the filter asks."""
    alone = flags.c.campaign.is_(None)
    query = select(
        flags.c.id,
        flags.c.reply_id,
        flags.c.forum,
        flags.c.campaign,
        case((alone, flags.c.writer_id)).label("writer_id"),
        case((and_(alone, flags.c.writer_id.is_(None)), _author_name())).label("guest"),
        *(flags.c[name] for name in ("score", "opened_at", "shown_at")),
        flag_rows.doubt().label("doubt"),
    ).where(*conditions(replace(wanted, shown=None)), *which)
    if reads_replies(wanted):
        query = query.join(replies, replies.c.id == flags.c.reply_id)
    return query.subquery()


def _author_name() -> ColumnElement[str]:
    return select(_of_flag.c.author_name).where(_of_flag.c.id == flags.c.reply_id).scalar_subquery()


def _grouped(wanted: Filter) -> Subquery:
    """Each kind of group by itself, so that an index of the open flags has it in order."""
    alone = flags.c.campaign.is_(None)
    kinds = (
        _aggregated(wanted, {"campaign": flags.c.campaign}, flags.c.campaign.is_not(None)),
        _aggregated(wanted, {"writer_id": flags.c.writer_id}, alone, flags.c.writer_id.is_not(None)),
        _aggregated(wanted, {"guest": replies.c.author_name}, alone, flags.c.writer_id.is_(None)),
    )
    return union_all(*kinds).subquery()


def _aggregated(
    wanted: Filter, own: Mapping[str, ColumnElement[Any]], *which: ColumnElement[bool]
) -> Select[Any]:
    """Groups of one kind: what they have in common beside the forum is ``own``."""
    key = {"campaign": null(), "writer_id": null(), "guest": null(), **own}
    times = {"type_": flags.c.opened_at.type}
    query: Select[Any] = select(
        flags.c.forum,
        *(type_coerce(column, _TYPES[name]).label(name) for name, column in key.items()),
        func.count().label("number"),
        func.max(flags.c.score).label("score"),
        func.min(flags.c.opened_at, **times).label("oldest"),
        func.max(flags.c.opened_at, **times).label("newest"),
        (func.max(flag_rows.doubt()) * func.count()).label("doubt"),
        func.max(flags.c.shown_at, **times).label("shown_at"),
    ).where(*conditions(replace(wanted, shown=None)), *which)
    if reads_replies(wanted) or "guest" in own:
        query = query.select_from(flags.join(replies, replies.c.id == flags.c.reply_id))
    return query.group_by(flags.c.forum, *own.values())


def _is_wanted(grouped: Subquery, wanted: Filter) -> ColumnElement[bool]:
    if wanted.shown is None:
        return true()
    return grouped.c.shown_at.is_not(None) if wanted.shown else grouped.c.shown_at.is_(None)


def _counted(rx: Connection, wanted: Filter, order: Order, limit: int, offset: int) -> Found:
    """The groups without their flags."""
    grouped = _grouped(wanted)
    shown, every = func.count(grouped.c.shown_at), func.count()
    told = select(grouped, shown.over().label("shown"), every.over().label("every")).subquery()
    by = told.c
    orders: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.BEST: (by.score.desc(), by.oldest),
        Order.OLDEST: (by.oldest,),
        Order.NEWEST: (by.newest.desc(),),
        Order.TEACHES: (by.doubt.desc(), by.oldest),
    }
    query = select(told).where(_is_wanted(told, wanted)).order_by(*orders[order])
    found = rx.execute(query.limit(limit).offset(offset)).all()
    if found:
        counts = found[0].shown, found[0].every
    else:  # no row that could tell
        counts = rx.execute(select(shown, every).select_from(grouped)).one()
    return Found([_group(row) for row in found], counts[0], counts[1] - counts[0])


def _group(row: Any) -> Group:
    return Group(
        key=_key(row),
        number=row.number,
        authors=0,
        threads=0,
        score=row.score,
        oldest=row.oldest,
        newest=row.newest,
        flags=(),
        doubt=row.doubt,
    )


def _key(row: Any) -> Key:
    return Key(row.forum, row.campaign, row.writer_id, row.guest)


@dataclass
class _Members:
    """Of one group: all its authors and threads, and its first flags."""

    authors: set[int] = field(default_factory=set)
    threads: set[int | None] = field(default_factory=set)
    first: list[int] = field(default_factory=list)


def _members_of(
    rx: Connection, wanted: Filter, keys: Sequence[Key], order: Order, at_once: int
) -> dict[Key, _Members]:
    one = _members(wanted, _of(keys))
    orders: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.BEST: (one.c.score.desc(), one.c.id),
        Order.OLDEST: (one.c.opened_at, one.c.id),
        Order.NEWEST: (one.c.opened_at.desc(), one.c.id.desc()),
        Order.TEACHES: (one.c.doubt.desc(), one.c.id),
    }
    author = func.coalesce(replies.c.author_id, 0 - replies.c.id).label("author")
    query = select(one.c.id, *(one.c[name] for name in _KEY), author, replies.c.thread_id).join(
        replies, replies.c.id == one.c.reply_id
    )
    found: dict[Key, _Members] = {key: _Members() for key in keys}
    for row in rx.execute(query.order_by(*orders[order])):
        members = found.get(_key(row))
        if members is None:  # of a campaign that is not asked for, or of a namesake elsewhere
            continue
        members.authors.add(row.author)
        members.threads.add(row.thread_id)
        if len(members.first) < at_once:
            members.first.append(row.id)
    return found


def _of(keys: Sequence[Key]) -> ColumnElement[bool]:
    """That a flag is of one of these groups; true for some others of their authors, too. Each
    kind is found by an index of its own: of a full queue not all flags are read."""
    campaigns = [key.campaign for key in keys if key.campaign is not None]
    writers = [key.author_id for key in keys if key.author_id is not None]
    guests = [key.author_name for key in keys if key.author_name is not None]
    told = [
        (campaigns, flags.c.campaign.in_(campaigns)),
        (writers, flags.c.writer_id.in_(writers)),
        (guests, and_(flags.c.writer_id.is_(None), _author_name().in_(guests))),
    ]
    there = flags.c.forum.in_({key.forum for key in keys})
    return or_(*(and_(there, met) for some, met in told if some))
