"""The Discuz! engine behind the forum protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from modbot.domain import ActionKind, ActionOutcome, Author, Reply, Visibility
from modbot.errors import Gone, Unreadable
from modbot.forums.config import EngineContext, ForumConfig, PollingMethod
from modbot.forums.discuz import addresses
from modbot.forums.discuz.access import Access
from modbot.forums.discuz.actions import Actions, State, visibility_of
from modbot.forums.discuz.deeds import Deeds
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.poll import Poller
from modbot.forums.discuz.profile import parse_profile
from modbot.forums.discuz.rights import Rights
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Request, Transport
from modbot.forums.protocol import (
    ActionResult,
    Batch,
    Board,
    Capability,
    Captcha,
    Check,
    Cursor,
    Priority,
    ReplyRef,
    ThreadRef,
    ThreadView,
)

_WHOLE_PAGE_FROM = 3
_PENDING_KEPT = 5000


class DiscuzForum:
    """One Discuz! X site (X3.4 of 2020 and 2022, X3.5; UTF-8 or GBK). Thread-safe."""

    def __init__(self, config: ForumConfig, context: EngineContext) -> None:
        self._config = config
        self._clock = context.clock
        self._transport = Transport(config, context)
        self._session = Session(config, context, self._transport)
        self._panel = Panel(config, self._session)
        self._poller = Poller(config, context, self._session, self._panel)
        self._pending: dict[int, None] = {}
        self._closed = False
        self._actions = Actions(self._session, self._poller.html, self._pending.__contains__)
        self._deeds = Deeds(self._session, self._panel, self._poller.html, self._actions, context.clock)
        self._rights = Rights(
            config,
            panel=self._panel,
            reader=self._poller.html,
            actions=self._actions,
            clock=context.clock,
        )
        self._access = Access(
            config,
            session=self._session,
            poller=self._poller,
            panel=self._panel,
            actions=self._actions,
            rights=self._rights,
        )

    @property
    def name(self) -> str:
        return self._config.name

    def capabilities(self) -> frozenset[Capability]:
        found = {Capability.HIDE, Capability.RESTORE, *self._rights.found()}
        if self._poller.panel_usable:
            found |= {Capability.PENDING_QUEUE, Capability.PANEL_SEARCH}
        if self._config.polling in {PollingMethod.AUTO, PollingMethod.JSON} and self._poller.json_on():
            found.add(Capability.JSON_API)
        return frozenset(found)

    def boards(self) -> tuple[Board, ...]:
        rows = self._poller.html.index(Priority.RE_READ)
        return tuple(Board(row.id, row.name, row.posts) for row in rows)

    def poll(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Batch]:
        for batch in self._poller.poll(cursor, now):
            self._remember_pending(batch.replies)
            yield batch

    def _remember_pending(self, replies: Sequence[Reply]) -> None:
        for reply in replies:
            if reply.pending:
                self._pending[reply.post_id] = None
            else:
                self._pending.pop(reply.post_id, None)
        while len(self._pending) > _PENDING_KEPT:
            self._pending.pop(next(iter(self._pending)))

    def thread(self, ref: ThreadRef, *, page: int = 1) -> ThreadView:
        found = self._poller.html.thread(ref.id, page, Priority.RE_READ, newest_first=False)
        opening = next((reply.text for reply in found.replies if reply.post_id == found.first_post_id), "")
        return ThreadView(
            id=found.thread_id or ref.id,
            board_id=found.board_id or ref.board_id,
            title=found.title,
            kind=found.kind,
            opening=opening or next((reply.opening for reply in found.replies), ""),
            replies=found.replies,
            pages=found.pages,
        )

    def author(self, author_id: int) -> Author:
        query = (("mod", "space"), ("uid", str(author_id)), ("do", "profile"))
        page = self._session.fetch(Request("home.php", query, priority=Priority.RE_READ))
        self._poller.html.refuse(page)
        return parse_profile(page.text, author_id=author_id, now=self._clock())

    def read(
        self, refs: Sequence[ReplyRef], *, priority: Priority = Priority.RE_READ
    ) -> dict[int, Reply | Visibility]:
        found: dict[int, Reply | Visibility] = {}
        by_thread: dict[int, list[ReplyRef]] = {}
        for ref in refs:
            by_thread.setdefault(ref.thread_id or 0, []).append(ref)
        for thread, some in by_thread.items():
            if thread and len(some) >= _WHOLE_PAGE_FROM:
                found.update(self._on_newest_page(thread, some, priority))
            for ref in some:
                if ref.post_id not in found:
                    found[ref.post_id] = self._state(ref, priority)
        return found

    def _on_newest_page(
        self, thread: int, refs: Sequence[ReplyRef], priority: Priority
    ) -> dict[int, Reply | Visibility]:
        """Those of a thread's replies that its newest page shows, in one request."""
        try:
            page = self._poller.html.thread(thread, 1, priority)
        except (Gone, Unreadable):
            return {}
        wanted = {ref.post_id for ref in refs}
        return {reply.post_id: reply for reply in page.replies if reply.post_id in wanted}

    def _state(self, ref: ReplyRef, priority: Priority = Priority.RE_READ) -> State:
        try:
            return self._actions.look(ref, priority)
        except Unreadable:
            return Visibility.UNKNOWN

    def read_back(self, ref: ReplyRef) -> Visibility:
        state = self._state(ref)
        return state if isinstance(state, Visibility) else visibility_of(state)

    def hide(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        return self._actions.change(refs, reason, hide=True, notify=notify)

    def restore(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        return self._actions.change(refs, reason, hide=False, notify=notify)

    def act(
        self,
        kind: ActionKind,
        ref: ReplyRef,
        reason: str,
        *,
        notify: bool,
        details: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        if kind is ActionKind.HIDE:
            return self.hide([ref], reason, notify=notify)[ref.post_id]
        if kind is ActionKind.RESTORE:
            return self.restore([ref], reason, notify=notify)[ref.post_id]
        result = self._deeds.carry_out(kind, ref, reason, notify=notify, details=details or {})
        if result.outcome is ActionOutcome.DONE:
            self._pending.pop(ref.post_id, None)
        return result

    def check_access(self) -> tuple[Check, ...]:
        return self._access.checks()

    def recycles(self, board_id: int) -> bool | None:
        return self._rights.recycles(board_id)

    def preset_reasons(self) -> tuple[str, ...]:
        return self._rights.preset_reasons()

    def post_at(self, url: str) -> ReplyRef | None:
        """The post that an address of this site names, if it names one."""
        return addresses.post_of(url)

    # --- for `modbot init` --------------------------------------------------------------

    def captcha(self) -> Captcha:
        """The picture that stands before the sign-in, for a human to read."""
        return self._session.door.captcha()

    def answer_captcha(self, captcha: Captcha, answer: str) -> None:
        """Sign in once with the human's answer; the session is kept for later starts."""
        self._session.adopt(self._session.door.answer_captcha(captcha, answer))

    def close(self) -> None:
        """End the connection, whoever is using it, and keep the session for the next start.

        Every later call that needs a request raises Retryable (``error.forum.stopping``).
        """
        if self._closed:
            return
        self._closed = True
        self._transport.close()
        if self._session.viewer is not None:
            self._session.keep()
