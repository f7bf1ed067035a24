"""A real ``modbot serve`` in a process of its own, beside an engine that does as it is told."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from modbot import settings

ENGINE = '''
"""A forum in memory that reads from a file how to misbehave."""

import json, os, pathlib, threading, time
from modbot.domain import Author
from modbot.testing import ScriptedForum

ORDERS = pathlib.Path(os.environ["ENGINE_ORDERS"])


class Obedient(ScriptedForum):
    def poll(self, cursor, *, now):
        told = json.loads(ORDERS.read_text())
        note(f"poll {os.getpid()} {self.name}")
        if told.get("hang") == "once" and not (ORDERS.parent / "hung").exists():
            (ORDERS.parent / "hung").touch()
            note("hanging")
            threading.Event().wait()
        if told.get("hang") == "always":
            threading.Event().wait()
        if "advert" in told and not self.posts:
            self.write(1, told["advert"], author=Author(id=9, name="newcomer", posts=1))
        return super().poll(cursor, now=now)

    def hide(self, refs, reason, *, notify):
        note("hiding")
        time.sleep(float(json.loads(ORDERS.read_text()).get("slow_hide", 0)))
        return super().hide(refs, reason, notify=notify)


def note(line):
    with (ORDERS.parent / "notes").open("a") as out:
        out.write(line + "\\n")


def engine(config, context):
    return Obedient(config.name, clock=context.clock)
'''
SETTINGS = """
[polling]
every_seconds = 0.3
quiet_every_seconds = 0.5
[daemon]
stalled_seconds = {stalled}
stop_seconds = {stop}
[health]
listen = ""

[console]
listen = ""
[backup]
at = ""
[retention]
at = ""
[paths]
models = "{models}"
[forums.city]
engine = "obedient"
url = "http://127.0.0.1:9/"
username = "modbot"
password_over_http = true
{more}
"""


@dataclass
class Box:
    """A folder with settings, an engine found by its entry point, and a place to listen for
    what the service manager is told."""

    folder: Path
    stalled: float = 300
    stop: float = 2
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plugin = self.folder / "plugin"
        info = plugin / "obedient-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: obedient\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[modbot.forums]\nobedient = obedient_engine:engine\n")
        (plugin / "obedient_engine.py").write_text(ENGINE)
        self.order()
        self.configure()
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listening.bind(str(self.folder / "notify"))
        self.told = ""

    @property
    def file(self) -> Path:
        return self.folder / "modbot.toml"

    def configure(self, more: str = "") -> None:
        models = settings.project_root() / "models"
        text = SETTINGS.format(stalled=self.stalled, stop=self.stop, models=models, more=more)
        self.file.write_text(text, "utf-8")

    def order(self, **orders: str) -> None:
        (self.folder / "orders").write_text(json.dumps(orders))

    def command(self, *words: str) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MODBOT_")}
        environ |= {
            "PYTHONPATH": os.pathsep.join([str(self.folder / "plugin"), *filter(None, sys.path)]),
            "ENGINE_ORDERS": str(self.folder / "orders"),
            "MODBOT_FORUMS__CITY__PASSWORD": "secret-word",
            "MODBOT_LANG": "en",
            "NOTIFY_SOCKET": str(self.folder / "notify"),
        }
        with (self.folder / f"log{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "modbot", *words, "--settings", str(self.file)],
                env=environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process

    def log(self, number: int = 0) -> list[dict[str, object]]:
        lines = (self.folder / f"log{number}").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, object]]:
        return [line for line in self.log() if line["event"] == name]

    def notes(self) -> list[str]:
        file = self.folder / "notes"
        return file.read_text().splitlines() if file.exists() else []

    def hear(self, word: str, *, within: float = 30) -> str:
        """Listen until the service manager was told ``word``; answers all that it was told."""
        deadline = time.monotonic() + within
        while word not in self.told:
            ready, _, _ = select.select([self.listening], [], [], 0.2)
            if ready:
                self.told += self.listening.recv(4096).decode() + "\n"
            assert time.monotonic() < deadline, f"never heard {word}: {self.told} {self.log()}"
        return self.told

    def until(self, what, *, within: float = 30) -> None:
        deadline = time.monotonic() + within
        while not what():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def clear(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()
        self.listening.close()
