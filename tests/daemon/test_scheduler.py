"""The journey on a schedule: it goes on whatever happens, rests when it should, stops at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from executor_support import Bench

from modbot import settings
from modbot.daemon import scheduler
from modbot.daemon.house import ForumDesk, House, judging_rules
from modbot.daemon.judging import Judge
from modbot.daemon.models import load_detector
from modbot.daemon.polling import Poller
from modbot.daemon.wiring import duplicate_index, policy_book
from modbot.domain import OutboxState
from modbot.errors import Blocked, BudgetSpent, ForumRolledBack, LoggedOut, Refused, Retryable, StoreError

SETTINGS = """
[polling]
every_seconds = {every}
quiet_every_seconds = {quiet}
[paths]
models = "{models}"
"""


class Roof:
    """A house with one scripted forum in it."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.folder, self.bench = folder, bench

    def house(self, *, every: float = 60, quiet: float = 300) -> House:
        file = self.folder / "modbot.toml"
        models = settings.project_root() / "models"
        file.write_text(SETTINGS.format(every=every, quiet=quiet, models=models), "utf-8")
        loaded = settings.load(file, environ={})
        forum, store, clock = self.bench.forum, self.bench.store, self.bench.clock
        detector = load_detector(loaded)
        judge = Judge(
            forum="city",
            store=store,
            detector=detector,
            duplicates=duplicate_index(loaded.settings),
            rules=judging_rules(loaded, policy_book(loaded, detector.manifest.thresholds)),
            clock=clock,
        )
        poller = Poller(forum=forum, store=store, clock=clock)
        desk = ForumDesk("city", forum, poller, judge, self.bench.executor())
        return House(loaded, store, detector, {"city": desk}, threading.Event())


@pytest.fixture
def roof(tmp_path: Path, bench: Bench) -> Roof:
    return Roof(tmp_path, bench)


@pytest.fixture
def calendar() -> Iterator[BackgroundScheduler]:
    """A scheduler that keeps appointments and holds none."""
    kept = BackgroundScheduler(timezone="UTC")
    kept.start(paused=True)
    yield kept
    kept.shutdown(wait=False)


class Diary:
    """One forum's rounds, held by hand; ``rest`` tells how long until the next."""

    def __init__(self, house: House, calendar: BackgroundScheduler) -> None:
        self.house, self.calendar = house, calendar
        self.rounds = scheduler.Rounds(house, house.desks["city"], calendar)

    def rest(self, name: str) -> float:
        (job,) = [job for job in self.calendar.get_jobs() if job.id == f"city:{name}"]
        wait: timedelta = job.trigger.run_date - datetime.now(UTC)
        return wait.total_seconds()


def about(seconds: float) -> object:
    """Never sooner, and at most a tenth later."""
    return pytest.approx(seconds * 1.05, abs=seconds * 0.055 + 0.5)


def test_a_poll_that_finds_something_is_followed_by_the_next_in_a_minute(
    roof: Roof, calendar: BackgroundScheduler
) -> None:
    diary = Diary(roof.house(), calendar)
    diary.rounds.begin()
    assert diary.rest("poll") < 1
    assert diary.rest("outbox") < 1
    roof.bench.forum.write(1, "一条新的")
    diary.rounds.poll()
    assert diary.rest("poll") == about(60)


def test_quiet_polls_come_slower_and_slower_down_to_a_limit_and_news_wakes_them(
    roof: Roof, calendar: BackgroundScheduler
) -> None:
    diary = Diary(roof.house(), calendar)
    for expected in (90, 135, 202, 300, 300):
        diary.rounds.poll()
        assert diary.rest("poll") == about(expected)
    roof.bench.forum.write(1, "一条新的")
    diary.rounds.poll()
    assert diary.rest("poll") == about(60)


