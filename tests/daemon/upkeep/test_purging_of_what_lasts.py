"""Standing decisions, exceptions, spot checks and misses go some time after they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from purging_support import QUEUE, everything, new_desk, purge
from sqlalchemy import insert, update
from store_desk import FORUM, Desk, reply

from modbot.domain import VerdictKind
from modbot.store import exceptions, labels, schema, standing


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_desk() as made:
        yield made


def standing_decision(desk: Desk) -> int:
    flag_id = desk.flag(reply(1), QUEUE)
    desk.give(flag_id, VerdictKind.DISMISS, stands=True)
    return flag_id


def exception(desk: Desk) -> int:
    flag_id = desk.flag(reply(1), QUEUE)
    desk.give(flag_id, VerdictKind.ALLOW_HERE)
    return flag_id


def spot_check(desk: Desk) -> int:
    [recorded] = desk.record(reply(1))
    decision_id = desk.judge(recorded, QUEUE)
    values = {
        "forum": FORUM,
        "day": desk.now.date(),
        "reply_id": recorded.reply_id,
        "revision_id": recorded.revision_id,
        "decision_id": decision_id,
        "population": 9,
        "drawn_at": desk.now,
    }
    with desk.store.write() as tx:
        tx.execute(insert(schema.spot_checks).values(values))
    return 0


def miss(desk: Desk) -> int:
    [recorded] = desk.record(reply(1))
    decision_id = desk.judge(recorded, QUEUE)
    values = {
        "forum": FORUM,
        "reply_id": recorded.reply_id,
        "revision_id": recorded.revision_id,
        "decision_id": decision_id,
        "visibility": "hidden",
        "seen_at": desk.now,
    }
    with desk.store.write() as tx:
        tx.execute(insert(schema.misses).values(values))
    return 0


def keep(desk: Desk, flag_id: int) -> None:
    """Nothing happens."""


def undo(desk: Desk, flag_id: int) -> None:
    desk.undo(flag_id)


@pytest.mark.parametrize(
    ("name", "make", "then", "days"),
    [
        ("standing_decisions", standing_decision, undo, 180),
        ("standing_decisions", standing_decision, keep, 90 + 180),
        ("policy_exceptions", exception, undo, 180),
        ("spot_checks", spot_check, keep, 180),
        ("misses", miss, keep, 180),
    ],
)
def test_it_goes_that_long_after_it_ended_and_not_before(
    desk: Desk, name: str, make: Callable[[Desk], int], then: Callable[[Desk, int], None], days: int
) -> None:
    then(desk, make(desk))
    with desk.store.write() as tx:
        tx.execute(update(schema.standing_decisions).values(last_copy_at=desk.now))
    desk.later(days=days - 1)
    purge(desk)
    assert len(everything(desk.store)[name]) == 1
    desk.later(days=2)
    assert sum(int(str(number)) for key, number in purge(desk).items() if key in _STEPS[name]) == 1
    assert everything(desk.store)[name] == []


_STEPS = {
    "standing_decisions": ("standing",),
    "policy_exceptions": ("exceptions",),
    "spot_checks": ("spot_checks",),
    "misses": ("misses",),
}


def test_an_exception_in_force_stays_for_ever_even_when_its_verdict_is_forgotten(desk: Desk) -> None:
    exception(desk)
    desk.later(days=4000)
    assert purge(desk)["flags"] == 1
    with desk.store.read() as rx:
        [kept] = exceptions.listing(rx, FORUM)
    assert kept.verdict_id is None


def test_a_standing_decision_that_met_a_copy_lately_stays(desk: Desk) -> None:
    standing_decision(desk)
    with desk.store.read() as rx:
        [made] = standing.listing(rx, forum=FORUM)
    desk.later(days=300)
    with desk.store.write() as tx:
        standing.touch(tx, {made.id: desk.now}, hits={made.id: 1})
    desk.later(days=200)
    assert purge(desk)["standing"] == 0


def test_what_a_spot_check_taught_stays_when_the_check_goes(desk: Desk) -> None:
    spot_check(desk)
    with desk.store.write() as tx:
        example = labels.Imported("桥头的面馆搬走了", labels.Label.HAM, {})
        labels.add(tx, [example], source="spot_check", who="ann", at=desk.now)
    desk.later(days=181)
    assert purge(desk)["spot_checks"] == 1
    with desk.store.read() as rx:
        assert len(list(labels.export(rx))) == 1
