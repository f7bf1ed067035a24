"""The outbox: order, leases, outcomes, and what they do to flags."""

from __future__ import annotations

from datetime import timedelta

import pytest
from store_desk import FORUM, LEASE, START, Desk, reply

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    FlagState,
    OutboxState,
    VerdictKind,
    Visibility,
)
from modbot.errors import Conflict, StoreError
from modbot.store import audit, inbox, outbox
from modbot.store.flags import ActionState


def enqueue(desk: Desk, post_id: int, kind: ActionKind, **how: object) -> int | None:
    """Queue an action on a reply that has no flag."""
    [recorded] = desk.record(reply(post_id))
    with desk.store.write() as tx:
        return outbox.enqueue(
            tx,
            forum=FORUM,
            kind=kind,
            reply_id=recorded.reply_id,
            revision_id=recorded.revision_id,
            at=desk.now,
            **how,  # type: ignore[arg-type]
        )


def retry(desk: Desk, action: outbox.Action, seconds: float, **how: object) -> None:
    with desk.store.write() as tx:
        wait = desk.now + timedelta(seconds=seconds)
        outbox.retry(tx, action.id, "worker", not_before=wait, error="timeout", at=desk.now, **how)  # type: ignore[arg-type]


def bury(desk: Desk, action: outbox.Action) -> None:
    with desk.store.write() as tx:
        outbox.bury(tx, action.id, "worker", error="six attempts", at=desk.now)


def abandon(desk: Desk, action: outbox.Action) -> None:
    with desk.store.write() as tx:
        outbox.abandon(tx, action.id, "worker", why="the text has changed", at=desk.now)


def test_a_claimed_action_carries_what_is_needed_to_do_it(desk: Desk) -> None:
    flag_id = desk.flag(reply(4), hide=True)
    [action] = desk.claim()
    assert (action.key.post_id, action.thread_id, action.board_id) == (4, 7, 2)
    assert (action.kind, action.reason, action.flag_id) == (ActionKind.HIDE, "疑似含广告", flag_id)
    assert (action.state, action.owner, action.attempts) == (OutboxState.CLAIMED, "worker", 1)
    assert action.lease_until == START + LEASE
    assert (action.is_stale, action.uncertain, action.wanted, action.unasked) == (False, False, True, True)


