"""One decision for many: counted first, each by itself, told one by one, taken back as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from moderation_room import CAMPAIGN, OF_FEW, REPEATED, Room, newcomer, regular
from store_desk import FORUM, decision, reply

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    Author,
    DecisionKind,
    FlagState,
    Label,
    Reason,
    VerdictKind,
)
from modbot.errors import StoreError, UsageError
from modbot.moderation import bulk
from modbot.moderation import exceptions as exception_rules
from modbot.moderation.bulk import Ending, Result
from modbot.moderation.deciding import Choice
from modbot.moderation.selecting import LeftOut
from modbot.store import audit, dialect, exceptions, labels, schema, verdicts
from modbot.store.carrying import Means

UPHOLD, DISMISS, ALLOW, REMOVE = VerdictKind
DONE, CONFLICT, FAILED = Ending
MUTE = Choice(means=Means(mute_days=7))


class PowerCut(Exception):
    """Ends the work where it is, as a kill would."""


def campaign_of(room: Room, members: int, **fields: Any) -> list[int]:
    """Flags of newcomers in two threads; the first member's own post passed."""
    room.passed(1, campaign=CAMPAIGN, author=newcomer(1), **fields)
    return [
        room.member(post, author=newcomer(post), thread_id=7 + post % 2, **fields)
        for post in range(2, members + 1)
    ]


def left_out(room: Room, **selected: Any) -> dict[int, str]:
    return {one.post_id: why.value for one, why in room.plan(**selected).left_out}


# Who is taken in, and who is not


def test_a_campaign_is_found_with_its_open_flags_and_counted_before_anything_is_done(room: Room) -> None:
    campaign_of(room, 5)
    plan = room.plan()
    assert [one.post_id for one in plan.items] == [2, 3, 4, 5]
    assert (plan.authors, plan.threads, plan.unflagged) == (4, 2, 0)
    assert plan.spared == {LeftOut.PASSED: 1}
    assert room.states() == []


def test_a_campaign_is_found_by_a_former_name_too(room: Room) -> None:
    campaign_of(room, 3)
    with room.store.write() as tx:
        row = {"forum": FORUM, "alias": "c000", "campaign": CAMPAIGN, "since": room.now}
        dialect.upsert(tx, schema.campaign_aliases, [row], keys=["forum", "alias"], update=["campaign"])
    assert len(room.plan(campaign="c000").items) == 2


def test_members_that_passed_are_taken_in_when_they_are_asked_for(room: Room) -> None:
    campaign_of(room, 3)
    room.passed(9, campaign=CAMPAIGN, author=newcomer(9))
    plan = room.plan(passed=True)
    assert [one.post_id for one in plan.items] == [2, 3, 9]
    assert plan.unflagged == 1
    assert left_out(room, passed=True) == {1: "first_poster"}


@pytest.mark.parametrize(
    ("author", "why"),
    [
        (regular(50), "standing"),
        (Author(id=51, name="版主", group_id=3, posts=2), "staff"),
    ],
)
def test_whoever_is_protected_is_left_out_of_an_uphold_and_told(room: Room, author: Author, why: str) -> None:
    campaign_of(room, 3)
    room.member(8, author=author)
    assert left_out(room)[8] == why
    assert 8 in [one.post_id for one in room.plan(everyone=True).items]
    assert 8 in [one.post_id for one in room.plan(DISMISS).items], "a dismissal harms nobody"


def test_an_author_with_standing_who_was_upheld_before_has_it_no_more(room: Room) -> None:
    room.give(room.flag(reply(90, author=regular(50))))
    campaign_of(room, 3)
    room.member(8, author=regular(50))
    assert 8 in [one.post_id for one in room.plan().items]


