"""Counts that pages keep up to date by themselves: read once a beat for all who listen."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from anyio import to_thread
from pydantic import BaseModel
from sqlalchemy import Connection

from modbot.console.house import House
from modbot.domain import FlagState, Mode, Scope
from modbot.moderation import mode_banner
from modbot.store import claims, groups, livecounts
from modbot.store.flags import Filter

BEAT_SECONDS = 3.0
BEATS = 100
"""After so many a page asks anew: its session may be over."""


class ForumNow(BaseModel):
    forum: str
    mode: Mode
    brake: bool


class Now(BaseModel):
    """``cards`` wait in the queue, ``waiting`` actions are on their way to the forum. ``mark``
    changes with whatever may have changed on somebody's cards."""

    cards: int
    waiting: int
    mark: str
    forums: list[ForumNow]


@dataclass
class Live:
    """The one reader of a process. It reads while somebody listens, once for each scope."""

    house: House
    beat: float = BEAT_SECONDS
    reads: int = 0
    _listeners: dict[str, int] = field(default_factory=dict)
    _scopes: dict[str, Scope] = field(default_factory=dict)
    _latest: dict[str, Now] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    async def listen(self, scope: Scope, *, beats: int = BEATS) -> AsyncIterator[Now]:
        """What is so now, then whatever changes, for at most so many beats."""
        key = _key(scope)
        self._scopes[key] = scope
        self._listeners[key] = self._listeners.get(key, 0) + 1
        self._begin()
        told: Now | None = None
        try:
            for _ in range(beats):
                news = self._news
                latest = self._latest.get(key)
                if latest is not None and latest != told:
                    told = latest
                    yield latest
                await news.wait()
        finally:
            self._listeners[key] -= 1
            if not self._listeners[key]:
                del self._listeners[key], self._scopes[key]
                self._latest.pop(key, None)

    def _begin(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_on())

    async def _read_on(self) -> None:
        while self._listeners:
            scopes = dict(self._scopes)
            found = await to_thread.run_sync(self._read, scopes)
            self._latest.update({key: now for key, now in found.items() if key in self._listeners})
            self._wake()
            await asyncio.sleep(self.beat)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _read(self, scopes: Mapping[str, Scope]) -> dict[str, Now]:
        self.reads += 1
        with self.house.store.read() as rx:
            mark = _mark(rx, self.house)
            return {key: _now(rx, self.house, scope, mark) for key, scope in scopes.items()}


def _key(scope: Scope) -> str:
    if scope.places is None:
        return "*"
    places = scope.places.items()
    return repr(sorted((forum, None if boards is None else sorted(boards)) for forum, boards in places))


def _now(rx: Connection, house: House, scope: Scope, mark: str) -> Now:
    wanted = Filter(states=(FlagState.PENDING,), shown=True, within=scope)
    return Now(
        cards=groups.count(rx, wanted),
        waiting=livecounts.on_their_way(rx, list(house.loaded().settings.forums), within=scope),
        mark=mark,
        forums=[
            ForumNow(forum=one.forum, mode=one.mode, brake=one.brake.pulled)
            for one in mode_banner.read(rx, house.loaded(), scope)
        ],
    )


def _mark(rx: Connection, house: House) -> str:
    held = sorted((one.forum, one.card, one.user_id) for one in claims.listing(rx, now=house.now()))
    return f"{livecounts.last_change(rx)}.{zlib.crc32(repr(held).encode()):x}"
