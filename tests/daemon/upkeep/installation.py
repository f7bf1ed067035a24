"""A whole installation in a folder of its own: settings, a store with work in it, models."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

import modbot.store
from modbot import settings
from modbot.detection.model import shipped_baseline
from modbot.domain import Reply
from modbot.settings import Loaded
from modbot.store import cursors, inbox, schema

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOML = """
[policy]
mode = "queue"
[forums.city]
url = "https://bbs.example.com/"
username = "warden"
password_file = "secrets/city"
"""


@dataclass(frozen=True)
class Installation:
    folder: Path

    @property
    def toml(self) -> Path:
        return self.folder / "modbot.toml"

    @property
    def database(self) -> Path:
        return self.folder / "var" / "modbot.db"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def loaded(self) -> Loaded:
        return settings.load(self.toml, environ={})

    def write(self, mark: str) -> None:
        """Leave a mark in each of the three things that a backup holds."""
        self.toml.write_text(f"# {mark}\n{TOML}", "utf-8")
        version = self.models / f"v-{mark}"
        shutil.copytree(shipped_baseline(), version, dirs_exist_ok=True)
        (self.models / "current").write_text(f"v-{mark}\n", "utf-8")
        with closing(modbot.store.open(self.database)) as store, store.write() as tx:
            cursors.save(tx, "city", mark, at=NOW)

    def marks(self) -> tuple[str, str, str]:
        """What settings, model pointer and database say now."""
        with closing(modbot.store.open(self.database, create=False)) as store, store.read() as rx:
            cursor = cursors.load(rx, "city")
        first = self.toml.read_text("utf-8").splitlines()[0].removeprefix("# ")
        return first, (self.models / "current").read_text("utf-8").strip().removeprefix("v-"), cursor or ""

    def receive(self, count: int) -> None:
        with closing(modbot.store.open(self.database)) as store, store.write() as tx:
            inbox.record(
                tx, [Reply("city", n, f"第{n}楼说的是另一件事") for n in range(1, count + 1)], at=NOW
            )

    def replies(self) -> int:
        with closing(modbot.store.open(self.database)) as store, store.read() as rx:
            return len(rx.execute(select(schema.replies.c.id)).all())

    def files(self) -> set[str]:
        """Every file and folder, by its path from the installation's folder."""
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}


def installed(folder: Path, mark: str = "old") -> Installation:
    made = Installation(folder)
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "city").write_text("correct horse\n", "utf-8")
    made.write(mark)
    made.receive(3)
    return made
