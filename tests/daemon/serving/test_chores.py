"""Work that belongs to no forum: daily at its time, once; caught up after a night without power;
heavy work in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from executor_support import Bench

from modbot.daemon.serving import heavy
from modbot.daemon.serving.chores import RETRY_SECONDS, Chore, ChoreRounds
from modbot.daemon.serving.pulse import Pulse
from modbot.errors import StoreError
from modbot.store import chores

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Household:
    """A chore at a time of day in Shanghai, on a clock that jumps to whenever it is planned."""

    bench: Bench
    done: list[datetime] = field(default_factory=list)
    planned: float = -1.0
    trouble: list[Exception] = field(default_factory=list)
    job: Callable[[], None] = lambda: None

    def plan(self, name: str, job: Callable[[], None], seconds: float) -> None:
        self.planned, self.job = seconds, job

    def run(self) -> dict[str, object]:
        if self.trouble:
            raise self.trouble.pop()
        self.done.append(self.bench.now.astimezone(SHANGHAI))
        return {"number": len(self.done)}

    def rounds(self, **when: object) -> ChoreRounds:
        chore = Chore("backup", self.run, zone=SHANGHAI, **when)
        store, clock = self.bench.store, self.bench.clock
        return ChoreRounds(chore=chore, store=store, planner=self, pulse=Pulse(), clock=clock)

    def live(self, days: float) -> None:
        ends = self.bench.now + timedelta(days=days)
        while self.bench.now + timedelta(seconds=self.planned) < ends:
            self.bench.now += timedelta(seconds=self.planned)
            self.job()
        self.bench.now = ends


@pytest.fixture
def household(bench: Bench) -> Household:
    bench.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    return Household(bench)


def test_a_daily_chore_is_done_once_a_day_at_its_time(household):
    household.rounds(at="03:30").begin()
    household.live(days=4.5)
    assert [moment.strftime("%d %H:%M") for moment in household.done[1:]] == [
        "02 03:30",
        "03 03:30",
        "04 03:30",
        "05 03:30",
        "06 03:30",
    ]


def test_a_restart_does_it_neither_again_nor_never(household):
    household.rounds(at="03:30").begin()
    household.live(days=1)
    done = len(household.done)
    household.rounds(at="03:30").begin()
    household.live(days=0.1)
    assert len(household.done) == done
    household.bench.later(days=3)
    household.rounds(at="03:30").begin()
    household.live(days=0.01)
    assert len(household.done) == done + 1, "the machine was off at half past three"


def test_one_that_failed_is_tried_again_soon_and_the_failure_is_kept_until_it_succeeds(household):
    household.trouble = [StoreError(url="x", problem="full", advice="-"), KeyError("x")]
    household.rounds(at="03:30").begin()
    household.live(days=0.001)
    assert household.planned == RETRY_SECONDS
    with household.bench.store.read() as rx:
        assert "KeyError" in chores.load(rx, "backup").problem
    household.live(days=0.1)
    with household.bench.store.read() as rx:
        kept = chores.load(rx, "backup")
    assert (kept.problem, kept.details) == ("", {"number": 1})


def test_a_frequent_one_is_not_written_down(household):
    household.rounds(every=30.0, recorded=False).begin()
    household.live(days=0.01)
    assert len(household.done) == 29
    with household.bench.store.read() as rx:
        assert chores.listing(rx) == []


def test_heavy_work_answers_with_its_last_line(tmp_path):
    answer = heavy.run(
        ["check", "楼上说的公交线路早就改道了，现在要到火车站换乘三路车。"], settings_file=None, seconds=60
    )
    assert answer["decision"] == "allow"


def test_heavy_work_that_fails_says_how(tmp_path):
    file = tmp_path / "modbot.toml"
    file.write_text("[polcy]\n")
    with pytest.raises(heavy.HeavyFailed, match=r"modbot models list.*status 2.*Did you mean policy"):
        heavy.run(["models", "list"], settings_file=file, seconds=60)


@pytest.mark.parametrize("limits", [{"seconds": 0.5}, {"seconds": 60, "stopping": lambda: True}])
def test_heavy_work_that_lasts_too_long_or_is_not_wanted_any_more_is_ended(limits, tmp_path):
    file = tmp_path / "modbot.toml"
    file.write_text("")
    with pytest.raises(heavy.HeavyFailed):
        heavy.run(["demo", "--seconds", "50"], settings_file=file, **limits)