@pytest.mark.parametrize(
    ("campaign", "own_copies", "spared"),
    [(CAMPAIGN, 1, True), (CAMPAIGN, 2, False), (OF_FEW, 1, False)],
)
def test_the_post_that_others_copied_is_left_out_unless_its_author_copied_it_too(
    room: Room, campaign: str, own_copies: int, spared: bool
) -> None:
    for post in range(1, own_copies + 1):
        room.member(post, campaign=campaign, author=newcomer(1))
    for post in (11, 12):
        room.member(post, campaign=campaign, author=newcomer(post))
    assert (left_out(room, campaign=campaign) == {1: "first_poster"}) is spared


def test_what_a_human_decided_about_and_what_is_gone_is_left_out(room: Room) -> None:
    flags = campaign_of(room, 4)
    room.give(flags[0], DISMISS)
    room.give(flags[1], UPHOLD)
    room.later(seconds=1)
    room.carry_out(ActionOutcome.GONE)
    assert left_out(room, passed=True) == {1: "first_poster", 2: "decided", 3: "decided"}


def test_all_recent_replies_of_an_author_are_those_of_that_time_also_what_passed(room: Room) -> None:
    spammer = newcomer(30)
    room.passed(1, author=spammer, posted_at=room.now.replace(day=1, month=2))
    room.passed(2, author=spammer)
    room.flag(reply(3, author=spammer), REPEATED)
    room.passed(4, author=newcomer(31))
    since = room.now.replace(hour=0)
    plan = room.plan(author="newcomer30", since=since, passed=True)
    assert [one.post_id for one in plan.items] == [2, 3]
    assert room.plan(author="30", since=since, passed=True) == plan


def test_an_author_is_meant_by_number_or_by_a_name_borne_before(room: Room) -> None:
    room.passed(1, author=Author(id=30, name="旧名"))
    room.passed(2, author=Author(id=30, name="新名"))
    assert room.identity("旧名") == room.identity("30")
    assert room.identity("旧名").name == "新名"
    with pytest.raises(UsageError, match="No author"):
        room.plan(author="谁")
    room.passed(3, author=Author(id=31, name="新名"))
    with pytest.raises(UsageError, match="31"):
        room.plan(author="新名")


# What becomes of each


def test_each_reply_is_decided_about_by_itself_under_a_common_name(room: Room) -> None:
    flags = campaign_of(room, 4)
    told: list[Result] = []
    given = bulk.give(room.moderator(), room.plan(), told=told.append)
    assert [one.ending for one in given.results] == [DONE] * 3
    assert tuple(told) == given.results
    with room.store.read() as rx:
        together = verdicts.of_bulk(rx, str(given.bulk))
    assert [verdict.flag_id for verdict in together] == flags[::-1], "the latest first"
    assert {room.get(flag).state for flag in flags} == {FlagState.UPHELD}
    assert room.states() == ["hide queued"] * 3
    room.later(seconds=10)
    assert len(room.claim()) == 3


def test_what_others_decided_meanwhile_is_told_and_spoils_no_other(room: Room) -> None:
    flags = campaign_of(room, 5)
    plan = room.plan()
    room.give(flags[0], DISMISS, who="郭")
    given = bulk.give(room.moderator(), plan)
    assert [one.ending for one in given.results] == [DONE, DONE, DONE, CONFLICT]
    problem = given.results[-1].problem
    assert problem is not None
    assert "郭" in problem.message("zh")


def test_a_text_that_was_edited_since_it_was_shown_is_not_decided_about_unseen(room: Room) -> None:
    room.passed(1, campaign=CAMPAIGN, author=newcomer(1))
    room.passed(2, campaign=CAMPAIGN, author=newcomer(2))
    plan = room.plan(passed=True)
    room.passed(2, text="改成了别的话", author=newcomer(2))
    [result] = bulk.give(room.moderator(), plan).results
    assert result.ending is CONFLICT
    assert room.states() == []


