"""Pages of one forum as values: fetched as the account, refused in so many words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from modbot.domain import Reply, ThreadKind
from modbot.errors import Blocked, ForumError, Gone, Refused, Retryable, Unreadable
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.pages import lists, mobile_api, thread
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.pages.lists import BoardPage, BoardRow
from modbot.forums.discuz.pages.thread import ThreadPage
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Page, Pairs, Request
from modbot.forums.protocol import Priority

BEYOND_THE_END = 99999

_GONE = frozenset({"thread_nonexistence", "post_not_found", "forum_nonexistence"})
_REFUSED = frozenset(
    {
        "viewperm_none_nopermission",
        "thread_nopermission",
        "admin_nopermission",
        "admin_moderate_invalid",
        "admin_move_invalid",
        "admin_move_have_mod",
        "admin_move_nopermission",
        "modcp_member_ban_illegal",
        "panel_nopermission",
        "user_banned",
        "mobile_is_closed",
        "module_not_exists",
    }
)
_OPENINGS_KEPT = 500
_GUARDED_FOR = timedelta(hours=26)
_GUARDED_REST = 300.0
_FOUND_PID = re.compile(r"#pid(\d{1,18})$", re.ASCII)


class Guarded(Retryable):
    """The anti-crawl script stands before this page; others can be read."""

    code = "error.forum.antitheft_for_now"


class Reader:
    """Index, boards, threads and single posts of one forum, in HTML."""

    def __init__(self, config: ForumConfig, session: Session, clock: Callable[[], datetime]) -> None:
        self.session = session
        self._config = config
        self._clock = clock
        self._openings: dict[int, tuple[str, str, ThreadKind]] = {}
        self._locked_boards: set[int] = set()
        self._guarded_since: datetime | None = None

    def index(self, priority: Priority) -> tuple[BoardRow, ...]:
        page = self._get("forum.php", (), priority)
        return lists.parse_index(page.text, self._clock())

    def board(self, board: int, number: int, priority: Priority) -> BoardPage:
        """Threads of a board by their last post, newest first (sticky ones on top)."""
        query = (
            ("mod", "forumdisplay"),
            ("fid", str(board)),
            ("filter", "lastpost"),
            ("orderby", "lastpost"),
            ("page", str(number)),
        )
        page = self._get("forum.php", query, priority)
        found = lists.parse_board(page.text, self._clock())
        if found.board_id not in {None, board} or _is_another(number, found.page, found.pages):
            raise self._another(page)
        return found

    def thread(
        self, thread_id: int, number: int, priority: Priority, *, newest_first: bool = True
    ) -> ThreadPage:
        """One page of a thread; ``newest_first`` shows the first post, then the newest.

        Where the forum's anti-crawl script guards page 1, its replies are read from the
        other end. Raises Gone, Refused, Blocked, Unreadable.
        """
        query: Pairs = (("mod", "viewthread"), ("tid", str(thread_id)), ("page", str(number)))
        if newest_first:
            query = (*query, ("ordertype", "1"))
        page = self._get("forum.php", query, priority, dsign=True)
        if page.answer.kind is AnswerKind.DSIGN:
            if number > 1:
                raise self._script(page)
            if not newest_first:
                raise self._antitheft(page)
            return self._from_the_end(thread_id, priority, page)
        self._unguarded(number)
        found = self._parsed(page)
        if found.thread_id not in {None, thread_id} or _is_another(number, found.page, found.pages):
            raise self._another(page)
        return found

    def thread_html(self, thread_id: int, priority: Priority) -> str:
        """Page 1 as it came, for what stands beside the posts."""
        query = (("mod", "viewthread"), ("tid", str(thread_id)), ("page", "1"), ("ordertype", "1"))
        return self._get("forum.php", query, priority, dsign=True).text

    def _another(self, page: Page) -> Unreadable:
        """A cache served what somebody else had asked for."""
        return Unreadable(
            code="error.forum.page_unreadable",
            forum=self._config.name,
            page=page.request.address,
            problem="another_page",
        )

    def _from_the_end(self, thread_id: int, priority: Priority, challenged: Page) -> ThreadPage:
        """The newest replies by pages that the anti-crawl script leaves alone (2 and up)."""
        last = self.thread(thread_id, BEYOND_THE_END, priority, newest_first=False)
        replies = list(reversed(last.replies))
        if last.pages > 2:
            before = self.thread(thread_id, last.pages - 1, priority, newest_first=False)
            replies += reversed(before.replies)
        elif last.pages == 2 and len(replies) < 9:
            raise self._antitheft(challenged)
        return replace(last, replies=tuple(replies), page=1)

    def _antitheft(self, page: Page) -> Blocked | Guarded:
        """The script counts an address's views of a day; only what outlasts that needs a human."""
        now = self._clock()
        self._guarded_since = self._guarded_since or now
        if now - self._guarded_since > _GUARDED_FOR:
            return self._script(page)
        return Guarded(forum=self._config.name, detail=page.request.address, retry_after=_GUARDED_REST)

    def _script(self, page: Page) -> Blocked:
        return Blocked(code="error.forum.antitheft", forum=self._config.name, detail=page.request.address)

    def _unguarded(self, number: int) -> None:
        if number == 1:
            self._guarded_since = None

    def _parsed(self, page: Page) -> ThreadPage:
        url = self.session.transport.origin.url + page.request.address
        found = thread.parse_thread(page.text, forum=self._config.name, now=self._clock(), url=url)
        return self._with_opening(found)

    def _with_opening(self, found: ThreadPage) -> ThreadPage:
        """Remember title, kind and opening of recent threads, for their other pages and posts."""
        if found.thread_id is None:
            return found
        for reply in found.replies:
            if reply.post_id == found.first_post_id:
                self._openings[found.thread_id] = (found.title, reply.text, found.kind)
        while len(self._openings) > _OPENINGS_KEPT:
            self._openings.pop(next(iter(self._openings)))
        known = self._openings.get(found.thread_id)
        if known is None or found.first_post_id is not None:
            return found
        title, opening, kind = known
        replies = (
            replace(reply, opening=opening, thread_title=reply.thread_title or title, thread_kind=kind)
            for reply in found.replies
        )
        return replace(found, replies=tuple(replies))

    def post(self, post_id: int, thread_id: int, priority: Priority) -> Reply:
        """One post as it is now. Raises Gone when the thread does not show it."""
        query = (
            ("mod", "viewthread"),
            ("tid", str(thread_id)),
            ("viewpid", str(post_id)),
            ("inajax", "1"),
        )
        page = self._get("forum.php", query, priority, dsign=True)
        if page.answer.kind is AnswerKind.DSIGN:
            page = self._get("forum.php", (*query, ("page", "2")), priority)
        else:
            self._unguarded(1)
        viewer = self.session.viewer
        found = thread.parse_single_post(
            page.text,
            forum=self._config.name,
            now=self._clock(),
            url=self.session.transport.origin.url + page.request.address,
            thread_id=thread_id,
            utc_offset_minutes=viewer.utc_offset_minutes if viewer else None,
        )
        for reply in self._with_opening(found).replies:
            if reply.post_id == post_id:
                return reply
        raise Unreadable(code="error.forum.unreadable", forum=self._config.name, detail=page.request.address)

    def find(self, post_id: int, priority: Priority) -> int | None:
        """The thread in which the forum keeps a post (shown or not); None when it has none."""
        query = (("mod", "redirect"), ("goto", "findpost"), ("pid", str(post_id)))
        page = self.session.fetch(Request("forum.php", query, priority=priority))
        if page.answer.kind is AnswerKind.MESSAGE_ERROR and page.answer.key in _GONE:
            return None
        if page.answer.kind is not AnswerKind.REDIRECT:
            self.refuse(page)
            raise self._another(page)
        found = _FOUND_PID.search(page.location)
        if not found or int(found.group(1)) != post_id:
            return None
        target = urlsplit(page.location)
        told = parse_qs(target.query).get("tid", [""])[0] or _rewritten(target.path)
        return int(told) if told.isdecimal() else None

    def _get(self, path: str, query: Pairs, priority: Priority, *, dsign: bool = False) -> Page:
        page = self.session.fetch(Request(path, query, priority=priority))
        board = _password_board(page)
        if board is not None:
            self._unlock(board, priority)
            page = self.session.fetch(Request(path, query, priority=priority))
        if page.answer.kind is AnswerKind.DSIGN and not dsign:
            raise self._script(page)
        self.refuse(page)
        return page

    def refuse(self, page: Page) -> None:
        """Raise what a message of the forum means; a page passes."""
        answer = page.answer
        if answer.kind is AnswerKind.MESSAGE_ERROR:
            raise error_of(answer.key, answer.message, self._config.name)
        if answer.kind in {AnswerKind.REDIRECT, AnswerKind.BOARD_PASSWORD}:
            raise Unreadable(
                code="error.forum.redirect", forum=self._config.name, detail=page.request.address
            )

    def _unlock(self, board: int, priority: Priority) -> None:
        """Give the password of a board, once."""
        password = self._config.board_passwords.get(board)
        if password is None or board in self._locked_boards:
            raise Refused(code="error.forum.board_password", forum=self._config.name, board=board)
        query = (("mod", "forumdisplay"), ("fid", str(board)), ("action", "pwverify"))
        form = (("pw", password), ("loginsubmit", "true"))
        page = self.session.post(Request("forum.php", query, form, priority, repeatable=False))
        if not any(name.endswith(f"fidpw{board}") for name in page.cookies_set):
            self._locked_boards.add(board)
            raise Refused(code="error.forum.board_password", forum=self._config.name, board=board)


