"""One forum's rounds: they go on whatever happens, rest when they should, and leave a forum in
trouble alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from executor_support import Bench

from modbot import settings
from modbot.daemon.boards import BoardNames
from modbot.daemon.house import ForumDesk, judging_rules
from modbot.daemon.judging import Judge
from modbot.daemon.models import load_detector
from modbot.daemon.polling import Poller
from modbot.daemon.rereading import Rereader, RereadingRules
from modbot.daemon.serving.circuit import Circuit, CircuitLimits
from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.rounds import Pauses, Rounds
from modbot.daemon.shelf import Shelf
from modbot.daemon.wiring import duplicate_index, policy_book
from modbot.domain import FlagState, OutboxState
from modbot.errors import (
    Blocked,
    BudgetSpent,
    ForumRolledBack,
    LoggedOut,
    Refused,
    Retryable,
    StoreError,
    Unreadable,
)
from modbot.store import boards, breakers, flags, polls
from modbot.store.breakers import BreakerState

MODELS = f'[paths]\nmodels = "{settings.project_root() / "models"}"\n'


@dataclass
class Diary:
    """One forum's rounds, done by hand: what is planned is written down, not done."""

    bench: Bench
    rounds: Rounds = field(init=False)
    circuit: Circuit = field(init=False)
    stop: threading.Event = field(default_factory=threading.Event)
    planned: dict[str, float] = field(default_factory=dict)

    def plan(self, name: str, job: Callable[[], None], seconds: float) -> None:
        self.planned[name.partition(":")[2]] = seconds

    def seconds(self) -> float:
        return self.bench.now.timestamp()

    def rest(self, name: str) -> float:
        return self.planned[name]

    def poll(self) -> float:
        self.rounds.poll()
        return self.planned["poll"]

    def breaker(self) -> breakers.Breaker:
        with self.bench.store.read() as rx:
            return breakers.load(rx, "city") or breakers.Breaker(BreakerState.CLOSED, self.bench.now)

    def fail(self, error: Exception, times: int = 1) -> None:
        for _ in range(times):
            self.bench.forum.trouble["poll"].append(error)
            self.rounds.poll()


def test_a_poll_learns_what_the_boards_are_called(diary: Diary) -> None:
    diary.bench.forum.write(1, "楼下的面馆换了老板", board_id=6)
    diary.poll()
    with diary.bench.store.read() as rx:
        assert boards.names(rx, "city") == {6: "Board 6"}


@pytest.fixture
def diary(tmp_path: Path, bench: Bench) -> Diary:
    file = tmp_path / "modbot.toml"
    file.write_text(MODELS, "utf-8")
    loaded = settings.load(file, environ={})
    detector = load_detector(loaded)
    index = duplicate_index(loaded.settings)
    judge = Judge(
        forum="city",
        store=bench.store,
        detector=detector,
        duplicates=index,
        rules=judging_rules(loaded, policy_book(loaded, detector.manifest.thresholds)),
        clock=bench.clock,
    )
    poller = Poller(forum=bench.forum, store=bench.store, clock=bench.clock)
    shelf = Shelf(tmp_path / "duplicates.npz", index, bench.store, "city", bench.clock)
    names = BoardNames(forum=bench.forum, store=bench.store, settings=loaded.settings, clock=bench.clock)
    again = Rereader(forum=bench.forum, store=bench.store, rules=RereadingRules(), clock=bench.clock)
    desk = ForumDesk(
        "city", bench.forum, bench.store, poller, judge, bench.executor(), bench.clock, shelf, names, again
    )
    kept = Diary(bench)
    limits = CircuitLimits(failures=3, probe=timedelta(minutes=1), longest_probe=timedelta(minutes=4))
    kept.circuit = Circuit(bench.store, "city", limits, bench.clock)
    kept.rounds = Rounds(
        desk=desk,
        circuit=kept.circuit,
        pauses=Pauses(60, 300),
        planner=kept,
        stop=kept.stop,
        pulse=Pulse(),
        now=kept.seconds,
    )
    return kept


def test_a_poll_that_finds_something_is_followed_by_the_next_in_a_minute(diary: Diary) -> None:
    diary.rounds.begin()
    assert diary.planned == {"poll": 0, "outbox": 0, "rereading": 300}
    diary.bench.forum.write(1, "一条新的")
    assert diary.poll() == 60