def test_a_member_that_passed_gets_a_flag_and_its_verdict_in_one_transaction(room: Room) -> None:
    campaign_of(room, 3)
    room.passed(9, campaign=CAMPAIGN, author=newcomer(9))
    given = room.give_many(passed=True)
    flag_id = given.results[0].flag_id
    assert flag_id is not None
    flag = room.get(flag_id)
    assert (flag.post_id, flag.state, flag.reason) == (9, FlagState.UPHELD, Reason.REPEATED)
    assert flag.campaign == CAMPAIGN
    with room.store.read() as rx:
        assert {one.who for one in audit.listing(rx, flag_id=flag_id)} == {"ann"}
        assert [one["label"] for one in labels.export(rx)] == ["spam", "spam"], "decent words teach nothing"


def test_a_campaigns_verdict_makes_one_standing_decision_and_the_last_undo_ends_it(room: Room) -> None:
    campaign_of(room, 4)
    given = room.give_many()
    [made] = room.rows("standing_decisions")["standing_decisions"]
    assert (made["campaign"], made["revoked_at"]) == (CAMPAIGN, None)
    bulk.undo(room.moderator(), str(given.bulk))
    [ended] = room.rows("standing_decisions")["standing_decisions"]
    assert ended["revoked_at"] is not None


def test_a_verdict_that_shall_not_stand_does_not(room: Room) -> None:
    campaign_of(room, 3)
    room.give_many(choice=Choice(stands=False))
    assert room.rows("standing_decisions") == {"standing_decisions": []}


def test_a_reply_whose_judgement_is_forgotten_is_left_out(room: Room) -> None:
    room.member(2, author=newcomer(2))
    room.record(reply(3, author=newcomer(2)))
    assert left_out(room, author="2", passed=True) == {3: "unjudged"}


@pytest.mark.parametrize(("notify", "told"), [(None, False), (True, True)])
def test_nobody_is_told_of_hides_in_bulk_unless_the_moderator_says_so(
    room: Room, notify: bool | None, told: bool
) -> None:
    low = decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT)
    for post in (1, 2):
        room.flag(reply(post, author=newcomer(3)), low)
    room.give_many(author="3", choice=Choice(notify=notify))
    assert [action.notify for action in room.actions()] == [told, told]


def test_a_kill_between_two_replies_leaves_neither_half_done_and_the_rest_is_decided_later(
    room: Room,
) -> None:
    campaign_of(room, 5)
    done: list[Result] = []

    def cut(result: Result) -> None:
        done.append(result)
        if len(done) == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        bulk.give(room.moderator(), room.plan(), told=cut)
    rows = room.rows("verdicts", "labels", "outbox")
    assert {name: len(found) for name, found in rows.items()} == {"verdicts": 2, "labels": 2, "outbox": 2}
    rest = room.give_many()
    assert [one.ending for one in rest.results] == [DONE, DONE]
    bulk.undo(room.moderator(), rows["verdicts"][0]["bulk"])
    assert [str(action.state) for action in room.actions()] == ["cancelled"] * 2 + ["queued"] * 2


def test_a_failure_within_one_reply_rolls_back_all_of_that_reply(room: Room) -> None:
    campaign_of(room, 3)
    room.passed(9, campaign=CAMPAIGN, author=newcomer(9), board_id=None, thread_id=None)
    plan = replace(room.plan(passed=True), kind=ALLOW)
    given = bulk.give(room.moderator(), plan)
    assert [one.ending for one in given.results] == [FAILED, DONE, DONE]
    assert [row["reply_id"] for row in room.rows("flags")["flags"]] == [2, 3], "no flag is left of the failed"


def test_nothing_to_decide_about_is_said(room: Room) -> None:
    room.passed(1, campaign=CAMPAIGN)
    with pytest.raises(UsageError, match="1 more"):
        room.give_many()


# Mutes