def test_what_is_claimed_is_not_claimed_twice(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    assert len(desk.claim("one")) == 1
    assert desk.claim("two") == []


def test_restores_go_first_then_the_oldest(desk: Desk) -> None:
    first = enqueue(desk, 1, ActionKind.DELETE)
    second = enqueue(desk, 2, ActionKind.HIDE)
    third = enqueue(desk, 3, ActionKind.HIDE)
    fourth = enqueue(desk, 4, ActionKind.RESTORE)
    assert [action.id for action in desk.claim(limit=3)] == [fourth, second, third]
    assert [action.id for action in desk.claim()] == [first]


def test_an_action_waits_for_its_time(desk: Desk) -> None:
    enqueue(desk, 1, ActionKind.HIDE, not_before=START + timedelta(seconds=10))
    assert desk.claim() == []
    desk.later(seconds=10)
    assert len(desk.claim()) == 1


def test_a_later_action_on_the_same_reply_waits_until_the_earlier_is_settled(desk: Desk) -> None:
    hide = enqueue(desk, 1, ActionKind.HIDE)
    restore = enqueue(desk, 1, ActionKind.RESTORE)
    [first] = desk.claim()
    assert first.id == hide
    assert desk.claim() == []
    retry(desk, first, 60)
    assert desk.claim() == []
    desk.later(seconds=60)
    [again] = desk.claim()
    assert (again.id, again.attempts) == (hide, 2)
    desk.settle(again)
    [second] = desk.claim()
    assert second.id == restore


def test_the_brake_holds_only_unasked_hides_that_have_not_begun(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [begun] = desk.claim()
    desk.flag(reply(2), hide=True)
    asked = enqueue(desk, 3, ActionKind.HIDE)
    unasked_approval = enqueue(desk, 4, ActionKind.APPROVE, unasked=True)
    assert [action.id for action in desk.claim(hold_unasked=True)] == [asked, unasked_approval]
    desk.later(minutes=3)
    held = [action.id for action in desk.claim(hold_unasked=True)]
    assert begun.id in held
    with desk.store.read() as rx:
        assert outbox.next_due(rx, FORUM, hold_unasked=True) == desk.now + LEASE
        assert outbox.next_due(rx, FORUM) == START
    assert len(desk.claim()) == 1


def test_an_action_whose_owner_crashed_comes_back_to_be_read_first(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [lost] = desk.claim("crashed")
    desk.later(minutes=2)
    assert desk.claim("other") == []
    desk.later(minutes=1)
    [action] = desk.claim("other")
    assert (action.id, action.uncertain, action.attempts) == (lost.id, True, 2)
    with pytest.raises(Conflict) as caught:
        desk.settle(lost, owner="crashed")
    assert caught.value.code == "error.store.action_lost"
    desk.settle(action, owner="other")
    with desk.store.read() as rx:
        assert outbox.effective_hides(rx, FORUM) == {1: 1}


def test_a_lease_can_be_made_longer_by_its_owner_only(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    with desk.store.write() as tx:
        outbox.extend(tx, action.id, "worker", until=START + timedelta(hours=1))
    desk.later(minutes=30)
    assert desk.claim("other") == []
    with desk.store.write() as tx, pytest.raises(Conflict):
        outbox.extend(tx, action.id, "other", until=START + timedelta(hours=2))


@pytest.mark.parametrize(
    ("outcome", "state", "action_state", "is_ours"),
    [
        (ActionOutcome.DONE, FlagState.HIDDEN, ActionState.DONE, True),
        (ActionOutcome.ALREADY, FlagState.PENDING, ActionState.ALREADY, False),
        (ActionOutcome.REFUSED, FlagState.PENDING, ActionState.REFUSED, False),
        (ActionOutcome.GONE, FlagState.WITHDRAWN, ActionState.GONE, False),
        (ActionOutcome.UNKNOWN, FlagState.PENDING, ActionState.UNKNOWN, False),
    ],
)
def test_the_outcome_of_a_hide_moves_its_flag(
    desk: Desk, outcome: ActionOutcome, state: FlagState, action_state: ActionState, is_ours: bool
) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    desk.settle(action, outcome, detail="论坛的话")
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (state, action_state, is_ours)
    assert (flag.closed_at is not None) is (state is FlagState.WITHDRAWN)
    [settled] = desk.actions()
    assert (settled.state.value, settled.detail) == (outcome.value, "论坛的话")
    assert (settled.settled_at is None) is (outcome is ActionOutcome.UNKNOWN)
    with desk.store.read() as rx:
        assert audit.listing(rx, flag_id=flag_id)[-1].what == f"action.{outcome.value}"


def test_what_was_seen_with_an_outcome_is_kept_unless_nothing_was(desk: Desk) -> None:
    [recorded] = desk.record(reply(1))
    enqueue(desk, 1, ActionKind.HIDE)
    [action] = desk.claim()
    desk.settle(action, ActionOutcome.REFUSED)
    with desk.store.read() as rx:
        assert inbox.load(rx, [recorded.reply_id])[recorded.reply_id].visibility is Visibility.VISIBLE
    enqueue(desk, 1, ActionKind.HIDE)
    [action] = desk.claim()
    desk.settle(action)
    with desk.store.read() as rx:
        stored = inbox.load(rx, [recorded.reply_id])[recorded.reply_id]
    assert (stored.visibility, stored.hidden_by_us) == (Visibility.HIDDEN, True)


def test_an_unknown_outcome_is_read_again_later(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    desk.settle(action, ActionOutcome.UNKNOWN, retry_at=START + timedelta(minutes=1))
    assert desk.claim() == []
    desk.later(minutes=1)
    [again] = desk.claim()
    assert again.uncertain
    retry(desk, again, 5)
    [waiting] = desk.actions()
    assert (waiting.state, waiting.detail) == (OutboxState.UNKNOWN, "timeout")


def test_an_error_that_may_have_reached_the_forum_is_read_first_next_time(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    retry(desk, action, 5)
    assert desk.states() == ["hide queued"]
    desk.later(seconds=5)
    [action] = desk.claim()
    assert not action.uncertain
    retry(desk, action, 5, uncertain=True)
    assert desk.states() == ["hide unknown"]
    desk.later(seconds=5)
    [action] = desk.claim()
    assert action.uncertain


def test_a_restore_lifts_the_hide_and_says_so_on_the_flag(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    assert desk.get(flag_id).action_state is ActionState.PENDING
    [restore] = desk.claim()
    desk.settle(restore)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (FlagState.PENDING, ActionState.DONE, False)


def test_a_restore_that_somebody_else_made_needless_counts_as_restored(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.carry_out(ActionOutcome.ALREADY)
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.OVERTURNED, False)
    assert flag.action_state is ActionState.ALREADY


def test_a_refused_restore_leaves_the_flag_hidden(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    assert desk.get(flag_id).state is FlagState.PENDING
    desk.carry_out(ActionOutcome.REFUSED)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state) == (FlagState.HIDDEN, ActionState.REFUSED)


@pytest.mark.parametrize(
    "kind", [kind for kind in ActionKind if kind not in (ActionKind.HIDE, ActionKind.APPROVE)]
)
def test_what_only_humans_may_ask_for_is_never_queued_unasked(desk: Desk, kind: ActionKind) -> None:
    with pytest.raises(ValueError, match="nobody asked"):
        enqueue(desk, 1, kind, unasked=True)
    assert desk.actions() == []


def test_a_post_that_is_gone_takes_everything_that_waits_with_it(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id)
    [newer] = desk.record(reply(1, "改过"))
    enqueue(desk, 1, ActionKind.DELETE)
    [delete] = desk.claim()
    desk.undo(flag_id)
    desk.settle(delete, ActionOutcome.GONE)
    assert set(desk.states()) == {"hide done", "delete gone", "restore cancelled", "undelete cancelled"}
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us, flag.visibility) == (FlagState.WITHDRAWN, False, Visibility.GONE)
    assert newer.is_changed


def test_a_second_hide_that_finds_our_first_in_effect_is_done(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    enqueue(desk, 1, ActionKind.HIDE, flag_id=flag_id)
    desk.carry_out()
    desk.carry_out(ActionOutcome.ALREADY)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (FlagState.HIDDEN, ActionState.DONE, True)


def test_nothing_is_hidden_unasked_twice_or_against_a_human(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    assert enqueue(desk, 1, ActionKind.HIDE, unasked=True) is None
    desk.carry_out()
    assert enqueue(desk, 1, ActionKind.HIDE, unasked=True) is None
    desk.undo(flag_id)
    desk.carry_out()
    assert enqueue(desk, 1, ActionKind.HIDE, unasked=True) is None
    assert enqueue(desk, 1, ActionKind.HIDE) is not None


def test_a_dead_action_waits_for_a_human_with_its_reason(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    bury(desk, action)
    assert desk.get(flag_id).action_state is ActionState.DEAD
    [dead] = desk.actions(states=[OutboxState.DEAD])
    assert dead.detail == "six attempts"
    assert desk.claim() == []
    with desk.store.read() as rx:
        assert outbox.backlog(rx, FORUM) == {OutboxState.DEAD: 1}
        assert outbox.next_due(rx, FORUM) is None
    with desk.store.write() as tx:
        outbox.revive(tx, dead.id, who="ann", at=START)
    [again] = desk.claim()
    assert again.attempts == 1
    desk.settle(again)
    assert desk.get(flag_id).state is FlagState.HIDDEN


def test_an_uncertain_action_stays_uncertain_when_it_is_revived(desk: Desk) -> None:
    desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    retry(desk, action, 0, uncertain=True)
    [action] = desk.claim()
    bury(desk, action)
    with desk.store.write() as tx:
        outbox.revive(tx, action.id, who="ann", at=START)
    assert desk.states() == ["hide unknown"]
    [again] = desk.claim()
    assert again.uncertain


def test_a_dead_action_can_be_given_up(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    bury(desk, action)
    with desk.store.write() as tx:
        outbox.drop(tx, action.id, who="ann", at=START)
    assert desk.states() == ["hide cancelled"]
    assert desk.get(flag_id).action_state is ActionState.NONE
    with desk.store.write() as tx, pytest.raises(Conflict) as caught:
        outbox.drop(tx, action.id, who="ann", at=START)
    assert caught.value.code == "error.store.action_state"


def test_only_what_ended_badly_is_revived_and_never_past_a_later_action(desk: Desk) -> None:
    first = enqueue(desk, 1, ActionKind.HIDE)
    assert first is not None
    with desk.store.write() as tx, pytest.raises(Conflict) as caught:
        outbox.revive(tx, first, who="ann", at=START)
    assert caught.value.code == "error.store.action_state"
    desk.carry_out(ActionOutcome.REFUSED)
    enqueue(desk, 1, ActionKind.RESTORE)
    with desk.store.write() as tx, pytest.raises(Conflict) as caught:
        outbox.revive(tx, first, who="ann", at=START)
    assert caught.value.code == "error.store.action_overtaken"


def test_a_waiting_action_is_cancelled_in_time_and_a_begun_one_is_not(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    other = enqueue(desk, 2, ActionKind.HIDE)
    assert other is not None
    [hide, _] = desk.actions()
    with desk.store.write() as tx:
        assert outbox.cancel(tx, hide.id, who="ann", at=START, why="a slip")
        assert not outbox.cancel(tx, hide.id, who="ann", at=START)
    assert desk.get(flag_id).action_state is ActionState.NONE
    desk.claim()
    with desk.store.write() as tx:
        assert not outbox.cancel(tx, other, who="ann", at=START)


def test_a_hide_of_a_text_that_was_edited_is_stale_and_can_be_abandoned(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, "旧"), hide=True)
    desk.record(reply(1, "新"))
    [action] = desk.claim()
    assert action.is_stale
    abandon(desk, action)
    assert desk.states() == ["hide cancelled"]
    assert desk.get(flag_id).action_state is ActionState.NONE


@pytest.mark.parametrize("outcome", [ActionOutcome.ALREADY, ActionOutcome.REFUSED])
def test_a_hide_that_had_no_effect_of_ours_needs_no_restore(desk: Desk, outcome: ActionOutcome) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    desk.give(flag_id, VerdictKind.DISMISS)
    [begun, waiting] = desk.actions()
    assert (begun.wanted, waiting.undoes) == (False, begun.id)
    desk.settle(action, outcome)
    assert desk.states() == [f"hide {outcome.value}", "restore cancelled"]
    assert desk.get(flag_id).state is FlagState.DISMISSED


def test_a_hide_given_up_needs_a_restore_only_if_it_may_have_taken_effect(desk: Desk) -> None:
    certain = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    desk.give(certain, VerdictKind.DISMISS)
    bury(desk, action)
    assert desk.states() == ["hide dead", "restore cancelled"]
    doubtful = desk.flag(reply(2), hide=True)
    [action] = desk.claim()
    retry(desk, action, 0, uncertain=True)
    [action] = desk.claim()
    desk.give(doubtful, VerdictKind.DISMISS)
    bury(desk, action)
    assert desk.states()[2:] == ["hide dead", "restore queued"]


def test_an_abandoned_hide_takes_its_restore_along(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [action] = desk.claim()
    desk.give(flag_id, VerdictKind.DISMISS)
    abandon(desk, action)
    assert desk.states() == ["hide cancelled", "restore cancelled"]


def test_actions_are_listed_by_flag_reply_and_state(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    enqueue(desk, 2, ActionKind.HIDE)
    reply_id = desk.get(flag_id).reply_id
    assert len(desk.actions()) == 2
    assert len(desk.actions(flag_id=flag_id)) == 1
    assert len(desk.actions(reply_id=reply_id)) == 1
    assert desk.actions(states=[OutboxState.DONE]) == []
    with desk.store.read() as rx:
        assert len(outbox.listing(rx)) == 2
        assert outbox.backlog(rx, FORUM) == {OutboxState.QUEUED: 2}
        with pytest.raises(StoreError) as caught:
            outbox.get(rx, 404)
    assert caught.value.code == "error.store.action_unknown"


def test_the_next_due_time_leaves_out_what_waits_behind_another_action(desk: Desk) -> None:
    enqueue(desk, 1, ActionKind.HIDE, not_before=START + timedelta(minutes=5))
    enqueue(desk, 1, ActionKind.RESTORE)
    with desk.store.read() as rx:
        assert outbox.next_due(rx, FORUM) == START + timedelta(minutes=5)
        assert outbox.next_due(rx, "sea") is None
