"""Requests to one Discuz! site: politely, within bounds, each answer recognised.

Everything that can be settled without knowing who is signed in is settled here:
the gate, the pace, the day's budget, broken answers, the anti-crawl pages that only
want a second request. What is left is a :class:`Page` whose ``answer`` says what it is.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from modbot.errors import Blocked, BudgetSpent, ForumError, Retryable, Unreadable
from modbot.forums.config import EngineContext, ForumConfig
from modbot.forums.discuz.cookies import Cookies
from modbot.forums.discuz.pages.answers import Answer, AnswerKind, CcFlavour, classify
from modbot.forums.discuz.pages.documents import decode_body, is_misread
from modbot.forums.gate import Gate, Pace
from modbot.forums.http import Origin, Response, Wire, WireError
from modbot.forums.protocol import Priority

Pairs = tuple[tuple[str, str], ...]

_CC_SECONDS = 2.1
_CC_REST_SECONDS = 60.0
_CLOSED_SECONDS = 600.0
_REPEATS = 2
_HANGS_UP_WITHIN = 2.0
_URGENT_RESERVE = 1.1
_BROKEN = frozenset({AnswerKind.SYSTEM_ERROR, AnswerKind.TRUNCATED, AnswerKind.EMPTY})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRY_STATUS = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Request:
    """``form`` makes it a POST. ``repeatable`` is False where a second arrival would do harm."""

    path: str
    query: Pairs = ()
    form: Pairs | None = field(default=None, repr=False)
    priority: Priority = Priority.POLL
    repeatable: bool = True
    referer: bool = False

    def with_query(self, name: str, value: str) -> Request:
        rest = tuple(pair for pair in self.query if pair[0] != name)
        return replace(self, query=(*rest, (name, value)))

    @property
    def address(self) -> str:
        """Path and query, in ASCII; holds no secret."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Page:
    request: Request
    status: int
    headers: Mapping[str, str]
    text: str
    answer: Answer
    cookies_set: frozenset[str]
    body: bytes = field(repr=False, default=b"")

    @property
    def location(self) -> str:
        """Where a redirect leads, made absolute."""
        return self.answer.location


