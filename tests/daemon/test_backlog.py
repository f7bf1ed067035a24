"""Turning hiding on never acts on what was there before, whatever turns it on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, time, timedelta

import pytest
from executor_support import Bench

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Author, FlagState, Mode, OutboxState, Reason
from modbot.moderation import autonomy as earning
from modbot.policy import BrakeLimits, Night, Policy, PolicyBook, QueueBudget
from modbot.policy.customs import Custom
from modbot.store import autonomy, boards, decisions, flags, modes, outbox
from modbot.store.autonomy import Ruling

ADVERTS = (
    "低价代开各类发票，真实可查，加微信：fapiao8801",
    "专业代开发票，全国可验，加微信：piaowu6620",
    "诚信代办各类证件发票，详情加微信：zheng7715",
)
COPIED = "这个公园修得真不错，周末带孩子去玩了一整天，强烈推荐大家都去"
POLICY = Policy(mode=Mode.SHADOW, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


@dataclass
class Office:
    """A forum's judge as a restarted daemon finds it: each round begins anew from the store."""

    bench: Bench
    detector: Detector
    policy: Policy = POLICY
    boards: dict[int, Policy] = field(default_factory=dict)
    book: dict[str, object] = field(default_factory=dict)
    duplicates: DuplicateIndex = field(
        default_factory=lambda: DuplicateIndex(
            window=timedelta(days=30), burst=timedelta(days=7), capacity=1000
        )
    )

    def read(self) -> None:
        """Store what is new, as before a crash: nothing is judged."""
        Poller(forum=self.bench.forum, store=self.bench.store, clock=self.bench.clock).poll()

    def judge(self) -> None:
        book = PolicyBook(
            self.policy, boards={("city", id): one for id, one in self.boards.items()}, **self.book
        )  # type: ignore[arg-type]
        rules = JudgingRules(book, BrakeLimits(), QueueBudget(), dict.fromkeys(Reason, "说明"))
        Judge(
            forum="city",
            store=self.bench.store,
            detector=self.detector,
            duplicates=self.duplicates,
            rules=rules,
            clock=self.bench.clock,
        ).judge_waiting()

    def round(self) -> None:
        """What a daemon does that begins: first what waits, then a poll."""
        self.judge()
        self.read()
        self.judge()
        self.bench.later(minutes=5)

    def mode(self, mode: Mode, board: int | None = None) -> None:
        if board is None:
            self.policy = replace(self.policy, mode=mode)
        else:
            self.boards[board] = replace(self.policy, mode=mode)

    def rule(self, reason: Reason, board: int | None = None, *, granted: bool = True) -> None:
        with self.bench.store.write() as tx:
            autonomy.rule(tx, "city", Ruling(board, reason, granted, "ann", self.bench.now))
        self.bench.later(minutes=1)

    def hidden(self) -> set[int]:
        """The posts that are to be hidden unasked."""
        with self.bench.store.read() as rx:
            queued = outbox.listing(rx, forum="city", states=[OutboxState.QUEUED])
        return {action.post_id for action in queued}

    def held_by(self, post_id: int) -> tuple[str, ...]:
        with self.bench.store.read() as rx:
            found = flags.find(rx, flags.Filter(forum="city"))
            flag = next(one for one in found if one.post_id == post_id)
            return decisions.load(rx, [flag.decision_id])[flag.decision_id].decision.held_by

    def advertise(self, post_id: int, text: str = ADVERTS[0], **fields: object) -> None:
        author = Author(id=500 + post_id, name=f"新人{post_id}", posts=0, group_id=10)
        self.bench.forum.write(post_id, text, author=author, thread_id=post_id, **fields)


@pytest.fixture
def office(bench: Bench, detector: Detector) -> Office:
    return Office(bench, detector)


def test_what_comes_after_enforce_was_turned_on_is_hidden(office: Office) -> None:
    office.round()
    office.mode(Mode.ENFORCE)
    office.round()
    office.advertise(1)
    office.round()
    assert office.hidden() == {1}


