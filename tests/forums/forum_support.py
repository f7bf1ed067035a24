"""A world for engine tests: time that only moves when told, and servers on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from modbot.forums.config import EngineContext


@dataclass
class World:
    """Clock, sleep and ledger of one engine. Sleeping moves the clock and returns at once."""

    state_dir: Path
    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)
    requests: int = 0
    stopping: bool = False

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        return self.stopping

    def spend(self, forum: str, *, at: datetime) -> int:
        self.requests += 1
        return self.requests

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @property
    def context(self) -> EngineContext:
        return EngineContext(self.state_dir, self, self.clock, self.sleep)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    form: list[tuple[str, str]]
    body: bytes
    headers: dict[str, str]

    @property
    def target(self) -> str:
        return self.path + "?" + "&".join(f"{name}={value}" for name, value in self.query.items())


@dataclass(frozen=True)
class Told:
    body: str | bytes = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/html; charset=utf-8"


@dataclass
class Site:
    """A scripted site: ``answer`` decides; ``asked`` remembers."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Told] = lambda asked: Told("")

    def count(self, part: str) -> int:
        return sum(part in asked.target for asked in self.asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up in the middle is what some tests are about."""


@contextmanager
def scripted_site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            form = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, parts.path, query, form, body, headers)
            site.asked.append(asked)
            told = site.answer(asked)
            content = told.body.encode() if isinstance(told.body, str) else told.body
            self.send_response(told.status)
            self.send_header("Content-Type", told.content_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in told.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = _serve
        do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            return

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page(
    content: str = "",
    *,
    uid: int = 2,
    formhash: str = "0a1b2c3d",
    attackevasive: str = "0",
    prefix: str = "Ab12_2132_",
    title: str = "论坛",
) -> str:
    """A full page as Discuz! frames it, around ``content``."""
    script = (
        f"var STYLEID = '1', charset = 'utf-8', discuz_uid = '{uid}', cookiepre = '{prefix}', "
        f"attackevasive = '{attackevasive}';"
    )
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>"
        f'<script type="text/javascript">{script}</script></head>'
        f'<body><form><input type="hidden" name="formhash" value="{formhash}" /></form>{content}'
        "<p>GMT+8, 2026-11-23 17:00</p></body></html>"
    )


def fragment(content: str) -> Told:
    """An ``inajax=1`` answer."""
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<root><![CDATA[{content}]]></root>'
    return Told(text, content_type="text/xml; charset=utf-8")


def error_call(message: str, key: str = "") -> Told:
    call = f"errorhandle_{key}('{message}', {{}});"
    script = f"if(typeof errorhandle_{key}=='function') {{{call}}}"
    return fragment(f'{message}<script type="text/javascript" reload="1">{script}</script>')


def success_call(message: str, key: str = "mods") -> Told:
    call = f"succeedhandle_{key}('forum.php', '{message}', {{}});"
    script = f"if(typeof succeedhandle_{key}=='function') {{{call}}}"
    return fragment(f'<script type="text/javascript" reload="1">{script}</script>')
