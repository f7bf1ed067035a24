"""Flags: opening, replacing, finding, moving, showing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.domain import (
    ActionOutcome,
    DecisionKind,
    FlagState,
    Label,
    Reason,
    ReplyKey,
    VerdictKind,
    Visibility,
)
from modbot.errors import Conflict, StoreError
from modbot.store import audit, boards, cards, flags
from modbot.store.flags import ActionState, Filter, Order


def reopen(desk: Desk, text: str, decided: object = None, post_id: int = 1) -> int | None:
    """Judge the reply again (as ``text``) and open its flag as the daemon would."""
    chosen = decided or decision(score=0.95)
    [recorded] = desk.record(reply(post_id, text))
    judged = desk.judge(recorded, chosen)  # type: ignore[arg-type]
    with desk.store.write() as tx:
        return desk.open(tx, recorded, judged, chosen)  # type: ignore[arg-type]


def test_a_flag_tells_what_it_is_about(desk: Desk) -> None:
    flag = desk.get(desk.flag(reply(1, "加我微信"), decision(DecisionKind.QUEUE), shown=False))
    assert flag.key == ReplyKey(FORUM, 1)
    assert (flag.state, flag.action_state, flag.is_open) == (FlagState.PENDING, ActionState.NONE, True)
    assert (flag.reason, flag.label, flag.score, flag.would_hide) == (Reason.SPAM, Label.SPAM, 0.9, True)
    assert (flag.text, flag.thread_title, flag.author_name) == ("加我微信", "周末去哪里吃", "member1")
    assert (flag.opened_at, flag.shown_at, flag.closed_at, flag.version) == (START, None, None, 1)
    assert (flag.visibility, flag.hidden_by_us, flag.is_edited) == (Visibility.VISIBLE, False, False)


def test_a_decision_without_a_reason_opens_no_flag(desk: Desk) -> None:
    with pytest.raises(ValueError, match="reason"):
        desk.flag(reply(1), decision(reason=None))


def test_there_is_no_flag_of_an_unknown_number(desk: Desk) -> None:
    with pytest.raises(StoreError) as caught:
        desk.get(404)
    assert caught.value.code == "error.store.flag_unknown"


def test_the_same_text_judged_again_keeps_its_flag(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, "顶"), decision(DecisionKind.QUEUE), shown=False)
    desk.later(minutes=1)
    assert reopen(desk, "顶", decision(reason=Reason.REPEATED, score=0.99)) == flag_id
    flag = desk.get(flag_id)
    assert (flag.reason, flag.score, flag.version) == (Reason.REPEATED, 0.99, 2)
    assert (flag.opened_at, flag.shown_at) == (START, START + timedelta(minutes=1))


def test_a_milder_judgement_cancels_a_hide_that_waits(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, "顶"), hide=True)
    assert desk.get(flag_id).action_state is ActionState.PENDING
    reopen(desk, "顶", decision(DecisionKind.QUEUE))
    assert desk.states() == ["hide cancelled"]
    assert desk.get(flag_id).action_state is ActionState.NONE


def test_another_text_replaces_the_open_flag_and_its_waiting_hide(desk: Desk) -> None:
    old = desk.flag(reply(1, "旧"), hide=True)
    new = reopen(desk, "新")
    assert new is not None
    assert desk.states() == ["hide cancelled"]
    replaced = desk.get(old)
    assert (replaced.state, replaced.superseded_by) == (FlagState.WITHDRAWN, new)
    assert replaced.is_edited
    assert replaced.text == "旧"
    assert desk.get(new).state is FlagState.PENDING
    with desk.store.read() as rx:
        assert flags.open_of(rx, [replaced.reply_id]) == {replaced.reply_id: new}


def test_a_hide_under_way_reports_to_the_flag_that_replaced_its_own(desk: Desk) -> None:
    old = desk.flag(reply(1, "旧"), hide=True)
    [action] = desk.claim()
    new = reopen(desk, "新")
    assert new is not None
    assert desk.get(new).action_state is ActionState.PENDING
    desk.settle(action)
    flag = desk.get(new)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (FlagState.HIDDEN, ActionState.DONE, True)
    assert desk.get(old).state is FlagState.WITHDRAWN


def test_the_flag_of_an_edited_text_takes_over_the_hide_in_effect(desk: Desk) -> None:
    desk.hidden_flag(text="旧")
    new = reopen(desk, "新")
    assert new is not None
    flag = desk.get(new)
    assert (flag.state, flag.action_state) == (FlagState.HIDDEN, ActionState.DONE)
    desk.give(new, VerdictKind.DISMISS)
    desk.carry_out()
    assert desk.get(new).state is FlagState.OVERTURNED
    assert not desk.get(new).hidden_by_us


def test_a_text_that_a_human_decided_about_is_not_asked_again(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, "顶"))
    desk.give(flag_id, VerdictKind.DISMISS)
    assert reopen(desk, "顶") is None
    assert reopen(desk, "加微信") is not None


def test_flags_are_found_by_what_they_are_about(desk: Desk) -> None:
    repeated = repetition("c1", ReplyKey(FORUM, 1))
    one = desk.flag(reply(1, "一", board_id=2), decision(score=0.6), repeated=repeated)
    desk.later(minutes=1)
    two = desk.flag(reply(2, "二", board_id=3), decision(score=0.8), shown=False)
    desk.later(minutes=1)
    three = desk.flag(reply(3, "三", board_id=3), decision(reason=Reason.LOW_EFFORT, score=0.7))
    desk.give(three, VerdictKind.DISMISS)
    cases: list[tuple[Filter | None, list[int]]] = [
        (None, [two, one]),
        (Filter(forum=FORUM), [two, one]),
        (Filter(forum="sea"), []),
        (Filter(states=()), [two, three, one]),
        (Filter(states=(FlagState.DISMISSED,)), [three]),
        (Filter(board_id=3), [two]),
        (Filter(board_id=3, states=()), [two, three]),
        (Filter(reasons=(Reason.LOW_EFFORT,), states=()), [three]),
        (Filter(campaign="c1"), [one]),
        (Filter(author_id=102), [two]),
        (Filter(author_name="member1"), [one]),
        (Filter(shown=True), [one]),
        (Filter(shown=False), [two]),
        (Filter(since=START + timedelta(seconds=1), states=()), [two, three]),
    ]
    with desk.store.read() as rx:
        for wanted, expected in cases:
            assert [flag.id for flag in flags.find(rx, wanted)] == expected, wanted
            assert flags.count(rx, wanted) == len(expected), wanted
        everything = Filter(states=())
        assert [flag.id for flag in flags.find(rx, everything, order=Order.OLDEST)] == [one, two, three]
        assert [flag.id for flag in flags.find(rx, everything, order=Order.NEWEST)] == [three, two, one]
        assert [flag.id for flag in flags.find(rx, everything, limit=1, offset=1)] == [three]


def test_a_fixed_post_is_let_go_and_its_waiting_hide_with_it(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    version = desk.get(flag_id).version
    with desk.store.write() as tx:
        flags.transition(
            tx, flag_id, from_version=version, to=FlagState.WITHDRAWN, at=START, who="modbot", why="edited"
        )
    flag = desk.get(flag_id)
    assert (flag.state, flag.closed_at) == (FlagState.WITHDRAWN, START)
    assert desk.states() == ["hide cancelled"]
    with desk.store.read() as rx:
        assert audit.listing(rx, flag_id=flag_id)[-1].what == "flag.moved"
    with desk.store.write() as tx, pytest.raises(Conflict) as caught:
        flags.transition(tx, flag_id, from_version=version, to=FlagState.PENDING, at=START, who="ann")
    assert caught.value.code == "error.store.flag_changed"
    with desk.store.write() as tx:
        now = flags.get(tx, flag_id).version
        flags.transition(tx, flag_id, from_version=now, to=FlagState.PENDING, at=START, who="ann")
    assert desk.get(flag_id).is_open


def test_a_card_shows_a_moderator_the_whole_context(desk: Desk) -> None:
    author = reply(2).author
    desk.record(reply(90, "周末想吃点好的", floor=1))
    earlier = desk.flag(reply(1, "旧账", author=author))
    desk.give(earlier)
    repeated = repetition("c1", ReplyKey(FORUM, 3))
    desk.flag(reply(3, "加我微信呀"))
    flag_id = desk.flag(reply(2, "加我微信"), hide=True, repeated=repeated)
    with desk.store.write() as tx:
        boards.save(tx, FORUM, [(2, "美食", None)], at=START)
    desk.carry_out(ActionOutcome.REFUSED)
    with desk.store.read() as rx:
        card = cards.show(rx, flag_id)
    assert card.flag.campaign_size == 2
    assert card.stored.reply.opening == "周末想吃点好的"
    assert card.judged.assessment.repetition == repeated
    assert [member.key.post_id for member in card.duplicates] == [3]
    assert card.campaign is not None
    assert card.verdicts == ()
    assert [verdict.flag_id for verdict in card.author_verdicts] == [earlier]
    assert [action.state.value for action in card.actions] == ["refused"]
    assert [entry.what for entry in card.trail] == ["flag.opened", "action.queued", "action.refused"]


def test_a_card_of_a_guest_without_a_campaign_is_shown_too(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, author=type(reply(1).author)(name="游客")))
    with desk.store.read() as rx:
        card = cards.show(rx, flag_id)
    assert (card.campaign, card.duplicates, card.author_verdicts) == (None, (), ())