def test_a_forum_that_began_in_enforce_has_no_backlog(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.advertise(1)
    office.read()
    office.bench.later(hours=1)
    office.round()
    assert office.hidden() == {1}


@pytest.mark.parametrize("before", [Mode.SHADOW, Mode.QUEUE])
def test_what_waited_unjudged_when_enforce_was_turned_on_is_queued(office: Office, before: Mode) -> None:
    office.mode(before)
    office.advertise(1, "今天停水到几点有人知道吗")
    office.round()
    office.advertise(2)
    office.read()  # stored; then the power goes
    office.bench.later(minutes=1)
    office.mode(Mode.ENFORCE)
    office.round()
    assert office.hidden() == set()
    assert office.held_by(2) == ("backlog",)


def test_earlier_members_of_a_campaign_stay_when_it_grows_after_the_turn(office: Office) -> None:
    for number in (1, 2):
        office.advertise(number, COPIED)
        office.round()
    office.mode(Mode.ENFORCE)
    office.round()
    for number in (3, 4):
        office.advertise(number, COPIED)
        office.round()
    assert office.hidden() == {3, 4}
    assert office.held_by(2) == ("backlog",)


def test_the_turn_of_one_board_spares_its_own_backlog_and_touches_no_other(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.mode(Mode.QUEUE, board=7)
    office.round()
    office.advertise(1, ADVERTS[0], board_id=7)
    office.advertise(2, ADVERTS[1], board_id=3)
    office.read()
    office.bench.later(minutes=1)
    office.mode(Mode.ENFORCE, board=7)
    office.round()
    assert office.hidden() == {2}
    assert office.held_by(1) == ("backlog",)


def test_a_board_that_loses_a_mode_of_its_own_comes_under_the_forums_only_then(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.mode(Mode.SHADOW, board=7)
    office.round()
    office.advertise(1, board_id=7)
    office.read()
    office.bench.later(minutes=1)
    office.boards.clear()
    office.round()
    assert office.hidden() == set()
    assert office.held_by(1) == ("backlog",)


def test_settings_edited_back_and_forth_begin_anew(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.round()
    office.mode(Mode.QUEUE)
    office.round()
    office.advertise(1)
    office.read()
    office.bench.later(minutes=1)
    office.mode(Mode.ENFORCE)
    office.round()
    assert office.hidden() == set()


def test_a_restart_alone_begins_nothing_anew(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.round()
    office.advertise(1)
    office.read()
    office.bench.later(days=1)
    office.round()
    assert office.hidden() == {1}


def test_a_store_that_knew_no_modes_yet_leaves_what_waits_to_people(office: Office) -> None:
    """An upgrade: decisions are there, and nobody wrote down under which mode."""
    office.mode(Mode.ENFORCE)
    office.round()
    office.advertise(1, "今天停水到几点有人知道吗")
    office.round()
    office.advertise(2)
    office.read()
    with office.bench.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM modes")
    office.bench.later(minutes=1)
    office.round()
    assert office.hidden() == set()


def test_an_edited_text_is_new(office: Office) -> None:
    office.advertise(1, "今天停水到几点有人知道吗")
    office.round()
    office.mode(Mode.ENFORCE)
    office.round()
    office.bench.forum.edit(1, ADVERTS[0])
    office.round()
    assert office.hidden() == {1}


def test_a_grant_acts_in_queue_for_its_reason_and_board_and_never_on_the_backlog(office: Office) -> None:
    office.mode(Mode.QUEUE)
    office.round()
    office.advertise(1, ADVERTS[0], board_id=7)
    office.read()
    office.bench.later(minutes=1)
    office.rule(Reason.SPAM, board=7)
    office.round()
    assert office.hidden() == set()
    assert office.held_by(1) == ("backlog",)
    office.advertise(2, ADVERTS[1], board_id=7)
    office.advertise(3, ADVERTS[2], board_id=3)
    office.round()
    assert office.hidden() == {2}
    assert office.held_by(3) == ("mode_queue",)


def test_a_grant_does_nothing_in_shadow_and_leaving_it_spares_the_backlog(office: Office) -> None:
    office.rule(Reason.SPAM)
    office.round()
    office.advertise(1)
    office.round()
    assert office.held_by(1) == ("mode_shadow",)
    office.advertise(2, ADVERTS[1])
    office.read()
    office.bench.later(minutes=1)
    office.mode(Mode.QUEUE)
    office.round()
    assert office.hidden() == set()
    assert office.held_by(2) == ("backlog",)


def test_what_was_withdrawn_does_not_act_in_enforce_until_it_is_granted_again(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.round()
    office.rule(Reason.SPAM, granted=False)
    office.advertise(1)
    office.round()
    assert office.held_by(1) == ("withdrawn",)
    office.advertise(2, ADVERTS[1])
    office.read()
    office.bench.later(minutes=1)
    office.rule(Reason.SPAM)
    office.round()
    office.advertise(3, ADVERTS[2])
    office.round()
    assert office.hidden() == {3}


def test_a_threshold_without_evidence_acts_only_where_it_was_granted(office: Office) -> None:
    office.policy = replace(POLICY, mode=Mode.ENFORCE, unproved=frozenset({Reason.SPAM}))
    office.rule(Reason.SPAM, board=7)
    office.round()
    office.advertise(1, ADVERTS[0], board_id=7)
    office.advertise(2, ADVERTS[1], board_id=3)
    office.round()
    assert office.hidden() == {1}
    assert office.held_by(2) == ("evidence",)
    with office.bench.store.read() as rx:
        assert all(flag.would_hide for flag in flags.find(rx))


def test_a_night_that_enforces_spares_what_was_there_before_it_was_set(office: Office) -> None:
    office.round()
    office.advertise(1)
    office.read()
    office.bench.later(minutes=1)
    dark = Night(time(0), time(23, 59), UTC, replace(POLICY, mode=Mode.ENFORCE, is_of_night=True))
    office.policy = replace(POLICY, night=dark)
    office.round()
    assert office.held_by(1) == ("backlog",)
    office.advertise(2, ADVERTS[1])
    office.round()
    assert office.hidden() == {2}


def test_boards_that_an_entry_names_spare_their_backlog_too(office: Office) -> None:
    office.round()
    with office.bench.store.write() as tx:
        boards.save(tx, "city", [(7, "官方公告", None), (8, "水区", None)], at=office.bench.now)
    office.advertise(1, board_id=7)
    office.read()
    office.bench.later(minutes=1)
    office.book = {
        "custom_boards": [Custom(None, matches=lambda name: "公告" in name)],
        "custom_policies": {("city", None, 0): replace(POLICY, mode=Mode.ENFORCE)},
    }
    office.round()
    assert office.held_by(1) == ("backlog",)
    office.advertise(2, ADVERTS[1], board_id=7)
    office.advertise(3, ADVERTS[2], board_id=8)
    office.round()
    assert office.hidden() == {2}


# --- turning it off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.QUEUE])
def test_hides_that_waited_for_the_forum_are_called_back_when_enforce_is_left(
    office: Office, mode: Mode
) -> None:
    office.mode(Mode.ENFORCE)
    office.advertise(1)
    office.round()
    assert office.hidden() == {1}
    office.mode(mode)
    office.round()
    assert office.hidden() == set()
    with office.bench.store.read() as rx:
        [flag] = flags.find(rx, flags.Filter(forum="city", shown=True))
    assert (flag.post_id, flag.state) == (1, FlagState.PENDING)


def test_what_a_grant_hides_is_called_back_when_it_is_withdrawn_and_nothing_else(office: Office) -> None:
    office.mode(Mode.ENFORCE)
    office.round()
    for number, board in ((1, 7), (2, 3)):
        office.advertise(number, ADVERTS[number], board_id=board)
    for number in (11, 12, 13):
        office.advertise(number, COPIED, board_id=7)
    office.round()
    assert {1, 2, 13} <= office.hidden()
    before = office.hidden()
    with office.bench.store.write() as tx:
        earning.withdraw(tx, "city", 7, Reason.SPAM, who="ann", now=office.bench.now)
    assert office.hidden() == before - {1}


def test_the_modes_that_were_in_force_are_in_the_store(office: Office) -> None:
    began = office.bench.now
    office.mode(Mode.QUEUE, board=7)
    office.round()
    with office.bench.store.read() as rx:
        assert modes.load(rx, "city") == {
            modes.DEFAULT: modes.Since("shadow", began),
            7: modes.Since("queue", began),
        }