def test_while_an_outage_is_read_through_polls_do_not_slow_down(
    roof: Roof, calendar: BackgroundScheduler
) -> None:
    diary = Diary(roof.house(), calendar)
    for post in range(1, 9):
        roof.bench.forum.write(post, f"第{post}条")
    diary.house.desks["city"].poller.poll()
    diary.rounds.poll()
    assert diary.rest("poll") == about(90)
    roof.bench.forum.write(9, "新的")
    diary.rounds.poll()
    assert diary.rest("poll") == about(60)


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (Retryable(forum="city", detail="reset"), 120),
        (Retryable(forum="city", detail="busy", retry_after=900.0), 900),
        (Retryable(forum="city", detail="busy", retry_after=5.0), 120),
        (BudgetSpent(forum="city", limit=5000, retry_after=7200.0), 7200),
        (Refused(forum="city", detail="no right"), 300),
        (StoreError(url="modbot.db", problem="locked", advice="Wait."), 300),
        (LoggedOut(forum="city", detail="x"), 600),
        (Blocked(forum="city", detail="x"), 600),
        (ForumRolledBack(forum="city", detail="x"), 600),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_poll_that_failed_is_followed_by_another(
    roof: Roof, calendar: BackgroundScheduler, error: Exception, rest: float
) -> None:
    diary = Diary(roof.house(), calendar)
    roof.bench.forum.trouble["poll"].append(error)
    diary.rounds.poll()
    assert diary.rest("poll") == about(rest)
    roof.bench.forum.write(1, "又能读了")
    diary.rounds.poll()
    assert diary.rest("poll") == about(60)


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (LoggedOut(forum="city", detail="x"), 600),
        (StoreError(url="modbot.db", problem="locked", advice="Wait."), 30),
        (None, 1),
    ],
    ids=["signed out", "store", "fine"],
)
def test_the_outbox_is_worked_again_after_whatever_happened(
    roof: Roof, calendar: BackgroundScheduler, error: Exception | None, rest: float
) -> None:
    diary = Diary(roof.house(), calendar)
    (hide,) = roof.bench.hides(1)
    if error is not None:
        roof.bench.forum.trouble["read"].append(error)
    diary.rounds.work()
    assert diary.rest("outbox") == about(rest)
    assert (roof.bench.state(hide) is OutboxState.DONE) == (error is None)


def test_a_defect_too_leaves_the_next_round_planned(roof: Roof, calendar: BackgroundScheduler) -> None:
    diary = Diary(roof.house(), calendar)
    roof.bench.forum.trouble["poll"].append(OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        diary.rounds.poll()
    assert diary.rest("poll") == about(300)


def test_nothing_is_planned_once_it_is_to_stop(roof: Roof, calendar: BackgroundScheduler) -> None:
    diary = Diary(roof.house(), calendar)
    diary.house.stop.set()
    diary.rounds.poll()
    diary.rounds.work()
    assert calendar.get_jobs() == []


def test_serve_goes_on_after_errors_until_it_is_told_to_stop(roof: Roof) -> None:
    house = roof.house(every=0.05, quiet=0.1)
    forum = roof.bench.forum
    forum.trouble["poll"] += [
        Retryable(forum="city", detail="reset"),
        StoreError(url="modbot.db", problem="locked", advice="Wait."),
        OSError("disk full"),
    ]
    forum.write(1, "等了很久的一条")
    (hide,) = roof.bench.hides(2)

    def wait() -> None:
        deadline = time.monotonic() + 15
        while roof.bench.state(hide) is not OutboxState.DONE or len(roof.bench.asked("poll")) < 6:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    scheduler.serve(house, wait=wait)
    assert house.stop.is_set()
    polls = len(roof.bench.asked("poll"))
    time.sleep(0.3)
    assert len(roof.bench.asked("poll")) == polls, "nobody works any more"


def test_stopping_does_not_wait_for_a_request_that_waits_its_turn(roof: Roof) -> None:
    house = roof.house(every=0.05, quiet=0.1)
    begun = threading.Event()

    def wait_its_turn() -> None:
        begun.set()
        house.stop.wait(30)

    roof.bench.forum.trouble["poll"].append(wait_its_turn)
    started = time.monotonic()
    scheduler.serve(house, wait=lambda: begun.wait(10))  # type: ignore[arg-type, func-returns-value]
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("_", range(5))
def test_an_error_in_the_waiting_itself_stops_the_rounds_too(roof: Roof, _: int) -> None:
    """Five times: the stop falls into the moment when the first rounds are handed out."""
    house = roof.house()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scheduler.serve(house, wait=interrupted)
    assert house.stop.is_set()
