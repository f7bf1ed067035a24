"""The embedded forum, the store beside it as seen from outside, and a moderator of modbot's."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crash_clock import FastClock
from crash_sentences import Writer

from modbot import settings
from modbot.demo.community import Community
from modbot.demo.scene import Scene
from modbot.demo.server import DemoServer
from modbot.demo.state import Member, Post

HERE = Path(__file__).parent
THREADS = ("words", "years", "traffic", "deer", "heating", "changes")
NURSERY = "nursery"
BOLD = """
[policy]
mode = "enforce"

[policy.spam]
hide = 0.9

[queue]
share = 1.0
per_day = 100000
at_least = 100000

[brake]
distinct_texts_per_hour = 100000
authors_with_standing = 100000
overturned = 20
overturned_of = 20
"""
"""Hides and shows all that it finds: no budget and no brake holds anything."""
SETTINGS = (
    BOLD
    + """
[polling]
every_seconds = 0.2
quiet_every_seconds = 0.4

[health]
listen = ""

[console]
listen = ""

[backup]
at = ""

[paths]
models = "{models}"

[forums.city]
url = "{url}"
username = "{username}"
password_over_http = true
polling = "sweep"
panel_search = true
panel_search_seconds = 60
requests_per_second = 20
requests_per_day = 10000000
"""
)


class Ledger:
    """The store's file, read in SQL: what the daemon wrote, not what its code says of it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """No rows while the tables are not there yet."""
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file, timeout=15)) as connection:
            connection.row_factory = sqlite3.Row
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as problem:
                if "no such table" not in str(problem):
                    raise
                return []

    def number(self, query: str, *values: object) -> int:
        found = self.rows(query, *values)
        return int(found[0][0]) if found else 0

    def text_judged(self, post_id: int) -> str | None:
        """The reply's text as it is known, once it is judged."""
        found = self.rows(
            "SELECT text FROM replies JOIN revisions ON revisions.id = revision_id"
            " WHERE post_id = ? AND decision_id IS NOT NULL",
            post_id,
        )
        return found[0]["text"] if found else None

    def flag_states(self, post_id: int) -> list[str]:
        rows = self.rows(
            "SELECT state FROM flags JOIN replies ON replies.id = reply_id WHERE post_id = ?"
            " ORDER BY flags.id",
            post_id,
        )
        return [row["state"] for row in rows]

    def unsettled(self, post_id: int | None = None) -> int:
        query = (
            "SELECT count(*) FROM outbox JOIN replies ON replies.id = reply_id"
            " WHERE state IN ('queued', 'claimed', 'unknown')"
        )
        return self.number(query) if post_id is None else self.number(query + " AND post_id = ?", post_id)

    def claimed(self, pid: int) -> list[sqlite3.Row]:
        """Actions that this process holds: after its death, what was under way."""
        return self.rows(
            "SELECT post_id, kind FROM outbox JOIN replies ON replies.id = reply_id"
            " WHERE state = 'claimed' AND owner LIKE ?",
            f"%:{pid}:%",
        )


class Moderator:
    """A process of its own that gives verdicts over the same file, told what to do line by line.
    At ``fatal``, an event inside it, it dies."""

    def __init__(self, town: Town, fatal: str = "") -> None:
        program = [sys.executable, str(HERE / "crash_moderator.py"), str(town.settings_file)]
        self._process = subprocess.Popen(
            [*program, str(town.clock.epoch), *([fatal] if fatal else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=town.environ,
        )

    def does(self, what: str, post: Post, *, alone: bool = False) -> str:
        """``what``: a kind of verdict, or ``undo``. Answers ``done``, or why it was refused, or
        nothing when it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"do": what, "post": post.id, "alone": alone}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> int:
        self._process.communicate(timeout=10)
        return self._process.returncode


@dataclass
class Town:
    scene: Scene
    server: DemoServer
    folder: Path
    clock: FastClock
    writer: Writer

    def __post_init__(self) -> None:
        text = SETTINGS.format(
            models=settings.project_root() / "models",
            url=self.server.url,
            username=self.server.moderator.name,
        )
        self.settings_file.write_text(text, "utf-8")
        self.ledger = Ledger(self.folder / "var" / "modbot.db")
        self.moderator: Moderator | None = None
        self._newcomers = 0
        self._threads = {**self.scene.threads, NURSERY: self._open_nursery()}

    def _open_nursery(self) -> int:
        """A thread in a board where replies wait for approval."""
        board = self.forum.open_board("新人报到")
        self.forum.require_approval(board.id)
        return self.forum.start_thread(board.id, self.staff, "新来的在这里报到", "先说两句。").thread_id

    @property
    def staff(self) -> Member:
        member = self.forum.member_named("站长老包")
        assert member is not None
        return member

    @property
    def forum(self) -> Community:
        return self.scene.forum

    @property
    def settings_file(self) -> Path:
        return self.folder / "modbot.toml"

    @property
    def environ(self) -> dict[str, str]:
        """Of the town's processes. They are not measured: most of them do not live to tell."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("MODBOT_", "COVERAGE_"))
        }
        return kept | {
            "MODBOT_FORUMS__CITY__PASSWORD": self.server.moderator.password,
            "PYTHONPATH": str(settings.project_root()),
        }

    def newcomer(self) -> Member:
        self._newcomers += 1
        return self.forum.join(f"过路人{self._newcomers}")

    def writes(self, text: str, thread: str, *, author: Member | None = None) -> Post:
        return self.forum.post(self._threads[thread], author or self.newcomer(), text)

    def moderates(self, what: str, post: Post) -> None:
        if self.moderator is None:
            self.moderator = Moderator(self)
        answer = self.moderator.does(what, post)
        assert answer == "done", f"{what} on post {post.id}: {answer}"

    def close(self) -> None:
        if self.moderator is not None:
            self.moderator.close()

    # -- what stories wait for ---------------------------------------------------------

    def judged(self, *posts: Post) -> Callable[[], bool]:
        return lambda: all(self.ledger.text_judged(post.id) == post.text for post in posts)

    def flagged(self, post: Post) -> Callable[[], bool]:
        return lambda: bool(self.ledger.flag_states(post.id))

    def settled(self, post: Post, state: str) -> Callable[[], bool]:
        """The latest flag is in this state, and nothing is under way."""
        return lambda: self.ledger.flag_states(post.id)[-1:] == [state] and not self.ledger.unsettled(post.id)

    def visible(self, post: Post) -> Callable[[], bool]:
        """The store knows that it does not wait for approval any more."""
        query = "SELECT 1 FROM replies WHERE post_id = ? AND NOT pending AND visibility = 'visible'"
        return lambda: bool(self.ledger.rows(query, post.id))
