"""A door before the embedded forum: nobody signs in there without reading a picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PICTURE = b"\x89PNG\r\n\x1a\n a picture"
IDHASH = "cSabcd"
REFUSED = (
    '<?xml version="1.0" encoding="utf-8"?>\n<root><![CDATA[抱歉，验证码填写错误'
    '<script type="text/javascript" reload="1">if(typeof errorhandle_=='
    "'function') {errorhandle_('抱歉，验证码填写错误', {});}</script>]]></root>"
)
UPDATE = f"if($('seccode_{IDHASH}')) {{src=\"misc.php?mod=seccode&update=18853&idhash={IDHASH}\"}}"


@dataclass
class Door:
    """``word`` is what the picture says; ``tried`` what was answered. ``passwords`` counts
    the passwords that reached the forum itself."""

    url: str
    word: str = "EMV6"
    tried: list[str] = field(default_factory=list)
    passwords: int = 0


@contextmanager
def captcha_before(forum_url: str) -> Iterator[Door]:
    door = Door("")
    behind = urlsplit(forum_url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = parse_qs(urlsplit(self.path).query)
            if query.get("mod") == ["seccode"]:
                script = query.get("action") == ["update"]
                kind = "application/javascript" if script else "image/png; charset=binary"
                self._tell(UPDATE.encode() if script else PICTURE, kind)
            elif query.get("loginsubmit") == ["yes"] and not self._is_read(sent):
                self._tell(REFUSED.encode(), "text/xml; charset=utf-8")
            else:
                door.passwords += query.get("loginsubmit") == ["yes"]
                self._pass_on(sent)

        def _is_read(self, sent: bytes) -> bool:
            form = parse_qs(sent.decode())
            answers = form.get("seccodeverify", [])
            door.tried.extend(answers)
            return answers == [door.word] and form["seccodehash"] == [IDHASH]

        def _pass_on(self, sent: bytes) -> None:
            onward = HTTPConnection(behind, timeout=10)
            kept = {name: self.headers[name] for name in ("Cookie", "Content-Type") if self.headers[name]}
            onward.request(self.command, self.path, sent or None, {**kept, "User-Agent": "Mozilla/5.0"})
            got = onward.getresponse()
            body = got.read().replace(b"</form>", f'<span id="seccode_{IDHASH}"></span></form>'.encode())
            extra = [(n, v) for n, v in got.getheaders() if n.lower() in {"set-cookie", "location"}]
            self._tell(body, got.getheader("Content-Type", ""), got.status, extra)
            onward.close()

        def _tell(
            self, body: bytes, kind: str, status: int = 200, extra: list[tuple[str, str]] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in [("Content-Type", kind), ("Content-Length", str(len(body))), *(extra or [])]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = _serve
        do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    door.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
