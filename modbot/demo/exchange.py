"""One HTTP exchange as values: what was asked, and a whole answer that may still be spoilt.

For layers that stand before any ASGI application, ours or a proxy to a real forum.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_DRIPS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its whole body. ``query`` keeps the last of several values."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: bytes

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> Asked:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        return cls(scope["method"], scope["path"], query, tuple(scope["headers"]), bytes(body))

    @property
    def target(self) -> str:
        return f"{self.path}?{'&'.join(f'{name}={value}' for name, value in sorted(self.query.items()))}"

    @property
    def page(self) -> int:
        told = self.query.get("page", "1")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 1

    @property
    def wants_xml(self) -> bool:
        return self.query.get("inajax", "0") not in {"", "0"} or self.is_action

    @property
    def is_action(self) -> bool:
        """Whether it changes a post: hiding, deleting, approving."""
        mod, action = self.query.get("mod"), self.query.get("action")
        return self.method == "POST" and (mod == "topicadmin" or (mod == "modcp" and action == "moderate"))

    def cookie(self, ending: str) -> str:
        """The value of the first cookie whose name ends so, or nothing."""
        return next((value for name, value in self._cookies() if name.endswith(ending)), "")

    def without_cookie(self, ending: str) -> Asked:
        kept = "; ".join(f"{name}={value}" for name, value in self._cookies() if not name.endswith(ending))
        rest = tuple(pair for pair in self.headers if pair[0] != b"cookie")
        return replace(self, headers=(*rest, (b"cookie", kept.encode("latin-1"))) if kept else rest)

    def _cookies(self) -> list[tuple[str, str]]:
        jar: SimpleCookie = SimpleCookie()
        for name, value in self.headers:
            if name == b"cookie":
                try:
                    jar.load(value.decode("latin-1"))
                except CookieError:
                    continue
        return [(name, morsel.coded_value) for name, morsel in jar.items()]


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer. ``cut_at``: the connection ends after so many bytes of the body, less
    than were promised. ``drip_seconds``: how long the body takes, in small pieces."""

    status: int
    headers: Headers
    body: bytes
    cut_at: int | None = None
    drip_seconds: float = 0.0

    @classmethod
    def of(
        cls, body: str | bytes, *, status: int = 200, media: str = "text/html", charset: str = "utf-8"
    ) -> Answered:
        content = body if isinstance(body, bytes) else body.encode(charset, errors="xmlcharrefreplace")
        return cls(status, ((b"content-type", f"{media}; charset={charset}".encode()),), content)

    @property
    def media(self) -> str:
        return self._header(b"content-type").partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def charset(self) -> str:
        """As the header declares it, else UTF-8."""
        found = _CHARSET.search(self._header(b"content-type"))
        return found.group(1).decode("latin-1").lower() if found else "utf-8"

    @property
    def is_page(self) -> bool:
        """A page of the forum, whole enough to be spoilt."""
        return self.status == 200 and self.media in {"text/html", "text/xml"} and len(self.body) > 200

    def _header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")

    def with_header(self, name: bytes, value: bytes) -> Answered:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name)
        return replace(self, headers=(*kept, (name, value)))

    def recoded(self, charset: str) -> Answered:
        """The same answer from a forum of another charset than UTF-8."""
        if charset == "utf-8":
            return self
        text = self.body.decode().replace('encoding="utf-8"', f'encoding="{charset}"')
        kind = f"{self.media}; charset={charset}".encode()
        body = text.encode(charset, errors="xmlcharrefreplace")
        return replace(self, body=body).with_header(b"content-type", kind)

    async def send(self, send: Send) -> None:
        """Hand over to the server. An answer that is cut ends without its last piece."""
        whole = self.with_header(b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": self.status, "headers": list(whole.headers)})
        pieces = list(_pieces(self.body if self.cut_at is None else self.body[: self.cut_at], self._parts))
        for piece in pieces:
            if self.drip_seconds:
                await asyncio.sleep(self.drip_seconds / len(pieces))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if self.cut_at is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    @property
    def _parts(self) -> int:
        return _DRIPS if self.drip_seconds else 1


def _pieces(body: bytes, parts: int) -> Iterable[bytes]:
    size = max(1, -(-len(body) // parts))
    return (body[start : start + size] for start in range(0, len(body), size))


async def ask(app: ASGIApp, scope: Scope, asked: Asked) -> Answered:
    """What the application answers to a request, whole."""
    start: Message = {}
    body = bytearray()
    handed_over = False

    async def receive() -> Message:
        nonlocal handed_over
        if handed_over:
            return {"type": "http.disconnect"}
        handed_over = True
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app({**scope, "headers": list(asked.headers)}, receive, send)
    headers = tuple((name, value) for name, value in start["headers"] if name.lower() != b"content-length")
    return Answered(start["status"], headers, bytes(body))
