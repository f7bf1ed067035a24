"""One request stream per forum: order and pace."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from forum_support import World

from modbot.errors import Retryable
from modbot.forums.gate import Gate, Pace
from modbot.forums.protocol import Priority


def gate_of(world: World, *, per_second: float = 1.0) -> Gate:
    return Gate(Pace(per_second), forum="f", clock=world.clock, sleep=world.sleep)


def test_requests_keep_their_distance(world: World) -> None:
    gate = gate_of(world)
    for _ in range(3):
        with gate.turn(Priority.POLL):
            pass
    assert world.slept == [1.0, 1.0]


def test_time_spent_in_a_request_counts_towards_the_distance(world: World) -> None:
    gate = gate_of(world)
    with gate.turn(Priority.POLL):
        world.now += timedelta(seconds=0.75)
    with gate.turn(Priority.POLL):
        pass
    assert world.slept == [0.25]


def test_a_forum_that_watches_refreshing_is_asked_more_slowly(world: World) -> None:
    gate = gate_of(world)
    gate.pace.slow_down(2.1)
    gate.pace.slow_down(0.5)
    for _ in range(2):
        with gate.turn(Priority.POLL):
            pass
    assert world.slept == [2.1]


def test_a_clock_set_back_makes_nobody_wait_for_hours(world: World) -> None:
    gate = gate_of(world)
    with gate.turn(Priority.POLL):
        pass
    world.now -= timedelta(hours=5)
    with gate.turn(Priority.POLL):
        pass
    assert sum(world.slept) == 1.0


def test_the_most_urgent_goes_first(world: World) -> None:
    gate = gate_of(world, per_second=1000)
    order: list[Priority] = []

    def ask(priority: Priority) -> None:
        with gate.turn(priority):
            order.append(priority)

    with gate.turn(Priority.RE_READ):
        threads = []
        for count, priority in enumerate((Priority.POLL, Priority.CATCH_UP, Priority.HIDE, Priority.RESTORE)):
            threads.append(threading.Thread(target=ask, args=(priority,)))
            threads[-1].start()
            while len(gate._waiting) <= count:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [Priority.RESTORE, Priority.HIDE, Priority.POLL, Priority.CATCH_UP]


def test_a_restore_overtakes_a_poll_that_waits_for_its_pace(world: World) -> None:
    order: list[str] = []
    late: list[threading.Thread] = []

    def sleep(seconds: float) -> bool:
        if not late:
            late.append(threading.Thread(target=ask, args=(Priority.RESTORE, "restore")))
            late[0].start()
            while len(gate._waiting) < 1:
                time.sleep(0.001)
        return world.sleep(seconds)

    gate = Gate(Pace(1.0), forum="f", clock=world.clock, sleep=sleep)

    def ask(priority: Priority, name: str) -> None:
        with gate.turn(priority):
            order.append(name)

    ask(Priority.POLL, "first")
    ask(Priority.POLL, "second")
    late[0].join()
    assert order == ["first", "restore", "second"]


def test_a_stopping_owner_ends_the_wait_and_frees_the_stream(world: World) -> None:
    gate = gate_of(world)
    with gate.turn(Priority.POLL):
        pass
    world.stopping = True
    with pytest.raises(Retryable, match="stopped"), gate.turn(Priority.POLL):
        pass
    world.stopping = False
    with gate.turn(Priority.POLL):
        pass


def test_an_error_in_a_request_frees_the_stream(world: World) -> None:
    gate = gate_of(world)
    with pytest.raises(ZeroDivisionError), gate.turn(Priority.POLL):
        raise ZeroDivisionError
    with gate.turn(Priority.POLL):
        pass
