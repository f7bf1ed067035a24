"""What a poll has read and what it still owes, as opaque JSON.

A greatest post id alone loses replies: after a crash in the middle of fifty changed
threads, those not yet read lie below it. So the cursor holds the list of work itself:
boards being listed (:class:`Scan`), threads being read (:class:`Work`), and what was
last seen of each thread (:class:`Mark`). Minutes are whole minutes since 1970 (UTC),
which is what lists show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

VERSION = 1

_MARKS_KEPT = 2500
_MARKS_PRUNED_AT = 3000


def minute_of(moment: datetime | None) -> int:
    """0 for an unknown time."""
    return int(moment.timestamp() // 60) if moment else 0


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


@dataclass(slots=True)
class Mark:
    """A thread as it was when last read through: replies, minute of the last, greatest pid."""

    replies: int
    last: int
    top: int


@dataclass(slots=True)
class BoardMark:
    """``shown`` is what the index showed (posts first); ``newest`` the newest activity that
    was listed; ``deep_posts`` the count of posts when the list was last read deep."""

    shown: list[int | None]
    newest: int = 0
    deep_posts: int | None = None

    @property
    def posts(self) -> int:
        return self.shown[0] or 0


@dataclass(slots=True)
class Scan:
    """A board's list being read down to threads last active before the minute ``until``.

    ``grew``: the index counted more posts, so a changed thread must be somewhere. ``shown``
    is the minute of the board's last post as the index tells it: a list without any so
    late is an old copy."""

    board: int
    until: int
    page: int = 1
    deep: bool = False
    grew: bool = False
    shown: int = 0
    tries: int = 0

    @property
    def late(self) -> bool:
        return self.deep or self.page > 1


@dataclass(slots=True)
class Work:
    """A thread being read, newest first, down to the pid ``stop`` or the minute ``since``.

    ``expected`` is how many replies the list says are new (-1: unknown); when fewer are
    found, the thread is read once more, ``deep``: every reply down to the page ``reach``.
    ``pages`` is how many its first page told. ``want`` names single posts instead.
    """

    thread: int
    board: int | None
    replies: int = 0
    last: int = 0
    stop: int = 0
    since: int = 0
    expected: int = -1
    page: int = 1
    top: int = 0
    found: int = 0
    deep: bool = False
    reach: int = 0
    behind: bool = False
    pages: int = 0
    tries: int = 0
    want: list[int] = field(default_factory=list)

    @property
    def late(self) -> bool:
        return self.behind or self.deep or self.page > 1


@dataclass(slots=True)
class Progress:
    """The decoded cursor. ``floor``: threads unknown here and silent since then are done
    with. ``settled``: everything posted before it was read or is in the work list."""

    floor: int
    settled: int
    top: int = 0
    top_minute: int = 0
    boards: dict[int, BoardMark] = field(default_factory=dict)
    marks: dict[int, Mark] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    deep_minute: int = 0
    panel_minute: int = 0
    queue_minute: int = 0
    seen: dict[int, int] = field(default_factory=dict)
    pending: dict[int, int] = field(default_factory=dict)
    pending_threads: dict[int, int] = field(default_factory=dict)

    @classmethod
    def start(cls, now: datetime, first_days: int) -> Progress:
        since = minute_of(now - timedelta(days=first_days))
        return cls(floor=since, settled=since, deep_minute=minute_of(now))

    @property
    def caught_up(self) -> bool:
        return not self.scans and not self.work

    def known_top(self, thread: int) -> int:
        """The greatest pid of the thread that was read or is being read down from."""
        tops = [item.top for item in self.work if item.thread == thread]
        if mark := self.marks.get(thread):
            tops.append(mark.top)
        return max(tops, default=0)

    def prune(self) -> None:
        """Forget the threads longest silent, once nothing is owed."""
        if not self.caught_up or len(self.marks) <= _MARKS_PRUNED_AT:
            return
        ranked = sorted(self.marks, key=lambda thread: self.marks[thread].last, reverse=True)
        for thread in ranked[_MARKS_KEPT:]:
            self.floor = max(self.floor, self.marks.pop(thread).last)

    def encode(self) -> str:
        content = {name: _plain(getattr(self, name)) for name in _NAMES}
        return json.dumps({"v": VERSION, **content}, separators=(",", ":"))


_NAMES = tuple(spec.name for spec in fields(Progress))
_T = TypeVar("_T")


def decode(cursor: str) -> Progress:
    """Raises ``ValueError`` for what :meth:`Progress.encode` did not write."""
    try:
        found = json.loads(cursor)
        if found["v"] != VERSION:
            raise ValueError(f"cursor of version {found['v']}")
        return _read(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a cursor: {error}") from error


def _read(found: Mapping[str, Any]) -> Progress:
    return Progress(
        floor=int(found["floor"]),
        settled=int(found["settled"]),
        top=int(found["top"]),
        top_minute=int(found["top_minute"]),
        boards=_keyed(found["boards"], lambda row: BoardMark(*row)),
        marks=_keyed(found["marks"], lambda row: Mark(*row)),
        scans=[Scan(**row) for row in found["scans"]],
        work=[Work(**row) for row in found["work"]],
        deep_minute=int(found["deep_minute"]),
        panel_minute=int(found["panel_minute"]),
        queue_minute=int(found["queue_minute"]),
        seen=_keyed(found["seen"], int),
        pending=_keyed(found["pending"], int),
        pending_threads=_keyed(found["pending_threads"], int),
    )


def _keyed(rows: Mapping[str, Any], make: Callable[[Any], _T]) -> dict[int, _T]:
    return {int(key): make(row) for key, row in rows.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(row) for key, row in value.items()}
    if isinstance(value, list):
        return [_plain(row) for row in value]
    if isinstance(value, Mark):
        return [value.replies, value.last, value.top]
    if isinstance(value, BoardMark):
        return [value.shown, value.newest, value.deep_posts]
    if isinstance(value, Scan | Work):
        return asdict(value)
    return value