def test_a_decision_flag_by_flag_tells_the_mute_and_what_stands_of_it(room: Room) -> None:
    first, *_, last = campaign_of(room, 4)
    [given] = bulk.give_flags(room.moderator(), [last], UPHOLD, MUTE).results
    [mute] = [action for action in room.actions() if action.kind is ActionKind.MUTE]
    [stands] = room.rows("standing_decisions")["standing_decisions"]
    assert (given.mute_id, given.standing_id) == (mute.id, stands["id"])
    [joins] = bulk.give_flags(room.moderator(), [first], UPHOLD).results
    assert (joins.mute_id, joins.standing_id) == (None, stands["id"])


def test_a_decision_that_is_not_to_stand_tells_of_none(room: Room) -> None:
    [given] = bulk.give_flags(
        room.moderator(), [campaign_of(room, 3)[0]], UPHOLD, Choice(stands=False)
    ).results
    assert given.standing_id is None


def test_undoing_tells_what_stands_no_more(room: Room) -> None:
    flag_id = campaign_of(room, 3)[0]
    [given] = bulk.give_flags(room.moderator(), [flag_id], UPHOLD).results
    assert room.moderator().undo(flag_id).standing == given.standing_id


def test_a_mute_is_one_action_on_the_latest_reply(room: Room) -> None:
    for post in (1, 2, 3):
        room.flag(reply(post, author=newcomer(3)), REPEATED)
    given = room.give_many(author="3", choice=MUTE)
    [mute] = [action for action in room.actions() if action.kind is ActionKind.MUTE]
    assert (mute.id, mute.post_id) == (given.results[0].mute_id, 3)
    assert (mute.details or {})["days"] == 7


@pytest.mark.parametrize(
    ("selected", "code"),
    [
        ({}, "mute_whom"),
        ({"author": "3", "kind": DISMISS}, "mute_whom"),
        ({"author": "过客"}, "mute_guest"),
    ],
)
def test_a_mute_is_of_one_member_who_is_upheld(room: Room, selected: dict[str, Any], code: str) -> None:
    campaign_of(room, 3)
    room.flag(reply(20, author=Author(name="过客")), REPEATED)
    with pytest.raises(UsageError) as refused:
        room.give_many(**selected, choice=MUTE)
    assert refused.value.code == f"error.moderation.{code}"
    assert room.states() == [], "nothing is done before"


@pytest.mark.parametrize(("begun", "after"), [(False, ["cancelled"]), (True, ["done", "queued"])])
def test_taking_back_lets_the_author_speak_again(room: Room, begun: bool, after: list[str]) -> None:
    room.flag(reply(3, author=newcomer(3)), REPEATED)
    given = room.give_many(author="3", choice=MUTE)
    room.later(seconds=11)
    while begun and room.carry_out():
        pass
    taken = bulk.undo(room.moderator(), str(given.bulk))
    about = [one for one in room.actions() if one.kind in (ActionKind.MUTE, ActionKind.UNMUTE)]
    assert [str(action.state) for action in about] == after
    assert any(one.mute_id is not None for one in taken.results) is begun
    before = len(room.actions())
    bulk.undo(room.moderator(), str(given.bulk))
    assert len(room.actions()) == before, "twice does no more"


# Taking back


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("kind", [UPHOLD, DISMISS, REMOVE])
def test_everything_undone_the_store_is_as_before(room: Room, kind: VerdictKind, carried_out: bool) -> None:
    campaign_of(room, 4)
    room.passed(9, campaign=CAMPAIGN, author=newcomer(9))
    before = {one["id"]: one["state"] for one in room.rows("flags")["flags"]}
    given = room.give_many(kind, passed=True)
    room.later(seconds=11)
    while carried_out and room.carry_out():
        pass
    taken = bulk.undo(room.moderator("ben"), str(given.bulk))
    assert {one.ending for one in taken.results} == {DONE}
    while carried_out and room.carry_out():
        pass
    after = {one["id"]: one["state"] for one in room.rows("flags")["flags"]}
    assert {number: after[number] for number in before} == before
    assert set(after.values()) - set(before.values()) <= {"withdrawn"}, "opened for the verdict alone"
    rows = room.rows("labels", "policy_exceptions", "standing_decisions", "verdicts", "replies")
    assert all(label["forgotten_at"] is not None for label in rows["labels"])
    assert all(one["revoked_at"] is not None for one in rows["standing_decisions"])
    assert all(verdict["undone_by"] == "ben" for verdict in rows["verdicts"])
    assert all(one["our_hide"] is None for one in rows["replies"])
    shown = {one["visibility"] for one in rows["replies"]}
    assert shown == {"visible"}
    hides = [one for one in room.actions() if one.kind is ActionKind.HIDE]
    restores = [one for one in room.actions() if one.kind is ActionKind.RESTORE]
    assert len(restores) == (len(hides) if carried_out else 0)


