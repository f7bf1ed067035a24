"""A forum's boards, their names and recycle bins: kept, so that pages, patterns and verdicts need
not ask for them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from modbot.errors import ForumError
from modbot.forums.protocol import Forum
from modbot.settings import Settings
from modbot.settings.customs import named
from modbot.store import boards
from modbot.store.engine import Store

EVERY = timedelta(days=1)
RETRY = timedelta(minutes=15)


class BoardNames:
    """Reads a forum's boards once a day: one request, also across restarts."""

    def __init__(
        self, *, forum: Forum, store: Store, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._forum = forum
        self._store = store
        self._settings = settings
        self._clock = clock
        self._next: datetime | None = None
        self._log = structlog.get_logger("boards").bind(forum=forum.name)

    def keep_known(self) -> None:
        """Read and keep the boards when that is due. A forum that does not answer is asked again
        later: nothing but names is lost by that."""
        now = self._clock()
        if now < self._due(now):
            return
        self._next = now + RETRY
        try:
            found = self._forum.boards()
            bins = {one.id: self._forum.recycles(one.id) for one in found}
        except ForumError as problem:
            self._log.warning("boards_unread", code=problem.code, problem=str(problem))
            return
        with self._store.write() as tx:
            boards.save(tx, self._forum.name, [(one.id, one.name, one.posts) for one in found], at=now)
            boards.save_bins(tx, self._forum.name, bins)
        self._next = now + EVERY
        names = {one.id: one.name for one in found}
        for strange in strange_boards(self._settings, self._forum.name, names):
            self._log.warning("unknown_board", entry=strange.entry, board=strange.id, nearest=strange.nearest)

    def _due(self, now: datetime) -> datetime:
        if self._next is None:
            with self._store.read() as rx:
                last = boards.last_seen(rx, self._forum.name)
            self._next = now if last is None else last + EVERY
        return self._next


@dataclass(frozen=True, slots=True)
class Strange:
    """An entry of the settings names a board (``id``) that the forum does not show. ``nearest``
    is the board that it may have meant."""

    entry: str
    id: int
    nearest: str


def strange_boards(settings: Settings, forum: str, names: Mapping[int, str]) -> Iterator[Strange]:
    """Ids of boards in the settings that are not among ``names``, the forum's boards."""
    known = {str(board): f"{board} ({name})" for board, name in names.items()}
    for entry, board in _named_boards(settings, forum):
        if names and board not in names:
            near = difflib.get_close_matches(str(board), list(known), n=1, cutoff=0.5)
            yield Strange(entry, board, known[near[0]] if near else ", ".join(known.values()))


def _named_boards(settings: Settings, forum: str) -> Iterator[tuple[str, int]]:
    for number, entry in enumerate(settings.boards, 1):
        told = f"boards[{number}] {named(entry.model_dump())}"
        if entry.forum == forum or (len(settings.forums) == 1 and not entry.forum):
            yield from ((told, board) for board in sorted(entry.id))
    configured = settings.forums.get(forum)
    for board in configured.boards if configured else ():
        yield f"forums.{forum}.boards.{board}", board
