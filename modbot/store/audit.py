"""Who did what, and when. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, tuple_

from modbot.domain import EVERYWHERE, Scope
from modbot.store.flag_filter import in_scope
from modbot.store.schema import audit, replies


@dataclass(frozen=True, slots=True)
class Entry:
    """``what`` is a code such as ``verdict.uphold``; ``who`` a person, or ``modbot``."""

    at: datetime
    who: str
    what: str
    forum: str | None = None
    flag_id: int | None = None
    reply_id: int | None = None
    details: Mapping[str, Any] | None = None
    id: int | None = None


def add(tx: Connection, *entries: Entry) -> None:
    """Append. ``details`` must be JSON and hold ids and codes rather than members' words."""
    if entries:
        tx.execute(audit.insert(), [_columns(entry) for entry in entries])


def listing(
    rx: Connection,
    *,
    flag_id: int | None = None,
    reply_id: int | None = None,
    forum: str | None = None,
    since: datetime | None = None,
    limit: int = 200,
) -> Sequence[Entry]:
    """The latest ``limit`` entries that meet every given filter, oldest first."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.flag_id, flag_id), (audit.c.reply_id, reply_id), (audit.c.forum, forum)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(audit.c.at >= since)
    return [Entry(**row) for row in reversed(rx.execute(query).mappings().all())]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; None leaves a filter out. ``what`` is a code, or the first part of some
    (``verdict``). ``within`` are the places of whoever asks: there entries that speak of no
    reply are theirs who have the whole forum. ``housewide``: also what is of no forum."""

    who: str | None = None
    what: str | None = None
    forum: str | None = None
    flag_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    within: Scope = EVERYWHERE
    housewide: bool = True


Place = tuple[datetime, int]
"""Where an entry stands among all: its time and its number."""


def page(rx: Connection, wanted: Wanted, *, after: Place | None = None, limit: int = 50) -> list[Entry]:
    """The latest ``limit`` entries that meet the filter, the latest first; those behind the
    one at ``after``."""
    query = select(audit).outerjoin(replies, replies.c.id == audit.c.reply_id).where(*_conditions(wanted))
    if after is not None:
        query = query.where(
            tuple_(audit.c.at, audit.c.id) < tuple_(*after, types=(audit.c.at.type, audit.c.id.type))
        )
    query = query.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    return [Entry(**row) for row in rx.execute(query).mappings()]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    equal = ((audit.c.who, wanted.who), (audit.c.forum, wanted.forum), (audit.c.flag_id, wanted.flag_id))
    met: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.what is not None:
        of_kind = and_(audit.c.what >= f"{wanted.what}.", audit.c.what < f"{wanted.what}/")
        met.append(audit.c.what == wanted.what if "." in wanted.what else of_kind)
    if wanted.since is not None:
        met.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        met.append(audit.c.at < wanted.until)
    if not wanted.housewide:
        met.append(audit.c.forum.is_not(None))
    if wanted.within.places is not None:
        met.append(in_scope(wanted.within, audit.c.forum))
    return met


def latest(rx: Connection, what: str) -> Entry | None:
    """The last entry of this code."""
    query = select(audit).where(audit.c.what == what).order_by(audit.c.id.desc()).limit(1)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Entry(**row)


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "who": entry.who,
        "what": entry.what,
        "forum": entry.forum,
        "flag_id": entry.flag_id,
        "reply_id": entry.reply_id,
        "details": dict(entry.details or {}),
    }
