"""Stands between modbot and a forum: notes every secret that passes, and spoils some answers."""

from __future__ import annotations

import http.client
import re
import threading
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FORM_HASH = re.compile(rb"formhash[^0-9a-f]{1,12}([0-9a-f]{8})")
NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding"}


class Wiretap:
    """``seen`` are the form hashes and cookies of the account. While ``spoiling``, every fifth
    answer with a form hash is an error that repeats the secrets, or is cut off."""

    def __init__(self, url: str) -> None:
        self.seen: set[str] = set()
        self.requests = 0
        self.spoiled = 0
        self.spoiling = False
        self._forum = urlsplit(url)
        tap = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                status, headers, body = tap.passed_on(
                    self.command, self.path, self.headers, self.rfile.read(length)
                )
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def passed_on(self, method, path, headers, body):
        self.requests += 1
        forum = http.client.HTTPConnection(self._forum.hostname, self._forum.port, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}
            forum.request(method, path, body=body or None, headers={**kept, "Host": self._forum.netloc})
            answer = forum.getresponse()
            content = answer.read()
        finally:
            forum.close()
        told = [(name, value) for name, value in answer.getheaders() if name.lower() not in NOT_PASSED_ON]
        self._note(headers.get("Cookie", ""), told, content)
        hashes = FORM_HASH.findall(content)
        if self.spoiling and hashes and self.requests % 5 == 0:
            self.spoiled += 1
            leak = f"formhash={hashes[0].decode()} Cookie: {headers.get('Cookie', '')}".encode()
            page = [("Content-Type", "text/html; charset=utf-8")]
            return (
                (500, page, leak),
                (200, page, b"<h1>Discuz! System Error</h1>" + leak),
                (200, told, content[: len(content) * 2 // 3]),
            )[self.spoiled % 3]
        return answer.status, told, content

    def _note(self, sent: str, told: list[tuple[str, str]], content: bytes) -> None:
        cookies = SimpleCookie(sent)
        for name, value in told:
            if name.lower() == "set-cookie":
                cookies.load(value)
        held = {name: morsel.value for name, morsel in cookies.items()}
        self.seen |= {value for name, value in held.items() if name.endswith(("auth", "saltkey", "sid"))}
        self.seen |= {found.decode() for found in FORM_HASH.findall(content)}
