"""A moderator's decision: one transaction, by the settings, in every mode, after the undo window."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from moderation_room import Room
from store_desk import FORUM, START, decision, reply

from modbot.domain import (
    DecisionKind,
    ExceptionScope,
    FlagState,
    Label,
    Reason,
    ThreadKind,
    VerdictKind,
    VerdictSource,
)
from modbot.errors import Conflict, ModbotError, StoreError, UsageError
from modbot.moderation.deciding import Choice
from modbot.store import exceptions, labels, presets, verdicts
from modbot.store.exceptions import Where

UPHOLD, DISMISS, ALLOW, REMOVE = VerdictKind
KIND, BOARD = ExceptionScope.KIND, ExceptionScope.BOARD


def flagged(room: Room, state: str) -> int:
    if state == "hidden":
        return room.hidden_flag(1)
    if state == "hide waits":
        return room.flag(reply(1), hide=True)
    return room.flag(reply(1), decision(DecisionKind.QUEUE))


@pytest.mark.parametrize("mode", ["shadow", "queue", "enforce"])
@pytest.mark.parametrize(
    ("state", "kind", "after", "waiting"),
    [
        ("pending", UPHOLD, FlagState.UPHELD, ["hide queued"]),
        ("pending", DISMISS, FlagState.DISMISSED, []),
        ("pending", ALLOW, FlagState.ALLOWED_HERE, []),
        ("pending", REMOVE, FlagState.UPHELD, ["hide queued"]),
        ("hide waits", UPHOLD, FlagState.UPHELD, ["hide queued"]),
        ("hide waits", DISMISS, FlagState.DISMISSED, ["hide cancelled"]),
        ("hide waits", ALLOW, FlagState.ALLOWED_HERE, ["hide cancelled"]),
        ("hide waits", REMOVE, FlagState.UPHELD, ["hide queued"]),
        ("hidden", UPHOLD, FlagState.UPHELD, ["hide done"]),
        ("hidden", DISMISS, FlagState.OVERTURNED, ["hide done", "restore queued"]),
        ("hidden", ALLOW, FlagState.ALLOWED_HERE, ["hide done", "restore queued"]),
        ("hidden", REMOVE, FlagState.UPHELD, ["hide done"]),
    ],
)
def test_a_verdict_acts_the_same_in_every_mode(
    room: Room, mode: str, state: str, kind: VerdictKind, after: FlagState, waiting: list[str]
) -> None:
    room.mode = mode
    flag_id = flagged(room, state)
    verdict = room.moderator().give(flag_id, kind)
    assert (room.get(flag_id).state, room.states()) == (after, waiting)
    assert (verdict.who, verdict.source, verdict.bulk) == ("ann", VerdictSource.TERMINAL, None)
    for action in room.actions():
        if action.id == verdict.action_id:
            assert action.not_before == START + timedelta(seconds=10), "the undo window"


@pytest.mark.parametrize("kind", list(VerdictKind))
@pytest.mark.parametrize("state", ["pending", "hide waits", "hidden"])
def test_whatever_was_decided_undone_at_once_it_never_reaches_the_forum(
    room: Room, state: str, kind: VerdictKind
) -> None:
    flag_id = flagged(room, state)
    before, done = room.get(flag_id), [action.id for action in room.actions()]
    room.moderator().give(flag_id, kind)
    room.moderator("ben").undo(flag_id)
    after = room.get(flag_id)
    if (state, kind) in {("hide waits", DISMISS), ("hide waits", ALLOW)}:
        assert after.state is FlagState.PENDING, "a hide that nobody asked for does not come back"
    elif kind in (UPHOLD, REMOVE) and state != "pending":
        assert after.state is FlagState.PENDING, "undo takes our hide back, too"
    else:
        assert after.state is before.state
    later = [action for action in room.actions() if action.id not in done]
    assert all(str(action.state) == "cancelled" for action in later if action.kind == "hide")
    with room.store.read() as rx:
        assert list(labels.export(rx)) == []
        assert exceptions.listing(rx, FORUM) == []


@pytest.mark.parametrize(
    ("kind", "taught"), [(UPHOLD, "spam"), (DISMISS, "ham"), (ALLOW, None), (REMOVE, None)]
)
def test_each_verdict_teaches_what_it_says(room: Room, kind: VerdictKind, taught: str | None) -> None:
    room.moderator().give(flagged(room, "pending"), kind)
    with room.store.read() as rx:
        assert [label["label"] for label in labels.export(rx)] == ([taught] if taught else [])


@pytest.mark.parametrize(
    ("reason", "kind", "actions", "presets_kept", "sentence", "notify"),
    [
        (Reason.LOW_EFFORT, UPHOLD, "", (), "内容过短", True),
        (Reason.TITLE_ECHO, UPHOLD, "", (), "复制标题", True),
        (Reason.SPAM, UPHOLD, "", (), "疑似含广告", False),
        (Reason.REPEATED, UPHOLD, "", (), "多篇回帖相同", False),
        (Reason.RULE, UPHOLD, "", (), "本站规定", False),
        (Reason.REPEATED, UPHOLD, "notify_campaigns = true", (), "多篇回帖相同", True),
        (Reason.LOW_EFFORT, UPHOLD, "notify_low_effort = false", (), "内容过短", False),
        (Reason.SPAM, UPHOLD, "", ("广告/SPAM", "恶意灌水"), "广告/SPAM", False),
        (Reason.LOW_EFFORT, UPHOLD, "", ("广告/SPAM", "恶意灌水"), "恶意灌水", True),
        (Reason.TITLE_ECHO, UPHOLD, "", ("恶意灌水", "文不对题"), "文不对题", True),
        (Reason.REPEATED, UPHOLD, "", ("广告/SPAM", "重复发帖"), "重复发帖", False),
        (Reason.REPEATED, UPHOLD, "", ("广告/SPAM",), "多篇回帖相同", False),
        (Reason.RULE, UPHOLD, "", ("违规内容",), "违规内容", False),
        (Reason.SPAM, DISMISS, "", ("广告/SPAM",), "经复核属误判", True),
        (Reason.SPAM, DISMISS, "notify_restores = false", (), "经复核属误判", False),
    ],
)
def test_authors_are_told_by_the_settings_in_the_forums_own_words(
    room: Room,
    reason: Reason,
    kind: VerdictKind,
    actions: str,
    presets_kept: tuple[str, ...],
    sentence: str,
    notify: bool,
) -> None:
    room.told = actions
    room.flag(reply(1, "薇信 abc123"), decision(reason=reason), hide=kind is DISMISS)
    if kind is DISMISS:
        room.carry_out()
    with room.store.write() as tx:
        presets.ask(tx, FORUM, at=START)
        presets.keep(tx, FORUM, presets_kept)
    verdict = room.moderator().give(1, kind)
    action = next(one for one in room.actions() if one.id == verdict.action_id)
    assert sentence in action.reason
    assert action.notify is notify
    assert "abc123" not in action.reason


def test_what_the_moderator_chooses_goes_before_settings_and_presets(room: Room) -> None:
    flag_id = flagged(room, "pending")
    chosen = Choice(note="第三次", sentence="请勿在本版发招聘", notify=True)
    verdict = room.moderator().give(flag_id, UPHOLD, chosen)
    [action] = room.actions()
    assert (action.reason, action.notify, verdict.note) == ("请勿在本版发招聘", True, "第三次")


def test_a_decision_about_what_has_changed_since_it_was_shown_is_refused(room: Room) -> None:
    flag_id = flagged(room, "pending")
    version = room.get(flag_id).version
    room.moderator("ben").give(flag_id, DISMISS)
    with pytest.raises(Conflict) as late:
        room.moderator().give(flag_id, UPHOLD, version=version)
    assert late.value.params["who"] == "ben"


@pytest.mark.parametrize("kinds", [(UPHOLD, DISMISS), (UPHOLD, UPHOLD), (ALLOW, DISMISS)])
def test_of_two_moderators_at_once_one_wins_and_the_other_is_told_who(
    room: Room, kinds: tuple[VerdictKind, VerdictKind]
) -> None:
    flag_id = flagged(room, "pending")
    ready = threading.Barrier(2)
    ended: dict[str, Any] = {}

    moderators = {who: room.moderator(who) for who in ("ann", "ben")}

    def decide(who: str, kind: VerdictKind) -> None:
        ready.wait(30)
        try:
            ended[who] = moderators[who].give(flag_id, kind)
        except ModbotError as problem:
            ended[who] = problem

    both = [threading.Thread(target=decide, args=pair) for pair in zip(("ann", "ben"), kinds, strict=True)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    [winner] = [who for who, end in ended.items() if isinstance(end, verdicts.Verdict)]
    [loser] = {"ann", "ben"} - {winner}
    assert isinstance(ended[loser], Conflict)
    assert winner in ended[loser].message("zh")
    with room.store.read() as rx:
        assert [one.who for one in verdicts.history(rx, flag_id)] == [winner]
        assert len(list(labels.export(rx))) == (ended[winner].taught is not None)


def test_an_exception_for_adverts_in_a_whole_board_needs_to_be_confirmed(room: Room) -> None:
    flag_id = flagged(room, "pending")
    with pytest.raises(UsageError) as unsure:
        room.moderator().give(flag_id, ALLOW, Choice(where=Where(BOARD)))
    assert unsure.value.code == "error.moderation.broad_exception"
    assert room.get(flag_id).is_open
    room.moderator().give(flag_id, ALLOW, Choice(where=Where(BOARD), confirmed=True))
    with room.store.read() as rx:
        assert [one.scope for one in exceptions.listing(rx, FORUM)] == [BOARD]


def test_where_the_thread_is_unknown_adverts_are_not_let_into_the_board_unasked(room: Room) -> None:
    flag_id = room.flag(reply(1, thread_id=None), decision(DecisionKind.QUEUE))
    with pytest.raises(UsageError):
        room.moderator().give(flag_id, ALLOW)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"thread_kind": ThreadKind.LOTTERY}, ThreadKind.LOTTERY),
        ({"thread_kind": ThreadKind.POLL, "board_id": 9}, ThreadKind.POLL),
    ],
)
def test_the_kind_of_an_exception_is_that_of_the_flags_thread(
    room: Room, fields: dict[str, Any], kind: ThreadKind
) -> None:
    flag_id = room.flag(reply(1, **fields), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT, Label.LOW_EFFORT))
    room.moderator().give(flag_id, ALLOW, Choice(where=Where(KIND)))
    with room.store.read() as rx:
        [made] = exceptions.listing(rx, FORUM)
    assert made.thread_kind is kind


def test_a_thread_of_no_kind_has_none_to_allow(room: Room) -> None:
    flag_id = room.flag(reply(1), decision(DecisionKind.QUEUE, Reason.LOW_EFFORT))
    with pytest.raises(UsageError) as refused:
        room.moderator().give(flag_id, ALLOW, Choice(where=Where(KIND)))
    assert refused.value.code == "error.moderation.no_kind"


def test_there_is_nothing_to_decide_about_a_flag_that_is_not_there(room: Room) -> None:
    with pytest.raises(StoreError, match="queue list"):
        room.moderator().give(7, UPHOLD)
