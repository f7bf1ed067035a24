"""Signing in: by the operator's cookies, by password, or once by hand through a captcha."""

from __future__ import annotations

import re
from datetime import timedelta

from modbot.errors import Blocked, ForumError, LoggedOut, Refused, Retryable
from modbot.forums.config import EngineContext, ForumConfig
from modbot.forums.discuz.memory import Memory, account_of
from modbot.forums.discuz.pages.answers import AnswerKind
from modbot.forums.discuz.pages.login import (
    LoginAnswer,
    LoginOutcome,
    parse_captcha_update,
    parse_login_form,
    read_login_answer,
)
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer
from modbot.forums.discuz.transport import Page, Pairs, Request, Transport
from modbot.forums.protocol import Captcha, Priority

DOOR = "sign-in"
INDEX = Request("forum.php", (("mobile", "no"),))

_LOCKED = timedelta(minutes=15)
_CAPTCHA_REST = timedelta(hours=1)
_COOKIE_DAYS_30 = "2592000"
_LOGIN = (("mod", "logging"), ("action", "login"))
_CHARSETS = re.compile(r"charset=[\"']?([\w-]+)", re.ASCII | re.IGNORECASE)


class SignIn:
    """Doors of one account. A password that was refused is never tried again."""

    def __init__(
        self, config: ForumConfig, context: EngineContext, transport: Transport, memory: Memory
    ) -> None:
        self._config = config
        self._context = context
        self._transport = transport
        self._memory = memory
        self._captcha_rest_until = context.clock()

    @property
    def account(self) -> str:
        given = self._config.credentials
        return account_of((given.username, given.auth_cookie, given.saltkey_cookie))

    def look(self, priority: Priority) -> Viewer:
        """Who the forum takes us for, from a full page; learns charset and cookie prefix."""
        page = self._transport.request(
            Request(INDEX.path, INDEX.query, priority=priority),
        )
        return self.learn(page)

    def learn(self, page: Page) -> Viewer:
        viewer = read_viewer(page.text)
        told = _CHARSETS.search(page.headers.get("content-type", ""))
        charset = told.group(1) if told else viewer.charset
        if charset:
            self._transport.charset = charset.lower()
        if viewer.cookie_prefix:
            self._memory.now.cookie_prefix = viewer.cookie_prefix
        if viewer.attackevasive & 1:
            self._transport.pace.slow_down(2.1)
        return viewer

    def sign_in(self, priority: Priority) -> Viewer:
        """Sign in as configured; answers the viewer of a page read as a member."""
        given = self._config.credentials
        if given.auth_cookie and given.saltkey_cookie:
            return self._by_cookies(priority)
        if given.username and given.password:
            return self.by_password(priority)
        raise self._logged_out("error.forum.no_credentials")

    def _by_cookies(self, priority: Priority) -> Viewer:
        given = self._config.credentials
        self._transport.cookies.replace({})
        prefix = self.look(priority).cookie_prefix
        if not prefix:
            raise self._logged_out("error.forum.cookie_prefix")
        self._transport.cookies.values[prefix + "saltkey"] = given.saltkey_cookie
        self._transport.cookies.values[prefix + "auth"] = given.auth_cookie
        viewer = self.look(priority)
        if not viewer.uid:
            raise self._logged_out("error.forum.cookies_refused")
        return viewer

    def by_password(self, priority: Priority, captcha: Pairs = ()) -> Viewer:
        """One try with the password (and the captcha's fields when a human read it)."""
        self._may_try(with_captcha=bool(captcha))
        if not captcha:
            self._transport.cookies.replace({})
            self.look(priority)
        page = self._transport.request(self._form(captcha, priority))
        if any(name.endswith("_auth") for name in page.cookies_set):
            viewer = self.look(priority)
            if viewer.uid:
                self._memory.now.refused.pop(DOOR, None)
                return viewer
            raise Retryable(code="error.forum.guest_again", forum=self._config.name)
        raise self._refused(read_login_answer(page.text))

    def _form(self, captcha: Pairs, priority: Priority) -> Request:
        given = self._config.credentials
        form = (
            ("username", given.username),
            ("password", given.password),
            ("loginfield", "username"),
            ("questionid", str(given.security_question)),
            ("answer", given.security_answer),
            ("cookietime", _COOKIE_DAYS_30),
            *captcha,
        )
        query = (*_LOGIN, ("loginsubmit", "yes"), ("inajax", "1"))
        return Request("member.php", query, form, priority, repeatable=False, referer=True)

    def _may_try(self, *, with_captcha: bool) -> None:
        name, now = self._config.name, self._context.clock()
        if self._transport.origin.scheme != "https" and not self._config.credentials.password_over_http:
            raise Refused(code="error.forum.password_over_http", forum=name)
        if self._memory.is_refused(DOOR, self._secret()):
            raise self._logged_out("error.forum.password_refused_before")
        locked = self._memory.seconds_locked(now)
        if locked:
            raise Retryable(code="error.forum.sign_in_locked", forum=name, detail="", retry_after=locked)
        if now < self._captcha_rest_until and not with_captcha:
            raise Blocked(code="error.forum.captcha", forum=name)

    def _secret(self) -> str:
        given = self._config.credentials
        question = f"{given.security_question}\0{given.security_answer}"
        return "\0".join((given.username, given.password, question))

    def _refused(self, answer: LoginAnswer) -> ForumError:
        name, now = self._config.name, self._context.clock()
        if answer.outcome is LoginOutcome.CAPTCHA:
            self._captcha_rest_until = now + _CAPTCHA_REST
            return Blocked(code="error.forum.captcha", forum=name)
        if answer.outcome is LoginOutcome.LOCKED:
            rest = timedelta(minutes=answer.locked_minutes) if answer.locked_minutes else _LOCKED
            self._memory.lock_until(now + rest)
            return Retryable(
                code="error.forum.sign_in_locked",
                forum=name,
                detail=answer.message,
                retry_after=rest.total_seconds(),
            )
        if answer.outcome is LoginOutcome.QUESTION:
            self._memory.remember_refused(DOOR, self._secret())
            return LoggedOut(code="error.forum.security_question", forum=name, detail=answer.message)
        if answer.outcome is LoginOutcome.WRONG_PASSWORD:
            self._memory.remember_refused(DOOR, self._secret())
            return LoggedOut(code="error.forum.password_refused", forum=name, detail=answer.message)
        return LoggedOut(
            code="error.forum.sign_in_unknown", forum=name, detail=answer.message or "no auth cookie"
        )

    def _logged_out(self, code: str) -> LoggedOut:
        return LoggedOut(code=code, forum=self._config.name, detail="")

    def captcha(self) -> Captcha:
        """Fetch the picture that stands before the sign-in (for ``init``).

        Its token, Discuz!'s ``idhash``, goes back with the answer within ten minutes.
        """
        priority = Priority.POLL
        self._transport.cookies.replace({})
        page = self._transport.request(Request("member.php", _LOGIN, priority=priority))
        self.learn(page)
        idhash = parse_login_form(page.text).captcha
        if not idhash:
            raise Refused(code="error.forum.no_captcha", forum=self._config.name)
        update = self._captcha_request((("action", "update"), ("idhash", idhash), ("modid", "undefined")))
        picture = parse_captcha_update(update.text)
        image = self._captcha_request((("update", picture.update), ("idhash", picture.id_hash)))
        if not image.body:
            raise Blocked(code="error.forum.captcha_picture", forum=self._config.name)
        return Captcha(idhash, image.body, image.headers.get("content-type", "image/png"))

    def _captcha_request(self, query: Pairs) -> Page:
        return self._transport.request(Request("misc.php", (("mod", "seccode"), *query), referer=True))

    def answer_captcha(self, captcha: Captcha, answer: str) -> Viewer:
        """Sign in once with what the human read."""
        fields = (
            ("seccodehash", captcha.token),
            ("seccodemodid", "member::logging"),
            ("seccodeverify", answer.strip()),
        )
        return self.by_password(Priority.POLL, fields)


def is_sign_in_wanted(page: Page) -> bool:
    """Whether the answer says in so many words that we are signed out."""
    answer = page.answer
    return answer.kind is AnswerKind.SIGN_IN_REDIRECT or answer.key == "to_login"
