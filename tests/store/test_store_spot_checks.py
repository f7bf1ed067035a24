"""Passed replies drawn at random, what people said of them, and taking that back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from store_desk import FORUM, START, Desk, decision, reply

from modbot.domain import Decision, DecisionKind, Label, Reason, VerdictKind
from modbot.errors import Conflict, StoreError, UsageError
from modbot.moderation import spot_checks as judging
from modbot.store import archive, audit, labels, schema, spot_checks
from modbot.store.spot_checks import Draw, Drawn, State

PASSED = replace(
    decision(DecisionKind.ALLOW, None, Label.HAM), would_be=DecisionKind.ALLOW, held_by=(), signals=()
)


def passes(desk: Desk, post_id: int, decided: Decision = PASSED, **fields: object) -> None:
    [recorded] = desk.record(reply(post_id, **fields))
    desk.judge(recorded, decided)


def draw(desk: Desk, number: int = 5, seed: int = 1) -> Draw | None:
    choose = random.Random(seed).sample  # noqa: S311 - no secret
    with desk.store.write() as tx:
        return spot_checks.draw(tx, FORUM, number=number, now=desk.now, choose=choose)


def drawn(desk: Desk, state: State | None = State.OPEN) -> dict[int, spot_checks.Check]:
    """By post."""
    with desk.store.read() as rx:
        return {check.post_id: check for check in spot_checks.listing(rx, FORUM, state=state)}


def judge(desk: Desk, post_id: int, label: Label | None, *, uphold: bool = False) -> spot_checks.Check:
    with desk.store.write() as tx:
        check = drawn(desk, None)[post_id]
        return judging.judge(tx, check.id, label, uphold=uphold, who="ann", now=desk.now)


def take_back(desk: Desk, post_id: int) -> int:
    with desk.store.write() as tx:
        return judging.take_back(tx, drawn(desk, None)[post_id].id, who="ben", now=desk.now)


def taught(desk: Desk) -> list[tuple[str, str]]:
    with desk.store.read() as rx:
        return [(row["label"], row["source"]) for row in labels.export(rx)]


def draws(desk: Desk) -> list[Drawn]:
    with desk.store.read() as rx:
        return spot_checks.draws(rx, FORUM)


def test_so_many_of_what_passed_are_drawn_with_the_population_that_they_stand_for(desk: Desk) -> None:
    for number in range(1, 21):
        passes(desk, number)
    assert draw(desk) == Draw(5, 20, START - timedelta(hours=24))
    found = drawn(desk).values()
    assert len(found) == 5
    assert {(check.population, check.drawn_at, check.day) for check in found} == {(20, START, START.date())}
    assert all(check.text == "这家店的面很好吃" and check.thread_title for check in found)


def test_every_reply_is_as_likely_as_any_other_whatever_the_batches(desk: Desk) -> None:
    """400 draws of 2 among 8 that came in batches of 1, 2 and 5: each is met 100 times or so."""
    for batch in ((1,), (2, 3), (4, 5, 6, 7, 8)):
        for recorded in desk.record(*(reply(number) for number in batch)):
            desk.judge(recorded, PASSED)
    met: Counter[int] = Counter()
    for seed in range(400):
        draw(desk, 2, seed)
        met.update(list(drawn(desk)))
        with desk.store.write() as tx:
            tx.execute(schema.spot_checks.delete())
    assert set(met) == set(range(1, 9))
    chi_square = sum((number - 100) ** 2 / 100 for number in met.values())
    assert chi_square < 24.3, "0.1 % of fair draws are as uneven"


@pytest.mark.parametrize(
    "fields",
    [
        {"held_by": ("exempt_group",)},
        {"held_by": ("before_first_start",)},
        {"held_by": ("restored_by_human",)},
        {"kind": DecisionKind.QUEUE, "reason": Reason.SPAM},
    ],
    ids=["staff", "history", "restored", "queued"],
)
def test_what_modbot_did_not_let_pass_by_its_own_judgement_is_not_drawn(
    desk: Desk, fields: dict[str, object]
) -> None:
    passes(desk, 1, replace(PASSED, **fields))  # type: ignore[arg-type]
    passes(desk, 2, replace(PASSED, held_by=("rule:welcome",)))
    assert draw(desk) == Draw(1, 1, START - timedelta(hours=24))
    assert list(drawn(desk)) == [2]


@pytest.mark.parametrize("fields", [{"text": ""}, {"hidden": True}, {"pending": True}])
def test_what_says_nothing_or_is_not_to_be_seen_is_not_drawn(desk: Desk, fields: dict[str, object]) -> None:
    passes(desk, 1, **fields)
    assert draw(desk) == Draw(0, 0, START - timedelta(hours=24))


def test_the_next_day_draws_from_what_passed_since_and_a_day_has_one_draw(desk: Desk) -> None:
    for number in range(1, 4):
        passes(desk, number)
    draw(desk)
    desk.later(hours=1)
    assert draw(desk) is None
    passes(desk, 4)
    desk.later(hours=23)
    assert draw(desk) == Draw(1, 1, START)


def test_after_an_outage_one_draw_stands_for_all_of_it(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    for number in range(2, 12):
        desk.later(hours=10)
        passes(desk, number)
    assert draw(desk) == Draw(5, 10, START)


def test_who_was_drawn_when_is_in_the_audit(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    judge(desk, 1, Label.SPAM)
    take_back(desk, 1)
    with desk.store.read() as rx:
        trail = [(entry.who, entry.what) for entry in audit.listing(rx)]
    for line in (
        ("modbot", "spot_checks.drawn"),
        ("ann", "spot_check.judged"),
        ("ben", "spot_check.undone"),
    ):
        assert line in trail


# --- answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", list(Label))
def test_an_answer_teaches_its_label_with_the_context_and_undo_forgets_it(desk: Desk, label: Label) -> None:
    passes(desk, 1)
    draw(desk)
    desk.later(hours=1)
    assert judge(desk, 1, label).state is State.JUDGED
    assert taught(desk) == [(label, "spot_check")]
    with desk.store.read() as rx:
        [row] = labels.export(rx)
        assert (row["title"], row["model"], row["who"]) == ("周末去哪里吃", "m1", "ann")
        assert rx.scalar(select(schema.labels.c.verdict_id)) is None
    assert take_back(desk, 1) == 1
    assert taught(desk) == []
    assert drawn(desk)[1].state is State.OPEN


def test_a_skip_teaches_nothing_and_tells_nothing(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    assert judge(desk, 1, None).state is State.SKIPPED
    assert taught(desk) == []
    assert draws(desk) == [Drawn(START, 1, 1, {})]


def test_who_was_first_is_said(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    judge(desk, 1, Label.HAM)
    with pytest.raises(Conflict, match="ann"):
        judge(desk, 1, Label.SPAM)
    take_back(desk, 1)
    with pytest.raises(Conflict) as caught:
        take_back(desk, 1)
    assert caught.value.code == "error.store.spot_check_open"
    with desk.store.read() as rx, pytest.raises(StoreError, match="404"):
        spot_checks.get(rx, 404)


def test_a_text_that_was_purged_can_only_be_skipped(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    with desk.store.write() as tx:
        tx.execute(schema.revisions.update().values(text=""))
    with pytest.raises(Conflict) as caught:
        judge(desk, 1, Label.HAM)
    assert caught.value.code == "error.store.spot_check_forgotten"
    judge(desk, 1, None)


def test_the_text_is_the_one_that_was_drawn(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    desk.record(reply(1, "我改主意了，那家店不行"))
    assert drawn(desk)[1].text == "这家店的面很好吃"


# --- acting on an answer --------------------------------------------------------------------------------


def test_upholding_opens_a_flag_whose_verdict_hides_and_teaches_once(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    check = judge(desk, 1, Label.SPAM, uphold=True)
    assert check.flag_id is not None
    assert taught(desk) == []
    desk.give(check.flag_id)
    assert desk.states() == ["hide queued"]
    assert taught(desk) == [("spam", "terminal")]
    assert draws(desk) == [Drawn(START, 1, 1, {Label.SPAM: 1})]


def test_while_its_flag_is_open_the_answer_is_none_and_a_dismissal_makes_it_ham(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    flag_id = judge(desk, 1, Label.SPAM, uphold=True).flag_id
    assert flag_id is not None
    assert draws(desk)[0].judged == 0
    desk.give(flag_id, VerdictKind.DISMISS)
    assert draws(desk)[0].labels == {Label.HAM: 1}


def test_taking_the_answer_back_withdraws_the_flag_that_it_opened(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    flag_id = judge(desk, 1, Label.LOW_EFFORT, uphold=True).flag_id
    assert flag_id is not None
    desk.give(flag_id)
    desk.undo(flag_id)
    take_back(desk, 1)
    assert (desk.get(flag_id).state.value, taught(desk)) == ("withdrawn", [])
    assert drawn(desk)[1].state is State.OPEN
    again = judge(desk, 1, Label.SPAM, uphold=True)
    assert again.flag_id not in (None, flag_id)


@pytest.mark.parametrize("label", [None, Label.HAM])
def test_only_what_is_bad_can_be_upheld(desk: Desk, label: Label | None) -> None:
    passes(desk, 1)
    draw(desk)
    with pytest.raises(UsageError):
        judge(desk, 1, label, uphold=True)
    assert drawn(desk)[1].state is State.OPEN


def test_a_forum_that_begins_a_new_history_begins_with_no_spot_checks(desk: Desk) -> None:
    passes(desk, 1)
    draw(desk)
    with desk.store.write() as tx:
        archive.set_aside(tx, FORUM, who="ann", at=desk.now)
    assert drawn(desk, None) == {}
