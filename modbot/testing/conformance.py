"""What the journey relies on in any forum engine, as checks that an engine's author can run.

With pytest::

    @pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
    def test_the_engine_keeps_its_contract(check, stage):
        check(stage)

where ``stage`` is a fresh :class:`Stage` of your own: an empty forum, an engine beside it, and
the people who write there. A check raises NotConforming with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Protocol

from modbot.domain import ActionKind, ActionOutcome, Reply, Visibility
from modbot.errors import Refused
from modbot.forums.protocol import (
    ActionResult,
    CheckStatus,
    Forum,
    ReplyRef,
    ThreadRef,
    capability_of,
)

WRITTEN = 12


class NotConforming(AssertionError):
    """The engine does not keep the protocol's promise; the message says which."""


class Stage(Protocol):
    """A forum that people use, and the engine under test. Acts are done when they return."""

    def engine(self) -> Forum:
        """A new engine with the same kept state: called again, it is a restart."""
        ...

    def now(self) -> datetime: ...

    def write(self, text: str) -> ReplyRef:
        """A member replies in a thread that is there already; each call a little later."""
        ...

    def edit(self, ref: ReplyRef, text: str) -> None: ...

    def delete(self, ref: ReplyRef) -> None: ...

    def hide(self, ref: ReplyRef) -> None:
        """A human moderator hides it in the forum itself."""
        ...

    def forbid_hiding(self) -> None:
        """The engine's account loses the right to hide."""
        ...

    def hides_made(self, ref: ReplyRef) -> int:
        """How often the forum was told to hide it, by anybody."""
        ...

    def open_thread(self, title: str) -> ReplyRef:
        """A member opens a thread in the same board; its first post."""
        ...

    def write_waiting(self, text: str) -> ReplyRef:
        """A member's reply that waits for approval, as the engine would tell of it."""
        ...

    def other_board(self) -> int:
        """A board that the engine's account may move threads to."""
        ...


def a_poll_finds_what_was_written_and_the_next_only_what_is_new(stage: Stage) -> None:
    refs = [stage.write(f"第 {number} 条回帖，说点什么") for number in range(WRITTEN)]
    with closing(stage.engine()) as forum:
        found, cursor = _polled(forum, None, stage.now())
        _demand({ref.post_id for ref in refs} <= found.keys(), "a poll does not find all that was written")
        late = stage.write("后来又说了一句")
        again, _ = _polled(forum, cursor, stage.now())
    _demand(late.post_id in again, "a poll from the last cursor misses what was written since")


def a_poll_broken_off_after_any_batch_loses_nothing(stage: Stage) -> None:
    refs = [stage.write(f"第 {number} 条回帖，说点什么") for number in range(WRITTEN)]
    with closing(stage.engine()) as forum:
        batch = next(iter(forum.poll(None, now=stage.now())))
    late = stage.write("中断之后写的")
    with closing(stage.engine()) as forum:
        found, _ = _polled(forum, batch.cursor, stage.now())
    known = {reply.post_id for reply in batch.replies} | found.keys()
    _demand({ref.post_id for ref in (*refs, late)} <= known, "a poll broken off after a batch loses replies")


def a_reply_tells_who_wrote_what_when_and_where(stage: Stage) -> None:
    ref = stage.write("这一条要读得完整")
    with closing(stage.engine()) as forum:
        found, _ = _polled(forum, None, stage.now())
        reply = found[ref.post_id]
        view = forum.thread(ThreadRef(ref.thread_id or 0, ref.board_id))
        author = forum.author(reply.author.id or 0)
    _demand("这一条要读得完整" in reply.text, "the text is not the one that was written")
    _demand(reply.forum == forum.name, "a reply names another forum than the engine's")
    _demand(reply.thread_id == ref.thread_id, "a reply is not in its thread")
    _demand(reply.author.id is not None and bool(reply.author.name), "the author is not told")
    _demand(reply.posted_at is not None and reply.posted_at.tzinfo is not None, "the time is not aware")
    _demand(ref.post_id in {seen.post_id for seen in view.replies}, "the thread's page lacks the reply")
    _demand(author.name == reply.author.name, "the author's page is another member's")


def an_edit_a_hide_and_a_deletion_are_seen_when_read_again(stage: Stage) -> None:
    edited, hidden, gone = (stage.write(f"第 {number} 条") for number in range(3))
    with closing(stage.engine()) as forum:
        _polled(forum, None, stage.now())
        stage.edit(edited, "已经改过的话")
        stage.hide(hidden)
        stage.delete(gone)
        seen = forum.read([edited, hidden, gone])
        _demand(forum.read_back(hidden) is Visibility.HIDDEN, "a hidden reply reads back as something else")
    now = seen[edited.post_id]
    _demand(isinstance(now, Reply) and "已经改过的话" in now.text, "an edit is not seen")
    now = seen[hidden.post_id]
    _demand(isinstance(now, Reply) and now.hidden, "a hide is not seen")
    _demand(seen[gone.post_id] is Visibility.GONE, "a deletion is not seen")


