"""Flags that one look decides: all of a campaign, else all of an author, else a single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from modbot.store import flags as flag_rows
from modbot.store.flag_filter import Filter, conditions
from modbot.store.flags import Flag, Order
from modbot.store.schema import flags, replies

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


def find(
    rx: Connection,
    wanted: Filter | None = None,
    *,
    order: Order = Order.BEST,
    limit: int = 50,
    offset: int = 0,
) -> list[Group]:
    """The groups of the flags that meet the filter. Four statements, however many they are.

    ``shown`` is of the whole group: one flag of it in the queue's budget shows them all.
    """
    wanted = wanted or Filter()
    counted = sorted(
        [
            *_counted(rx, wanted, order, offset + limit, campaign=True),
            *_counted(rx, wanted, order, offset + limit, campaign=False),
        ],
        key=_SORTS[order],
    )[offset : offset + limit]
    ids = _flag_ids(rx, wanted, [group.key for group in counted], order)
    known = [flag_id for some in ids.values() for flag_id in some]
    found = flag_rows.find(rx, Filter(ids=tuple(known), states=()), limit=len(known)) if known else []
    by_id = {flag.id: flag for flag in found}
    return [
        replace(group, flags=tuple(by_id[flag_id] for flag_id in ids[group.key] if flag_id in by_id))
        for group in counted
    ]


def count(rx: Connection, wanted: Filter | None = None) -> int:
    """How many groups there are."""
    wanted = wanted or Filter()
    return sum(
        rx.scalar(select(func.count()).select_from(_grouped(wanted, campaign=kind).subquery())) or 0
        for kind in (True, False)
    )


_SORTS: dict[Order, Any] = {
    Order.BEST: lambda group: (-group.score, group.oldest),
    Order.OLDEST: lambda group: group.oldest,
    Order.NEWEST: lambda group: -group.newest.timestamp(),
    Order.TEACHES: lambda group: (-group.doubt, group.oldest),
}


def _columns(*, campaign: bool) -> list[ColumnElement[Any]]:
    if campaign:
        return [flags.c.forum, flags.c.campaign]
    return [flags.c.forum, replies.c.author_id, _guest()]


def _guest() -> ColumnElement[Any]:
    """The name of whoever has no number; of the others no part of the key."""
    return case((replies.c.author_id.is_(None), replies.c.author_name), else_="")


def _grouped(wanted: Filter, *, campaign: bool, doubts: bool = False) -> Select[Any]:
    author = func.coalesce(replies.c.author_id, 0 - replies.c.id)
    times = {"type_": flags.c.opened_at.type}
    shown = func.max(flags.c.shown_at)
    number = func.count().label("number")
    return (
        select(
            flags.c.forum,
            flags.c.campaign if campaign else literal(None).label("campaign"),
            literal(None).label("author_id") if campaign else replies.c.author_id,
            literal(None).label("author_name")
            if campaign
            else func.min(replies.c.author_name).label("author_name"),
            number,
            func.count(author.distinct()).label("authors"),
            func.count(replies.c.thread_id.distinct()).label("threads"),
            func.max(flags.c.score).label("score"),
            func.min(flags.c.opened_at, **times).label("oldest"),
            func.max(flags.c.opened_at, **times).label("newest"),
            (func.max(flag_rows.doubt()) * func.count() if doubts else literal(0.0)).label("doubt"),
        )
        .select_from(flags.join(replies, replies.c.id == flags.c.reply_id))
        .where(*_of_any(wanted), flags.c.campaign.is_not(None) if campaign else flags.c.campaign.is_(None))
        .group_by(*_columns(campaign=campaign))
        .having(true() if wanted.shown is None else shown.is_not(None) if wanted.shown else shown.is_(None))
    )


def _of_any(wanted: Filter) -> list[ColumnElement[bool]]:
    return conditions(replace(wanted, shown=None))


def _counted(rx: Connection, wanted: Filter, order: Order, limit: int, *, campaign: bool) -> list[Group]:
    orders: dict[Order, ColumnElement[Any]] = {
        Order.BEST: func.max(flags.c.score).desc(),
        Order.OLDEST: func.min(flags.c.opened_at),
        Order.NEWEST: func.max(flags.c.opened_at).desc(),
        Order.TEACHES: literal_column("doubt").desc(),
    }
    grouped = _grouped(wanted, campaign=campaign, doubts=order is Order.TEACHES)
    query = grouped.order_by(orders[order], func.min(flags.c.opened_at)).limit(limit)
    return [
        Group(
            key=Key(
                row.forum, row.campaign, row.author_id, None if campaign or row.author_id else row.author_name
            ),
            number=row.number,
            authors=row.authors,
            threads=row.threads,
            score=row.score,
            oldest=row.oldest,
            newest=row.newest,
            flags=(),
            doubt=row.doubt,
        )
        for row in rx.execute(query)
    ]


def _flag_ids(rx: Connection, wanted: Filter, keys: Sequence[Key], order: Order) -> dict[Key, list[int]]:
    """The first AT_ONCE flags of each group."""
    if not keys:
        return {}
    orders: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.BEST: (flags.c.score.desc(), flags.c.id),
        Order.OLDEST: (flags.c.opened_at, flags.c.id),
        Order.NEWEST: (flags.c.opened_at.desc(), flags.c.id.desc()),
        Order.TEACHES: (flag_rows.doubt().desc(), flags.c.id),
    }
    key = _columns(campaign=True) + _columns(campaign=False)[1:]
    place = func.row_number().over(partition_by=key, order_by=orders[order]).label("place")
    alone = flags.c.campaign.is_(None)
    member = or_(
        flags.c.campaign.in_([one.campaign for one in keys if one.campaign is not None]),
        and_(alone, replies.c.author_id.in_([one.author_id for one in keys if one.author_id is not None])),
        and_(
            alone,
            replies.c.author_id.is_(None),
            replies.c.author_name.in_([one.author_name for one in keys if one.author_name is not None]),
        ),
    )
    ranked = (
        select(flags.c.id, flags.c.forum, flags.c.campaign, replies.c.author_id, replies.c.author_name, place)
        .select_from(flags.join(replies, replies.c.id == flags.c.reply_id))
        .where(*_of_any(wanted), member)
        .subquery()
    )
    found: dict[Key, list[int]] = {one: [] for one in keys}
    for row in rx.execute(select(ranked).where(ranked.c.place <= AT_ONCE).order_by(ranked.c.place)):
        if row.campaign is not None:
            one = Key(row.forum, row.campaign, None, None)
        else:
            one = Key(row.forum, None, row.author_id, None if row.author_id else row.author_name)
        if one in found and len(found[one]) < AT_ONCE:
            found[one].append(row.id)
    return found
