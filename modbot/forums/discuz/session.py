"""A signed-in session that mends itself once: sign-in, form hash, lost cookies."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

from modbot.errors import LoggedOut, Retryable, Unreadable
from modbot.forums.config import EngineContext, ForumConfig
from modbot.forums.discuz.memory import Memory
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer, shows_moderation
from modbot.forums.discuz.signin import SignIn, is_sign_in_wanted
from modbot.forums.discuz.transport import Page, Request, Transport
from modbot.forums.protocol import Priority

_GUEST_JSON = re.compile(r'"member_uid":"0"')
_HEAD = 4000


class Session:
    """Requests as the account. Every page is watched for the viewer and the form hash."""

    def __init__(self, config: ForumConfig, context: EngineContext, transport: Transport) -> None:
        self.memory = Memory(context.state_dir, config.name, config.url)
        self.transport = transport
        self.name = config.name
        self.door = SignIn(config, context, transport, self.memory)
        self.viewer: Viewer | None = None
        self._lock = threading.RLock()

    def fetch(self, request: Request) -> Page:
        """A GET as the account.

        An answer that a guest may have got as well is believed after a look at who we are.
        """
        self.ensure(request.priority)
        page = self._watched(request)
        if self._lost(page) or (_is_anybodys(page) and not self._still_signed_in(request.priority)):
            self.renew(request.priority)
            page = self._watched(request)
        if self._lost(page):  # what we looked at may have been an old copy
            self._sign_in_anew(request.priority)
            page = self._watched(request)
        if self._lost(page):
            raise LoggedOut(code="error.forum.session_lost", forum=self.name, detail=request.path)
        if page.answer.kind is AnswerKind.TAINTED:
            self.refresh(request.priority)
            page = self._untainted(request)
        return page

    def post(self, request: Request) -> Page:
        """A POST as the account; the form hash is added here.

        A stale form hash is answered with "tainting": the page is loaded anew and the
        request made once more (the forum did nothing the first time).
        """
        self.ensure(request.priority)
        page = self._watched(self._signed(request))
        if page.answer.kind is AnswerKind.TAINTED or self._lost(page):
            self.refresh(request.priority)
            page = self._untainted(self._signed(request))
        if is_sign_in_wanted(page):
            raise LoggedOut(code="error.forum.session_lost", forum=self.name, detail=request.path)
        return page

    def _untainted(self, request: Request) -> Page:
        page = self._watched(request)
        if page.answer.kind is AnswerKind.TAINTED:
            raise Retryable(code="error.forum.tainted", forum=self.name, detail=request.path)
        return page

    def _signed(self, request: Request) -> Request:
        formhash = self.viewer.formhash if self.viewer and self.viewer.formhash else ""
        return replace(request, form=(("formhash", formhash), *(request.form or ())))

    def _watched(self, request: Request) -> Page:
        page = self.transport.request(request)
        seen = read_viewer(page.text)
        if self.viewer and seen.formhash and (seen.uid is None or seen.uid == self.viewer.uid):
            self.viewer = replace(self.viewer, formhash=seen.formhash)
        return page

    def _lost(self, page: Page) -> bool:
        if is_sign_in_wanted(page):
            return True
        if page.answer.kind is AnswerKind.JSON:
            return _GUEST_JSON.search(page.text[:_HEAD]) is not None
        return read_viewer(page.text).uid == 0

    def ensure(self, priority: Priority) -> Viewer:
        """Signed in, from the remembered session where it still holds."""
        with self._lock:
            if self.viewer is None:
                self.viewer = self._resume(priority) or self._sign_in(priority)
            return self.viewer

    def _resume(self, priority: Priority) -> Viewer | None:
        kept = self.memory.now
        if kept.account != self.door.account or not kept.cookies:
            return None
        self.transport.cookies.replace(kept.cookies)
        if kept.charset:
            self.transport.charset = kept.charset
        viewer = self.door.look(priority)
        return viewer if viewer.uid else None

    def _sign_in(self, priority: Priority) -> Viewer:
        viewer = self.door.sign_in(priority)
        self.keep()
        return viewer

    def keep(self) -> None:
        """Remember the session for the next start."""
        kept = self.memory.now
        kept.account = self.door.account
        kept.cookies = dict(self.transport.cookies.values)
        kept.charset = self.transport.charset
        self.memory.save()

    def adopt(self, viewer: Viewer) -> None:
        """Take over a sign-in that a human helped with."""
        with self._lock:
            self.viewer = viewer
            self.keep()

    def renew(self, priority: Priority) -> None:
        """The forum took us for a guest: sign in again, unless another thread just did."""
        with self._lock:
            if not self._still_signed_in(priority):
                self.viewer = self._sign_in(priority)

    def _still_signed_in(self, priority: Priority) -> bool:
        seen = self.door.look(priority)
        if seen.uid is None:
            raise Unreadable(
                code="error.forum.page_unreadable", forum=self.name, page="index", problem="no_viewer"
            )
        if seen.uid:
            self.viewer = seen
        return bool(seen.uid)

    def _sign_in_anew(self, priority: Priority) -> None:
        with self._lock:
            self.viewer = self._sign_in(priority)

    def refresh(self, priority: Priority) -> None:
        """Load a page for a fresh form hash; signs in again when the session is over."""
        self.renew(priority)


def _is_anybodys(page: Page) -> bool:
    """An ``inajax=1`` answer names no viewer. A post on which something can be moderated, or
    a form, is for us; a post without such marks and a refusal may be for a guest."""
    if not page.text.lstrip().startswith("<?xml"):
        return False
    if page.answer.kind is AnswerKind.MESSAGE_ERROR:
        return True
    return page.answer.kind is AnswerKind.FRAGMENT and not shows_moderation(page.text)
