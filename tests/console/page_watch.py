"""Watches pages for what members' texts could do to them, and a place that those texts call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from browser_desk import Browsers
from hostile_posts import EVALUATED, FALSE_HEADING
from playwright.sync_api import Page

CANARY = """
Object.defineProperty(window, "hacked", {set() { window.hackedOnce = true; }});
"""
_FOUND = """([evaluated, heading]) => {
    const found = [];
    const direction = /[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
    const leftwards = /[\\u0590-\\u08ff]/;
    const addresses = ["href", "src", "srcset", "action", "formaction", "data", "xlink:href", "poster"];
    const told = ["title", "alt", "placeholder", "label", "aria-label"];
    const begin = (node) => node.outerHTML.slice(0, 160);
    if (window.hackedOnce) found.push("a script ran");
    if (direction.test(document.title)) found.push("direction in the title");
    for (const one of document.querySelectorAll("*")) {
        if (["IFRAME", "OBJECT", "EMBED", "BASE", "STYLE", "VIDEO", "math"].includes(one.tagName))
            found.push(begin(one));
        if (one.tagName === "H1" && one.textContent === heading) found.push("markup: " + begin(one));
        if (one.tagName === "SCRIPT" && (!one.src || one.textContent)) found.push(begin(one));
        for (const {name, value} of one.attributes) {
            if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(begin(one));
            if (told.includes(name) && direction.test(value)) found.push("direction in " + begin(one));
            if (addresses.includes(name) && value && new URL(value, location.href).origin !== location.origin)
                found.push("leads elsewhere: " + begin(one));
        }
    }
    const words = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const {data, parentElement} = words.currentNode;
        if (parentElement.closest("textarea")) continue;
        if (direction.test(data)) found.push("direction in " + begin(parentElement));
        if (leftwards.test(data) && !parentElement.closest("bdi, [dir=auto], .said, .signals, option, title"))
            found.push("not isolated: " + begin(parentElement));
        if (data.includes(evaluated)) found.push("a template was evaluated in " + begin(parentElement));
    }
    return [...new Set(found)];
}"""


@dataclass
class Trap:
    """Where the texts want to send something. ``caught`` is what came. It shows a page
    of its own, by which the watch itself is tested."""

    url: str = ""
    page: str = ""
    caught: list[str] = field(default_factory=list)


@contextmanager
def trap() -> Iterator[Trap]:
    made = Trap()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/careless":
                made.caught.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(made.page.encode() if self.path == "/careless" else b"")

        do_POST = do_OPTIONS = do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            """What comes is in ``caught``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Watch:
    """Over one page: what it asks for of other hosts, and dialogs, windows and files that it
    opens, are ``alarms``. Nothing that the console shows may raise one."""

    page: Page
    browsers: Browsers
    alarms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(CANARY)
        context = self.page.context
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", lambda page: self.alarms.append(f"a window: {page.url}"))
        self.page.on(
            "dialog", lambda dialog: (self.alarms.append(f"a dialog: {dialog.message}"), dialog.dismiss())
        )
        self.page.on("download", lambda download: self.alarms.append(f"a file: {download.url}"))

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.browsers.desk.url}/", "data:image/")):
            self.alarms.append(f"asked for {url[:200]}")

    def visit(self, path: str) -> tuple[int, list[str]]:
        """The page's status, and what is wrong with it. All that is folded away is opened."""
        answer = self.page.goto(path, wait_until="load")
        assert answer is not None
        return answer.status, self.wrong()

    def wrong(self) -> list[str]:
        """With what is shown now."""
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found: list[str] = self.page.evaluate(_FOUND, [EVALUATED, FALSE_HEADING])
        alarms, self.alarms[:] = list(self.alarms), []
        return [*found, *alarms, *self.browsers.breaches(self.page)]
