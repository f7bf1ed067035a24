"""Polling by the moderator panel: one search lists the new posts of all boards.

Each request writes one line into the forum's moderator log, so it is made seldom, and
the text (the list shows 200 characters) is read from the threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from modbot.domain import Author, Reply
from modbot.errors import Refused, Unreadable
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.cursor import Progress, Work, minute_of, moment_of
from modbot.forums.discuz.harvest import Harvest
from modbot.forums.discuz.pages import panel as panel_pages
from modbot.forums.discuz.pages.panel import QueuePage, QueueRow, SearchPage, SearchRow
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.reader import Reader
from modbot.forums.protocol import Priority

_CAP = 1000
_MAX_PAGES = 60
_QUEUE_PAGES = 10
_TIE_MINUTES = 2
_REACH_MINUTES = 6 * 24 * 60
_SEEN_MINUTES = 30
_SEARCH = (("action", "thread"), ("op", "post"))


class PanelPoll:
    """The panel's search and its approval queue, for one poll."""

    def __init__(
        self,
        config: ForumConfig,
        *,
        panel: Panel,
        reader: Reader,
        progress: Progress,
        harvest: Harvest,
        now_minute: int,
    ) -> None:
        self._config = config
        self._panel = panel
        self._reader = reader
        self._progress = progress
        self._harvest = harvest
        self._now = now_minute

    def _due(self, last: int) -> bool:
        return (self._now - last) * 60 >= self._config.panel_search_seconds

    # --- search ---------------------------------------------------------------------

    @property
    def search_due(self) -> bool:
        return self._due(self._progress.panel_minute)

    def search(self) -> bool:
        """Put what is new on the work list; False when the list cannot show it all."""
        progress = self._progress
        since = progress.settled - _TIE_MINUTES
        if self._now - since > _REACH_MINUTES:
            return False
        rows = self._rows(since, None)
        if rows is None:
            rows = self._by_board(since)
        if rows is None:
            return False
        wanted = [row for row in rows if self._wants(row.board_id)]
        self._enlist([row for row in wanted if row.post_id not in progress.seen])
        progress.panel_minute = self._now
        kept = {row.post_id: minute_of(row.posted_minute) for row in wanted}
        # Never past now: a page with times ahead would hide what is posted until then.
        progress.settled = max([progress.settled, *(min(minute, self._now) for minute in kept.values())])
        progress.seen = {
            pid: minute
            for pid, minute in {**progress.seen, **kept}.items()
            if minute >= progress.settled - _SEEN_MINUTES
        }
        return True

    def _wants(self, board: int | None) -> bool:
        chosen = not self._config.boards or board in self._config.boards
        return chosen and board not in self._config.skip_boards

    def _by_board(self, since: int) -> list[SearchRow] | None:
        found: list[SearchRow] = []
        self._harvest.count(late=False)
        for board in self._reader.index(Priority.POLL):
            if not self._wants(board.id):
                continue
            rows = self._rows(since, board.id)
            if rows is None:
                return None
            found += rows
        return found

    def _rows(self, since: int, board: int | None) -> list[SearchRow] | None:
        """The rows since a minute; None when more than the panel's list can hold."""
        rows: list[SearchRow] = []
        for page in self._pages(since, board):
            self._harvest.note(page.unreadable)
            if page.problem:
                raise Refused(code="error.forum.panel_search", forum=self._config.name, detail=page.problem)
            times = [minute_of(row.posted_minute) for row in page.rows]
            rows += [row for row, minute in zip(page.rows, times, strict=True) if minute >= since]
            if not times or max(times) < since or page.page >= page.pages:
                full = page.total >= _CAP and bool(times) and min(times) >= since
                return None if full else rows
        return None

    def _pages(self, since: int, board: int | None) -> Iterator[SearchPage]:
        """Page after page of one search, of which the panel keeps the result: a page of
        another one, or of none after the panel was entered anew, would hide replies."""
        now, total = moment_of(self._now), 0
        for number in range(1, _MAX_PAGES + 1):
            query = self._first(since, board) if number == 1 else self._following(number, board)
            self._harvest.count(late=False)
            page = panel_pages.parse_search(self._panel.page(query, Priority.POLL).text, now)
            total = page.total if number == 1 else total
            if page.page != number or page.total != total:
                raise Unreadable(
                    code="error.forum.page_unreadable",
                    forum=self._config.name,
                    page="panel_search",
                    problem="another_search",
                )
            yield page

    def _first(self, since: int, board: int | None) -> tuple[tuple[str, str], ...]:
        viewer = self._reader.session.viewer
        offset = viewer.utc_offset_minutes if viewer else None
        day = moment_of(since) + timedelta(minutes=480 if offset is None else offset)
        query = (
            *_SEARCH,
            ("do", "search"),
            ("searchsubmit", "1"),
            ("useip", "*"),
            ("threadoption", "0"),
            ("starttime", day.date().isoformat()),
        )
        return query if board is None else (*query, ("fid", str(board)))

    def _following(self, number: int, board: int | None) -> tuple[tuple[str, str], ...]:
        query = (*_SEARCH, ("do", "list"), ("page", str(number)))
        return query if board is None else (*query, ("fid", str(board)))

    def _enlist(self, rows: list[SearchRow]) -> None:
        """One work item per thread, so that several new posts of one cost one page."""
        items: dict[int, Work] = {}
        for row in rows:
            if row.thread_id not in items:
                items[row.thread_id] = Work(row.thread_id, row.board_id)
            item = items[row.thread_id]
            item.want.append(row.post_id)
            item.last = max(item.last, minute_of(row.posted_minute))
        self._progress.work.extend(items.values())

    # --- approval queue ---------------------------------------------------------------

    @property
    def queue_due(self) -> bool:
        return self._due(self._progress.queue_minute)

    def queue(self) -> None:
        """Read what waits for approval, and look after what waits no longer."""
        progress = self._progress
        replies, whole = self._queue("replies")
        waiting = {row.post_id: row.thread_id or 0 for row in replies if row.post_id is not None}
        new = [row for row in replies if row.post_id is not None and row.post_id not in progress.pending]
        self._harvest.take([self._pending(row) for row in new], progress)
        progress.pending |= waiting
        for post_id in sorted(set(progress.pending) - set(waiting)) if whole else ():
            self._look_after(post_id, progress.pending[post_id])
            del progress.pending[post_id]
        rows, whole = self._queue("threads")
        threads = {row.thread_id: row.board_id or 0 for row in rows if row.thread_id}
        progress.pending_threads |= threads
        for thread in sorted(set(progress.pending_threads) - set(threads)) if whole else ():
            board = progress.pending_threads.pop(thread)
            progress.work.append(Work(thread, board or None, behind=True))
        progress.queue_minute = self._now

    def _queue(self, what: Literal["replies", "threads"]) -> tuple[list[QueueRow], bool]:
        """The queue's rows, and whether they are all of it."""
        rows: list[QueueRow] = []
        for number in range(1, _QUEUE_PAGES + 1):
            self._harvest.count(late=False)
            query = (("action", "moderate"), ("op", what), ("page", str(number)))
            page: QueuePage = panel_pages.parse_queue(
                self._panel.page(query, Priority.POLL).text, moment_of(self._now)
            )
            self._harvest.note(page.unreadable)
            rows += [row for row in page.rows if self._wants(row.board_id)]
            if page.page >= page.pages:
                return rows, True
            if page.page != number:
                return rows, False
        return rows, False

    def _pending(self, row: QueueRow) -> Reply:
        return Reply(
            forum=self._config.name,
            post_id=row.post_id or 0,
            text=row.text,
            thread_id=row.thread_id,
            thread_title=row.title,
            board_id=row.board_id,
            author=Author(id=row.author_id, name=row.author),
            posted_at=row.posted_at,
            pending=True,
        )

    def _look_after(self, post_id: int, thread: int) -> None:
        """Approved (with its old id and time), ignored or deleted: read it by its id."""
        found = thread or self._reader.find(post_id, Priority.CATCH_UP)
        if found:
            self._progress.work.append(Work(found, None, behind=True, want=[post_id]))