def test_quiet_polls_come_slower_and_slower_down_to_a_limit_and_news_wakes_them(diary: Diary) -> None:
    assert [diary.poll() for _ in range(5)] == [90, 135, 202.5, 300, 300]
    diary.bench.forum.write(1, "一条新的")
    assert diary.poll() == 60


def test_a_poll_that_is_cut_short_by_its_deadline_goes_on_soon_from_where_it_was(diary: Diary) -> None:
    for post in range(1, 9):
        diary.bench.forum.write(post, f"第{post}条")
    diary.bench.forum.trouble["poll"] += [None, lambda: diary.bench.later(minutes=11)]
    assert diary.poll() == 1
    with diary.bench.store.read() as rx:
        assert polls.load(rx, "city").caught_up is False
    diary.poll()
    with diary.bench.store.read() as rx:
        assert polls.load(rx, "city").caught_up is True


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (Retryable(forum="city", detail="reset"), 120),
        (Retryable(forum="city", detail="busy", retry_after=900.0), 900),
        (Retryable(forum="city", detail="busy", retry_after=5.0), 120),
        (BudgetSpent(forum="city", limit=5000, retry_after=7200.0), 7200),
        (Unreadable(forum="city", detail="index"), 120),
        (StoreError(url="modbot.db", problem="locked", advice="Wait."), 120),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_poll_that_failed_is_followed_by_another(diary: Diary, error: Exception, rest: float) -> None:
    diary.fail(error)
    assert diary.rest("poll") == rest
    with diary.bench.store.read() as rx:
        told = polls.load(rx, "city")
    assert (told.ended_at, told.succeeded_at) == (diary.bench.now, None)
    diary.bench.forum.write(1, "又能读了")
    assert diary.poll() == 60