def test_what_somebody_took_back_before_is_told_and_a_later_verdict_stands(room: Room) -> None:
    flags = campaign_of(room, 4)
    given = room.give_many()
    room.undo(flags[0], who="ben")
    room.give(flags[0], DISMISS, who="ben")
    room.undo(flags[1], who="ben")
    taken = bulk.undo(room.moderator(), str(given.bulk))
    assert sorted(one.ending for one in taken.results) == [CONFLICT, CONFLICT, DONE]
    assert room.get(flags[0]).state is FlagState.DISMISSED
    again = bulk.undo(room.moderator(), str(given.bulk))
    assert {one.ending for one in again.results} == {CONFLICT}


def test_there_is_nothing_to_take_back_under_an_unknown_name(room: Room) -> None:
    with pytest.raises(StoreError, match="b0000"):
        bulk.undo(room.moderator(), "b0000")


# What an exception covers


def low(room: Room, post: int, **fields: Any) -> int:
    return room.flag(reply(post, **fields), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT))


def test_the_other_flags_that_an_exception_covers_are_offered_and_closed_when_asked(room: Room) -> None:
    first, second, third = low(room, 1), low(room, 2), low(room, 3)
    elsewhere = low(room, 4, thread_id=99)
    advert = room.flag(reply(5), decision(DecisionKind.QUEUE))
    moderator = room.moderator()
    moderator.give(first, ALLOW)
    with room.store.read() as rx:
        [made] = exceptions.listing(rx, FORUM)
        covered = exception_rules.covered(rx, made, moderator.kinds_of)
    assert [flag.id for flag in covered] == [second, third]
    assert room.get(second).is_open, "an exception closes nothing by itself"
    given = bulk.close_covered(moderator, made)
    assert [one.ending for one in given.results] == [DONE, DONE]
    assert [room.get(one).state for one in (second, third)] == [FlagState.ALLOWED_HERE] * 2
    assert room.get(elsewhere).is_open
    assert room.get(advert).is_open
    with room.store.read() as rx:
        assert exceptions.listing(rx, FORUM) == [made], "one exception for all of them"
    bulk.undo(moderator, str(given.bulk))
    assert room.get(second).is_open
    with room.store.read() as rx:
        assert exceptions.listing(rx, FORUM) == [made], "it belongs to the first verdict"


def test_closing_stops_at_an_exception_that_was_revoked_meanwhile(room: Room) -> None:
    first, second = low(room, 1), low(room, 2)
    room.moderator().give(first, ALLOW)
    with room.store.read() as rx:
        [made] = exceptions.listing(rx, FORUM)
    room.undo(first)
    given = bulk.close_covered(room.moderator(), made)
    assert {one.ending for one in given.results} == {CONFLICT}
    assert room.get(second).is_open


def test_flags_named_one_by_one_are_decided_about_whoever_wrote_them(room: Room) -> None:
    mine = room.flag(reply(1, author=regular(50)), REPEATED)
    given = bulk.give_flags(room.moderator(), [mine, 999], UPHOLD)
    assert [one.ending for one in given.results] == [DONE, FAILED]