class JsonReader(Reader):
    """Index and boards by the JSON API (exact times, fifty rows a page); threads stay in
    HTML, because only there the author's posts and credits are told."""

    def index(self, priority: Priority) -> tuple[BoardRow, ...]:
        return mobile_api.parse_forumindex(self._api((("module", "forumindex"),), priority).text)

    def board(self, board: int, number: int, priority: Priority) -> BoardPage:
        query = (
            ("module", "forumdisplay"),
            ("fid", str(board)),
            ("page", str(number)),
            ("tpp", "50"),
            ("filter", "lastpost"),
            ("orderby", "lastpost"),
        )
        return mobile_api.parse_forumdisplay(self._api(query, priority).text, self._clock())

    def _api(self, query: Pairs, priority: Priority) -> Page:
        return self._get("api/mobile/index.php", (("version", "4"), *query), priority)


def error_of(key: str, message: str, forum: str) -> ForumError:
    """What a message of the forum means (wire table of error texts)."""
    if key in _GONE:
        return Gone(forum=forum, detail=message)
    if key in _REFUSED or key.startswith("no_privilege"):
        return Refused(forum=forum, detail=message)
    return Retryable(forum=forum, detail=message)


def _is_another(asked: int, told: int, pages: int) -> bool:
    """Whether a list's page is not the one that was asked for: beyond the end stands the last."""
    return told not in {asked, pages}


def _password_board(page: Page) -> int | None:
    """The board that wants its password: its own page, or a thread that redirects to it."""
    asked = dict(page.request.query)
    if page.answer.kind is AnswerKind.BOARD_PASSWORD:
        told = asked.get("fid", "")
    elif page.answer.kind is AnswerKind.REDIRECT and "forumdisplay" in page.location:
        told = parse_qs(urlsplit(page.location).query).get("fid", [""])[0]
    else:
        return None
    return int(told) if told.isdecimal() else None


def _rewritten(path: str) -> str:
    found = re.search(r"thread-(\d{1,18})-", path, re.ASCII)
    return found.group(1) if found else ""
