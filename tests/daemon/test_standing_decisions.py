"""What was upheld or dismissed of a campaign decides about its next copies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from executor_support import Bench
from precedent_support import POLICY, Bar, newcomer, on, regular, shipped_detector

from modbot.detection import Detector
from modbot.domain import (
    Author,
    DecisionKind,
    FlagState,
    Label,
    Mode,
    Reason,
    StandingKind,
    ThreadKind,
    VerdictKind,
)
from modbot.policy import Policy

SENTENCE = "这个楼盘的样板间我上周去看过，采光和层高都比宣传册上写的好很多，值得去一趟"
EDITED = "这个楼盘的样板间我上周去看过了，采光和层高都比宣传册上写的要好很多，值得去一趟！"
DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return shipped_detector()


@pytest.fixture
def bar(bench: Bench, detector: Detector) -> Bar:
    return Bar(bench, detector)


def seen_three_times(bar: Bar, text: str = SENTENCE) -> None:
    """The same sentence on 2, 11 and 24 December from three fresh accounts of other regions."""
    for post, (day, region) in enumerate(((2, "来自 河南"), (11, "来自 福建"), (24, "来自 辽宁")), 1):
        bar.at(on(12, day))
        bar.says(post, text, newcomer(post), region=region)


@pytest.fixture
def upheld(bar: Bar) -> Bar:
    """… and one verdict, on the one that made the card."""
    seen_three_times(bar)
    bar.decide(3)
    return bar


# --- the next copy ------------------------------------------------------------------------------------


def test_three_copies_in_a_month_are_one_card_and_one_verdict(bar: Bar) -> None:
    seen_three_times(bar)
    assert {flag.campaign for flag in bar.flags().values()} == {bar.flags()[3].campaign}
    bar.decide(3)
    [made] = bar.standing()
    assert (made.kind, made.who, made.hits) == (StandingKind.CONDEMNED, "ann", 0)
    assert (made.reason, made.last_copy_at) == (Reason.REPEATED, on(12, 24))


@pytest.mark.parametrize("text", [SENTENCE, EDITED], ids=["the same", "lightly edited"])
def test_the_fourth_copy_is_hidden_the_moment_it_is_read(upheld: Bar, text: str) -> None:
    upheld.at(on(1, 28, year=2026))
    tally = upheld.says(4, text, newcomer(4), region="来自 山西")
    assert (tally.hides, 4 in upheld.hidden()) == (1, True)
    decision = upheld.decision(4)
    assert (decision.kind, decision.reason) == (DecisionKind.HIDE, Reason.REPEATED)
    assert decision.standing == upheld.standing()[0].id
    [told] = [signal for signal in decision.signals if signal.code == "standing_decision"]
    assert (told.details["kind"], told.details["who"]) == ("condemned", "ann")


def test_it_is_forgotten_by_the_index_and_not_by_the_decision(upheld: Bar) -> None:
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, SENTENCE, newcomer(4))
    upheld.at(on(4, 20, year=2026))
    upheld.says(5, SENTENCE, newcomer(5))
    assert {4, 5} <= upheld.hidden(), "each copy lets it last 90 days more"
    [made] = upheld.standing()
    assert (made.hits, made.last_copy_at) == (2, on(4, 20, year=2026))


def test_nothing_is_done_when_no_copy_was_seen_for_90_days(upheld: Bar) -> None:
    upheld.at(on(12, 24) + timedelta(days=90, minutes=1))
    upheld.says(4, SENTENCE, newcomer(4))
    assert 4 not in upheld.flags()
    assert upheld.standing()[0].hits == 0


def test_a_restart_forgets_no_decision(upheld: Bar) -> None:
    upheld.at(on(1, 28, year=2026))
    upheld.restart()
    upheld.says(4, SENTENCE, newcomer(4))
    assert 4 in upheld.hidden()


def test_another_sentence_is_none_of_its_business(upheld: Bar) -> None:
    upheld.says(4, DECENT, newcomer(4))
    assert 4 not in upheld.flags()


def test_a_copy_that_arrives_while_the_verdict_is_given_is_caught_when_it_is_judged(bar: Bar) -> None:
    seen_three_times(bar)
    bar.write(4, SENTENCE, newcomer(4))
    bar.decide(3)
    bar.read()
    assert 4 in bar.hidden()


def test_a_post_that_is_edited_into_a_copy_is_hidden(upheld: Bar) -> None:
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, DECENT, newcomer(4))
    upheld.bench.forum.edit(4, SENTENCE)
    upheld.read()
    assert 4 in upheld.hidden()


def test_the_label_and_the_reason_are_those_that_were_upheld(bar: Bar) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=None))
    advert = "低价代开各类发票，真实可查，加微信：fapiao8801"
    for number in (1, 2):
        bar.says(number, advert, newcomer(number))
    bar.decide(2)
    bar.under(Policy(mode=Mode.ENFORCE, spam_hide=None, spam_queue=0.99999, low_effort_queue=None))
    bar.at(bar.bench.now + timedelta(days=40))
    bar.says(3, "低价代开各类发票，真实可查，加微信：fapiao8802", newcomer(3))
    assert (bar.flags()[3].reason, bar.flags()[3].label) == (Reason.SPAM, Label.SPAM)
    assert 3 in bar.hidden()


# --- what makes a decision ----------------------------------------------------------------------------


def flagged_alone(bar: Bar, post: int = 1) -> None:
    bar.under(Policy(mode=Mode.ENFORCE, spam_hide=None, spam_queue=0.5, low_effort_queue=None))
    bar.says(post, "低价代开各类发票，真实可查，加微信：fapiao8801", newcomer(post))


@pytest.mark.parametrize(
    ("stands", "made"), [(None, 0), (False, 0), (True, 1)], ids=["by default", "not asked", "asked"]
)
def test_a_single_flag_stands_only_when_asked(bar: Bar, stands: bool | None, made: int) -> None:
    flagged_alone(bar)
    bar.decide(1, stands=stands)
    assert len(bar.standing()) == made


def test_a_campaigns_flag_stands_unless_told_otherwise(bar: Bar) -> None:
    seen_three_times(bar)
    bar.decide(3, stands=False)
    assert bar.standing() == []


@pytest.mark.parametrize("kind", [VerdictKind.ALLOW_HERE, VerdictKind.REMOVE_DONT_LEARN])
def test_verdicts_that_teach_nothing_stand_for_nothing(bar: Bar, kind: VerdictKind) -> None:
    seen_three_times(bar)
    bar.decide(3, kind)
    assert bar.standing() == []


def test_the_author_of_a_single_post_is_hidden_too_when_they_say_it_again(bar: Bar) -> None:
    flagged_alone(bar)
    bar.decide(1, stands=True)
    bar.at(bar.bench.now + timedelta(days=40))
    bar.says(2, "低价代开各类发票，真实可查，加微信：fapiao8801", newcomer(1))
    assert 2 in bar.hidden()


def test_verdicts_on_more_flags_of_a_campaign_are_one_decision_which_ends_with_the_last_undone(
    bar: Bar,
) -> None:
    seen_three_times(bar)
    bar.decide(3)
    bar.decide(2)
    assert len(bar.standing()) == 1
    bar.undo(3)
    assert len(bar.standing()) == 1, "the other verdict says so still"
    bar.undo(2)
    assert bar.standing() == []


def test_undoing_the_verdict_revokes_what_it_made(upheld: Bar) -> None:
    upheld.undo(3)
    [ended] = upheld.standing(revoked=True)
    assert (ended.revoked_by, ended.revoked_at) == ("ben", upheld.bench.now)
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, SENTENCE, newcomer(4))
    assert 4 not in upheld.flags()


# --- who is not hidden unasked ------------------------------------------------------------------------


def protected(**fields: object) -> dict[str, object]:
    return fields


@pytest.mark.parametrize(
    ("how", "held"),
    [
        ({"author": regular(4)}, ("standing",)),
        ({"author": newcomer(4), "pending": True}, ("pending",)),
        ({"author": newcomer(4), "is_thread_author": True}, ("own_thread",)),
    ],
    ids=["an author with standing", "a pending reply", "the thread's author"],
)
def test_a_human_is_asked_about(upheld: Bar, how: dict[str, object], held: tuple[str, ...]) -> None:
    upheld.at(on(1, 28, year=2026))
    upheld.write(4, SENTENCE, **how)  # type: ignore[arg-type]
    upheld.read()
    assert upheld.held_by(4) == held
    assert upheld.decision(4).kind is DecisionKind.QUEUE
    assert 4 not in upheld.hidden()


def test_staff_are_let_alone(upheld: Bar) -> None:
    upheld.says(4, SENTENCE, Author(id=1, name="站长", posts=9, group_id=1))
    assert 4 not in upheld.flags()


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.QUEUE])
def test_unasked_is_for_enforce_only(upheld: Bar, mode: Mode) -> None:
    upheld.under(Policy(mode=mode, spam_queue=None, low_effort_queue=None))
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, SENTENCE, newcomer(4))
    assert upheld.held_by(4) == (f"mode_{mode.value}",)
    assert (upheld.flags()[4].would_hide, 4 in upheld.hidden()) == (True, False)


def test_the_brake_does_not_hold_it_and_is_not_pulled_by_it(upheld: Bar) -> None:
    upheld.pull_brake()
    upheld.at(on(1, 28, year=2026))
    for post in range(4, 30):
        upheld.write(post, SENTENCE, newcomer(post))
    upheld.read()
    assert set(range(4, 30)) <= upheld.hidden()


def test_what_a_human_restored_stays(upheld: Bar) -> None:
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, SENTENCE, newcomer(4))
    upheld.undo(4)
    assert 4 not in upheld.hidden()
    upheld.says(5, SENTENCE, newcomer(5))
    assert (4 in upheld.hidden(), 5 in upheld.hidden()) == (False, True)


@pytest.mark.parametrize(
    "where",
    [
        {"thread_kind": ThreadKind.LOTTERY},
        {"board_id": 9},
    ],
    ids=["a kind of thread", "a board"],
)
def test_where_the_policy_does_not_flag_the_reason_the_decision_does_not_either(
    upheld: Bar, where: dict[str, object]
) -> None:
    free = Policy(mode=Mode.ENFORCE, spam_queue=None, low_effort_queue=None, reasons=frozenset())
    upheld.boards = {("city", 9): free}
    upheld.kinds = {ThreadKind.LOTTERY: frozenset[Reason]()}
    upheld.open()
    upheld.at(on(1, 28, year=2026))
    upheld.says(4, SENTENCE, newcomer(4), **where)
    assert 4 not in upheld.flags()
    upheld.says(5, SENTENCE, newcomer(5))
    assert 5 in upheld.hidden()


def test_copies_judged_before_the_verdict_are_a_humans_matter(bar: Bar) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None))
    seen_three_times(bar)
    bar.decide(3)
    bar.under(POLICY)
    bar.says(4, SENTENCE, newcomer(4))
    assert bar.hidden() == {3, 4}
    assert bar.flags()[2].state is FlagState.PENDING


# --- the reflection attack ----------------------------------------------------------------------------

MEMBER = Author(id=42, name="阿梅", posts=3, group_id=10)


def reflected(bar: Bar) -> None:
    """Five accounts copy what a member wrote, to get it hidden."""
    bar.at(on(12, 1))
    bar.says(1, SENTENCE, MEMBER)
    for post in range(2, 7):
        bar.at(on(12, 1 + post))
        bar.says(post, SENTENCE, newcomer(post))


def test_the_members_own_post_is_never_hidden_though_the_campaign_is_condemned(bar: Bar) -> None:
    reflected(bar)
    bar.decide(6)
    assert 1 not in bar.hidden()
    for post in range(10, 14):
        bar.says(post, SENTENCE, newcomer(post))
    assert {10, 11, 12, 13} <= bar.hidden()
    assert 1 not in bar.hidden(), "nor when the campaign's earlier members are judged again"


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("text", [SENTENCE, EDITED], ids=["the same", "in other words"])
def test_the_member_may_say_it_again_and_a_human_is_asked(bar: Bar, text: str, restarted: bool) -> None:
    reflected(bar)
    bar.decide(6)
    bar.at(on(2, 20, year=2026))
    if restarted:
        bar.restart()
    bar.says(7, text, MEMBER)
    bar.says(8, text, newcomer(8))
    assert (7 in bar.hidden(), bar.held_by(7)) == (False, ("first_author",))
    assert 8 in bar.hidden()


def test_nor_is_it_when_the_moderators_upheld_the_members_own_card(bar: Bar) -> None:
    reflected(bar)
    for post in (1, 6):
        bar.decide(post)
    bar.at(on(2, 20, year=2026))
    bar.says(7, SENTENCE, MEMBER)
    assert 7 not in bar.hidden()


def test_a_members_post_that_is_read_late_is_the_first_all_the_same(bar: Bar) -> None:
    seen_three_times(bar)
    bar.decide(3)
    bar.says(9, SENTENCE, MEMBER, posted_at=on(11, 30))
    assert (9 in bar.hidden(), bar.held_by(9)) == (False, ("first_author",))


def test_a_member_who_wrote_it_before_the_campaign_was_seen_is_known_by_that(bar: Bar) -> None:
    bar.at(on(10, 20))
    bar.says(90, SENTENCE, MEMBER)
    seen_three_times(bar)
    bar.decide(3)
    bar.says(91, SENTENCE, MEMBER)
    assert 91 not in bar.hidden()
    assert bar.held_by(91) == ("first_author",)


# --- customs ------------------------------------------------------------------------------------------

THANKS = "多谢楼主整理得这么清楚"


def dismissed(bar: Bar, text: str = SENTENCE) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None))
    seen_three_times(bar, text)
    bar.decide(3, VerdictKind.DISMISS)


def test_a_custom_is_no_card_any_more(bar: Bar) -> None:
    dismissed(bar)
    bar.under(POLICY)
    for post in range(4, 12):
        bar.says(post, SENTENCE, newcomer(post))
    assert not set(range(4, 12)) & set(bar.flags())
    decision = bar.decision(11)
    assert (decision.held_by, decision.standing) == (("customary",), bar.standing()[0].id)
    assert bar.standing()[0].hits == 8


def test_after_undoing_the_dismissal_it_is_a_card_again(bar: Bar) -> None:
    dismissed(bar)
    bar.undo(3)
    bar.says(4, SENTENCE, newcomer(4))
    assert 4 in bar.flags()


ADVERT = "周末清仓处理一批全新保温杯，支持同城自提，加微信：beizi6602"


@pytest.mark.parametrize(
    ("text", "flagged"),
    [(ADVERT, False), ("周末清仓处理一批全新保温杯，支持同城自提，加微信：ruhua9903", True)],
    ids=["the very text", "another contact"],
)
def test_only_the_very_text_that_was_dismissed_is_no_advert(bar: Bar, text: str, flagged: bool) -> None:
    strict = Policy(mode=Mode.QUEUE, spam_queue=0.05, low_effort_queue=None)
    bar.under(strict)
    for number in (1, 2):
        bar.says(number, ADVERT, newcomer(number))
    bar.decide(2, VerdictKind.DISMISS)
    bar.says(3, text, newcomer(3))
    assert (3 in bar.flags()) is flagged


def test_where_condemned_and_customary_meet_a_human_is_asked(bar: Bar) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None))
    seen_three_times(bar)
    bar.decide(3)
    bar.decide(2, VerdictKind.DISMISS)
    bar.under(POLICY)
    bar.at(on(1, 28, year=2026))
    bar.says(4, SENTENCE, newcomer(4))
    assert (4 in bar.hidden(), bar.held_by(4)) == (False, ("standing_conflict",))
    assert bar.decision(4).kind is DecisionKind.QUEUE


BASE = "河边那排老柳树今年发芽比往年早了整整半个月散步的人都停下来拍照留念真是难得一见"


def varied(text: str, first: int, by: str) -> str:
    return text[:first] + by + text[first + len(by) :]


def test_a_text_between_a_condemned_and_a_customary_one_is_a_humans_matter(bar: Bar) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None))
    for number, text in enumerate((varied(BASE, 0, "山前这条旧"), varied(BASE, 26, "骑车路过坐"))):
        for post in (1, 2, 3):
            bar.says(10 * number + post, text, newcomer(10 * number + post))
    assert len({bar.flags()[post].campaign for post in (3, 13)}) == 2
    bar.decide(3)
    bar.decide(13, VerdictKind.DISMISS)
    bar.under(POLICY)
    bar.says(20, BASE, newcomer(20))
    assert (bar.held_by(20), 20 in bar.hidden()) == (("standing_conflict",), False)


# --- short texts ---------------------------------------------------------------------------------------

SHORT = "蓝鲸鞋垫来我橱窗"


def test_a_short_text_is_condemned_within_its_campaign_and_in_its_authors_mouth_only(bar: Bar) -> None:
    bar.under(Policy(mode=Mode.QUEUE, spam_queue=None, low_effort_queue=None))
    for post in range(1, 6):
        bar.says(post, SHORT, newcomer(post))
    bar.decide(5)
    bar.under(POLICY)
    bar.says(6, SHORT, newcomer(6))
    assert 6 in bar.hidden(), "while the campaign goes on"
    bar.at(bar.bench.now + timedelta(days=40))
    bar.says(7, SHORT, newcomer(7))
    assert 7 not in bar.flags()
    bar.says(8, SHORT, newcomer(5), thread_id=700)
    assert 8 in bar.hidden()
