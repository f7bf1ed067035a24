"""Verdicts and taking them back: what happens to flag, outbox, label and trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_desk import FORUM, START, Desk, decision, reply

from modbot.domain import (
    ActionKind,
    ActionOutcome,
    Author,
    FlagState,
    Label,
    Reason,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Conflict
from modbot.store import audit, inbox, labels, outbox, verdicts
from modbot.store.flags import ActionState

WINDOW = timedelta(seconds=10)
KEEPING = (VerdictKind.DISMISS, VerdictKind.ALLOW_HERE)


def taught(desk: Desk) -> list[str]:
    with desk.store.read() as rx:
        return [example["label"] for example in labels.export(rx)]


def saw(desk: Desk, flag_id: int, visibility: Visibility) -> None:
    with desk.store.write() as tx:
        inbox.saw(tx, {desk.get(flag_id).reply_id: visibility}, at=desk.now)


def doubtful_hide(desk: Desk, flag_id: int) -> None:
    """The flag's hide was tried, may have reached the forum, and is under way again."""
    [action] = desk.claim()
    with desk.store.write() as tx:
        outbox.retry(tx, action.id, "worker", not_before=desk.now, error="?", at=desk.now, uncertain=True)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (VerdictKind.UPHOLD, FlagState.UPHELD),
        (VerdictKind.REMOVE_DONT_LEARN, FlagState.UPHELD),
        (VerdictKind.DISMISS, FlagState.DISMISSED),
        (VerdictKind.ALLOW_HERE, FlagState.ALLOWED_HERE),
    ],
)
def test_a_verdict_closes_its_flag_and_is_written_down(
    desk: Desk, kind: VerdictKind, state: FlagState
) -> None:
    flag_id = desk.flag(reply(1))
    verdict = desk.give(flag_id, kind, note="第三次了", source=VerdictSource.CONSOLE)
    flag = desk.get(flag_id)
    assert (flag.state, flag.closed_at) == (state, START)
    assert (verdict.kind, verdict.who, verdict.note) == (kind, "ann", "第三次了")
    assert verdict.source is VerdictSource.CONSOLE
    with desk.store.read() as rx:
        assert verdicts.standing(rx, flag_id) == verdict
        assert verdicts.history(rx, flag_id) == [verdict]
        last = audit.listing(rx, flag_id=flag_id)[-1]
    assert (last.what, last.who) == (f"verdict.{kind.value}", "ann")


