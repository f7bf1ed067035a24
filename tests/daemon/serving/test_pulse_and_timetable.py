"""What is at work is watched thread by thread; what is planned is done once, soon, and never dropped."""

from __future__ import annotations

import threading
import time

import pytest

from modbot.daemon.serving.pulse import Pulse
from modbot.daemon.serving.timetable import Timetable


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_work_without_a_sign_of_life_is_stuck_and_a_beat_or_a_rest_is_one():
    clock = Seconds()
    pulse = Pulse(clock)
    assert (pulse.busy(), pulse.stuck(10)) == ((), ())
    with pulse.at_work("poll"):
        clock.now = 11
        assert pulse.stuck(10) == ("poll",)
        pulse.beat()
        assert pulse.stuck(10) == ()
        pulse.rest(300)
        clock.now = 315
        assert pulse.stuck(10) == ()
        clock.now = 322
        assert pulse.stuck(10) == ("poll",)
    assert (pulse.busy(), pulse.stuck(10)) == ((), ())


def test_the_beats_of_one_thread_do_not_cover_for_another():
    clock = Seconds()
    pulse = Pulse(clock)
    begun, leave = threading.Event(), threading.Event()

    def hang() -> None:
        with pulse.at_work("poll"):
            begun.set()
            leave.wait(10)

    thread = threading.Thread(target=hang)
    thread.start()
    begun.wait(10)
    with pulse.at_work("outbox"):
        clock.now = 11
        pulse.beat()
        assert pulse.stuck(10) == ("poll",)
        assert set(pulse.busy()) == {"poll", "outbox"}
    leave.set()
    thread.join()


@pytest.fixture
def timetable():
    made = Timetable(2)
    yield made
    if not made.is_closed:
        made.stop_planning()


def test_a_job_that_plans_itself_goes_on_for_ever_however_short_its_pause(timetable):
    rounds = []
    enough = threading.Event()

    def round_() -> None:
        rounds.append(time.monotonic())
        if len(rounds) >= 200:
            enough.set()
        timetable.plan("one", round_, 0.0)

    timetable.plan("one", round_, 0.0)
    timetable.start()
    assert enough.wait(20)


def test_two_jobs_in_two_threads_do_not_wait_for_each_other(timetable):
    meeting = threading.Barrier(2, timeout=10)
    met = threading.Semaphore(0)

    def meet() -> None:
        meeting.wait()
        met.release()

    timetable.plan("a", meet, 0.0)
    timetable.plan("b", meet, 0.0)
    timetable.start()
    assert met.acquire(timeout=10)
    assert met.acquire(timeout=10)


def test_a_job_of_the_same_name_replaces_the_one_that_waits(timetable):
    done = []
    timetable.plan("one", lambda: done.append("first"), 0.3)
    timetable.plan("one", lambda: done.append("second"), 0.1)
    timetable.start()
    time.sleep(0.8)
    assert done == ["second"]


def test_once_closed_nothing_begins_and_what_runs_is_waited_for():
    timetable = Timetable(1)
    begun, leave, done = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        leave.wait(10)
        done.append("work")
        timetable.plan("again", lambda: done.append("again"), 0.0)

    timetable.plan("work", work, 0.0)
    timetable.start()
    begun.wait(10)
    timetable.stop_planning()
    assert not timetable.wait_idle(0.05)
    leave.set()
    assert timetable.wait_idle(10)
    time.sleep(0.1)
    assert done == ["work"]