def a_hide_is_done_once_and_a_restore_takes_it_back(stage: Stage) -> None:
    refs = [stage.write(f"要屏蔽的第 {number} 条") for number in range(3)]
    with closing(stage.engine()) as forum:
        _outcomes(forum.hide(refs, "广告", notify=False), refs, ActionOutcome.DONE, Visibility.HIDDEN)
        _outcomes(forum.hide(refs, "广告", notify=False), refs, ActionOutcome.ALREADY, Visibility.HIDDEN)
        _demand(all(stage.hides_made(ref) == 1 for ref in refs), "a hidden reply was hidden once more")
        _outcomes(forum.restore(refs, "误判", notify=True), refs, ActionOutcome.DONE, Visibility.VISIBLE)
        _outcomes(forum.restore(refs, "误判", notify=True), refs, ActionOutcome.ALREADY, Visibility.VISIBLE)


def what_a_human_hid_is_left_alone(stage: Stage) -> None:
    ref = stage.write("版主先看到的")
    with closing(stage.engine()) as forum:
        stage.hide(ref)
        _outcomes(forum.hide([ref], "广告", notify=False), [ref], ActionOutcome.ALREADY, Visibility.HIDDEN)
    _demand(stage.hides_made(ref) == 1, "what a human hid was hidden once more")


def a_reply_that_is_gone_stalls_no_other(stage: Stage) -> None:
    gone, here = stage.write("先被删掉的"), stage.write("还在的")
    with closing(stage.engine()) as forum:
        stage.delete(gone)
        done = forum.hide([gone, here], "广告", notify=False)
    _demand(done[gone.post_id].outcome is ActionOutcome.GONE, "a reply that is gone is not told as gone")
    _demand(done[here.post_id].outcome is ActionOutcome.DONE, "one reply that is gone stalls another")


def a_missing_right_is_refused_and_told_beforehand(stage: Stage) -> None:
    ref = stage.write("没有权限屏蔽的")
    with closing(stage.engine()) as forum:
        _demand(
            all(check.status is not CheckStatus.FAILED for check in forum.check_access()),
            "a sound account fails a check of access",
        )
        stage.forbid_hiding()
        try:
            outcome = forum.hide([ref], "广告", notify=False)[ref.post_id].outcome
        except Refused:
            outcome = ActionOutcome.REFUSED
        _demand(outcome is ActionOutcome.REFUSED, "a hide without the right is not told as refused")
        _demand(forum.read_back(ref) is Visibility.VISIBLE, "a refused hide changed something")
        _demand(
            any(check.status is CheckStatus.FAILED for check in forum.check_access()),
            "a missing right is not found by a check of access",
        )


def what_an_engine_cannot_do_is_refused_and_never_an_error(stage: Stage) -> None:
    ref = stage.write("随便一条")
    with closing(stage.engine()) as forum:
        for kind in (ActionKind.MUTE, ActionKind.RECYCLE_THREAD):
            result = forum.act(kind, ref, "", notify=False)
            _demand(isinstance(result, ActionResult), f"{kind.value} is not answered")
        done = forum.act(ActionKind.HIDE, ref, "广告", notify=False)
        _demand(done.outcome is ActionOutcome.DONE, "act() does not hide as hide() does")
        back = forum.act(ActionKind.RESTORE, ref, "误判", notify=False)
        _demand(back.outcome is ActionOutcome.DONE, "act() does not restore as restore() does")


def a_deletion_is_done_once_and_taken_back(stage: Stage) -> None:
    ref = stage.write("要删除的")
    with closing(stage.engine()) as forum:
        if not _offered(forum, ActionKind.DELETE, ref):
            return
        recycled = forum.recycles(ref.board_id or 0)
        _once(forum, ActionKind.DELETE, ref, Visibility.GONE)
        _demand(forum.read_back(ref) is Visibility.GONE, "a deleted reply is still there")
        if recycled and _offered(forum, ActionKind.UNDELETE, ref):
            _once(forum, ActionKind.UNDELETE, ref, Visibility.VISIBLE)
            _demand(forum.read_back(ref) is Visibility.VISIBLE, "a deleted reply does not come back")


def what_waits_is_approved_or_ignored_once(stage: Stage) -> None:
    good, bad = stage.write_waiting("等着通过的"), stage.write_waiting("等着忽略的")
    with closing(stage.engine()) as forum:
        if not _offered(forum, ActionKind.APPROVE, good):
            return
        _once(forum, ActionKind.APPROVE, good, Visibility.VISIBLE)
        _once(forum, ActionKind.IGNORE, bad, Visibility.GONE)
        result = forum.act(ActionKind.IGNORE, good, "", notify=False)
        _demand(result.outcome is ActionOutcome.GONE, "what was approved can still be ignored")


