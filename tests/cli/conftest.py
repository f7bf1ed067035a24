"""The command line as a real process, beside a real forum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from shell_support import Shell

from modbot import settings
from modbot.demo.members import write
from modbot.demo.scene import Scene, stage
from modbot.demo.server import DemoServer


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
[health]
listen = ""

[console]
listen = ""
[polling]
every_seconds = 0.5
quiet_every_seconds = 0.5
[forums.city]
url = "{server.url}"
username = "{server.moderator.name}"
password_over_http = true
polling = "sweep"
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
