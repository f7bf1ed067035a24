"""A full run with failures of every kind: no secret is in what it prints or keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wiretap_support import Wiretap

from modbot import settings
from modbot.demo.members import write
from modbot.demo.scene import stage
from modbot.demo.server import DemoServer
from modbot.store import brake, engine

GIVEN = {
    "wrong password": "Wr0ng-pässword 密码/&=",
    "auth": "4f1cAuthCookie%2FabcdEF%2B0123456789",
    "saltkey": "kSaltkey7",
    "answer": "Mädchenname 王芳",
    "board": "bOard-w0rd",
    "engine": "Leaky'Pass\"word\\9",
    "address": "T0kenOfTheAddress",
    "login": "mailb0x-word",
    "heartbeat": "0b3d4711-Beat-e5",
}
SETTINGS = """
[log]
level = "DEBUG"
format = "{form}"
[paths]
models = "{models}"
[policy]
mode = "enforce"
[polling]
every_seconds = 0.3
quiet_every_seconds = 0.3
[actions]
undo_seconds = 0
[health]
listen = ""

[console]
listen = ""
[notifications]
urls = "json://me:{login}@127.0.0.1:9/{address}"
quiet_from = ""
heartbeat_url = "http://127.0.0.1:9/ping/{heartbeat}"
[forums.city]
url = "{url}"
username = "{username}"
password_file = "password"
password_over_http = true
security_question = 1
security_answer_file = "answer"
polling = "sweep"
requests_per_second = 20
[forums.city.boards.37]
password_file = "board"
[forums.gate]
url = "{direct}"
username = "{username}"
password_file = "wrong"
password_over_http = true
requests_per_second = 20
[forums.browser]
url = "{direct}"
auth_cookie_file = "auth"
saltkey_cookie_file = "saltkey"
requests_per_second = 20
[forums.leaky]
engine = "leaky"
url = "{direct}"
username = "x"
password_file = "engine"
"""
ENGINE = """
from modbot.errors import Blocked
from modbot.testing import ScriptedForum

def engine(config, context):
    forum = ScriptedForum(config.name)
    word = config.credentials.password
    def fail():
        try:
            raise KeyError({"password": word})
        except KeyError as cause:
            raise ValueError(f"cannot sign in with {word!r}, cookie {config.name}_auth={word}") from cause
    forum.trouble["poll"] += [fail, Blocked(forum=config.name, detail="a page with formhash=0a1b2c3d")]
    return forum
"""

MET = (
    "decision",
    "cannot sign in with",
    "password_refused",
    "cookies_refused",
    "notice_failed",
    "heartbeat",
    "caught_up",
)


@dataclass
class Run:
    """modbot as a process beside its forums, and everything that it leaves behind."""

    form: str
    folder: Path
    environ: dict[str, str]
    tap: Wiretap
    secrets: set[str]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(settings.project_root() / "run.py"), *words],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str) -> str:
        return "".join(self.begin(*words).communicate(timeout=100))

    def serve(self) -> str:
        """Until the forum was asked often enough to have failed, too."""
        daemon = self.begin("serve", "--verbose")
        ends = time.monotonic() + 60
        while self.tap.spoiled < 9 and time.monotonic() < ends:
            time.sleep(0.1)
        daemon.send_signal(signal.SIGTERM)
        return "".join(daemon.communicate(timeout=60))

    def pull_brake(self) -> None:
        file = self.folder / "var" / "modbot.db"
        with closing(engine.open(file)) as store, store.write() as tx:
            brake.pull(tx, "city", "overturned", at=datetime.now(UTC))

    def kept(self) -> str:
        """All files of the state folder but the session, whose purpose is to hold secrets."""
        files = [file for file in (self.folder / "var").rglob("*") if file.is_file()]
        sessions = [file for file in files if file.match("discuz-*.json")]
        assert all(file.stat().st_mode & 0o777 == 0o600 for file in sessions)
        files = [file for file in files if file not in sessions]
        assert any(file.suffix == ".db" for file in files)
        return "\n".join(file.read_bytes().decode("utf-8", "replace") for file in files)

    def found_in(self, text: str) -> set[str]:
        return {secret for secret in self.secrets | self.tap.seen if secret in text}


@pytest.fixture(params=["json", "pretty"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    scene = stage()
    with DemoServer(forum=scene.forum) as server, closing(Wiretap(server.url)) as tap:
        for arrival in scene.arrivals:
            write(scene, arrival)
        words = {**GIVEN, "password": server.moderator.password, "wrong": GIVEN["wrong password"]}
        for name, word in words.items():
            (tmp_path / name).write_text(word + "\n", "utf-8")
        facts = {
            "url": tap.url,
            "direct": server.url,
            "username": server.moderator.name,
            "form": request.param,
        }
        models = settings.project_root() / "models"
        (tmp_path / "modbot.toml").write_text(SETTINGS.format(**facts, **GIVEN, models=models), "utf-8")
        environ = {**_environ(tmp_path), "PYTHONPATH": str(_plugin(tmp_path / "plugin"))}
        spelled = {json.dumps(word)[1:-1] for word in words.values()}
        yield Run(request.param, tmp_path, environ, tap, {*words.values(), *spelled})


def _environ(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **kept}


def _plugin(folder: Path) -> Path:
    """An engine whose errors hold the password, installed beside modbot."""
    about = folder / "leaky-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[modbot.forums]\nleaky = leaky:engine\n", "utf-8")
    (folder / "leaky.py").write_text(ENGINE, "utf-8")
    return folder


def test_nothing_that_is_printed_or_kept_holds_a_secret(run):
    told = ""
    if run.form == "json":
        told += run.do("poll", "--once", "--verbose")
        told += run.do("poll", "--dry-run", "--forum", "city", "--verbose")
        told += run.do("notify", "test")
    run.tap.spoiling = True
    run.pull_brake()
    told += run.serve()
    run.environ["MODBOT_NOTIFICATIONS__URLS"] = f"nosuch://{GIVEN['address']}"
    told += run.do("serve")
    for expected in MET:
        assert expected in told, "the run met what it was made to meet"
    assert any(len(secret) == 8 for secret in run.tap.seen), "form hashes were seen on the wire"
    assert run.found_in(told) == set()
    assert run.found_in(run.kept()) == set()
