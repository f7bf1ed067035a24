"""The outbox's executor: look again, act, read back, settle; what fails stalls nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from executor_support import LIMITS, START, Bench
from sqlalchemy import event

from modbot.daemon.executor import LONGEST_BACKOFF, OUTAGE_PATIENCE, ExecutorLimits, NeedsHuman, backoff
from modbot.domain import ActionKind, Author, FlagState, OutboxState, VerdictKind, VerdictSource
from modbot.errors import (
    Blocked,
    BudgetSpent,
    ForumRolledBack,
    Gone,
    LoggedOut,
    Refused,
    Retryable,
    Unreadable,
)
from modbot.forums.protocol import ActionResult, ReplyRef
from modbot.store import brake, flags, outbox, verdicts
from modbot.testing import ScriptedForum

# --- the way it goes when nothing is wrong ------------------------------------------------------


def test_a_hide_is_looked_at_done_and_settled(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    assert bench.executor().work() == 1
    assert bench.state(hide) is OutboxState.DONE
    assert bench.forum.posts[1].hidden
    assert [call.method for call in bench.forum.calls] == ["read", "hide"]
    assert (bench.forum.calls[1].reason, bench.forum.calls[1].notify) == ("广告", False)


def test_hides_of_one_thread_are_one_request_and_others_are_their_own(bench: Bench) -> None:
    bench.hides(1, 2, thread_id=7)
    bench.hides(3, thread_id=8)
    bench.hides(4, 5, thread_id=None)
    bench.executor().work()
    assert sorted(bench.asked("hide")) == [(1, 2), (3,), (4,), (5,)]


def test_restores_go_before_hides(bench: Bench) -> None:
    bench.hides(1)
    bench.flagged(2, hidden=True)
    bench.queue(2, ActionKind.RESTORE)
    bench.executor().work()
    assert [call.method for call in bench.forum.calls] == ["restore", "read", "hide"]


def test_actions_on_one_reply_keep_their_order(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    restore = bench.queue(1, ActionKind.RESTORE)
    assert bench.executor().work() == 2
    assert [bench.state(hide), bench.state(restore)] == [OutboxState.DONE] * 2
    assert [call.method for call in bench.forum.calls] == ["read", "hide", "restore"]
    assert not bench.forum.posts[1].hidden


def test_an_action_waits_for_its_time(bench: Bench) -> None:
    bench.flagged(1)
    hide = bench.queue(1, not_before=START + timedelta(seconds=30))
    assert bench.executor().work() == 0
    assert bench.forum.calls == []
    bench.later(seconds=31)
    assert bench.executor().work() == 1
    assert bench.state(hide) is OutboxState.DONE


def test_the_brake_holds_what_nobody_asked_for_and_nothing_else(bench: Bench) -> None:
    bench.flagged(1)
    bench.flagged(2)
    unasked, asked = bench.queue(1, unasked=True), bench.queue(2)
    with bench.store.write() as tx:
        brake.pull(tx, "city", "overturned", at=bench.now)
    bench.executor().work()
    assert (bench.state(unasked), bench.state(asked)) == (OutboxState.QUEUED, OutboxState.DONE)


# --- looking first ------------------------------------------------------------------------------


def test_a_text_that_changed_since_the_decision_is_not_hidden_for_the_old_one(bench: Bench) -> None:
    changed, same = bench.hides(1, 2)
    bench.forum.edit(1, "发错了，已改。")
    bench.executor().work()
    assert (bench.state(changed), bench.action(changed).detail) == (
        OutboxState.CANCELLED,
        "the text has changed",
    )
    assert bench.state(same) is OutboxState.DONE
    assert not bench.forum.posts[1].hidden


def test_a_reply_that_is_gone_closes_its_flag(bench: Bench) -> None:
    gone, here = bench.hides(1, 2)
    bench.forum.delete(1)
    assert bench.executor().work() == 2
    assert (bench.state(gone), bench.state(here)) == (OutboxState.GONE, OutboxState.DONE)
    with bench.store.read() as rx:
        assert flags.get(rx, bench.flags[1]).state is FlagState.UPHELD
        verdict = verdicts.standing(rx, bench.flags[1])
    assert verdict is not None
    assert (verdict.source, verdict.kind) == (VerdictSource.FORUM, VerdictKind.REMOVE_DONT_LEARN)


def test_what_somebody_else_hid_is_not_ours(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.conceal(1)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.ALREADY
    with bench.store.read() as rx:
        assert not flags.get(rx, bench.flags[1]).hidden_by_us


def test_a_reply_that_cannot_be_read_is_not_hidden_blindly_and_stalls_nobody(bench: Bench) -> None:
    veiled, clear = bench.hides(1, 2)
    bench.forum.veiled.add(1)
    bench.executor().work()
    assert (bench.state(veiled), bench.state(clear)) == (OutboxState.QUEUED, OutboxState.DONE)
    assert bench.asked("hide") == [(2,)]
    for _ in range(LIMITS.attempts):
        bench.later(hours=2)
        bench.executor().work()
    assert bench.state(veiled) is OutboxState.DEAD
    assert "post 1" in bench.action(veiled).detail
    assert bench.asked("hide") == [(2,)]


def test_a_post_id_that_means_another_post_now_is_never_touched(bench: Bench) -> None:
    first, second = bench.hides(1), bench.hides(2, thread_id=9)
    bench.forum.write(
        1, "大家好，我是新来的", author=Author(id=77, name="新人"), posted_at=START + timedelta(days=1)
    )
    with pytest.raises(NeedsHuman) as caught:
        bench.executor().work()
    assert isinstance(caught.value.cause, ForumRolledBack)
    assert bench.asked("hide") == []
    for action in (*first, *second):
        assert (bench.state(action), bench.action(action).attempts) == (OutboxState.QUEUED, 0)


# --- after a crash, a time-out, a lost answer -----------------------------------------------------


def test_a_hide_whose_owner_crashed_after_it_took_effect_is_ours_and_not_repeated(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.claim("crashed")
    bench.forum.conceal(1)
    assert bench.executor().work() == 0, "the lease still holds"
    bench.later(minutes=4)
    assert bench.executor().work() == 1
    assert bench.state(hide) is OutboxState.DONE
    assert bench.asked("hide") == []
    with bench.store.read() as rx:
        assert flags.get(rx, bench.flags[1]).hidden_by_us


def test_a_hide_whose_owner_crashed_before_it_took_effect_is_done_now(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.claim("crashed")
    bench.later(minutes=4)
    bench.executor().work()
    assert (bench.state(hide), bench.asked("hide")) == (OutboxState.DONE, [(1,)])


def test_a_restore_of_which_it_is_not_known_whether_it_took_effect_is_looked_at(bench: Bench) -> None:
    bench.hides(1, 2)
    bench.executor().work()
    done, missed = bench.queue(1, ActionKind.RESTORE), bench.queue(2, ActionKind.RESTORE)
    bench.claim("crashed")
    bench.forum.conceal(1, hidden=False)
    bench.later(minutes=4)
    bench.executor().work()
    assert (bench.state(done), bench.state(missed)) == (OutboxState.DONE, OutboxState.DONE)
    assert bench.asked("restore") == [(2,)]
    assert not bench.forum.posts[2].hidden


def test_an_error_while_acting_may_have_reached_the_forum(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    arrived = Retryable(forum="city", detail="time-out")

    def hide_and_lose_the_answer() -> None:
        bench.forum.conceal(1)
        raise arrived

    bench.forum.trouble["hide"].append(hide_and_lose_the_answer)
    assert bench.executor().work() == 0
    assert bench.state(hide) is OutboxState.UNKNOWN
    bench.later(hours=2)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE
    assert bench.asked("hide") == [(1,)]


def test_an_error_while_looking_had_no_effect_so_a_humans_hide_stays_a_humans(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble["read"].append(Retryable(forum="city", detail="time-out"))
    bench.executor().work()
    assert (bench.state(hide), bench.action(hide).uncertain) == (OutboxState.QUEUED, False)
    bench.forum.conceal(1)
    bench.later(hours=2)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.ALREADY


def test_success_that_the_forum_does_not_show_is_looked_at_again_and_given_up_at_last(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.deaf.add(1)
    assert bench.executor().work() == 0
    assert bench.state(hide) is OutboxState.UNKNOWN
    bench.later(hours=2)
    assert bench.executor().work() == 0
    bench.later(hours=2)
    assert bench.executor().work() == 1
    assert (bench.state(hide), bench.action(hide).detail) == (OutboxState.DEAD, "success, it says")
    assert bench.action(hide).uncertain
    bench.later(hours=2)
    assert bench.executor().work() == 0
    assert len(bench.asked("hide")) == LIMITS.attempts


def test_an_engine_that_forgets_a_reply_in_its_answer_leaves_it_unknown(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    answer, bench.forum.hide = bench.forum.hide, lambda refs, reason, *, notify: {}  # type: ignore[method-assign]
    bench.executor().work()
    assert bench.state(hide) is OutboxState.UNKNOWN
    bench.forum.hide = answer  # type: ignore[method-assign]
    bench.later(hours=2)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE


# --- taken back ---------------------------------------------------------------------------------


def test_a_hide_undone_after_its_claim_and_before_it_began_is_abandoned(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    restores: list[int] = []
    bench.forum.trouble["read"].append(
        lambda: restores.append(bench.queue(1, ActionKind.RESTORE, undoes=hide))
    )
    bench.executor().work()
    assert (bench.state(hide), bench.state(restores[0])) == (OutboxState.CANCELLED, OutboxState.CANCELLED)
    assert [call.method for call in bench.forum.calls] == ["read"]


def test_a_hide_in_doubt_is_not_abandoned_until_it_was_read(bench: Bench) -> None:
    """Abandoning it would cancel the restore that is to take it back."""
    (hide,) = bench.hides(1)
    bench.claim("crashed")
    bench.forum.conceal(1)
    restore = bench.queue(1, ActionKind.RESTORE, undoes=hide)
    bench.forum.veiled.add(1)
    bench.later(minutes=4)
    bench.executor().work()
    assert (bench.state(hide), bench.state(restore)) == (OutboxState.UNKNOWN, OutboxState.QUEUED)
    bench.forum.veiled.clear()
    bench.later(hours=2)
    bench.executor().work()
    assert (bench.state(hide), bench.state(restore)) == (OutboxState.DONE, OutboxState.DONE)
    assert not bench.forum.posts[1].hidden


def test_a_hide_given_up_in_doubt_leaves_the_restore_that_takes_it_back(bench: Bench) -> None:
    once = ExecutorLimits(attempts=1, lease=LIMITS.lease)
    (hide,) = bench.hides(1)
    restores: list[int] = []

    def hide_undo_and_break_down() -> None:
        bench.forum.conceal(1)
        restores.append(bench.queue(1, ActionKind.RESTORE, undoes=hide))
        raise Unreadable(forum="city", detail="half a page")

    bench.forum.trouble["hide"].append(hide_undo_and_break_down)
    bench.executor(limits=once).work()
    assert bench.state(hide) is OutboxState.DEAD
    assert bench.state(restores[0]) is OutboxState.DONE
    assert not bench.forum.posts[1].hidden


# --- errors, each by its kind -------------------------------------------------------------------


def test_a_right_withdrawn_is_told_on_the_action(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.refuses = True
    bench.executor().work()
    assert (bench.state(hide), bench.action(hide).detail) == (OutboxState.REFUSED, "you may not")


@pytest.mark.parametrize("method", ["read", "hide"])
@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused(forum="city", detail="x"), OutboxState.REFUSED),
        (Gone(forum="city", detail="x"), OutboxState.GONE),
    ],
)
def test_an_engine_that_turns_a_single_reply_away_is_believed(
    bench: Bench, method: str, error: Exception, state: OutboxState
) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble[method].append(error)
    assert bench.executor().work() == 1
    assert bench.state(hide) is state


def test_an_engine_that_turns_several_away_at_once_is_asked_for_each_alone(bench: Bench) -> None:
    first, second = bench.hides(1, 2)
    bench.forum.trouble["hide"] += [Gone(forum="city", detail="x"), Gone(forum="city", detail="x")]
    bench.executor().work()
    assert {bench.state(first), bench.state(second)} == {OutboxState.QUEUED}
    bench.later(hours=2)
    bench.executor().work()
    assert bench.asked("hide") == [(1, 2), (2,), (1,)]
    assert (bench.state(second), bench.state(first)) == (OutboxState.GONE, OutboxState.DONE)


def test_a_refusal_to_look_proves_nothing_of_an_attempt_that_may_have_taken_effect(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.claim("crashed")
    bench.forum.conceal(1)
    bench.later(minutes=4)
    bench.forum.trouble["read"].append(Refused(forum="city", detail="x"))
    assert bench.executor().work() == 0
    assert bench.state(hide) is OutboxState.UNKNOWN
    bench.later(hours=2)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE


def test_what_is_settled_by_the_look_stays_settled_when_the_act_fails(bench: Bench) -> None:
    gone, here = bench.hides(1, 2)
    bench.forum.delete(1)
    bench.forum.trouble["hide"].append(Retryable(forum="city", detail="x"))
    assert bench.executor().work() == 1
    assert (bench.state(gone), bench.state(here)) == (OutboxState.GONE, OutboxState.UNKNOWN)


def test_an_action_is_tried_again_when_the_forum_says(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble["read"].append(Retryable(forum="city", detail="x", retry_after=900.0))
    bench.executor().work()
    assert bench.action(hide).not_before == START + timedelta(seconds=900)
    assert bench.action(hide).attempts == 1


def test_errors_that_go_on_bury_the_action_with_its_reason(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble["read"] += [Unreadable(forum="city", detail="a page")] * LIMITS.attempts
    for _ in range(LIMITS.attempts):
        assert bench.state(hide) is OutboxState.QUEUED
        bench.executor().work()
        bench.later(hours=2)
    assert bench.state(hide) is OutboxState.DEAD
    assert "a page" in bench.action(hide).detail


@pytest.mark.parametrize(
    "trouble",
    [
        BudgetSpent(forum="city", limit=5000, retry_after=3600.0),
        Retryable(code="error.forum.closed", forum="city", detail="维护", retry_after=600.0),
        Retryable(code="error.forum.sign_in_locked", forum="city", detail="", retry_after=900.0),
    ],
)
def test_what_is_wrong_with_the_whole_site_costs_no_attempt(bench: Bench, trouble: Exception) -> None:
    (hide,) = bench.hides(1)
    for _ in range(2 * LIMITS.attempts):
        bench.forum.trouble["read"].append(trouble)
        bench.executor().work()
        assert (bench.state(hide), bench.action(hide).attempts) == (OutboxState.QUEUED, 0)
        bench.later(hours=2)
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE


@pytest.mark.parametrize("error", [LoggedOut(forum="city", detail="x"), Blocked(forum="city", detail="x")])
def test_an_account_in_trouble_needs_a_human_and_every_claim_is_given_back(
    bench: Bench, error: Exception
) -> None:
    actions = [*bench.hides(1, thread_id=1), *bench.hides(2, thread_id=2), *bench.hides(3, thread_id=3)]
    for _ in range(2 * LIMITS.attempts):
        bench.forum.trouble["read"].append(error)
        with pytest.raises(NeedsHuman) as caught:
            bench.executor().work()
        assert caught.value.cause is error
        for action in actions:
            assert (bench.state(action), bench.action(action).attempts) == (OutboxState.QUEUED, 0)
            assert bench.action(action).owner is None
        bench.later(hours=2)
    assert len(bench.asked("read")) == 2 * LIMITS.attempts, "one request each time"
    assert bench.executor().work() == 3


def test_an_account_in_trouble_while_acting_leaves_a_doubt(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble["hide"].append(LoggedOut(forum="city", detail="x"))
    with pytest.raises(NeedsHuman):
        bench.executor().work()
    assert (bench.state(hide), bench.action(hide).attempts) == (OutboxState.UNKNOWN, 0)


def test_a_poison_reply_fails_its_group_once_then_alone_and_stalls_nobody(bench: Bench) -> None:
    hides = bench.hides(1, 2, 3)

    def poison() -> None:
        if 2 in bench.forum.calls[-1].posts:
            raise ValueError("an engine's defect")

    bench.forum.trouble["hide"] += [poison] * 20
    bench.executor().work()
    bench.later(hours=2)
    bench.executor().work()
    states = [bench.state(hide) for hide in hides]
    assert states == [OutboxState.DONE, OutboxState.UNKNOWN, OutboxState.DONE]
    for _ in range(LIMITS.attempts):
        bench.later(hours=2)
        bench.executor().work()
    assert bench.state(hides[1]) is OutboxState.DEAD
    assert "ValueError" in bench.action(hides[1]).detail
    assert "defect" not in bench.action(hides[1]).detail, "what an exception says may hold anything"


# --- others, and the end --------------------------------------------------------------------------


def steal(bench: Bench) -> None:
    """Another worker takes over, as if our lease had run out long ago."""
    bench.later(minutes=4)
    bench.claim("thief")


@pytest.mark.parametrize(
    ("method", "error"), [("read", None), ("hide", None), ("read", Retryable(forum="c", detail="x"))]
)
def test_a_claim_lost_to_another_worker_is_left_to_it(
    bench: Bench, method: str, error: Exception | None
) -> None:
    (hide,) = bench.hides(1)

    def lose_it() -> None:
        steal(bench)
        if error is not None:
            raise error

    bench.forum.trouble[method].append(lose_it)
    assert bench.executor().work() == 0
    assert (bench.state(hide), bench.action(hide).owner) == (OutboxState.CLAIMED, "thief")
    assert len(bench.asked("hide")) == (method == "hide")


def test_told_to_stop_it_begins_nothing_more_and_gives_back_what_it_claimed(bench: Bench) -> None:
    first, second = bench.hides(1, thread_id=1), bench.hides(2, thread_id=2)
    stop: list[bool] = []
    bench.forum.trouble["hide"].append(lambda: stop.append(True))
    assert bench.executor().work(stopping=lambda: bool(stop)) == 1
    assert {bench.state(*first), bench.state(*second)} == {OutboxState.DONE, OutboxState.QUEUED}
    assert len(bench.asked("hide")) == 1
    waiting = next(a for a in (*first, *second) if bench.state(a) is OutboxState.QUEUED)
    assert (bench.action(waiting).attempts, bench.action(waiting).owner) == (0, None)
    assert bench.executor().work(stopping=lambda: True) == 0


def test_a_request_broken_off_by_the_stop_costs_no_attempt(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    stop: list[bool] = []

    def break_off() -> None:
        stop.append(True)
        raise Retryable(code="error.forum.stopping", forum="city")

    bench.forum.trouble["read"].append(break_off)
    bench.executor().work(stopping=lambda: bool(stop))
    assert (bench.state(hide), bench.action(hide).attempts) == (OutboxState.QUEUED, 0)


def test_the_backlog_is_worked_off_claim_by_claim(bench: Bench) -> None:
    for post in range(1, 46):
        bench.hides(post, thread_id=post)
    assert bench.executor().work() == 45
    with bench.store.read() as rx:
        assert outbox.backlog(rx, "city") == {}


@pytest.mark.parametrize("attempts", [0, 1, 5, 60])
def test_the_wait_grows_and_stays_within_its_bounds(attempts: int) -> None:
    for _ in range(50):
        wait = backoff(attempts)
        assert timedelta(seconds=3) <= wait <= LONGEST_BACKOFF


def test_an_outage_of_the_forum_buries_nothing_for_a_long_time(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    bench.forum.trouble["read"] += [Retryable(forum="city", detail="no answer")] * 3 * LIMITS.attempts
    for _ in range(3 * LIMITS.attempts):
        bench.executor().work()
        bench.later(hours=2)
    assert bench.state(hide) is not OutboxState.DEAD
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE


def test_claims_that_a_crash_left_are_free_for_whoever_starts_next(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    with bench.store.write() as tx:
        outbox.claim(tx, "city", "crashed", now=bench.clock(), lease=timedelta(hours=1))
    bench.executor().work()
    assert bench.state(hide) is OutboxState.CLAIMED
    with bench.store.write() as tx:
        assert outbox.expire_claims(tx, "city", now=bench.clock()) == 1
    bench.executor().work()
    assert bench.state(hide) is OutboxState.DONE


def test_a_claim_outlives_a_power_cut_for_what_it_began_would_be_taken_for_anothers(bench: Bench) -> None:
    (hide,) = bench.hides(1)
    told: list[str] = []

    def note(*call: object) -> None:
        told.append(str(call[2]))

    event.listen(bench.store.engine, "before_cursor_execute", note)
    bench.executor().work()
    event.remove(bench.store.engine, "before_cursor_execute", note)
    assert bench.state(hide) is OutboxState.DONE
    claim = next(at for at, statement in enumerate(told) if statement.startswith("UPDATE outbox"))
    how = [statement for statement in told[:claim] if statement.startswith("PRAGMA synchronous")]
    assert how[-1] == "PRAGMA synchronous=FULL"


class Death(BaseException):
    """The process ends here: nothing is caught, nothing is put away."""


class DeadlyForum(ScriptedForum):
    """Whoever hides one of its ``deadly`` posts dies of it."""

    deadly: frozenset[int] = frozenset()

    def hide(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        if self.deadly & {ref.post_id for ref in refs}:
            raise Death
        return super().hide(refs, reason, notify=notify)


def test_an_action_that_kills_whoever_tries_it_stalls_no_other_and_is_given_up(bench: Bench) -> None:
    bench.forum = forum = DeadlyForum("city", clock=bench.clock)
    forum.deadly = frozenset({2})
    hides = bench.hides(1, 2, 3)
    for start in range(LIMITS.attempts * OUTAGE_PATIENCE + 2):
        with bench.store.write() as tx:
            outbox.expire_claims(tx, "city", now=bench.clock())
        with suppress(Death):
            bench.executor(f"start {start}").work()
        if start == 2:
            states = [bench.state(hide) for hide in hides]
            assert states == [OutboxState.DONE, OutboxState.CLAIMED, OutboxState.DONE]
    assert bench.state(hides[1]) is OutboxState.DEAD
    assert bench.action(hides[1]).uncertain
