"""Index → boards → threads: find every changed thread, new ones first.

One :meth:`Sweep.step` makes about one request and leaves the progress true: whatever
it took off the work list is in the harvest, whatever it found is on the list.
"""

from __future__ import annotations

from collections.abc import Sequence

from modbot.errors import Blocked, ForumError, Gone, Refused, Unreadable
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.cursor import BoardMark, Progress, Scan, Work, minute_of
from modbot.forums.discuz.harvest import Harvest
from modbot.forums.discuz.pages.lists import BoardPage, BoardRow, ThreadRow
from modbot.forums.discuz.reader import Guarded, Reader
from modbot.forums.discuz.threads import ThreadWork
from modbot.forums.protocol import Priority, UnreadableBlock

FRESH_REQUESTS = 120
LATE_REQUESTS = 60

_OVERLAP_MINUTES = 10
_DEEP_EVERY_MINUTES = 6 * 60
_DEEP_WINDOW_MINUTES = 7 * 24 * 60
_DEEP_PAGES = 40
_TRIES = 5
_OLD_COPIES = 2
_ENOUGH_WORK = 40


class Sweep:
    """One poll's way through what the progress owes."""

    def __init__(
        self, config: ForumConfig, reader: Reader, progress: Progress, harvest: Harvest, now_minute: int
    ) -> None:
        self.blocked: ForumError | None = None
        self._config = config
        self._reader = reader
        self._progress = progress
        self._harvest = harvest
        self._now = now_minute
        self._threads = ThreadWork(reader, progress, harvest)
        self._set_aside: set[int] = set()

    def glance(self) -> None:
        """Look at the index and list the boards that changed."""
        rows = [row for row in self._reader.index(Priority.POLL) if self.wants(row.id)]
        self._harvest.count(late=False)
        if not rows:
            raise Unreadable(code="error.forum.no_boards", forum=self._config.name, detail="forum.php")
        counted = [row for row in rows if row.posts is not None]
        changed = [self._board(row) for row in counted]
        for row in rows:
            if row.posts is None and (any(changed) or row.id not in self._progress.boards):
                self._board(row)
        for board in set(self._progress.boards) - {row.id for row in rows}:
            del self._progress.boards[board]
        self._look_deep_sometimes()

    def wants(self, board: int) -> bool:
        chosen = not self._config.boards or board in self._config.boards
        return chosen and board not in self._config.skip_boards

    def _board(self, row: BoardRow) -> bool:
        shown = [row.posts, row.threads, row.last_thread_id, minute_of(row.last_post_at)]
        progress = self._progress
        mark = progress.boards.get(row.id)
        if mark and mark.shown == shown and row.posts is not None:
            return False
        until = mark.newest - _OVERLAP_MINUTES if mark and mark.newest else progress.floor
        if not any(scan.board == row.id and not scan.late for scan in progress.scans):
            grew = mark is not None and (row.posts or 0) > mark.posts
            progress.scans.append(Scan(row.id, until, grew=grew, shown=minute_of(row.last_post_at)))
        if mark:
            mark.shown = shown
        else:
            progress.boards[row.id] = BoardMark(shown, 0, row.posts)
        return True

    def _look_deep_sometimes(self) -> None:
        """A late approval moves nothing to the top: every few hours look further down."""
        progress = self._progress
        if self._now - progress.deep_minute < _DEEP_EVERY_MINUTES or not progress.caught_up:
            return
        progress.deep_minute = self._now
        for board, mark in progress.boards.items():
            if mark.shown[0] is None or mark.shown[0] != mark.deep_posts:
                mark.deep_posts = mark.shown[0]
                self._deepen(board)

    def _deepen(self, board: int) -> None:
        until = max(self._now - _DEEP_WINDOW_MINUTES, self._progress.floor)
        if not any(scan.board == board and scan.deep for scan in self._progress.scans):
            self._progress.scans.append(Scan(board, until, deep=True))

    def step(self) -> bool:
        """Do the most urgent piece of work; False when none is left for this poll."""
        item = self._next()
        if item is None:
            return False
        self._harvest.count(late=item.late)
        try:
            if isinstance(item, Scan):
                self._list(item)
            elif not self._threads.read(item):
                item.tries += 1
                self._set_aside.add(id(item))
        except Gone:
            self._drop(item)
        except Refused as error:
            self._drop(item)
            self._note(item, error)
        except Unreadable as error:
            self._fail(item, error)
        except (Blocked, Guarded) as error:
            self.blocked = self.blocked or error
            self._set_aside.add(id(item))
        return True

    def _next(self) -> Scan | Work | None:
        progress, harvest = self._progress, self._harvest
        scans = [scan for scan in progress.scans if id(scan) not in self._set_aside]
        work = [item for item in progress.work if id(item) not in self._set_aside]
        if harvest.fresh < FRESH_REQUESTS:
            fresh = [scan for scan in scans if not scan.late]
            item = fresh[0] if fresh else _most_recent([item for item in work if not item.late])
            if item:
                return item
        if harvest.late < LATE_REQUESTS:
            return _next_late([scan for scan in scans if scan.late], [item for item in work if item.late])
        return None

    def _list(self, scan: Scan) -> None:
        priority = Priority.CATCH_UP if scan.late else Priority.POLL
        page = self._reader.board(scan.board, scan.page, priority)
        self._harvest.note(page.unreadable)
        if self._is_old_copy(scan, page):
            scan.tries += 1
            self._set_aside.add(id(scan))
            return
        changed = sum(self._consider(row, scan) for row in page.threads)
        if not scan.late:
            self._remember_newest(scan.board, page)
        if self._is_last(scan, page):
            self._progress.scans.remove(scan)
            if scan.grew and not scan.late and not changed:
                self._deepen(scan.board)
        else:
            scan.page += 1

    def _is_old_copy(self, scan: Scan, page: BoardPage) -> bool:
        """Whether the list lacks the last post that the index told of. Believed after all
        when it lasts: the post may be gone, or stand in a sub-board."""
        newest = max((minute_of(row.last_post_at) for row in page.threads), default=0)
        return not scan.late and newest < scan.shown and scan.tries < _OLD_COPIES

    def _is_last(self, scan: Scan, page: BoardPage) -> bool:
        rows = [row for row in page.threads if not row.pinned and row.last_post_at]
        too_deep = scan.deep and scan.page >= _DEEP_PAGES
        ended = page.page >= page.pages or page.page != scan.page
        return ended or too_deep or (bool(rows) and minute_of(rows[-1].last_post_at) < scan.until)

    def _remember_newest(self, board: int, page: BoardPage) -> None:
        if mark := self._progress.boards.get(board):
            times = [minute_of(row.last_post_at) for row in page.threads]
            mark.newest = min(max([mark.newest, *times]), self._now)

    def _consider(self, row: ThreadRow, scan: Scan) -> bool:
        """Put a thread on the work list when it differs from what is known of it."""
        progress = self._progress
        state = (row.replies, minute_of(row.last_post_at))
        mark = progress.marks.get(row.id)
        items = [item for item in progress.work if item.thread == row.id and not item.want]
        known = [(item.replies, item.last) for item in items]
        if mark:
            known.append((mark.replies, mark.last))
        if state in known:
            return False
        waiting = next((item for item in items if not item.late and not item.top), None)
        if waiting:
            waiting.replies, waiting.last = state
            waiting.expected = -1
            return True
        if not known and 0 < state[1] < progress.floor:
            return False
        stop = progress.known_top(row.id)
        progress.work.append(
            Work(
                thread=row.id,
                board=scan.board,
                replies=state[0],
                last=state[1],
                stop=stop,
                since=0 if stop else progress.floor,
                expected=state[0] - mark.replies if mark and not items else -1,
                behind=scan.late,
            )
        )
        return True

    def _drop(self, item: Scan | Work) -> None:
        if isinstance(item, Scan):
            self._progress.scans.remove(item)
        else:
            self._threads.give_up(item)

    def _fail(self, item: Scan | Work, error: ForumError) -> None:
        """Move on; try again at another poll, a few times."""
        item.tries += 1
        self._set_aside.add(id(item))
        if item.tries >= _TRIES:
            self._drop(item)
            self._note(item, error)

    def _note(self, item: Scan | Work, error: ForumError) -> None:
        what = f"board {item.board}" if isinstance(item, Scan) else f"thread {item.thread}"
        self._harvest.note([UnreadableBlock(url=what, problem=error.code, excerpt=str(error)[:500])])


def _most_recent(items: Sequence[Work]) -> Work | None:
    return max(items, key=lambda item: item.last, default=None)


def _next_late(scans: Sequence[Scan], work: Sequence[Work]) -> Scan | Work | None:
    """Lists before threads, while the work list is short; then every thread a page in turn,
    so that one of thousands of pages holds up none of the others."""
    scan = min(scans, key=lambda scan: scan.deep, default=None)
    if scan and len(work) < _ENOUGH_WORK:
        return scan
    return min(work, key=lambda item: (item.deep, item.page, -item.last), default=None)
