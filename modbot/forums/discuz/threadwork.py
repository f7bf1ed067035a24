"""Whole threads, named by their first post: to the recycle bin, out of it, to another board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modbot.domain import ActionOutcome, Reply, Visibility
from modbot.errors import Gone, Refused
from modbot.forums.discuz.actions import visibility_of
from modbot.forums.discuz.pages.recyclebin import parse_bin
from modbot.forums.discuz.pages.thread import ThreadPage
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.proving import attempt
from modbot.forums.discuz.reader import Reader
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Page, Pairs, Request
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

_DELETE, _MOVE = "3", "2"


class ThreadWork:
    def __init__(self, session: Session, panel: Panel, reader: Reader) -> None:
        self._session = session
        self._panel = panel
        self._reader = reader

    def recycle(self, ref: ReplyRef, reason: str, *, notify: bool) -> ActionResult:
        thread = self._thread(ref, Priority.HIDE)
        if thread is None:
            return ActionResult(ActionOutcome.ALREADY, Visibility.GONE)
        form = (*_chosen(thread), ("operations[]", "delete"), *_told(reason, notify=notify))
        return attempt(
            lambda: self._moderate(_DELETE, form, Priority.HIDE),
            lambda detail: self._proof(ref, Priority.HIDE, detail, shown=False),
            self._session.name,
        )

    def restore(self, ref: ReplyRef) -> ActionResult:
        """Out of the recycle bin, which tells no author and takes no reason. The forum shows
        every reply of the thread then: those that were deleted or not approved before, too."""
        thread = self._thread(ref, Priority.RESTORE)
        if thread is not None:
            return ActionResult(ActionOutcome.ALREADY, _visibility(thread, ref))
        found = self._reader.find(ref.post_id, Priority.RESTORE)
        if found is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        if ref.board_id is None:
            raise Refused(code="error.forum.board_needed", forum=self._session.name)
        here = ReplyRef(ref.post_id, found, ref.board_id)
        query = (("action", "recyclebin"), ("fid", str(ref.board_id)))
        parse_bin(self._panel.page(query, Priority.RESTORE).text)  # enters the panel, if need be
        return attempt(
            lambda: self._take_out(query, here),
            lambda detail: self._proof(here, Priority.RESTORE, detail, shown=True),
            self._session.name,
        )

    def move(self, ref: ReplyRef, reason: str, *, notify: bool, details: Mapping[str, Any]) -> ActionResult:
        """To ``details["board"]``. The forum forgets the thread's category in its old board."""
        board = details.get("board")
        if not isinstance(board, int):
            raise Refused(code="error.forum.board_needed", forum=self._session.name)
        thread = self._thread(ref, Priority.HIDE)
        if thread is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        if thread.board_id == board:
            return ActionResult(ActionOutcome.ALREADY, _visibility(thread, ref))
        where = (("moveto", str(board)), ("threadtypeid", "0"), ("type", "normal"))
        form = (*_chosen(thread), ("operations[]", "move"), *where, *_told(reason, notify=notify))
        return attempt(
            lambda: self._moderate(_MOVE, form, Priority.HIDE),
            lambda detail: self._moved(ref, board, detail),
            self._session.name,
        )

    # --- looking ----------------------------------------------------------------------

    def _thread(self, ref: ReplyRef, priority: Priority) -> ThreadPage | None:
        """The thread that the post begins; None when nobody is shown it (any more).

        Raises Refused for a post that begins none: what is meant for one must not hit all.
        """
        number = ref.thread_id or self._reader.find(ref.post_id, priority)
        if number is None:
            return None
        try:
            page = self._reader.thread(number, 1, priority)
        except Gone:
            return None
        if page.first_post_id != ref.post_id:
            raise Refused(code="error.forum.not_first_post", forum=self._session.name, post=ref.post_id)
        return page

    def _proof(self, ref: ReplyRef, priority: Priority, detail: str, *, shown: bool) -> ActionResult:
        thread = self._thread(ref, priority)
        visibility = Visibility.GONE if thread is None else _visibility(thread, ref)
        done = (thread is not None) is shown
        return ActionResult(ActionOutcome.DONE if done else ActionOutcome.UNKNOWN, visibility, detail)

    def _moved(self, ref: ReplyRef, board: int, detail: str) -> ActionResult:
        thread = self._thread(ref, Priority.HIDE)
        if thread is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE, detail)
        done = thread.board_id == board
        outcome = ActionOutcome.DONE if done else ActionOutcome.UNKNOWN
        return ActionResult(outcome, _visibility(thread, ref), detail)

    # --- sending ----------------------------------------------------------------------

    def _moderate(self, group: str, form: Pairs, priority: Priority) -> Page:
        query: Pairs = (
            ("mod", "topicadmin"),
            ("action", "moderate"),
            ("optgroup", group),
            ("modsubmit", "yes"),
        )
        query = (*query, ("infloat", "yes"), ("inajax", "1"))
        return self._session.post(Request("forum.php", query, form, priority, repeatable=False))

    def _take_out(self, query: Pairs, ref: ReplyRef) -> Page:
        form = (("op", "restore"), ("oldop", "list"), ("dosubmit", "submit"))
        return self._panel.submit(query, (*form, ("moderate[]", str(ref.thread_id))), Priority.RESTORE)


def _chosen(thread: ThreadPage) -> Pairs:
    return (("fid", str(thread.board_id or "")), ("moderate[]", str(thread.thread_id)))


def _told(reason: str, *, notify: bool) -> Pairs:
    return (("reason", reason), *((("sendreasonpm", "on"),) if notify else ()))


def _visibility(thread: ThreadPage, ref: ReplyRef) -> Visibility:
    first: Reply | None = next((reply for reply in thread.replies if reply.post_id == ref.post_id), None)
    return Visibility.UNKNOWN if first is None else visibility_of(first)
