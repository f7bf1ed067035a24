"""How verdicts are carried out: delete, recycle, move, mute, and replies that wait for approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_desk import FORUM, Desk, decision, reply

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    Author,
    FlagState,
    Label,
    OutboxState,
    Reason,
    Removal,
    Reply,
    ReplyKey,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Unsuitable
from modbot.store import approvals, inbox, outbox, verdicts
from modbot.store.carrying import Kept, Means
from modbot.store.flags import ActionState

DELETE = Means(how=Removal.DELETE, recycles=True)
RECYCLE = Means(how=Removal.RECYCLE, recycles=True)
MOVE = Means(how=Removal.MOVE, staff_board=9)
SHOWN = {
    ActionKind.HIDE: Visibility.HIDDEN,
    ActionKind.RESTORE: Visibility.VISIBLE,
    ActionKind.DELETE: Visibility.GONE,
    ActionKind.UNDELETE: Visibility.VISIBLE,
    ActionKind.RECYCLE_THREAD: Visibility.GONE,
    ActionKind.RESTORE_THREAD: Visibility.VISIBLE,
    ActionKind.MOVE_THREAD: Visibility.VISIBLE,
    ActionKind.IGNORE: Visibility.GONE,
    ActionKind.APPROVE: Visibility.VISIBLE,
}


def first_post(desk: Desk, **fields: object) -> int:
    return desk.flag(reply(1, floor=1, **fields), decision())


def waiting(desk: Desk, post_id: int = 1) -> int:
    """A flag on a reply that waits for the forum's own approval."""
    return desk.flag(reply(post_id, pending=True))


def settle(desk: Desk, action: outbox.Action, outcome: ActionOutcome, **how: object) -> None:
    seen = {ActionOutcome.GONE: Visibility.GONE, ActionOutcome.REFUSED: Visibility.UNKNOWN}
    shown = how.pop("visibility", seen.get(outcome, SHOWN.get(action.kind, Visibility.UNKNOWN)))
    with desk.store.write() as tx:
        outbox.settle(tx, action.id, "worker", outcome=outcome, visibility=shown, at=desk.now)


def carry_out(desk: Desk, outcome: ActionOutcome = ActionOutcome.DONE) -> list[str]:
    """Do all that is due, one after the other; answers the kinds."""
    done = []
    while claimed := desk.claim():
        for action in claimed:
            settle(desk, action, outcome)
            done.append(action.kind.value)
    return done


def stored(desk: Desk, flag_id: int) -> inbox.Stored:
    with desk.store.read() as rx:
        reply_id = desk.get(flag_id).reply_id
        return inbox.load(rx, [reply_id])[reply_id]


def queued(desk: Desk) -> list[str]:
    return [action.kind.value for action in desk.actions(states=[OutboxState.QUEUED])]


def shows_again(desk: Desk, post: Reply) -> None:
    """A human shows a hidden post on the forum, which is read then."""
    desk.later(minutes=5)
    with desk.store.write() as tx:
        inbox.record(tx, [post], at=desk.now)


# --- where the post stands ------------------------------------------------------------------------

FITTING = [
    ("a reply", {}, Means(), "hide"),
    ("a reply", {}, DELETE, "delete"),
    ("a reply, for good", {}, Means(how=Removal.DELETE, recycles=False, for_good=True), "delete"),
    ("a first post", {"floor": 1}, RECYCLE, "recycle_thread"),
    ("a first post", {"floor": 1}, MOVE, "move_thread"),
    ("a reply that waits", {"pending": True}, Means(), "ignore"),
    ("a reply that waits, to be hidden", {"pending": True}, Means(how=Removal.HIDE), "ignore"),
    ("a reply that waits, by setting", {"pending": True}, Means(deletes_pending=True), "delete"),
    ("a reply that waits", {"pending": True}, DELETE, "delete"),
]