def test_an_upheld_reply_is_hidden_after_the_undo_window_with_the_message_to_its_author(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    verdict = desk.give(flag_id, undo_window=WINDOW, reason="广告/SPAM", notify=True)
    assert desk.claim() == []
    desk.later(seconds=10)
    [hide] = desk.claim()
    assert (hide.id, hide.kind, hide.unasked) == (verdict.action_id, ActionKind.HIDE, False)
    assert (hide.reason, hide.notify) == ("广告/SPAM", True)
    desk.settle(hide)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (FlagState.UPHELD, ActionState.DONE, True)


def test_upholding_a_reply_that_modbot_hid_asks_nothing_more_of_the_forum(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    assert desk.give(flag_id).action_id is None
    assert desk.states() == ["hide done"]
    assert desk.get(flag_id).state is FlagState.UPHELD


def test_upholding_while_the_unasked_hide_waits_makes_it_an_asked_one(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    assert desk.give(flag_id).action_id is None
    [hide] = desk.claim(hold_unasked=True)
    assert not hide.unasked


def test_what_is_gone_is_closed_and_not_hidden(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    saw(desk, flag_id, Visibility.GONE)
    assert desk.get(flag_id).state is FlagState.UPHELD
    assert desk.states() == []


@pytest.mark.parametrize("kind", KEEPING)
def test_keeping_a_reply_cancels_the_hide_that_waits(desk: Desk, kind: VerdictKind) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    desk.give(flag_id, kind)
    assert desk.states() == ["hide cancelled"]
    assert desk.get(flag_id).action_state is ActionState.NONE


def test_dismissing_a_hidden_reply_overturns_it_and_puts_it_back(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    verdict = desk.give(flag_id, VerdictKind.DISMISS, reason="经复核属误判", notify=True)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (
        FlagState.OVERTURNED,
        ActionState.PENDING,
        True,
    )
    [restore] = desk.claim()
    assert (restore.id, restore.kind, restore.notify) == (verdict.action_id, ActionKind.RESTORE, True)
    desk.settle(restore)
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (
        FlagState.OVERTURNED,
        ActionState.DONE,
        False,
    )


def test_allowing_a_hidden_reply_here_puts_it_back_too(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.ALLOW_HERE)
    desk.carry_out()
    assert desk.get(flag_id).state is FlagState.ALLOWED_HERE
    assert desk.states() == ["hide done", "restore done"]


def test_dismissing_while_the_hide_is_under_way_takes_it_back_afterwards(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [hide] = desk.claim()
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.settle(hide)
    assert desk.get(flag_id).state is FlagState.DISMISSED
    desk.carry_out()
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.OVERTURNED, False)


def test_dismissing_after_a_hide_of_unknown_effect_was_given_up_puts_the_reply_back(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    doubtful_hide(desk, flag_id)
    [action] = desk.claim()
    with desk.store.write() as tx:
        outbox.bury(tx, action.id, "worker", error="six attempts", at=desk.now)
    desk.give(flag_id, VerdictKind.DISMISS)
    assert desk.states() == ["hide dead", "restore queued"]


@pytest.mark.parametrize(
    ("kind", "reason", "label", "chosen", "teaches"),
    [
        (VerdictKind.UPHOLD, Reason.SPAM, Label.SPAM, None, ["spam"]),
        (VerdictKind.UPHOLD, Reason.LOW_EFFORT, Label.LOW_EFFORT, None, ["low_effort"]),
        (VerdictKind.UPHOLD, Reason.REPEATED, Label.SPAM, None, ["spam"]),
        (VerdictKind.UPHOLD, Reason.REPEATED, Label.HAM, None, []),
        (VerdictKind.UPHOLD, Reason.REPEATED, Label.HAM, Label.SPAM, ["spam"]),
        (VerdictKind.UPHOLD, Reason.SPAM, Label.SPAM, Label.HAM, []),
        (VerdictKind.DISMISS, Reason.SPAM, Label.SPAM, None, ["ham"]),
        (VerdictKind.ALLOW_HERE, Reason.SPAM, Label.SPAM, None, []),
        (VerdictKind.REMOVE_DONT_LEARN, Reason.SPAM, Label.SPAM, None, []),
    ],
)
def test_what_a_verdict_teaches(
    desk: Desk, *, kind: VerdictKind, reason: Reason, label: Label, chosen: Label | None, teaches: list[str]
) -> None:
    flag_id = desk.flag(reply(1), decision(reason=reason, label=label))
    verdict = desk.give(flag_id, kind, label=chosen)
    assert taught(desk) == teaches
    assert [verdict.taught] == (teaches or [None])


def test_a_late_verdict_is_told_who_decided_what_and_changes_nothing(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, who="ann")
    with pytest.raises(Conflict) as caught:
        desk.give(flag_id, VerdictKind.DISMISS, who="ben")
    assert caught.value.code == "error.store.flag_decided"
    assert "upheld" in str(caught.value)
    assert "ann" in str(caught.value)
    assert "2026-03-01T12:00:00" in str(caught.value)
    assert taught(desk) == ["spam"]


def test_a_verdict_on_a_flag_that_is_closed_without_one_is_refused(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    desk.carry_out(ActionOutcome.GONE)
    with pytest.raises(Conflict) as caught:
        desk.give(flag_id)
    assert caught.value.code == "error.store.flag_closed"


def test_a_verdict_on_a_flag_that_changed_since_it_was_read_is_refused(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    version = desk.get(flag_id).version
    desk.carry_out()
    for act in (desk.give, desk.undo):
        with pytest.raises(Conflict) as caught:
            act(flag_id, version=version)  # type: ignore[operator]
        assert caught.value.code == "error.store.flag_changed"
    current = desk.get(flag_id).version
    desk.give(flag_id, version=current)
    desk.undo(flag_id, version=desk.get(flag_id).version)


def test_undo_within_the_window_never_touches_the_forum(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    verdict = desk.give(flag_id, undo_window=WINDOW)
    desk.later(seconds=3)
    undone = desk.undo(flag_id)
    assert (undone.cancelled, undone.action_id, undone.forgotten, undone.ours) == (
        (verdict.action_id,),
        None,
        1,
        True,
    )
    flag = desk.get(flag_id)
    assert (flag.state, flag.closed_at, flag.action_state) == (FlagState.PENDING, None, ActionState.NONE)
    assert taught(desk) == []
    desk.later(minutes=1)
    assert desk.claim() == []


def test_undo_of_an_upheld_flag_puts_the_reply_back(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id)
    desk.carry_out()
    undone = desk.undo(flag_id, reason="经复核属误判", notify=True)
    [restore] = desk.claim()
    assert (restore.id, restore.reason, restore.notify) == (undone.action_id, "经复核属误判", True)
    desk.settle(restore)
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us, flag.is_open) == (FlagState.PENDING, False, True)
    with desk.store.read() as rx:
        [verdict] = verdicts.history(rx, flag_id)
        assert verdicts.standing(rx, flag_id) is None
        assert audit.listing(rx, flag_id=flag_id)[-2].what == "verdict.undone"
    assert (verdict.undone_by, verdict.undone_at) == ("ben", START)


def test_undo_of_a_verdict_on_an_unasked_hide_puts_the_reply_back(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id)
    desk.undo(flag_id)
    desk.carry_out()
    assert desk.states() == ["hide done", "restore done"]
    assert desk.get(flag_id).state is FlagState.PENDING


def test_undo_while_the_hide_is_under_way_takes_it_back_afterwards(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id)
    [hide] = desk.claim()
    desk.undo(flag_id)
    desk.settle(hide)
    assert desk.get(flag_id).state is FlagState.PENDING
    desk.carry_out()
    assert desk.states() == ["hide done", "restore done"]
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.PENDING, False)


def test_what_somebody_else_hid_stays_hidden_and_undo_says_so(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id)
    desk.carry_out(ActionOutcome.ALREADY)
    undone = desk.undo(flag_id)
    assert (undone.ours, undone.action_id) == (False, None)
    assert desk.states() == ["hide already"]
    assert desk.get(flag_id).state is FlagState.PENDING


def test_an_unasked_hide_can_be_undone_without_a_verdict(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    undone = desk.undo(flag_id)
    assert (undone.verdict, undone.forgotten) == (None, 0)
    desk.carry_out()
    assert desk.get(flag_id).state is FlagState.PENDING
    with desk.store.read() as rx:
        assert "hide.undone" in [entry.what for entry in audit.listing(rx, flag_id=flag_id)]


def test_an_unasked_hide_that_still_waits_can_be_undone_too(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    assert len(desk.undo(flag_id).cancelled) == 1
    assert desk.states() == ["hide cancelled"]


def test_undo_of_an_overturn_hides_the_reply_again_with_its_first_reason(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.carry_out()
    desk.undo(flag_id)
    [hide] = desk.claim()
    assert (hide.kind, hide.unasked, hide.reason) == (ActionKind.HIDE, False, "疑似含广告")
    desk.settle(hide)
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.HIDDEN, True)
    assert taught(desk) == []


def test_undo_of_an_overturn_that_still_waits_leaves_the_reply_hidden(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS, undo_window=WINDOW)
    undone = desk.undo(flag_id)
    assert len(undone.cancelled) == 1
    flag = desk.get(flag_id)
    assert (flag.state, flag.action_state, flag.hidden_by_us) == (FlagState.HIDDEN, ActionState.DONE, True)


def test_undo_while_the_restore_is_under_way_hides_again_afterwards(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    [restore] = desk.claim()
    desk.undo(flag_id)
    desk.settle(restore)
    desk.carry_out()
    assert desk.states() == ["hide done", "restore done", "hide done"]
    assert desk.get(flag_id).state is FlagState.HIDDEN


def test_undo_and_a_second_thought_while_the_restore_is_under_way(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    [restore] = desk.claim()
    desk.undo(flag_id)
    desk.give(flag_id, VerdictKind.DISMISS)
    assert desk.states() == ["hide done", "restore claimed", "hide cancelled"]
    desk.settle(restore)
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.OVERTURNED, False)


@pytest.mark.parametrize("outcome", [ActionOutcome.ALREADY, ActionOutcome.REFUSED])
def test_undo_of_an_overturn_hides_nothing_that_the_verdict_did_not_put_back(
    desk: Desk, outcome: ActionOutcome
) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.carry_out(outcome)
    assert desk.undo(flag_id).action_id is None
    state = FlagState.HIDDEN if outcome is ActionOutcome.REFUSED else FlagState.PENDING
    assert desk.get(flag_id).state is state


def test_undo_of_a_dismissal_that_queued_nothing_only_reopens_the_flag(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id, VerdictKind.DISMISS)
    assert desk.undo(flag_id).forgotten == 1
    assert desk.states() == []
    assert desk.get(flag_id).state is FlagState.PENDING


def test_a_verdict_after_an_undo_counts_and_reuses_the_restore_that_waits(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    verdict = desk.give(flag_id, VerdictKind.DISMISS)
    assert verdict.action_id is None
    assert desk.states() == ["hide done", "restore queued"]
    desk.carry_out()
    assert desk.get(flag_id).state is FlagState.OVERTURNED
    assert taught(desk) == ["ham"]


def test_upholding_after_an_undo_cancels_the_restore_that_waits(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    desk.give(flag_id)
    assert desk.states() == ["hide done", "restore cancelled"]
    assert desk.get(flag_id).hidden_by_us


def test_a_double_undo_is_told_who_undid_it(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id)
    desk.undo(flag_id, who="ben")
    with pytest.raises(Conflict) as caught:
        desk.undo(flag_id, who="cleo")
    assert caught.value.code == "error.store.undo_done"
    assert "ben" in str(caught.value)


def test_there_is_nothing_to_undo_on_a_flag_that_nobody_decided(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    with pytest.raises(Conflict) as caught:
        desk.undo(flag_id)
    assert caught.value.code == "error.store.undo_nothing"


def test_undo_on_a_post_that_is_gone_forgets_the_label_and_reopens_nothing(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    desk.give(flag_id)
    desk.carry_out(ActionOutcome.GONE)
    desk.undo(flag_id)
    flag = desk.get(flag_id)
    assert (flag.state, flag.is_open, flag.closed_at) == (FlagState.WITHDRAWN, False, START)
    assert taught(desk) == []


def test_undo_of_an_old_verdict_leaves_the_flag_of_the_newer_text_open(desk: Desk) -> None:
    old = desk.flag(reply(1, "旧"))
    desk.give(old)
    desk.carry_out()
    new = desk.flag(reply(1, "新"))
    assert desk.get(new).state is FlagState.HIDDEN
    desk.undo(old)
    assert (desk.get(old).state, desk.get(old).superseded_by) == (FlagState.WITHDRAWN, new)
    desk.carry_out()
    flag = desk.get(new)
    assert (flag.state, flag.hidden_by_us) == (FlagState.PENDING, False)


def test_undo_of_an_old_verdict_leaves_a_newer_text_that_was_upheld_hidden(desk: Desk) -> None:
    old = desk.flag(reply(1, "旧"))
    desk.give(old)
    desk.carry_out()
    new = desk.flag(reply(1, "新"))
    desk.give(new)
    assert desk.undo(old).action_id is None
    assert desk.states() == ["hide done"]
    assert desk.get(new).state is FlagState.UPHELD


@pytest.mark.parametrize("kind", [VerdictKind.UPHOLD, VerdictKind.DISMISS])
def test_a_verdict_from_the_forum_itself_queues_nothing_and_drops_what_waits(
    desk: Desk, kind: VerdictKind
) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    verdict = desk.give(flag_id, kind, source=VerdictSource.FORUM, who="forum")
    assert verdict.action_id is None
    assert desk.states() == ["hide cancelled"]


def test_a_restore_by_a_human_on_the_forum_is_not_fought(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.give(flag_id, VerdictKind.DISMISS, source=VerdictSource.FORUM, who="forum")
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.OVERTURNED, False)
    assert desk.states() == ["hide done"]
    assert desk.undo(flag_id).action_id is None
    assert taught(desk) == []


def test_a_hide_under_way_when_a_human_approves_on_the_forum_is_taken_back(desk: Desk) -> None:
    flag_id = desk.flag(reply(1), hide=True)
    [hide] = desk.claim()
    desk.give(flag_id, VerdictKind.DISMISS, source=VerdictSource.FORUM, who="forum")
    desk.settle(hide)
    desk.carry_out()
    assert desk.states() == ["hide done", "restore done"]


def test_a_restore_under_way_when_a_human_hides_on_the_forum_is_taken_back(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    [restore] = desk.claim()
    desk.give(flag_id, source=VerdictSource.FORUM, who="forum")
    desk.settle(restore)
    desk.carry_out()
    assert desk.states() == ["hide done", "restore done", "hide done"]


def test_upholding_while_a_restore_is_under_way_hides_again_afterwards(desk: Desk) -> None:
    flag_id = desk.hidden_flag()
    desk.undo(flag_id)
    [restore] = desk.claim()
    desk.give(flag_id)
    desk.settle(restore)
    desk.carry_out()
    flag = desk.get(flag_id)
    assert (flag.state, flag.hidden_by_us) == (FlagState.UPHELD, True)


def test_authors_with_an_upheld_reply_are_known(desk: Desk) -> None:
    upheld, dismissed, undone = (desk.flag(reply(number)) for number in (1, 2, 3))
    desk.give(upheld)
    desk.give(dismissed, VerdictKind.DISMISS)
    desk.give(undone)
    desk.undo(undone)
    with desk.store.read() as rx:
        assert verdicts.upheld_authors(rx, FORUM, [101, 102, 103]) == {101}
        assert [verdict.flag_id for verdict in verdicts.on_author(rx, FORUM, 101)] == [upheld]
        assert verdicts.on_author(rx, FORUM, 103) == []


def test_a_label_keeps_the_text_as_flagged_with_its_context(desk: Desk) -> None:
    post = replace(
        reply(1, "加我微信", quoted="怎么联系", region="德国", images=1),
        author=Author(9, "小林", 10, 3, 5, START - timedelta(days=2)),
    )
    desk.record(reply(90, "求推荐一家书店", floor=1))
    flag_id = desk.flag(post)
    desk.record(replace(post, text="改过了"))
    desk.give(flag_id)
    with desk.store.read() as rx:
        [example] = labels.export(rx)
    assert example == {
        "id": "label-1",
        "text": "加我微信",
        "title": "周末去哪里吃",
        "opening": "求推荐一家书店",
        "quoted": "怎么联系",
        "author": "9",
        "author_posts": 3,
        "author_registered": "2026-02-27T12:00:00+00:00",
        "posted_at": "2026-03-01T11:00:00+00:00",
        "board": "2",
        "thread": 7,
        "thread_kind": "normal",
        "floor": 2,
        "region": "德国",
        "images": 1,
        "is_thread_author": False,
        "label": "spam",
        "source": "terminal",
        "who": "ann",
        "model": "m1",
        "policy": "p1",
        "forum": FORUM,
        "flag_id": flag_id,
        "given_at": "2026-03-01T12:00:00+00:00",
    }


def test_imported_labels_are_kept_once_and_counted(desk: Desk) -> None:
    rows = [
        labels.Imported("加我微信", Label.SPAM, {"title": "招聘", "quoted": None}),
        labels.Imported("加我微信 ", Label.SPAM, {}),
        labels.Imported("加我微信", Label.HAM, {}),
    ]
    with desk.store.write() as tx:
        assert labels.add(tx, rows, source="import", who="ann", at=START) == 2
        assert labels.add(tx, rows, source="import", who="ann", at=START) == 0
        assert labels.counts(tx) == {Label.SPAM: 1, Label.HAM: 1}
        assert labels.counts(tx, forum=FORUM) == {}
        assert list(labels.export(tx, forum=FORUM)) == []
        assert list(labels.export(tx, since=START + timedelta(seconds=1))) == []
        first = next(iter(labels.export(tx)))
    assert (first["text"], first["title"], first["label"]) == ("加我微信", "招聘", "spam")