def a_thread_is_recycled_and_comes_back_by_its_first_post_alone(stage: Stage) -> None:
    first, reply = stage.open_thread("要回收的主题"), stage.write("别的主题里的回帖")
    with closing(stage.engine()) as forum:
        if not _offered(forum, ActionKind.RECYCLE_THREAD, first):
            return
        _demand(_refuses(forum, ActionKind.RECYCLE_THREAD, reply), "a reply stands for its whole thread")
        _once(forum, ActionKind.RECYCLE_THREAD, first, Visibility.GONE)
        if forum.recycles(first.board_id or 0) and _offered(forum, ActionKind.RESTORE_THREAD, first):
            _once(forum, ActionKind.RESTORE_THREAD, first, Visibility.VISIBLE)


def a_thread_is_moved_once_and_back(stage: Stage) -> None:
    first, there = stage.open_thread("要移动的主题"), stage.other_board()
    with closing(stage.engine()) as forum:
        if not _offered(forum, ActionKind.MOVE_THREAD, first, board=there):
            return
        for board in (there, first.board_id):
            _once(forum, ActionKind.MOVE_THREAD, first, Visibility.VISIBLE, board=board)
            view = forum.thread(ThreadRef(first.thread_id or 0))
            _demand(view.board_id == board, "a moved thread is in another board than it was moved to")


def a_member_is_muted_once_and_let_speak(stage: Stage) -> None:
    ref = stage.write("要禁言的人写的")
    with closing(stage.engine()) as forum:
        _, seen = next(iter(forum.read([ref]).items()))
        author = seen.author.id if isinstance(seen, Reply) else None
        _demand(author is not None, "the author of a reply is not told")
        whom = ReplyRef(ref.post_id, ref.thread_id, ref.board_id, author)
        if not _offered(forum, ActionKind.MUTE, whom, days=1):
            return
        _once(forum, ActionKind.MUTE, whom, Visibility.UNKNOWN, days=1)
        _once(forum, ActionKind.UNMUTE, whom, Visibility.UNKNOWN)
        nobody = ReplyRef(ref.post_id, ref.thread_id, ref.board_id)
        _demand(_refuses(forum, ActionKind.MUTE, nobody, days=1), "nobody is muted")


CHECKS: tuple[Callable[[Stage], None], ...] = (
    a_poll_finds_what_was_written_and_the_next_only_what_is_new,
    a_poll_broken_off_after_any_batch_loses_nothing,
    a_reply_tells_who_wrote_what_when_and_where,
    an_edit_a_hide_and_a_deletion_are_seen_when_read_again,
    a_hide_is_done_once_and_a_restore_takes_it_back,
    what_a_human_hid_is_left_alone,
    a_reply_that_is_gone_stalls_no_other,
    a_missing_right_is_refused_and_told_beforehand,
    what_an_engine_cannot_do_is_refused_and_never_an_error,
    a_deletion_is_done_once_and_taken_back,
    what_waits_is_approved_or_ignored_once,
    a_thread_is_recycled_and_comes_back_by_its_first_post_alone,
    a_thread_is_moved_once_and_back,
    a_member_is_muted_once_and_let_speak,
)


def _offered(forum: Forum, kind: ActionKind, ref: ReplyRef, **details: object) -> bool:
    """Whether the engine can do it. One that cannot must refuse, when it is asked all the same."""
    if capability_of(kind) in forum.capabilities():
        return True
    _demand(_refuses(forum, kind, ref, **details), f"{kind.value} is not offered, and not refused")
    return False


def _refuses(forum: Forum, kind: ActionKind, ref: ReplyRef, **details: object) -> bool:
    try:
        outcome = forum.act(kind, ref, "广告", notify=False, details=details).outcome
    except Refused:
        return True
    return outcome is ActionOutcome.REFUSED


def _once(forum: Forum, kind: ActionKind, ref: ReplyRef, visibility: Visibility, **details: object) -> None:
    """Done when it is asked for first, found done when it is asked for again."""
    for outcome in (ActionOutcome.DONE, ActionOutcome.ALREADY):
        result = forum.act(kind, ref, "广告", notify=False, details=details)
        told = (result.outcome, result.visibility)
        _demand(told == (outcome, visibility), f"{kind.value}: {told} instead of {outcome}, {visibility}")


def _polled(forum: Forum, cursor: str | None, now: datetime) -> tuple[dict[int, Reply], str]:
    found: dict[int, Reply] = {}
    for batch in forum.poll(cursor, now=now):
        cursor = batch.cursor
        found |= {reply.post_id: reply for reply in batch.replies}
    _demand(cursor is not None, "a poll told no cursor")
    return found, cursor or ""


def _outcomes(
    told: dict[int, ActionResult], refs: list[ReplyRef], outcome: ActionOutcome, visibility: Visibility
) -> None:
    for ref in refs:
        result = told.get(ref.post_id)
        _demand(result is not None, f"post {ref.post_id} is not answered")
        _demand(
            result == ActionResult(outcome, visibility, result.detail if result else ""),
            f"post {ref.post_id}: {result} instead of {outcome.value}, {visibility.value}",
        )


def _demand(kept: bool, promise: str) -> None:
    if not kept:
        raise NotConforming(promise)