@pytest.mark.parametrize(
    "error",
    [
        LoggedOut(forum="city", detail="x"),
        Blocked(forum="city", detail="x"),
        Refused(forum="city", detail="x"),
        ForumRolledBack(forum="city", detail="x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_only_a_human_can_mend_is_not_tried_again_before_one_says_so(
    diary: Diary, error: Exception
) -> None:
    diary.fail(error)
    (hide,) = diary.bench.hides(7)
    for _ in range(50):
        diary.bench.later(hours=1)
        diary.rounds.poll()
        diary.rounds.work()
    assert len(diary.bench.asked("poll")) == 1
    assert diary.bench.state(hide) is OutboxState.QUEUED
    assert (diary.breaker().state, diary.breaker().code) == (BreakerState.STOPPED, error.code)

    with diary.bench.store.write() as tx:
        assert breakers.resume(tx, "city", who="郭", at=diary.bench.now)
    diary.rounds.poll()
    diary.rounds.work()
    assert diary.breaker().state is BreakerState.CLOSED
    assert diary.bench.state(hide) is OutboxState.DONE


def test_a_forum_that_keeps_failing_is_left_alone_and_asked_by_rarer_and_rarer_probes(diary: Diary) -> None:
    broken = Retryable(forum="city", detail="reset")
    diary.fail(broken, times=3)
    assert diary.breaker().state is BreakerState.OPEN
    asked = len(diary.bench.asked("poll"))
    diary.rounds.poll()
    assert len(diary.bench.asked("poll")) == asked

    since, waited = diary.breaker().since, []
    for _ in range(4):
        pause = (diary.breaker().probe_at or diary.bench.now) - diary.bench.now
        waited.append(pause.total_seconds() / 60)
        diary.bench.now += pause
        diary.fail(broken)
        assert diary.breaker().state is BreakerState.OPEN
    assert waited == [1, 2, 4, 4]
    assert (diary.breaker().failures, diary.breaker().since) == (7, since), "since the trouble began"


def test_a_probe_that_succeeds_closes_the_breaker_and_only_then_the_outbox_goes_on(diary: Diary) -> None:
    (hide,) = diary.bench.hides(1)
    diary.fail(Retryable(forum="city", detail="reset"), times=3)
    diary.rounds.work()
    assert diary.bench.state(hide) is OutboxState.QUEUED
    diary.bench.later(minutes=2)
    diary.rounds.work()
    assert diary.bench.state(hide) is OutboxState.QUEUED, "the probe is a poll's"
    diary.rounds.poll()
    diary.rounds.work()
    assert diary.breaker().state is BreakerState.CLOSED
    assert diary.bench.state(hide) is OutboxState.DONE


def test_the_store_and_the_days_budget_are_not_the_forums_fault(diary: Diary) -> None:
    diary.fail(StoreError(url="modbot.db", problem="locked", advice="Wait."), times=4)
    diary.fail(BudgetSpent(forum="city", limit=1), times=4)
    assert diary.breaker().state is BreakerState.CLOSED


def test_a_success_between_failures_begins_the_count_anew(diary: Diary) -> None:
    for _ in range(3):
        diary.fail(Retryable(forum="city", detail="reset"), times=2)
        diary.rounds.poll()
    assert diary.breaker() == breakers.Breaker(BreakerState.CLOSED, diary.bench.now)


def test_an_action_that_finds_the_account_signed_out_stops_the_forum(diary: Diary) -> None:
    (hide,) = diary.bench.hides(1)
    diary.bench.forum.trouble["read"].append(LoggedOut(forum="city", detail="x"))
    diary.rounds.work()
    assert diary.breaker().state is BreakerState.STOPPED
    assert diary.bench.state(hide) is OutboxState.QUEUED


@pytest.mark.parametrize(
    ("error", "rest"),
    [(StoreError(url="modbot.db", problem="locked", advice="Wait."), 30), (None, 1)],
    ids=["store", "fine"],
)
def test_the_outbox_is_worked_again_after_whatever_happened(
    diary: Diary, error: Exception | None, rest: float
) -> None:
    (hide,) = diary.bench.hides(1)
    if error is not None:
        diary.bench.forum.trouble["read"].append(error)
    diary.rounds.work()
    assert diary.rest("outbox") == rest
    assert (diary.bench.state(hide) is OutboxState.DONE) == (error is None)


def test_a_defect_of_the_engine_counts_as_a_failure_and_the_next_poll_comes(diary: Diary) -> None:
    diary.fail(KeyError("pid"), times=3)
    assert diary.rest("poll") == 60
    assert (diary.breaker().state, diary.breaker().facts["detail"]) == (BreakerState.OPEN, "KeyError")


def test_what_nobody_thought_of_leaves_the_next_round_planned_too(diary: Diary) -> None:
    with pytest.raises(OSError, match="disk full"):
        diary.fail(OSError("disk full"))
    assert diary.rest("poll") == 300


def test_known_replies_are_read_again_every_few_minutes_whatever_happened(diary: Diary) -> None:
    flag = diary.bench.flagged(1)
    for trouble in (None, Retryable(forum="city", detail="reset"), KeyError("pid"), None):
        diary.bench.later(hours=1)
        diary.bench.forum.trouble["read"].append(trouble)
        diary.planned.clear()
        diary.rounds.reread()
        assert diary.planned == {"rereading": 300}
    assert len(diary.bench.asked("read")) == 4
    assert diary.breaker().state is BreakerState.CLOSED, "what passes by itself is no sign of trouble"
    diary.bench.forum.conceal(1)
    diary.bench.later(hours=1)
    diary.rounds.reread()
    with diary.bench.store.read() as rx:
        assert flags.get(rx, flag).state is FlagState.UPHELD


def test_a_text_that_a_rereading_finds_changed_is_judged_at_once(diary: Diary) -> None:
    flag = diary.bench.flagged(1)
    diary.bench.forum.edit(1, "楼上说得对，物业周三才来修水管，停水的话先去居委会打水。")
    diary.bench.later(hours=1)
    diary.rounds.reread()
    with diary.bench.store.read() as rx:
        assert flags.get(rx, flag).state is FlagState.WITHDRAWN, "its author has fixed it"


def test_nothing_is_read_again_while_the_forum_is_in_trouble(diary: Diary) -> None:
    diary.bench.flagged(1)
    diary.fail(Retryable(forum="city", detail="reset"), times=3)
    diary.bench.later(hours=1)
    diary.rounds.reread()
    assert diary.bench.asked("read") == []
    diary.rounds.poll()
    diary.bench.later(hours=1)
    diary.rounds.reread()
    assert diary.bench.asked("read") == [(1,)]


def test_a_rereading_that_finds_the_account_signed_out_stops_the_forum(diary: Diary) -> None:
    diary.bench.flagged(1)
    diary.bench.later(hours=1)
    diary.bench.forum.trouble["read"].append(LoggedOut(forum="city", detail="x"))
    diary.rounds.reread()
    assert diary.breaker().state is BreakerState.STOPPED


def test_nothing_is_planned_once_it_is_to_stop(diary: Diary) -> None:
    diary.stop.set()
    diary.rounds.poll()
    diary.rounds.work()
    diary.rounds.reread()
    assert diary.planned == {}
