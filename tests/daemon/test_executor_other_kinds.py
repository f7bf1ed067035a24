"""Deletions, approvals, threads and mutes through the executor: done once, proved by the engine."""

from __future__ import annotations

import pytest
from executor_support import LIMITS, Bench

from modbot.domain import ActionKind, OutboxState
from modbot.errors import Refused, Retryable
from modbot.forums.protocol import ReplyRef
from modbot.store import inbox, opposites

OTHER_KINDS = [kind for kind in ActionKind if kind not in {ActionKind.HIDE, ActionKind.RESTORE}]


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_what_the_account_may_not_do_is_refused(bench: Bench, kind: ActionKind) -> None:
    bench.flagged(1)
    bench.forum.lacks.add(kind)
    action = bench.queue(1, kind)
    bench.executor().work()
    assert (bench.state(action), bench.action(action).detail) == (OutboxState.REFUSED, "you may not")
    assert bench.asked(kind.value) == [(1,)]


# What each action finds before it, so that it has something to do.
PREPARED = {
    ActionKind.DELETE: {},
    ActionKind.UNDELETE: {"before": ActionKind.DELETE},
    ActionKind.APPROVE: {"pending": True},
    ActionKind.IGNORE: {"pending": True},
    ActionKind.RECYCLE_THREAD: {"floor": 1},
    ActionKind.RESTORE_THREAD: {"floor": 1, "before": ActionKind.RECYCLE_THREAD},
    ActionKind.MOVE_THREAD: {"floor": 1, "details": {"board": 9}},
    ActionKind.MUTE: {"details": {"days": 3}},
    ActionKind.UNMUTE: {"before": ActionKind.MUTE},
}


def prepared(bench: Bench, kind: ActionKind) -> int:
    """A reply with that action queued and something for it to do; answers the action."""
    fields = dict(PREPARED[kind])
    before, details = fields.pop("before", None), fields.pop("details", None)
    bench.flagged(1, **fields)
    if before is not None:
        bench.forum.kept.act(before, ReplyRef(1, 1, author_id=1001), {})
    return bench.queue(1, kind, details=details)


def changed(bench: Bench, kind: ActionKind) -> int:
    return bench.forum.changes[1001 if kind in {ActionKind.MUTE, ActionKind.UNMUTE} else 1, kind]


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_every_kind_of_action_is_carried_out_once(bench: Bench, kind: ActionKind) -> None:
    first = prepared(bench, kind)
    bench.executor().work()
    again = bench.queue(1, kind, details=PREPARED[kind].get("details"))
    bench.executor().work()
    assert (bench.state(first), bench.state(again)) == (OutboxState.DONE, OutboxState.ALREADY)
    assert changed(bench, kind) == 1


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_an_action_whose_answer_was_lost_is_found_done_and_not_repeated(
    bench: Bench, kind: ActionKind
) -> None:
    action = prepared(bench, kind)

    def do_it_and_lose_the_answer() -> None:
        ref = ReplyRef(1, 1, author_id=1001)
        bench.forum.kept.act(kind, ref, PREPARED[kind].get("details") or {})
        raise Retryable(forum="city", detail="time-out")

    bench.forum.trouble[kind.value].append(do_it_and_lose_the_answer)
    assert bench.executor().work() == 0
    assert bench.state(action) is OutboxState.UNKNOWN
    bench.later(hours=2)
    bench.executor().work()
    assert (bench.state(action), changed(bench, kind)) == (OutboxState.DONE, 0)


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_what_may_have_been_done_and_cannot_be_read_waits_for_a_human(bench: Bench, kind: ActionKind) -> None:
    action = prepared(bench, kind)
    bench.claim("crashed")
    bench.forum.trouble[kind.value] += [Refused(forum="city", detail="no right")] * 20
    for _ in range(LIMITS.attempts):
        bench.later(hours=2)
        bench.executor().work()
    assert bench.state(action) is OutboxState.DEAD
    assert bench.action(action).uncertain


@pytest.mark.parametrize("kind", [ActionKind.DELETE, ActionKind.RECYCLE_THREAD, ActionKind.MOVE_THREAD])
def test_a_text_that_changed_is_not_taken_away_for_the_old_one(bench: Bench, kind: ActionKind) -> None:
    action = prepared(bench, kind)
    bench.forum.edit(1, "发错了，已改。")
    bench.executor().work()
    assert (bench.state(action), changed(bench, kind)) == (OutboxState.CANCELLED, 0)


@pytest.mark.parametrize("kind", [ActionKind.IGNORE, ActionKind.DELETE])
def test_a_text_that_changed_while_it_waits_for_approval_is_not_turned_away(
    bench: Bench, kind: ActionKind
) -> None:
    """No look at it shows its text; the poll of the forum's queue does."""
    bench.flagged(1, pending=True)
    action = bench.queue(1, kind)
    with bench.store.write() as tx:
        inbox.record(tx, [bench.forum.edit(1, "发错了，已改。")], at=bench.now)
    bench.executor().work()
    assert (bench.state(action), changed(bench, kind)) == (OutboxState.CANCELLED, 0)


@pytest.mark.parametrize("kind", [ActionKind.DELETE, ActionKind.APPROVE, ActionKind.MUTE])
def test_what_was_undone_before_it_began_is_not_begun(bench: Bench, kind: ActionKind) -> None:
    action = prepared(bench, kind)
    bench.queue(1, opposites.opposite(kind), undoes=action)
    bench.executor().work()
    assert (bench.state(action), changed(bench, kind)) == (OutboxState.CANCELLED, 0)


def test_a_text_that_changed_is_not_hidden_again_to_undo_a_restore(bench: Bench) -> None:
    [hide] = bench.hides(1)
    bench.executor().work()
    restore = bench.queue(1, ActionKind.RESTORE, undoes=hide)
    bench.executor().work()
    bench.forum.edit(1, "发错了，已改。")
    again = bench.queue(1, ActionKind.HIDE, undoes=restore)
    bench.executor().work()
    assert (bench.state(again), bench.forum.posts[1].hidden) == (OutboxState.CANCELLED, False)
