"""What every request passes before the application sees it, and every answer after.

Plain ASGI, around everything, also around the answer to a defect: no answer leaves without
these headers. What is refused here never reaches a page, so it is told in plain text.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modbot import i18n
from modbot.console.context import Console, language_of
from modbot.console.throttle import TooMany
from modbot.settings.schema import ConsoleSettings

LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 256 * 1024
BODY_SECONDS = 30.0
STATIC = "/static/"
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with it browsers keep the origin of our own forms to themselves.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
FOR_EVER = "public, max-age=31536000, immutable"


class Fences:
    """``Fences(app, console)`` is the application as it may be shown to the world."""

    def __init__(self, app: ASGIApp, console: Console) -> None:
        self._app = app
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = self._console.house.loaded().settings.console
        inner = without_prefix(scope, self._console.prefix)
        answer = _with_headers(send, inner, self._console.styles)
        refused = self._refusal(inner, chosen)
        if refused is None and has_body(Headers(scope=inner)):
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    receive = await read_ahead(receive)
            except BodyTooLong:
                refused = _told(inner, 413)
            except TimeoutError:
                refused = _told(inner, 408)
        await (refused or self._app)(inner, receive, answer)

    def _refusal(self, scope: Scope, chosen: ConsoleSettings) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) for name, value in headers.raw) > LONGEST_HEAD:
            return _told(scope, 431)
        if not is_own_host(headers.get("host", ""), names_of(chosen), scope.get("server")):
            return _told(scope, 421)
        if scope["method"] not in CHANGES_NOTHING and not is_own_origin(headers, chosen.url):
            return _told(scope, 403)
        if not scope["path"].startswith(STATIC):
            try:
                self._console.throttle.ask(address=address_of(scope))
            except TooMany as problem:
                return _told(scope, 429, {"retry-after": str(problem.retry_after)})
        return None


def without_prefix(scope: Scope, prefix: str) -> Scope:
    """The request as the application knows its addresses: a proxy may have stripped the prefix,
    or left it."""
    path = scope["path"]
    if not prefix or not (path == prefix or path.startswith(f"{prefix}/")):
        return scope
    left = path[len(prefix) :] or "/"
    return {**scope, "path": left, "raw_path": left.encode("utf-8")}


def names_of(chosen: ConsoleSettings) -> frozenset[str]:
    """The names by which this console is asked for, in lower case, without ports."""
    listens = chosen.listen.rpartition(":")[0]
    told = (urlsplit(chosen.url).hostname or "", listens.strip("[]"), *map(_name_of, chosen.hosts))
    return frozenset(name.lower() for name in told if name)


def is_own_host(host: str, names: Iterable[str], server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header means this console. Another name may have been made to point here
    (DNS rebinding): the page behind it must not read what its visitor may.

    The address itself on which the request arrived is no name, and ``localhost`` no other's."""
    name = _name_of(host)
    arrived = server[0] if server else ""
    if name == "localhost":
        return _is_loopback(arrived) or name in names
    return bool(name) and (name in names or name == arrived.lower())


def is_own_origin(headers: Headers, url: str) -> bool:
    """Whether a browser that sends a form or a script's request had it from a page of ours.
    Programs tell neither header; their requests carry no cookie that a browser added."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    ours = {headers.get("host", "").lower(), urlsplit(url).netloc.lower()}
    found = urlsplit(origin)
    return found.scheme in {"http", "https"} and found.netloc.lower() in ours


def address_of(scope: Scope) -> str:
    """Where the visitor comes from, as far as it can be believed: the server has read the
    headers of trusted proxies, and of nobody else."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class BodyTooLong(Exception):
    """More than ``LONGEST_BODY`` bytes were sent, or announced."""


def has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def read_ahead(receive: Receive) -> Receive:
    """Take in the whole body. Answers a ``receive`` that tells it, and then what comes after.
    Raises BodyTooLong."""
    parts: list[Message] = []
    length = 0
    while not parts or parts[-1].get("more_body", False):
        part = await receive()
        parts.append(part)
        length += len(part.get("body", b""))
        if length > LONGEST_BODY:
            raise BodyTooLong
    told = iter(parts)

    async def again() -> Message:
        return next(told, None) or await receive()

    return again


def _with_headers(send: Send, scope: Scope, styles: str) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["cache-control"] = _kept(scope, message["status"], styles)
        await send(message)

    return answer


def _kept(scope: Scope, status: int, styles: str) -> str:
    """How long a browser may keep an answer: a static file by its version for ever, by its bare
    name as long as it says that nothing changed, a page not at all."""
    if not scope["path"].startswith(STATIC) or status not in {200, 304}:
        return "no-store"
    return FOR_EVER if scope["query_string"] == styles.encode() else "no-cache"


def _told(scope: Scope, status: int, headers: dict[str, str] | None = None) -> ASGIApp:
    words = i18n.catalogue(language_of(Request(scope)))
    return PlainTextResponse(words.text(f"error.console.http_{status}") + "\n", status, headers)


def _name_of(host: str) -> str:
    """The name of a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
