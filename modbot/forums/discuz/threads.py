"""Reading one changed thread, newest first, a page at a time."""

from __future__ import annotations

from modbot.domain import Reply
from modbot.errors import Gone
from modbot.forums.discuz.cursor import Mark, Progress, Work, minute_of
from modbot.forums.discuz.harvest import Harvest
from modbot.forums.discuz.pages.thread import ThreadPage
from modbot.forums.discuz.reader import Reader
from modbot.forums.protocol import Priority

_DEEP_PAGES = 20
_SINGLE_POSTS = 2
_WANTED_PAGES = 3
_OLD_COPIES = 3


class ThreadWork:
    """Carries out one :class:`Work` item per call and keeps the progress true."""

    def __init__(self, reader: Reader, progress: Progress, harvest: Harvest) -> None:
        self._reader = reader
        self._progress = progress
        self._harvest = harvest

    def read(self, work: Work) -> bool:
        """False for a page older than what is known already: to be read again at another poll.

        Raises Gone, Refused, Unreadable, Blocked with the item still on the list.
        """
        if work.want:
            self._wanted(work)
            return True
        page = self._reader.thread(work.thread, work.page, _priority(work))
        self._harvest.note(page.unreadable)
        own = [reply for reply in page.replies if reply.post_id != page.first_post_id]
        self._harvest.watch(own, self._progress)
        self._harvest.take(_worth_telling(page, work, self._progress.floor), self._progress)
        if work.tries < _OLD_COPIES and _is_old_copy(work, page):
            work.page, work.found, work.pages = 1, 0, 0
            return False
        self._measure(work, page, own)
        if not self._reached(work, page, own):
            work.page += 1
        elif self._lacks_some(work):
            work.deep, work.reach, work.page = True, work.page + _DEEP_PAGES, 1
        else:
            self._finish(work)
        return True

    def _measure(self, work: Work, page: ThreadPage, own: list[Reply]) -> None:
        work.found += sum(reply.post_id > work.stop for reply in own)
        work.top = max([work.top, *(reply.post_id for reply in page.replies)])
        if work.page == 1:
            work.pages = page.pages
            listed = work.replies
            if work.found and page.reply_count is not None:
                work.replies = page.reply_count
            if page.reply_count is not None and page.reply_count < listed:
                work.expected = -1
            work.last = max([work.last, *(minute_of(reply.posted_at) for reply in own)])

    def _reached(self, work: Work, page: ThreadPage, own: list[Reply]) -> bool:
        """Whether all below is known. Only the lowest reply counts: a "hot" one may be
        shown again at the top."""
        if page.page != work.page or (page.page >= page.pages and not _is_one_page_short(work, page)):
            return True
        if work.deep:
            return work.page >= work.reach
        if not own:
            return False
        lowest = own[-1]
        minute = minute_of(lowest.posted_at)
        return lowest.post_id <= work.stop or 0 < minute < work.since

    def _lacks_some(self, work: Work) -> bool:
        """The list counts more new replies than were found: one below the known ones was
        approved late, or deletions moved some up across the edge of a page just read."""
        return not work.deep and work.expected > work.found

    def _finish(self, work: Work) -> None:
        marks = self._progress.marks
        known = marks.get(work.thread)
        if known is None or work.top >= known.top:
            marks[work.thread] = Mark(work.replies, work.last, work.top)
        self._progress.work.remove(work)

    def give_up(self, work: Work) -> None:
        """The thread cannot be read: leave it until its list row changes."""
        self._progress.work.remove(work)
        if not work.want:
            known = self._progress.known_top(work.thread)
            self._progress.marks[work.thread] = Mark(work.replies, work.last, max(known, work.top))

    def _wanted(self, work: Work) -> None:
        """Named posts by their thread's newest page (which tells title, kind and opening
        too), the rest one by one; those approved late stand too far down for that."""
        pages = _WANTED_PAGES if len(work.want) > _SINGLE_POSTS else 1
        if work.page <= pages and not work.behind:
            self._several(work)
        else:
            self._one(work)
        if not work.want:
            self._progress.work.remove(work)

    def _several(self, work: Work) -> None:
        try:
            page = self._reader.thread(work.thread, work.page, _priority(work))
        except Gone:  # merged into another since: each post will tell where it went
            work.page = _WANTED_PAGES + 1
            return
        self._harvest.note(page.unreadable)
        self._keep(work, [reply for reply in page.replies if reply.post_id in work.want])
        work.page = work.page + 1 if page.page < page.pages else _WANTED_PAGES + 1

    def _one(self, work: Work) -> None:
        post_id = work.want[0]
        try:
            self._keep(work, [self._reader.post(post_id, work.thread, _priority(work))])
        except Gone:
            moved_to = self._reader.find(post_id, _priority(work))
            if moved_to is not None and moved_to != work.thread:
                self._progress.work.append(Work(moved_to, work.board, last=work.last, want=[post_id]))
            work.want.remove(post_id)

    def _keep(self, work: Work, replies: list[Reply]) -> None:
        self._harvest.watch([reply for reply in replies if reply.floor != 1], self._progress)
        self._harvest.take(replies, self._progress)
        for reply in replies:
            work.want.remove(reply.post_id)


def _is_old_copy(work: Work, page: ThreadPage) -> bool:
    """Fewer replies than the list counts and none so late, or fewer pages than the first one
    told. Believed after all when it lasts: replies may have been deleted meanwhile."""
    if work.page > 1:
        return page.pages < work.pages
    newest = max((minute_of(reply.posted_at) for reply in page.replies), default=0)
    return page.reply_count is not None and page.reply_count < work.replies and newest < work.last


def _is_one_page_short(work: Work, page: ThreadPage) -> bool:
    """Whether the oldest reply stands on a page that the pager leaves out: newest first,
    X3.5 counts the replies for its pages and forgets the first post."""
    shown = len(page.replies) + page.deleted_floors + len(page.unreadable)
    return page.page == page.pages and work.replies == shown * page.pages


def _priority(work: Work) -> Priority:
    return Priority.CATCH_UP if work.late else Priority.POLL


def _worth_telling(page: ThreadPage, work: Work, floor: int) -> list[Reply]:
    """The replies of a page to hand over: the new ones, and the known ones that stand beside
    them. Those cost no request, and show edits and another history."""
    if work.deep:
        return list(page.replies)
    return [
        reply
        for reply in page.replies
        if reply.posted_at is None
        or minute_of(reply.posted_at) >= (work.since if reply.post_id > work.stop else floor)
    ]
