"""The duplicate index is there again after a restart, from its file as from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from executor_support import START, Bench

from modbot.daemon.shelf import Shelf
from modbot.detection import Detector, DuplicateIndex, observation
from modbot.domain import Author, Repetition, Reply
from modbot.policy import Circumstances, Policy, decide
from modbot.settings import project_root
from modbot.store import decisions, inbox

COPIED = "这个公园修得真不错，周末带孩子去玩了一整天，强烈推荐大家都去"
NEW = "请问北门的停车场晚上几点钟关门"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(project_root() / "models" / "baseline")


class Desk:
    """Judges as the daemon does, with an index on a shelf."""

    def __init__(self, bench: Bench, detector: Detector, file: Path) -> None:
        self.bench, self.file, self._detector = bench, file, detector
        self.shelf = self.opened()

    def opened(self, **settings: object) -> Shelf:
        index = DuplicateIndex(**{"capacity": 1000, **settings})  # type: ignore[arg-type]
        shelf = Shelf(self.file, index, self.bench.store, "city", self.bench.clock)
        shelf.fill(since=self.bench.clock() - timedelta(days=30))
        return shelf

    def judge(self, *replies: Reply) -> None:
        now = self.bench.clock()
        with self.bench.store.write() as tx:
            stored = inbox.record(tx, replies, at=now).rows
            found = self._detector.assess(replies, duplicates=self.shelf.index, now=now)
            decided = [
                decide(reply, one, Policy(), Circumstances())
                for reply, one in zip(replies, found, strict=True)
            ]
            judged = [
                decisions.Judgement(row.reply_id, row.revision_id, one, decision, False)
                for row, one, decision in zip(stored, found, decided, strict=True)
            ]
            decisions.record(tx, judged, at=now)
        self.shelf.index.insert(
            [observation(reply, one, established=False) for reply, one in zip(replies, found, strict=True)]
        )
        self.shelf.caught_up()


def reply(post: int, text: str = COPIED) -> Reply:
    return Reply("city", post, text, thread_id=post, author=Author(id=post, name=f"m{post}"), posted_at=START)


def asked(index: DuplicateIndex, now: datetime) -> list[Repetition | None]:
    return index.match([reply(90), reply(91, NEW)], ["".join(COPIED.split("，")), NEW], now)


@pytest.fixture
def desk(bench: Bench, detector: Detector, tmp_path: Path) -> Desk:
    made = Desk(bench, detector, tmp_path / "state" / "city.npz")
    made.judge(*(reply(post) for post in (1, 2, 3)))
    return made


def test_what_is_loaded_answers_as_what_is_rebuilt(desk: Desk) -> None:
    rebuilt = desk.opened()
    desk.shelf.keep()
    loaded = desk.opened()
    now = desk.bench.clock()
    assert asked(loaded.index, now) == asked(rebuilt.index, now) == asked(desk.shelf.index, now)
    assert asked(loaded.index, now)[0].size == 4  # type: ignore[union-attr]


def test_what_was_judged_after_the_file_comes_from_the_store(desk: Desk) -> None:
    desk.shelf.keep()
    desk.judge(reply(4), reply(5, NEW))
    edited = replace(reply(3), text=NEW)
    desk.judge(edited)
    assert desk.opened().index.size == 5
    now = desk.bench.clock()
    assert asked(desk.opened().index, now) == asked(desk.shelf.index, now)
    assert [one.size for one in asked(desk.opened().index, now) if one] == [4, 3]


def damaged(desk: Desk) -> None:
    desk.file.write_bytes(desk.file.read_bytes()[:-100])


def of_another_store(desk: Desk) -> None:
    desk.shelf.index.save(desk.file, mark="1 1 2001-01-01T00:00:00+00:00")


def from_before_a_backup_was_restored(desk: Desk) -> None:
    desk.shelf.index.save(desk.file, mark=f"900 1 {START.isoformat()}")


def without_a_mark(desk: Desk) -> None:
    desk.shelf.index.save(desk.file)


def for_other_settings(desk: Desk) -> None:
    DuplicateIndex(capacity=7).save(desk.file)


@pytest.mark.parametrize(
    "spoil",
    [damaged, of_another_store, from_before_a_backup_was_restored, without_a_mark, for_other_settings],
)
def test_a_file_that_does_not_fit_is_put_aside_for_the_store(
    desk: Desk, spoil: Callable[[Desk], None]
) -> None:
    desk.shelf.keep()
    desk.shelf.index.forget([reply(1).key])
    spoil(desk)
    assert desk.opened().index.size == 3


def test_it_is_kept_once_an_hour_and_at_the_end(desk: Desk) -> None:
    assert not desk.file.exists()
    desk.bench.later(minutes=61)
    desk.judge(reply(6))
    first = desk.file.read_bytes()
    desk.judge(reply(7))
    assert desk.file.read_bytes() == first
    desk.shelf.keep()
    assert desk.file.read_bytes() != first


def test_a_disk_that_refuses_the_file_stops_nobody(desk: Desk) -> None:
    desk.file.parent.write_text("in the way")
    desk.shelf.keep()
    assert desk.opened().index.size == 3


def test_nothing_is_kept_of_a_forum_without_decisions(
    bench: Bench, detector: Detector, tmp_path: Path
) -> None:
    Desk(bench, detector, tmp_path / "city.npz").shelf.keep()
    assert not (tmp_path / "city.npz").exists()
