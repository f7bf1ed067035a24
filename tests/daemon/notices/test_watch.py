"""What counts as trouble, read off the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from notice_support import NOON

from modbot import i18n
from modbot.daemon.executor import ExecutorLimits
from modbot.daemon.notices import watch
from modbot.daemon.notices.watch import Limits, Watched
from modbot.errors import Unreadable
from modbot.store import requests
from modbot.store.breakers import BreakerState

LIMITS = Limits(unreachable=timedelta(minutes=30), queue=timedelta(hours=48))


def codes(store, now, per_day=100):
    with store.read() as rx:
        found = watch.troubles(rx, [Watched("city", per_day)], LIMITS, now=now)
    return [trouble.code.removeprefix("notify.") for trouble in found]


def test_a_forum_that_was_never_tried_is_in_no_trouble(tower):
    house = tower()
    assert codes(house.store, house.now) == []


@pytest.mark.parametrize("state", [BreakerState.OPEN, BreakerState.HALF_OPEN])
def test_a_forum_that_fails_is_unreachable_after_the_chosen_minutes_without_a_good_poll(tower, state):
    house = tower()
    house.polled()
    house.now += timedelta(minutes=10)
    house.breaker(state)
    assert codes(house.store, NOON + timedelta(minutes=29)) == []
    assert codes(house.store, NOON + timedelta(minutes=30)) == ["unreachable"]
    house.breaker(BreakerState.CLOSED)
    assert codes(house.store, NOON + timedelta(hours=5)) == [], "its poll may take long, too"


def test_a_forum_that_could_never_be_read_is_unreachable_once_its_breaker_opens(tower):
    house = tower()
    house.breaker(BreakerState.CLOSED)
    assert codes(house.store, NOON) == []
    house.breaker(BreakerState.OPEN)
    assert codes(house.store, NOON) == ["unreachable"]


def test_a_forum_that_needs_a_human_is_told_at_once_and_not_as_unreachable(tower):
    house = tower()
    house.breaker(BreakerState.STOPPED, "error.forum.captcha")
    assert codes(house.store, NOON) == ["human_needed"]
    assert codes(house.store, NOON + timedelta(days=1)) == ["human_needed"]


@pytest.mark.parametrize(
    ("made", "at", "told"),
    [
        (99, "2026-03-01T12:00", []),
        (100, "2026-03-01T12:00", ["budget_spent"]),
        (100, "2026-03-01T22:30", []),  # the day is as good as over
        (100, "2026-03-02T00:00", []),
    ],
)
def test_a_budget_is_trouble_when_it_is_spent_well_before_its_day_ends(tower, made, at, told):
    house = tower()
    day = NOON.replace(hour=3)
    with house.store.write() as tx:
        requests.spend(tx, "city", at=day, number=made)
    assert codes(house.store, NOON.fromisoformat(f"{at}:00+00:00")) == told


def test_a_chore_that_failed_is_trouble_until_it_succeeds(tower):
    house = tower()
    house.chore("backup", "The disk is full.")
    house.chore("purge")
    assert codes(house.store, NOON) == ["chore_failed"]
    house.chore("backup")
    assert codes(house.store, NOON) == []


def test_a_queue_is_trouble_when_its_oldest_flag_has_waited_too_long(bench):
    bench.flagged(1)
    assert codes(bench.store, bench.now + timedelta(hours=47)) == []
    assert codes(bench.store, bench.now + timedelta(hours=48)) == ["queue_old"]


def test_actions_that_are_given_up_are_trouble_when_they_pile_up_within_a_day(bench):
    executor = bench.executor(limits=ExecutorLimits(attempts=1, lease=timedelta(minutes=3)))
    for post in (1, 2, 3):
        assert codes(bench.store, bench.now) == []
        bench.flagged(post)
        bench.queue(post)
        bench.forum.trouble["read"].append(Unreadable(forum="city", detail="x"))
        executor.work()
    assert codes(bench.store, bench.now) == ["given_up"]
    assert "given_up" not in codes(bench.store, bench.now + timedelta(days=1, minutes=1))


def test_every_trouble_has_its_sentences(tower):
    kinds = (
        "brake_on",
        "unreachable",
        "human_needed",
        "queue_old",
        "given_up",
        "budget_spent",
        "chore_failed",
    )
    for language in i18n.LANGUAGES:
        known = i18n.catalogue(language).templates
        assert {f"notify.{kind}.{part}" for kind in kinds for part in ("title", "text", "over")} <= set(known)
    assert {code.removeprefix("notify.") for code in watch.SILENT_ENDS} <= set(kinds)