@pytest.mark.parametrize(("what", "fields", "means", "kind"), FITTING)
def test_upholding_does_what_fits_where_the_post_stands(
    desk: Desk, what: str, fields: dict[str, object], means: Means, kind: str
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    verdict = desk.give(flag_id, means=means)
    [action] = desk.actions()
    assert (action.kind, action.id, action.unasked) == (kind, verdict.action_id, False), what


UNFIT = [
    ("an advert's title would stay", {"floor": 1}, Means(), "first_post"),
    ("a first post goes with its thread", {"floor": 1}, DELETE, "first_post"),
    ("no thread for a reply", {}, RECYCLE, "no_first_post"),
    ("no thread for a reply", {}, MOVE, "no_first_post"),
    ("no thread for what waits", {"pending": True}, RECYCLE, "no_first_post"),
    ("no recycle bin", {}, replace(DELETE, recycles=False), "no_recycle_bin"),
    ("perhaps no recycle bin", {}, replace(DELETE, recycles=None), "unknown_recycle_bin"),
    ("no recycle bin for a thread", {"floor": 1}, replace(RECYCLE, recycles=False), "no_recycle_bin"),
    ("nowhere to move to", {"floor": 1}, replace(MOVE, staff_board=None), "no_staff_board"),
    ("nowhere to move back to", {"floor": 1, "board_id": None}, MOVE, "unknown_board"),
    ("nobody to mute", {"author": Author(name="游客")}, Means(mute_days=3), "no_author"),
]


@pytest.mark.parametrize(("why", "fields", "means", "code"), UNFIT)
def test_what_does_not_fit_is_refused_with_the_reason(
    desk: Desk, why: str, fields: dict[str, object], means: Means, code: str
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    with pytest.raises(Unsuitable) as refused:
        desk.give(flag_id, means=means)
    assert refused.value.code == f"error.store.{code}", why
    assert (desk.get(flag_id).state, desk.actions()) == (FlagState.PENDING, [])


def test_a_first_post_that_is_no_advert_may_be_hidden(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, floor=1), decision(reason=Reason.LOW_EFFORT, label=Label.LOW_EFFORT))
    desk.give(flag_id)
    assert queued(desk) == ["hide"]


# --- doing it and taking it back ------------------------------------------------------------------

WAYS = [
    ({}, DELETE, ["delete"], ["undelete"]),
    ({"floor": 1}, RECYCLE, ["recycle_thread"], ["restore_thread"]),
    ({"floor": 1}, MOVE, ["move_thread"], ["move_thread"]),
]


@pytest.mark.parametrize(("fields", "means", "there", "back"), WAYS)
def test_what_took_a_post_away_is_taken_back(
    desk: Desk, fields: dict[str, object], means: Means, there: list[str], back: list[str]
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    desk.give(flag_id, means=means)
    assert carry_out(desk) == there
    assert desk.get(flag_id).action_state is ActionState.DONE
    undone = desk.undo(flag_id)
    assert undone.kept == (Kept.RECORD,)
    assert carry_out(desk) == back
    flag = desk.get(flag_id)
    assert (flag.state, flag.visibility, flag.action_state) == (
        FlagState.PENDING,
        Visibility.VISIBLE,
        ActionState.DONE,
    )
    desk.give(flag_id, means=means)
    assert carry_out(desk) == there, "what came back can be taken away again"


def test_a_thread_is_moved_back_to_where_it_was(desk: Desk) -> None:
    flag_id = first_post(desk)
    desk.give(flag_id, means=MOVE)
    carry_out(desk)
    desk.record(reply(1, floor=1, board_id=9))
    desk.undo(flag_id)
    [there, back] = desk.actions()
    assert (there.details, back.details) == (
        {"board": 9, "from": 2},
        {"board": 2, "from": 9, "back": True},
    )


def board_of(desk: Desk, post_id: int) -> int | None:
    with desk.store.read() as rx:
        found = inbox.find(rx, ReplyKey(FORUM, post_id))
    return found.reply.board_id if found else None


@pytest.mark.parametrize("outcome", [ActionOutcome.DONE, ActionOutcome.ALREADY])
def test_a_moved_thread_is_known_to_be_where_it_is_with_all_its_replies(
    desk: Desk, outcome: ActionOutcome
) -> None:
    desk.record(reply(2), reply(3, thread_id=8))
    flag_id = first_post(desk)
    desk.give(flag_id, means=MOVE)
    carry_out(desk, outcome)
    assert [board_of(desk, post) for post in (1, 2, 3)] == [9, 9, 2]


def test_a_thread_that_was_moved_back_is_known_to_be_back(desk: Desk) -> None:
    flag_id = first_post(desk)
    desk.give(flag_id, means=MOVE)
    carry_out(desk)
    desk.undo(flag_id)
    carry_out(desk)
    assert board_of(desk, 1) == 2


def test_a_move_refused_leaves_the_thread_where_it_was(desk: Desk) -> None:
    flag_id = first_post(desk)
    desk.give(flag_id, means=MOVE)
    carry_out(desk, ActionOutcome.REFUSED)
    assert board_of(desk, 1) == 2


def test_a_page_that_tells_no_board_does_not_look_like_a_human_who_moved_the_thread_back(
    desk: Desk,
) -> None:
    flag_id = first_post(desk)
    desk.give(flag_id, means=MOVE)
    carry_out(desk)
    desk.later(minutes=5)
    desk.record(reply(1, floor=1, board_id=None))
    assert desk.get(flag_id).state is FlagState.UPHELD


@pytest.mark.parametrize(("fields", "means", "there", "back"), WAYS)
def test_undo_in_time_cancels_and_touches_nothing(
    desk: Desk, fields: dict[str, object], means: Means, there: list[str], back: list[str]
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    desk.give(flag_id, means=means)
    undone = desk.undo(flag_id)
    assert (undone.action_id, undone.kept, len(undone.cancelled)) == (None, (), 1)
    assert queued(desk) == []


@pytest.mark.parametrize(("fields", "means", "there", "back"), WAYS)
def test_two_opposite_actions_are_never_under_way_at_once(
    desk: Desk, fields: dict[str, object], means: Means, there: list[str], back: list[str]
) -> None:
    flag_id = desk.flag(reply(1, **fields))
    desk.give(flag_id, means=means)
    [begun] = desk.claim()
    undone = desk.undo(flag_id)
    assert undone.action_id is not None
    assert desk.claim() == []
    with desk.store.read() as rx:
        assert not outbox.get(rx, begun.id).wanted
    settle(desk, begun, ActionOutcome.DONE)
    assert [action.kind for action in desk.claim()] == back


@pytest.mark.parametrize(("fields", "means", "there", "back"), WAYS)
@pytest.mark.parametrize("outcome", [ActionOutcome.ALREADY, ActionOutcome.REFUSED])
def test_what_had_no_effect_of_ours_is_not_taken_back(
    desk: Desk,
    fields: dict[str, object],
    means: Means,
    there: list[str],
    back: list[str],
    outcome: ActionOutcome,
) -> None:
    """Somebody else deleted it, or the account may not."""
    flag_id = desk.flag(reply(1, **fields))
    desk.give(flag_id, means=means)
    carry_out(desk, outcome)
    assert desk.undo(flag_id).action_id is None
    assert queued(desk) == []


def test_a_hidden_reply_that_is_deleted_comes_back_whole(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, means=DELETE)
    carry_out(desk)
    desk.undo(flag_id)
    assert carry_out(desk) == ["undelete", "restore"]
    assert not stored(desk, flag_id).hidden_by_us


def test_a_delete_refused_leaves_the_hide_to_be_taken_back(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, means=DELETE)
    [delete] = desk.claim()
    desk.undo(flag_id)
    settle(desk, delete, ActionOutcome.REFUSED)
    assert carry_out(desk) == ["restore"]
    assert desk.states() == ["hide done", "delete refused", "undelete cancelled", "restore done"]


def test_what_was_deleted_for_good_stays_so_and_undo_says_it(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=Means(how=Removal.DELETE, recycles=False, for_good=True))
    carry_out(desk)
    undone = desk.undo(flag_id)
    assert (undone.action_id, undone.kept) == (None, (Kept.DELETED, Kept.RECORD))
    assert (desk.get(flag_id).state, queued(desk)) == (FlagState.WITHDRAWN, [])


def test_a_recycle_bin_that_was_emptied_meanwhile_ends_the_flag(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=DELETE)
    carry_out(desk)
    desk.undo(flag_id)
    carry_out(desk, ActionOutcome.GONE)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state) == (FlagState.WITHDRAWN, ActionState.GONE)


def test_undo_tells_that_the_author_has_had_a_notice(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, notify=True)
    carry_out(desk)
    assert desk.undo(flag_id).kept == (Kept.NOTICE, Kept.RECORD)


def test_deleting_replaces_the_hide_that_still_waits(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    desk.give(flag_id, means=DELETE)
    assert desk.states() == ["hide cancelled", "delete queued"]


def test_what_is_deleted_is_not_hidden_besides(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=DELETE)
    [delete] = desk.claim()
    desk.undo(flag_id)
    assert desk.give(flag_id).action_id is None
    settle(desk, delete, ActionOutcome.DONE)
    assert desk.states() == ["delete done", "undelete cancelled"]


def test_what_somebody_else_deleted_is_hidden_by_us_no_more(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, means=DELETE)
    [delete] = desk.claim()
    settle(desk, delete, ActionOutcome.ALREADY)
    assert not stored(desk, flag_id).hidden_by_us
    assert desk.undo(flag_id).action_id is None


def test_a_human_who_restores_from_the_recycle_bin_is_not_fought(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=DELETE)
    [delete] = desk.claim()
    desk.undo(flag_id)
    desk.give(flag_id, VerdictKind.DISMISS, source=VerdictSource.FORUM)
    settle(desk, delete, ActionOutcome.DONE)
    assert carry_out(desk) == ["undelete"]


# --- replies that wait for the forum's own approval -----------------------------------------------


def test_dismissing_publishes_what_waits(desk: Desk) -> None:
    flag_id = waiting(desk)
    verdict = desk.give(flag_id, VerdictKind.DISMISS)
    [action] = desk.actions()
    assert (action.kind, action.id) == (ActionKind.APPROVE, verdict.action_id)
    carry_out(desk)
    flag = desk.get(flag_id)
    assert (flag.state, flag.visibility) == (FlagState.DISMISSED, Visibility.VISIBLE)
    assert not stored(desk, flag_id).reply.pending


def test_undo_of_an_approval_hides_for_nothing_waits_twice(desk: Desk) -> None:
    flag_id = waiting(desk)
    desk.give(flag_id, VerdictKind.DISMISS)
    carry_out(desk)
    undone = desk.undo(flag_id)
    assert undone.kept == (Kept.PUBLISHED,)
    assert carry_out(desk) == ["hide"]
    assert desk.get(flag_id).state is FlagState.HIDDEN
    desk.give(flag_id, VerdictKind.DISMISS)
    assert carry_out(desk) == ["restore"]


def test_undo_of_an_approval_in_time_leaves_it_waiting(desk: Desk) -> None:
    flag_id = waiting(desk)
    desk.give(flag_id, VerdictKind.DISMISS)
    assert desk.undo(flag_id).kept == ()
    assert (desk.states(), desk.get(flag_id).state) == (["approve cancelled"], FlagState.PENDING)


@pytest.mark.parametrize(
    ("means", "kinds"), [(Means(), ["approve"]), (Means(deletes_pending=True, recycles=True), ["undelete"])]
)
def test_undo_publishes_nothing_that_was_never_published_but_dismissing_does(
    desk: Desk, means: Means, kinds: list[str]
) -> None:
    flag_id = waiting(desk)
    desk.give(flag_id, means=means)
    carry_out(desk)
    undone = desk.undo(flag_id)
    assert (undone.action_id, undone.kept) == (None, (Kept.RECORD, Kept.UNPUBLISHED))
    assert queued(desk) == []
    desk.give(flag_id, VerdictKind.DISMISS)
    assert carry_out(desk) == kinds


def test_upholding_while_the_approval_is_under_way_ends_unpublished_or_hidden(desk: Desk) -> None:
    flag_id = waiting(desk)
    desk.give(flag_id, VerdictKind.DISMISS)
    [approval] = desk.claim()
    desk.undo(flag_id)
    desk.give(flag_id)
    assert queued(desk) == ["hide", "ignore"]
    settle(desk, approval, ActionOutcome.DONE)
    [hide] = desk.claim()
    settle(desk, hide, ActionOutcome.DONE)
    [ignore] = desk.claim()
    settle(desk, ignore, ActionOutcome.GONE, visibility=Visibility.HIDDEN)
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.UPHELD, True)


def test_what_somebody_approved_before_it_could_be_ignored_is_not_taken_for_gone(desk: Desk) -> None:
    flag_id = waiting(desk)
    desk.give(flag_id)
    [ignore] = desk.claim()
    settle(desk, ignore, ActionOutcome.GONE, visibility=Visibility.VISIBLE)
    flag = desk.get(flag_id)
    assert (flag.state, flag.visibility) == (FlagState.UPHELD, Visibility.VISIBLE)
    assert desk.undo(flag_id).action_id is None


# --- mutes ----------------------------------------------------------------------------------------

MUTE = Means(mute_days=7)
AUTHOR = Author(id=77, name="刷屏的")


def test_a_mute_goes_beside_the_verdict_and_neither_waits_for_the_other(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    verdict = desk.give(flag_id, means=MUTE)
    hide, mute = desk.claim()
    assert (hide.id, mute.id) == (verdict.action_id, verdict.mute_id)
    assert (mute.kind, mute.details, mute.author_id) == (ActionKind.MUTE, {"days": 7}, 101)
    settle(desk, mute, ActionOutcome.REFUSED)
    settle(desk, hide, ActionOutcome.DONE)
    assert desk.get(flag_id).action_state is ActionState.DONE


def test_undo_lifts_the_mute(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    carry_out(desk)
    undone = desk.undo(flag_id)
    assert undone.unmute_id is not None
    assert sorted(carry_out(desk)) == ["restore", "unmute"]


@pytest.mark.parametrize(("days", "lifts"), [(6, ["restore", "unmute"]), (7, ["restore"])])
def test_a_mute_whose_days_are_over_is_not_lifted_for_whoever_mutes_now_is_somebody_else(
    desk: Desk, days: int, lifts: list[str]
) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    carry_out(desk)
    desk.later(days=days)
    desk.undo(flag_id)
    assert sorted(carry_out(desk)) == lifts


def test_undo_in_time_never_mutes(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    assert desk.undo(flag_id).unmute_id is None
    assert desk.states() == ["hide cancelled", "mute cancelled"]


def test_a_mute_lasts_while_one_verdict_wants_it_and_then_is_lifted_once(desk: Desk) -> None:
    one, other = desk.flag(reply(1, author=AUTHOR)), desk.flag(reply(2, author=AUTHOR))
    for flag_id in (one, other):
        desk.give(flag_id, means=MUTE)
    assert [action.kind for action in desk.claim()].count(ActionKind.MUTE) == 1, "one after the other"
    for action in desk.actions(states=[OutboxState.CLAIMED]):
        settle(desk, action, ActionOutcome.DONE)
    [second] = desk.claim()
    settle(desk, second, ActionOutcome.ALREADY)
    first = desk.undo(one)
    assert (first.unmute_id, Kept.MUTE in first.kept) == (None, True)
    last = desk.undo(other)
    assert Kept.MUTE not in last.kept
    assert carry_out(desk).count("unmute") == 1


def test_undo_in_time_of_the_last_that_wants_a_mute_lifts_the_one_that_was_in_effect(desk: Desk) -> None:
    one, other = desk.flag(reply(1, author=AUTHOR)), desk.flag(reply(2, author=AUTHOR))
    desk.give(one, means=MUTE)
    carry_out(desk)
    desk.give(other, means=MUTE, undo_window=timedelta(seconds=10))
    assert Kept.MUTE in desk.undo(one).kept
    undone = desk.undo(other)
    assert undone.unmute_id is not None
    assert carry_out(desk) == ["restore", "unmute"]


def test_a_mute_that_is_lifted_wanted_again_and_undone_in_time_is_lifted(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    carry_out(desk)
    for _ in range(2):
        desk.undo(flag_id)
        desk.give(flag_id, means=MUTE, undo_window=timedelta(seconds=10))
    desk.undo(flag_id)
    assert sorted(carry_out(desk)) == ["restore", "unmute"]


def test_a_mute_that_finds_ours_in_effect_leaves_it_to_be_lifted(desk: Desk) -> None:
    one, other = desk.flag(reply(1, author=AUTHOR)), desk.flag(reply(2, author=AUTHOR))
    desk.give(one, means=MUTE)
    carry_out(desk)
    desk.give(other, means=MUTE)
    [second] = [action for action in desk.claim() if action.kind is ActionKind.MUTE]
    desk.undo(one)
    desk.undo(other)
    settle(desk, second, ActionOutcome.ALREADY)
    assert "unmute" in carry_out(desk)


def test_a_member_who_was_muted_by_somebody_else_stays_so(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    for action in desk.claim():
        already = action.kind is ActionKind.MUTE
        settle(desk, action, ActionOutcome.ALREADY if already else ActionOutcome.DONE)
    assert desk.undo(flag_id).unmute_id is None


@pytest.mark.parametrize("lifted", [ActionOutcome.DONE, ActionOutcome.ALREADY])
def test_muting_again_while_the_mute_is_being_lifted_mutes_afterwards(
    desk: Desk, lifted: ActionOutcome
) -> None:
    one, other = desk.flag(reply(1, author=AUTHOR)), desk.flag(reply(2, author=AUTHOR))
    desk.give(one, means=MUTE)
    carry_out(desk)
    desk.undo(one)
    [unmute] = [action for action in desk.claim() if action.kind is ActionKind.UNMUTE]
    desk.give(other, means=MUTE)
    assert [action.kind for action in desk.claim()] == [ActionKind.HIDE]
    settle(desk, unmute, lifted)
    assert [action.kind for action in desk.claim()] == [ActionKind.MUTE]


@pytest.mark.parametrize("kind", [VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN])
def test_a_human_who_shows_the_post_again_on_the_forum_ends_the_mute_with_the_verdict(
    desk: Desk, kind: VerdictKind
) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, kind, means=MUTE)
    carry_out(desk)
    shows_again(desk, reply(1))
    assert desk.get(flag_id).state is FlagState.OVERTURNED
    assert carry_out(desk) == ["unmute"]


def test_a_mute_that_has_not_begun_when_a_human_shows_the_post_again_never_does(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, means=MUTE)
    [hide, _] = desk.actions()
    [claimed] = [action for action in desk.claim(limit=1) if action.id == hide.id]
    settle(desk, claimed, ActionOutcome.DONE)
    shows_again(desk, reply(1))
    assert desk.states() == ["hide done", "mute cancelled"]


def test_a_mute_that_another_verdict_wants_outlasts_the_post_that_a_human_shows_again(desk: Desk) -> None:
    for flag_id in [desk.flag(reply(1, author=AUTHOR)), desk.flag(reply(2, author=AUTHOR))]:
        desk.give(flag_id, means=MUTE)
    carry_out(desk)
    shows_again(desk, reply(1, author=AUTHOR))
    assert queued(desk) == []


@pytest.mark.parametrize("kind", [VerdictKind.DISMISS, VerdictKind.ALLOW_HERE])
def test_who_is_found_decent_is_not_muted(desk: Desk, kind: VerdictKind) -> None:
    flag_id = desk.flag(reply(1))
    assert desk.give(flag_id, kind, means=MUTE).mute_id is None


def test_verdicts_are_kept_with_what_they_asked_for(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    verdict = desk.give(flag_id, means=replace(DELETE, mute_days=1))
    with desk.store.read() as rx:
        assert verdicts.standing(rx, flag_id) == verdict
        kinds = [outbox.get(rx, one).kind for one in (verdict.action_id, verdict.mute_id) if one is not None]
    assert kinds == [ActionKind.DELETE, ActionKind.MUTE]


def test_undo_lets_an_approval_that_policy_had_begun_go_on(desk: Desk) -> None:
    [recorded] = desk.record(reply(1, pending=True))
    with desk.store.write() as tx:
        approvals.want(tx, FORUM, recorded.reply_id, recorded.revision_id, at=desk.now)
    [approval] = desk.claim()
    flag_id = waiting(desk)
    desk.give(flag_id)
    assert desk.undo(flag_id).action_id is None
    settle(desk, approval, ActionOutcome.DONE)
    assert (queued(desk), desk.get(flag_id).visibility) == ([], Visibility.VISIBLE)
