"""Delete a reply, and take it out of the recycle bin again."""

from __future__ import annotations

from modbot.domain import ActionKind, ActionOutcome, Reply, Visibility
from modbot.errors import Refused
from modbot.forums.discuz.actions import Actions, visibility_of
from modbot.forums.discuz.approving import Approving
from modbot.forums.discuz.pages.recyclebin import parse_bin
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.proving import attempt
from modbot.forums.discuz.reader import Reader
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Page, Pairs, Request
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

TOPICADMIN: Pairs = (("modsubmit", "yes"), ("infloat", "yes"), ("modclick", "yes"), ("inajax", "1"))


class Deleting:
    def __init__(
        self, session: Session, panel: Panel, reader: Reader, actions: Actions, approving: Approving
    ) -> None:
        self._session = session
        self._panel = panel
        self._reader = reader
        self._actions = actions
        self._approving = approving

    # --- delete -----------------------------------------------------------------------

    def delete(self, ref: ReplyRef, reason: str, *, notify: bool) -> ActionResult:
        """A reply that is shown, or one that waits for approval; never a first post alone."""
        state = self._actions.look(ref, Priority.HIDE)
        if not isinstance(state, Reply):
            return self._delete_unseen(ref, state, reason)
        if state.floor == 1:
            raise Refused(code="error.forum.first_post", forum=self._session.name)
        seen = ReplyRef(state.post_id, state.thread_id, state.board_id)
        return attempt(
            lambda: self._send(state, reason, notify=notify),
            lambda detail: self._proof(seen, Priority.HIDE, detail, shown=False),
            self._session.name,
        )

    def _delete_unseen(self, ref: ReplyRef, state: Visibility, reason: str) -> ActionResult:
        """It waits in the queue, lies in a recycle bin, or is no more."""
        if self._panel.open and self._reader.find(ref.post_id, Priority.HIDE) is not None:
            return self._approving.judge(ActionKind.DELETE, ref, reason, Priority.HIDE)
        if state is Visibility.PENDING:
            raise Refused(code="error.forum.panel_needed", forum=self._session.name)
        return ActionResult(ActionOutcome.ALREADY, Visibility.GONE)

    def _send(self, reply: Reply, reason: str, *, notify: bool) -> Page:
        form: Pairs = (
            ("fid", str(reply.board_id or "")),
            ("tid", str(reply.thread_id)),
            ("page", "1"),
            ("topiclist[]", str(reply.post_id)),
            ("reason", reason),
        )
        form = (*form, ("sendreasonpm", "on")) if notify else form
        query = (("mod", "topicadmin"), ("action", "delpost"), *TOPICADMIN)
        return self._session.post(Request("forum.php", query, form, Priority.HIDE, repeatable=False))

    # --- undelete ---------------------------------------------------------------------

    def undelete(self, ref: ReplyRef) -> ActionResult:
        """Out of its board's recycle bin, which tells no author and takes no reason."""
        state = self._actions.look(ref, Priority.RESTORE)
        if isinstance(state, Reply):
            return ActionResult(ActionOutcome.ALREADY, visibility_of(state))
        thread = self._reader.find(ref.post_id, Priority.RESTORE)
        if thread is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        found = ReplyRef(ref.post_id, thread, ref.board_id or self._board_of(thread))
        query = (("action", "recyclebinpost"), ("fid", str(found.board_id)))
        bins = parse_bin(self._panel.page(query, Priority.RESTORE).text)
        result = ActionResult(ActionOutcome.UNKNOWN, Visibility.GONE)
        for table in bins.post_tables or (0,):
            result = self._take_out(query, found, table)
            if result.outcome is not ActionOutcome.UNKNOWN:
                break
        return result

    def _board_of(self, thread: int) -> int | None:
        return self._reader.thread(thread, 1, Priority.RESTORE).board_id

    def _take_out(self, query: Pairs, ref: ReplyRef, table: int) -> ActionResult:
        form = (
            ("op", "restore"),
            ("oldop", "list"),
            ("dosubmit", "submit"),
            ("posttableid", str(table)),
            ("moderate[]", str(ref.post_id)),
        )
        return attempt(
            lambda: self._panel.submit(query, form, Priority.RESTORE),
            lambda detail: self._proof(ref, Priority.RESTORE, detail, shown=True),
            self._session.name,
        )

    def _proof(self, ref: ReplyRef, priority: Priority, detail: str, *, shown: bool) -> ActionResult:
        state = self._actions.look(ref, priority)
        visibility = visibility_of(state) if isinstance(state, Reply) else state
        done = isinstance(state, Reply) is shown and state is not Visibility.PENDING
        return ActionResult(ActionOutcome.DONE if done else ActionOutcome.UNKNOWN, visibility, detail)
