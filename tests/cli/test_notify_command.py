"""``modbot notify test`` says of each address whether it works, and never shows one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

TOKEN = "T0kenOfTheAddress"
FORUM = '\n[forums.city]\nurl = "http://127.0.0.1/"\n'


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_address_is_told_by_its_number(shell, receiver):
    works = f"json://127.0.0.1:{receiver.server_port}/{TOKEN}"
    (shell.folder / "urls").write_text(f"{works}\njson://127.0.0.1:9/{TOKEN}\n", "utf-8")
    (shell.folder / "modbot.toml").write_text(f'[notifications]\nurls_file = "urls"\n{FORUM}', "utf-8")
    done = shell("notify", "test", "--json")
    assert done.returncode == 1
    assert '{"number": 1, "service": "JSON", "problem": "", "ok": true}' in done.stdout
    assert '"ok": false' in done.stdout
    assert TOKEN not in done.stdout + done.stderr
    shell.environ["MODBOT_NOTIFICATIONS__URLS"] = works
    done = shell("notify", "test", "--lang", "zh")
    assert (done.returncode, done.stdout.strip()) == (0, "地址 1（JSON）：已发送。")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "MODBOT_NOTIFICATIONS__URLS"),
        (f"nosuch://{TOKEN}", "notifications.urls: address number 1"),
    ],
)
def test_without_a_usable_address_it_says_how_to_give_one(shell, given, told):
    (shell.folder / "modbot.toml").write_text(f'[notifications]\nurls = "{given}"\n{FORUM}', "utf-8")
    done = shell("notify", "test")
    assert done.returncode == 2
    assert told in done.stderr
    assert TOKEN not in done.stderr
