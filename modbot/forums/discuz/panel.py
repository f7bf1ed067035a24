"""The moderator panel (modcp): its own password form, asked for once an idle hour."""

from __future__ import annotations

from modbot.errors import LoggedOut, Refused, Retryable
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.pages.panel import is_locked, tells_no_right
from modbot.forums.discuz.reader import error_of
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Page, Pairs, Request
from modbot.forums.protocol import Priority

DOOR = "panel"

_LOCKED_SECONDS = 900.0
_MODCP: Pairs = (("mod", "modcp"),)


class Panel:
    """Pages of the panel. A panel password that was refused is never tried again."""

    def __init__(self, config: ForumConfig, session: Session) -> None:
        self._config = config
        self._session = session

    @property
    def allowed(self) -> bool:
        """Whether the operator lets it be searched and nothing known speaks against it."""
        return self._config.panel_search and self.open

    @property
    def open(self) -> bool:
        """Whether it can be entered: what a moderator decided needs no further permission."""
        given = self._config.credentials
        over_http = self._session.transport.origin.scheme == "https" or given.password_over_http
        return (
            bool(given.password) and over_http and not self._session.memory.is_refused(DOOR, self._secret())
        )

    def page(self, query: Pairs, priority: Priority) -> Page:
        """A page of the panel, signing in to it when it asks."""
        request = Request("forum.php", (*_MODCP, *query), priority=priority)
        page = self._session.fetch(request)
        if self._asks(page):
            self._enter(priority)
            page = self._session.fetch(request)
            if self._asks(page):  # the password was taken: this is an old page, or another door
                raise Retryable(code="error.forum.panel_asks_again", forum=self._config.name)
        self._refuse(page)
        self._refuse_right(page)
        return page

    def submit(self, query: Pairs, form: Pairs, priority: Priority) -> Page:
        """Post a form of the panel; once more when the panel's password was asked for
        instead (the panel did nothing then)."""
        request = Request("forum.php", (*_MODCP, *query), form, priority, repeatable=False)
        page = self._session.post(request)
        if self._asks(page):
            self._enter(priority)
            page = self._session.post(request)
            if self._asks(page):
                raise Retryable(code="error.forum.panel_asks_again", forum=self._config.name)
        self._refuse_right(page)
        return page

    def _refuse_right(self, page: Page) -> None:
        if tells_no_right(page.text):
            raise Refused(code="error.forum.panel_no_right", forum=self._config.name)

    def _asks(self, page: Page) -> bool:
        return page.answer.kind is AnswerKind.PANEL_LOGIN

    def _enter(self, priority: Priority) -> None:
        if self._session.memory.is_refused(DOOR, self._secret()):
            raise LoggedOut(code="error.forum.panel_password", forum=self._config.name, detail="")
        form = (
            ("fid", ""),
            ("submit", "yes"),
            ("login_panel", "yes"),
            ("cppwd", self._config.credentials.password),
        )
        query = (*_MODCP, ("action", "login"))
        answer = self._session.post(Request("forum.php", query, form, priority, repeatable=False))
        self._refuse(answer)
        if self._asks(answer):
            raise self._wrong_password()

    def _refuse(self, page: Page) -> None:
        if page.answer.key == "panel_locked" or is_locked(page.text):
            raise Retryable(
                code="error.forum.panel_locked", forum=self._config.name, retry_after=_LOCKED_SECONDS
            )
        if page.answer.kind is AnswerKind.MESSAGE_ERROR and page.answer.key != "panel_nopermission":
            raise error_of(page.answer.key, page.answer.message, self._config.name)
        if page.answer.kind is AnswerKind.MESSAGE_ERROR:
            raise Refused(
                code="error.forum.panel_denied", forum=self._config.name, detail=page.answer.message
            )

    def _wrong_password(self) -> LoggedOut:
        self._session.memory.remember_refused(DOOR, self._secret())
        return LoggedOut(code="error.forum.panel_password", forum=self._config.name, detail="")

    def _secret(self) -> str:
        given = self._config.credentials
        return "\0".join((given.username, given.password))
