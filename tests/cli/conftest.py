"""The command line as a real process, beside a real forum."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from modbot import settings
from modbot.demo.members import write
from modbot.demo.scene import Scene, stage
from modbot.demo.server import DemoServer

RUN = str(settings.project_root() / "run.py")


@dataclass
class Shell:
    """Runs ``run.py`` in a folder of its own, with nothing of this machine's environment."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, RUN, *words],
            input=data,
            capture_output=True,
            cwd=self.folder,
            env=self.env,
            timeout=120,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, RUN, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.env,
        )

    def objects(self, *words: str, stdin: str | None = None) -> list[Any]:
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    @property
    def env(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("COV", "COVERAGE"))}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            **kept,
            **self.environ,
        }


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@dataclass
class City:
    scene: Scene
    server: DemoServer
    shell: Shell

    def everybody_writes(self) -> None:
        for arrival in self.scene.arrivals:
            write(self.scene, arrival)


@pytest.fixture
def city(shell: Shell) -> Iterator[City]:
    """A forum on its server, and a folder with modbot's settings for it, in enforce."""
    scene = stage()
    with DemoServer(forum=scene.forum) as server:
        (shell.folder / "modbot.toml").write_text(
            f"""
[paths]
models = "{settings.project_root() / "models"}"
[policy]
mode = "enforce"

[policy.spam]
hide = 0.97
[actions]
undo_seconds = 1
[polling]
every_seconds = 0.5
quiet_every_seconds = 0.5
[forums.city]
url = "{server.url}"
username = "{server.moderator.name}"
password_over_http = true
panel_search = true
panel_search_seconds = 0.1
requests_per_second = 20
requests_per_day = 100000
[forums.city.boards.37]
kind = "chatter"
[forums.city.boards.38]
kind = "trade"
""",
            "utf-8",
        )
        shell.environ["MODBOT_FORUMS__CITY__PASSWORD"] = server.moderator.password
        yield City(scene, server, shell)
