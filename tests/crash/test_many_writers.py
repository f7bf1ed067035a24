"""Two consoles, the terminal and the daemon write to one SQLite file at full speed: nobody
is turned away by a lock, and no decision is lost, doubled or half done."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest
from crash_sentences import Writer
from crash_town import BOLD, HERE, Ledger

from modbot import settings
from modbot.daemon import models, ownership, wiring
from modbot.daemon.house import executor_for, judging_rules, open_store, utc_now
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.domain import Author
from modbot.testing import ScriptedForum

SECONDS = 10.0
AT_ONCE = 10
ROLES = ("console", "console", "cli")
SETTINGS = (
    BOLD
    + """
[actions]
undo_seconds = 0
[paths]
models = "{models}"
[forums.city]
url = "http://127.0.0.1:1/"
username = "modbot"
password = "unused"
"""
)


@dataclass
class Work:
    """The daemon's two threads: replies are polled and judged, and the outbox is worked."""

    file: Path
    forum: ScriptedForum = field(default_factory=lambda: ScriptedForum("city"))
    problems: list[str] = field(default_factory=list)

    def run(self, seconds: float, meanwhile: threading.Event) -> None:
        loaded = settings.load(self.file, environ={})
        with (
            open_store(loaded) as opened,
            ownership.owning(opened, loaded.state_dir) as owned,
        ):
            store = opened.guarded(owned.guard)
            detector = models.load_detector(loaded)
            judge = Judge(
                forum="city",
                store=store,
                detector=detector,
                duplicates=wiring.duplicate_index(loaded.settings),
                rules=judging_rules(loaded, wiring.policy_book(loaded, detector.manifest.thresholds)),
                clock=utc_now,
            )
            poller = Poller(forum=self.forum, store=store, clock=utc_now)
            executor = executor_for(loaded, store, self.forum, utc_now)
            over = threading.Event()
            with self._beside(executor.work, over):
                self._write_and_judge(poller, judge, seconds)
                meanwhile.wait()
                over.set()
            executor.work()

    def _write_and_judge(self, poller: Poller, judge: Judge, seconds: float) -> None:
        writer, ends = Writer(7), time.monotonic() + seconds
        while time.monotonic() < ends:
            for _ in range(AT_ONCE):
                number = len(self.forum.posts) + 1
                text = writer.advert() if number % 2 else writer.brief()
                author = Author(id=number, name=f"新人{number}", posts=0, group_id=10)
                self.forum.write(number, text, author=author, thread_id=number % 50)
            poller.poll()
            judge.judge_waiting()

    @contextmanager
    def _beside(self, step: Callable[[], object], over: threading.Event) -> Iterator[None]:
        def loop() -> None:
            while not over.wait(0.01):
                try:
                    step()
                except Exception as problem:  # noqa: BLE001 - the test is to read it
                    self.problems.append(repr(problem))

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory):
    """What the writers told, and the file that they left."""
    folder = tmp_path_factory.mktemp("evening")
    file = folder / "modbot.toml"
    file.write_text(SETTINGS.format(models=settings.project_root() / "models"), "utf-8")
    with open_store(settings.load(file, environ={})):
        pass
    daemon, done = Work(file), threading.Event()
    thread = threading.Thread(target=daemon.run, args=(SECONDS + 2, done))
    thread.start()
    writers = [
        subprocess.Popen(
            [sys.executable, str(HERE / "crash_writer.py"), role, str(file), str(SECONDS), str(number)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.project_root(),
            env={"PYTHONPATH": str(settings.project_root()), "PATH": "/usr/bin:/bin"},
        )
        for number, role in enumerate(ROLES)
    ]
    told = [json.loads(writer.communicate(timeout=120)[0]) for writer in writers]
    done.set()
    thread.join(60)
    return daemon, told, Ledger(folder / "var" / "modbot.db")


def test_nobody_is_turned_away(evening):
    daemon, told, _ = evening
    assert daemon.problems == []
    assert [one["problems"] for one in told] == [[], [], []]
    for one in told:
        assert one["counts"]["given"] > 0, "everybody got something done"
        assert one["longest"] < 15
    assert sum(one["counts"].get("refused", 0) for one in told) > 0, "they did get in each other's way"


def test_each_verdict_is_recorded_once_or_was_refused(evening):
    _, told, ledger = evening
    given = sum(one["counts"].get("given", 0) for one in told)
    undone = sum(one["counts"].get("undone", 0) for one in told)
    assert ledger.number("SELECT count(*) FROM verdicts") == given
    assert ledger.number("SELECT count(*) FROM verdicts WHERE undone_at IS NOT NULL") == undone
    noted = "SELECT count(*) FROM audit WHERE what LIKE 'verdict.%' AND what "
    assert ledger.number(noted + "<> 'verdict.undone'") == given
    assert ledger.number(noted + "= 'verdict.undone'") == undone


def test_on_each_flag_verdicts_and_undos_take_turns(evening):
    _, _, ledger = evening
    rows = ledger.rows("SELECT flag_id, what FROM audit WHERE what LIKE 'verdict.%' ORDER BY flag_id, id")
    for flag_id, entries in groupby(rows, lambda row: row["flag_id"]):
        undos = [row["what"] == "verdict.undone" for row in entries]
        assert undos == [at % 2 == 1 for at in range(len(undos))], f"flag {flag_id}"


def test_flags_labels_and_forum_say_what_the_standing_verdicts_say(evening):
    daemon, _, ledger = evening
    wrong = ledger.rows(
        """
        SELECT flags.id, flags.state, verdicts.kind FROM flags
        LEFT JOIN verdicts ON flag_id = flags.id AND undone_at IS NULL
        WHERE CASE coalesce(verdicts.kind, '')
            WHEN '' THEN flags.state NOT IN ('pending', 'hidden')
            WHEN 'dismiss' THEN flags.state NOT IN ('dismissed', 'overturned')
            WHEN 'allow_here' THEN flags.state <> 'allowed_here'
            ELSE flags.state <> 'upheld' END
        """
    )
    assert [tuple(row) for row in wrong] == []
    taught = "SELECT verdict_id, label, forgotten_at IS NOT NULL AS gone FROM labels ORDER BY verdict_id"
    given = (
        "SELECT id, taught, undone_at IS NOT NULL AS gone FROM verdicts WHERE taught IS NOT NULL ORDER BY id"
    )
    assert [tuple(row) for row in ledger.rows(taught)] == [tuple(row) for row in ledger.rows(given)]
    meant = {
        row["post_id"]: row["state"] in ("hidden", "upheld")
        for row in ledger.rows("SELECT post_id, state FROM flags JOIN replies ON replies.id = reply_id")
    }
    assert {post: daemon.forum.posts[post].hidden for post in meant} == meant


def test_every_reply_is_judged_once_and_every_action_settled(evening):
    daemon, _, ledger = evening
    assert ledger.number("SELECT count(*) FROM replies") == len(daemon.forum.posts)
    assert ledger.number("SELECT count(DISTINCT revision_id) FROM decisions") == len(daemon.forum.posts)
    assert ledger.unsettled() == 0
    assert ledger.rows("SELECT reply_id FROM flags GROUP BY reply_id HAVING count(*) > 1") == []
    assert [row[0] for row in ledger.rows("PRAGMA integrity_check")] == ["ok"]
