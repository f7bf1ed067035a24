"""What people outside are told: one row per trouble, from its beginning to its end.

A row is *lasting* while its trouble holds. Its beginning is told once, and its end only
to those who know of the beginning. ``attempts`` and ``not_before`` are of what is to be
told next; ``reached`` are the addresses that have it already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, delete, or_, select, type_coerce, update

from modbot.store.schema import notices
from modbot.store.types import EPOCH, microseconds

CALM = timedelta(minutes=10)
"""A trouble that is back within this time was never over, and one that was over sooner
than this, unseen, is nothing to tell of."""
STALE = timedelta(days=3)
"""What ended so long ago is no news any more, even to those who could not be reached."""


@dataclass(frozen=True, slots=True)
class Notice:
    """``details`` are the facts that fill the sentences of ``code``."""

    id: int
    key: str
    code: str
    forum: str | None
    details: Mapping[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    told_at: datetime | None
    told_end_at: datetime | None
    attempts: int
    not_before: datetime
    reached: Sequence[str]


def open(
    tx: Connection,
    key: str,
    code: str,
    *,
    forum: str | None = None,
    details: Mapping[str, Any],
    at: datetime,
) -> bool:
    """The trouble ``key`` holds; answers whether that is new.

    One that ended less than CALM ago goes on. While its beginning is untold, the facts
    are kept up to date.
    """
    found = _latest(tx, key)
    if found is None or (found.closed_at is not None and found.closed_at <= at - CALM):
        row = {"key": key, "code": code, "forum": forum, "details": dict(details), "opened_at": at}
        tx.execute(notices.insert().values(**row, attempts=0, not_before=at, reached=[]))
        return True
    if found.closed_at is not None:
        _change(tx, found.id, closed_at=None, told_end_at=None)
    if found.told_at is None and found.details != details:
        _change(tx, found.id, details=dict(details))
    return False


def close(tx: Connection, key: str, *, at: datetime, silently: bool = False) -> bool:
    """The trouble ``key`` is over; answers whether it was lasting. ``silently``: that it is
    over is nothing to tell."""
    found = _latest(tx, key)
    if found is None or found.closed_at is not None:
        return False
    values: dict[str, Any] = {"closed_at": at, "attempts": 0, "not_before": at, "reached": []}
    if found.told_at is None and found.reached:
        values["told_at"] = at  # some know of it: what the others lack says its end, too
    if silently:
        values["told_end_at"] = at
    _change(tx, found.id, **values)
    return True


def lasting(rx: Connection) -> list[Notice]:
    """Those that hold, the longest first."""
    return _found(rx, notices.c.closed_at.is_(None))


def due(rx: Connection, *, now: datetime) -> list[Notice]:
    """What is to be told at ``now``: beginnings, ends of what was told, and the whole of what
    came and went while nothing could be sent."""
    begun = and_(notices.c.closed_at.is_(None), notices.c.told_at.is_(None))
    over = and_(
        notices.c.told_end_at.is_(None),
        notices.c.closed_at <= now - CALM,
        notices.c.closed_at > now - STALE,
        or_(notices.c.told_at.is_not(None), _lasted() >= microseconds(EPOCH + CALM)),
    )
    return _found(rx, notices.c.not_before <= now, or_(begun, over))


def trying(tx: Connection, notice: Notice, *, not_before: datetime) -> None:
    """An attempt begins: when it ends in a crash, the next waits all the same."""
    _change(tx, notice.id, attempts=notices.c.attempts + 1, not_before=not_before)


def reached(tx: Connection, notice: Notice, addresses: Collection[str]) -> None:
    """These addresses have it; the others are tried again."""
    _change(tx, notice.id, reached=sorted(addresses))


def told(tx: Connection, notice: Notice, *, at: datetime, ends: bool = False) -> None:
    """Every address has it. ``ends``: it was news of one moment, and is over with this."""
    values: dict[str, Any] = {"attempts": 0, "not_before": at, "reached": []}
    if notice.told_at is None:
        values["told_at"] = at
    if ends or notice.closed_at is not None:
        values["told_end_at"] = at
        values["closed_at"] = notice.closed_at or at
    _change(tx, notice.id, **values)


def is_known(rx: Connection, key: str) -> bool:
    """Whether ``key`` was ever opened."""
    return _latest(rx, key) is not None


def between(rx: Connection, forum: str, start: datetime, end: datetime) -> list[Notice]:
    """What held of this forum at any time from ``start`` to ``end``."""
    not_over = or_(notices.c.closed_at.is_(None), notices.c.closed_at > start)
    return _found(rx, notices.c.forum == forum, notices.c.opened_at < end, not_over)


def purge(tx: Connection, *, before: datetime) -> int:
    """Forget what was over before then; answers how many."""
    return tx.execute(delete(notices).where(notices.c.closed_at < before)).rowcount


def _latest(rx: Connection, key: str) -> Notice | None:
    query = select(*_COLUMNS).where(notices.c.key == key).order_by(notices.c.id.desc()).limit(1)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Notice(**row)


def _found(rx: Connection, *conditions: ColumnElement[bool]) -> list[Notice]:
    query = select(*_COLUMNS).where(*conditions).order_by(notices.c.opened_at, notices.c.id)
    return [Notice(**row) for row in rx.execute(query).mappings()]


def _lasted() -> ColumnElement[int]:
    """In microseconds, which is how the store keeps times."""
    closed, opened = (type_coerce(notices.c[name], BigInteger) for name in ("closed_at", "opened_at"))
    return closed - opened


def _change(tx: Connection, notice_id: int, **columns: object) -> None:
    tx.execute(update(notices).where(notices.c.id == notice_id).values(**columns))


_COLUMNS = tuple(notices.c[name] for name in Notice.__slots__)