class Transport:
    """Thread-safe: any number of callers, one request at a time."""

    def __init__(self, config: ForumConfig, context: EngineContext) -> None:
        polite = config.politeness
        self.name = config.name
        self.origin = Origin.of(config.url)
        self.cookies = Cookies()
        self.charset = "utf-8"
        self.pace = Pace(polite.requests_per_second)
        self.last_date: tuple[datetime, datetime] | None = None
        self._config = config
        self._context = context
        self._gate = Gate(
            self.pace,
            forum=config.name,
            clock=context.clock,
            sleep=context.sleep,
            urgent_sleep=context.urgent_sleep,
        )
        self._spent_day = ""
        self._closed = False
        self._wire = Wire(
            self.origin,
            seconds=polite.response_seconds,
            max_raw_bytes=polite.max_raw_bytes,
            max_decoded_bytes=polite.max_decoded_bytes,
        )

    def request(self, request: Request) -> Page:
        """The forum's answer; raises the errors of :mod:`modbot.errors` for what is none."""
        polite = self._config.politeness
        repeats = failures = 0
        while True:
            try:
                page = self._once(request)
                again = self._obstacle(page, repeats)
            except _Again as failure:
                failures += 1
                if failures >= polite.attempts or not (request.repeatable or failure.unsent):
                    raise failure.error from failure
                self._pause(self._backoff(failures, failure.retry_after), request.priority)
                continue
            if again is None:
                return page
            repeats += 1
            request = again

    def _once(self, request: Request) -> Page:
        with self._gate.turn(request.priority):
            self._spend(request.priority)
            response = self._send(request)
            self.last_date = self._server_date(response.headers)
            names = self.cookies.take(response.set_cookies, host=self.origin.host)
        return self._recognised(request, response, names)

    def _recognised(self, request: Request, response: Response, names: frozenset[str]) -> Page:
        kind = response.headers.get("content-type", "")
        if kind.startswith("image/"):
            answer = Answer(AnswerKind.PAGE)
            return Page(request, response.status, response.headers, "", answer, names, response.body)
        text = decode_body(response.body, kind)
        if is_misread(response.body, kind, text):
            raise _Again(Retryable(code="error.forum.charset", forum=self.name, detail=request.address))
        answer = classify(response.status, response.headers, text, url=self.origin.url + request.address)
        return Page(request, response.status, response.headers, text, answer, names)

    def _send(self, request: Request) -> Response:
        method = "GET" if request.form is None else "POST"
        headers = {
            "User-Agent": self._config.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
        }
        body = b""
        if request.form is not None:
            body = encode_form(request.form, self.charset)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if request.referer:
            headers["Referer"] = self.origin.url
        if self.cookies.values:
            headers["Cookie"] = self.cookies.header()
        try:
            return self._wire.send(method, self.origin.base + request.address, headers, body)
        except WireError as error:
            raise self._stopping() if self._closed else self._broken(error, request) from error

    def _broken(self, error: WireError, request: Request) -> Exception:
        if not error.repeatable:
            return Unreadable(
                code="error.forum.too_large", forum=self.name, detail=request.address, problem=error.problem
            )
        final = Retryable(code="error.forum.connection", forum=self.name, detail=error.problem)
        return _Again(final, unsent=not error.sent)

    def _spend(self, priority: Priority) -> None:
        now = self._context.clock()
        limit = self._config.politeness.requests_per_day
        urgent = priority <= Priority.HIDE
        day = now.astimezone(UTC).date().isoformat()
        if day == self._spent_day and not urgent:
            raise self._budget_spent(limit, now)
        made = self._context.ledger.spend(self.name, at=now)
        if made > limit:
            self._spent_day = day
        if made > limit * (_URGENT_RESERVE if urgent else 1):
            raise self._budget_spent(limit, now)

    def _budget_spent(self, limit: int, now: datetime) -> BudgetSpent:
        gone = now.astimezone(UTC)
        seconds = 86400 - (gone.hour * 3600 + gone.minute * 60 + gone.second)
        return BudgetSpent(forum=self.name, limit=limit, retry_after=float(seconds))

    def _server_date(self, headers: Mapping[str, str]) -> tuple[datetime, datetime] | None:
        """The server's clock beside ours, for the doctor."""
        try:
            told = parsedate_to_datetime(headers["date"])
        except (KeyError, ValueError):
            return self.last_date
        return (told.replace(tzinfo=told.tzinfo or UTC), self._context.clock())

    def _obstacle(self, page: Page, repeats: int) -> Request | None:
        """None when the page is an answer, or the request to make instead."""
        kind = page.answer.kind
        if kind is AnswerKind.CC_DEFENCE:
            return self._cc_defence(page, repeats)
        nowhere = page.status in _REDIRECTS and kind is AnswerKind.HTTP_ERROR
        if (kind is AnswerKind.SAME_PAGE_REDIRECT or nowhere) and repeats < _REPEATS:
            return page.request
        if kind is AnswerKind.TOUCH_TEMPLATE and repeats < 1:
            return page.request.with_query("mobile", "no")
        self._refuse(page)
        return None

    def _refuse(self, page: Page) -> None:
        kind, address = page.answer.kind, page.request.address
        if kind is AnswerKind.CLOSED_SITE:
            raise Retryable(
                code="error.forum.closed",
                forum=self.name,
                detail=page.answer.message,
                retry_after=_CLOSED_SECONDS,
            )
        if kind is AnswerKind.FOREIGN_REDIRECT:
            raise Blocked(code="error.forum.foreign_redirect", forum=self.name, detail=_capped(page.location))
        if kind in {AnswerKind.TOUCH_TEMPLATE, AnswerKind.ROBOT_TEMPLATE}:
            raise Blocked(code="error.forum.user_agent", forum=self.name, detail=self._config.user_agent)
        if kind is AnswerKind.SAME_PAGE_REDIRECT:
            raise Unreadable(code="error.forum.redirect_loop", forum=self.name, detail=address)
        if kind in _BROKEN or (page.status in _RETRY_STATUS and kind is not AnswerKind.TAINTED):
            self._fail_for_now(page)
        if kind is AnswerKind.HTTP_ERROR:
            raise Blocked(code="error.forum.http_status", forum=self.name, status=page.status, detail=address)
        if kind is AnswerKind.NOT_HTML and "javascript" not in page.headers.get("content-type", ""):
            raise _Again(Unreadable(code="error.forum.not_html", forum=self.name, detail=address))

    def _fail_for_now(self, page: Page) -> None:
        said = "" if page.answer.kind is AnswerKind.HTTP_ERROR else page.answer.message
        detail = said or f"status {page.status} at {page.request.address}"
        after = self._retry_after(page.headers)
        error = Retryable(
            code="error.forum.retryable", forum=self.name, detail=_capped(detail), retry_after=after
        )
        raise _Again(error, retry_after=after)

    def _cc_defence(self, page: Page, repeats: int) -> Request:
        """Two of its flavours pass by asking again, at once or later; a proxy's mark or a sum
        to be worked out pass for no client of ours."""
        flavour = page.answer.flavour
        told = flavour.value if flavour else "unknown"
        if flavour not in {CcFlavour.TOO_FAST, CcFlavour.RELOAD}:
            raise Blocked(code="error.forum.cc_defence", forum=self.name, detail=told)
        if flavour is CcFlavour.TOO_FAST:
            self.pace.slow_down(_CC_SECONDS)
        if repeats < _REPEATS:
            return page.request
        raise Retryable(
            code="error.forum.cc_defence_lasts",
            forum=self.name,
            detail=told,
            retry_after=_CC_REST_SECONDS,
        )

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        told = headers.get("retry-after", "").strip()
        if told.isdigit():
            return float(told[:9])
        try:
            moment = parsedate_to_datetime(told)
        except ValueError:
            return None
        return max((moment.replace(tzinfo=moment.tzinfo or UTC) - self._context.clock()).total_seconds(), 0.0)

    def _backoff(self, failures: int, retry_after: float | None) -> float:
        """Full jitter; a told time is obeyed up to the cap."""
        cap = self._config.politeness.longest_backoff_seconds
        if retry_after is not None:
            return min(retry_after, cap)
        return random.uniform(0, min(2.0**failures, cap))  # noqa: S311  jitter guards no secret

    def _pause(self, seconds: float, priority: Priority) -> None:
        if self._context.sleep_for(urgent=priority <= Priority.HIDE)(seconds) or self._closed:
            raise self._stopping()

    def _stopping(self) -> Retryable:
        return Retryable(code="error.forum.stopping", forum=self.name)

    def close(self) -> None:
        """Refuse every further request; one that is under way in another thread fails."""
        self._closed = True
        self._gate.close()
        self._wire.hang_up()
        self._gate.wait_until_free(_HANGS_UP_WITHIN)
        self._wire.close()


class _Again(Exception):
    """A failure after which the same request is made again, up to a number of times."""

    def __init__(self, error: ForumError, *, unsent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.unsent = unsent
        self.retry_after = retry_after


def encode_form(form: Pairs, charset: str) -> bytes:
    """A form body in the forum's own charset; what it lacks goes as ``&#N;`` (as browsers do)."""
    codec = "gbk" if charset.lower() in {"gbk", "gb2312", "gb18030"} else charset
    return urlencode(form, encoding=codec, errors="xmlcharrefreplace").encode("ascii")


def _capped(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"
