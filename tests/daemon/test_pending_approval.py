"""Replies that wait for the forum's own approval: which are approved unasked, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from executor_support import Bench
from sqlalchemy import select

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import ActionKind, Author, FlagState, Mode, OutboxState, Reason, VerdictKind, VerdictSource
from modbot.errors import Conflict
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import approvals, audit, flags, outbox, schema, verdicts

DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"
ADVERT = "低价代开各类发票，真实可查，加微信：fapiao8801"
CONTACT = "想拼车上下班的邻居可以加我微信 linju2026，早上七点半从北门走。"
APPROVING = Policy(
    mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7, pending_approve=0.6
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


def judge(bench: Bench, detector: Detector, policy: Policy = APPROVING) -> None:
    Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
    rules = JudgingRules(
        book=PolicyBook(policy),
        brake=BrakeLimits(),
        budget=QueueBudget(),
        reasons={reason: f"说明 {reason.value}" for reason in Reason},
    )
    index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000)
    Judge(
        forum="city", store=bench.store, detector=detector, duplicates=index, rules=rules, clock=bench.clock
    ).judge_waiting()


def actions(bench: Bench) -> list[str]:
    with bench.store.read() as rx:
        return [f"{one.kind} {one.state}" for one in outbox.listing(rx, forum="city")]


def flag_of(bench: Bench, post_id: int) -> flags.Flag:
    with bench.store.read() as rx:
        found = flags.find(rx, flags.Filter(forum="city", states=tuple(FlagState)))
        return next(flag for flag in found if flag.post_id == post_id)


def write(bench: Bench, text: str = DECENT, **fields: object) -> None:
    bench.forum.write(1, text, **{"pending": True, "author": Author(id=9, name="新来的", posts=0)} | fields)


def test_a_decent_reply_that_waits_is_approved_counted_and_written_down(
    bench: Bench, detector: Detector
) -> None:
    write(bench)
    judge(bench, detector)
    bench.executor().work()
    assert actions(bench) == ["approve done"]
    assert not bench.forum.posts[1].pending
    with bench.store.read() as rx:
        assert approvals.count(rx, "city", since=bench.now) == 1
        assert [entry.what for entry in audit.listing(rx)][-2:] == ["action.queued", "action.done"]


LEFT = [
    ("the operator leaves them", replace(APPROVING, pending_approve=None), DECENT, {}),
    ("queue mode", replace(APPROVING, mode=Mode.QUEUE), DECENT, {}),
    ("shadow mode", replace(APPROVING, mode=Mode.SHADOW), DECENT, {}),
    ("not sure enough", replace(APPROVING, pending_approve=0.99999), DECENT, {}),
    ("a contact, however decent", APPROVING, CONTACT, {}),
    ("a picture that nobody has looked at", APPROVING, DECENT, {"images": 1}),
    ("staff", APPROVING, DECENT, {"author": Author(id=1, name="站长", group_id=1)}),
    ("it does not wait", APPROVING, DECENT, {"pending": False}),
]


@pytest.mark.parametrize(("why", "policy", "text", "fields"), LEFT)
def test_what_is_left_to_humans(
    bench: Bench, detector: Detector, why: str, policy: Policy, text: str, fields: dict[str, object]
) -> None:
    write(bench, text, **fields)
    judge(bench, detector, policy)
    assert actions(bench) == [], why


def test_an_advert_that_waits_is_a_card_for_a_human_and_stays_waiting(
    bench: Bench, detector: Detector
) -> None:
    write(bench, ADVERT)
    judge(bench, detector)
    assert (flag_of(bench, 1).state, actions(bench)) == (FlagState.PENDING, [])


def test_an_advert_in_a_first_post_is_a_card_for_a_human(bench: Bench, detector: Detector) -> None:
    write(bench, ADVERT, pending=False, floor=1)
    judge(bench, detector)
    flag = flag_of(bench, 1)
    assert (flag.state, flag.would_hide, actions(bench)) == (FlagState.PENDING, True, [])
    with bench.store.read() as rx:
        [held] = rx.scalars(select(schema.decisions.c.held_by))
    assert held == ["first_post"]


def test_what_a_human_approved_first_was_not_approved_by_us(bench: Bench, detector: Detector) -> None:
    write(bench)
    judge(bench, detector)
    bench.forum.by_hand(ActionKind.APPROVE, 1)
    bench.executor().work()
    assert actions(bench) == ["approve already"]
    with bench.store.read() as rx:
        assert approvals.listing(rx, "city") == []


def test_a_text_that_changed_before_its_approval_is_judged_first(bench: Bench, detector: Detector) -> None:
    write(bench)
    judge(bench, detector)
    bench.forum.edit(1, ADVERT)
    judge(bench, detector)
    bench.executor().work()
    assert actions(bench) == ["approve cancelled"]
    assert (bench.forum.posts[1].pending, flag_of(bench, 1).state) == (True, FlagState.PENDING)


def test_a_text_that_changed_and_was_only_read_is_not_approved(bench: Bench, detector: Detector) -> None:
    write(bench)
    judge(bench, detector)
    bench.forum.edit(1, ADVERT)
    Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
    bench.executor().work()
    assert (actions(bench), bench.forum.posts[1].pending) == (["approve cancelled"], True)


def test_what_humans_had_a_card_of_is_theirs_to_approve(bench: Bench, detector: Detector) -> None:
    write(bench, ADVERT)
    judge(bench, detector)
    with bench.store.write() as tx:
        verdicts.give(
            tx,
            flag_of(bench, 1).id,
            VerdictKind.UPHOLD,
            source=VerdictSource.TERMINAL,
            who="ann",
            now=bench.now,
            undo_window=timedelta(seconds=10),
        )
    bench.forum.edit(1, DECENT)
    judge(bench, detector)
    assert actions(bench) == ["ignore queued"]


def test_taking_an_approval_back_hides_the_reply_once(bench: Bench, detector: Detector) -> None:
    write(bench)
    judge(bench, detector)
    bench.executor().work()
    with bench.store.write() as tx:
        [approval] = approvals.listing(tx, "city")
        hide = approvals.take_back(tx, approval.id, who="ann", now=bench.now)
    assert bench.action(hide or 0).undoes == approval.id
    bench.executor().work()
    assert bench.forum.posts[1].hidden
    with bench.store.write() as tx, pytest.raises(Conflict):
        approvals.take_back(tx, approval.id, who="ben", now=bench.now)


def test_taking_an_approval_back_in_time_leaves_the_reply_waiting(bench: Bench, detector: Detector) -> None:
    write(bench)
    judge(bench, detector)
    with bench.store.write() as tx:
        [approval] = approvals.listing(tx, "city")
        assert approvals.take_back(tx, approval.id, who="ann", now=bench.now) is None
    bench.executor().work()
    assert (bench.forum.posts[1].pending, bench.state(approval.id)) == (True, OutboxState.CANCELLED)
