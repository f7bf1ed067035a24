"""``modbot notify test`` says of each address whether it works, and never shows one; ``serve``
tells people by itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from modbot.store import brake, engine

TOKEN = "T0kenOfTheAddress"
FORUM = '\n[forums.city]\nurl = "http://127.0.0.1/"\n'


class Receiver(HTTPServer):
    """``posted`` are the messages, ``called`` the paths of other calls."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posted: list[str] = []
        self.called: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.called.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
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


def test_serve_tells_people_and_calls_while_all_is_well(city, receiver):
    with closing(engine.open(city.shell.folder / "var" / "modbot.db")) as store, store.write() as tx:
        brake.pull(tx, "city", "overturned", at=datetime.now(UTC))
    city.shell.environ |= {
        "MODBOT_NOTIFICATIONS__URLS": f"json://127.0.0.1:{receiver.server_port}/{TOKEN}",
        "MODBOT_NOTIFICATIONS__QUIET_FROM": "",
        "MODBOT_NOTIFICATIONS__HEARTBEAT_URL": f"http://127.0.0.1:{receiver.server_port}/beat/{TOKEN}",
        "MODBOT_NOTIFICATIONS__HEARTBEAT_SECONDS": "0.5",
        "MODBOT_HEALTH__LISTEN": "",
    }
    daemon = city.shell.begin("serve")
    ends = time.monotonic() + 60
    while not (receiver.posted and receiver.called) and time.monotonic() < ends:
        time.sleep(0.1)
    daemon.terminate()
    out, err = daemon.communicate(timeout=60)
    assert daemon.returncode == 0
    assert json.loads(receiver.posted[0])["title"] == "modbot · city：自动屏蔽已暂停"
    assert receiver.called[0] == f"/beat/{TOKEN}"
    assert TOKEN not in out + err
