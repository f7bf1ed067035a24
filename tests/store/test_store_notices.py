"""One row per trouble while it lasts; what is due, and when it is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from store_desk import START

from modbot.store import Store, notices, schema
from modbot.store.notices import CALM, STALE, Notice

KEY = "brake_on:city"
MINUTE = timedelta(minutes=1)


def opened(store: Store, at=START, key: str = KEY, **details: object) -> bool:
    with store.write() as tx:
        return notices.open(tx, key, "notify.brake_on", forum="city", details=details, at=at)


def closed(store: Store, at, *, silently: bool = False) -> bool:
    with store.write() as tx:
        return notices.close(tx, KEY, at=at, silently=silently)


def told(store: Store, at) -> None:
    with store.write() as tx:
        for notice in notices.due(tx, now=at):
            notices.told(tx, notice, at=at)


def due(store: Store, at) -> list[Notice]:
    with store.read() as rx:
        return notices.due(rx, now=at)


def test_opening_is_idempotent_and_keeps_the_facts_fresh_until_they_are_told(store):
    assert opened(store, waiting=1)
    assert not opened(store, START + MINUTE, waiting=2)
    (notice,) = due(store, START + MINUTE)
    assert (notice.details, notice.opened_at) == ({"waiting": 2}, START)
    told(store, START + MINUTE)
    opened(store, START + 2 * MINUTE, waiting=3)
    with store.read() as rx:
        assert [found.details for found in notices.lasting(rx)] == [{"waiting": 2}]
    assert due(store, START + 2 * MINUTE) == []


def test_the_database_itself_keeps_two_rows_of_one_lasting_trouble_out(store):
    opened(store)
    with store.write() as tx:
        row = tx.execute(schema.notices.select()).mappings().one()
        with pytest.raises(IntegrityError):
            tx.execute(schema.notices.insert().values(**{**row, "id": None}))


def test_what_is_back_within_the_calm_goes_on_and_later_it_is_another(store):
    opened(store)
    told(store, START)
    assert closed(store, START + MINUTE)
    assert not closed(store, START + MINUTE)
    assert not opened(store, START + MINUTE + CALM - timedelta(seconds=1)), "it goes on"
    assert due(store, START + CALM + 2 * MINUTE) == [], "its beginning was told"
    closed(store, START + CALM + 2 * MINUTE)
    assert opened(store, START + 2 * CALM + 2 * MINUTE)


@pytest.mark.parametrize(
    ("lasted", "was_told", "silently", "is_due"),
    [
        (MINUTE, True, False, True),
        (MINUTE, True, True, False),
        (MINUTE, False, False, False),
        (CALM, False, False, True),
        (CALM, False, True, False),
    ],
)
def test_an_end_is_due_after_the_calm_to_those_it_concerns(store, lasted, was_told, silently, is_due):
    opened(store)
    if was_told:
        told(store, START)
    end = START + lasted
    closed(store, end, silently=silently)
    assert due(store, end + CALM - timedelta(seconds=1)) == []
    assert bool(due(store, end + CALM)) is is_due
    assert due(store, end + STALE) == []
    told(store, end + CALM)
    assert due(store, end + CALM) == []


def test_an_attempt_pushes_the_next_forward_before_it_is_made(store):
    opened(store)
    (notice,) = due(store, START)
    with store.write() as tx:
        notices.trying(tx, notice, not_before=START + 5 * MINUTE)
    assert due(store, START + 4 * MINUTE) == []
    (again,) = due(store, START + 5 * MINUTE)
    assert again.attempts == 1


def test_a_beginning_that_only_some_have_counts_as_told_when_it_ends(store):
    opened(store)
    (notice,) = due(store, START)
    with store.write() as tx:
        notices.reached(tx, notice, {"b", "a"})
    closed(store, START + MINUTE)
    (end,) = due(store, START + MINUTE + CALM)
    assert (end.told_at, list(end.reached)) == (START + MINUTE, [])


def test_what_held_of_a_forum_within_a_time(store):
    opened(store)
    closed(store, START + CALM)
    hour = timedelta(hours=1)

    def held(start, end, forum="city") -> int:
        with store.read() as rx:
            return len(notices.between(rx, forum, start, end))

    assert held(START - hour, START) == 0
    assert held(START - hour, START + MINUTE) == 1
    assert held(START + MINUTE, START + 2 * MINUTE) == 1
    assert held(START + CALM, START + hour) == 0
    assert held(START, START + hour, "village") == 0


def test_what_is_over_is_forgotten_in_time_and_what_lasts_is_not(store):
    opened(store)
    closed(store, START + MINUTE)
    opened(store, key="human_needed:city")
    with store.write() as tx:
        assert notices.purge(tx, before=START + MINUTE) == 0
        assert notices.purge(tx, before=START + 2 * MINUTE) == 1
        assert not notices.is_known(tx, KEY)
        assert notices.is_known(tx, "human_needed:city")
