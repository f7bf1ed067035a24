"""What a forum in memory keeps, and what each action makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from modbot.domain import ActionKind, ActionOutcome, Reply, Visibility
from modbot.forums.protocol import ActionResult, ReplyRef

_Act = Callable[[ReplyRef, Mapping[str, Any]], ActionResult]


class ForumMemory:
    """Posts, recycle bins, approval queue and mutes. Every act answers as an engine would.

    ``posts`` are those that anybody can see or approve, ``recycled`` and
    ``recycled_threads`` (thread id → its posts) what the bins keep, ``ignored`` what left the
    queue unseen, ``mutes`` author id → until when (None: for ever). ``bins`` tells boards with
    no bin (False) or an unknown one (None); the others have one. ``staff`` cannot be muted.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.posts: dict[int, Reply] = {}
        self.recycled: dict[int, Reply] = {}
        self.recycled_threads: dict[int, dict[int, Reply]] = {}
        self.ignored: dict[int, Reply] = {}
        self.mutes: dict[int, datetime | None] = {}
        self.staff: set[int] = set()
        self.bins: dict[int, bool | None] = {}
        self._acts: dict[ActionKind, _Act] = {
            ActionKind.HIDE: lambda ref, _: self._cover(ref, hidden=True),
            ActionKind.RESTORE: lambda ref, _: self._cover(ref, hidden=False),
            ActionKind.DELETE: self._delete,
            ActionKind.UNDELETE: self._undelete,
            ActionKind.APPROVE: self._approve,
            ActionKind.IGNORE: self._ignore,
            ActionKind.RECYCLE_THREAD: self._recycle_thread,
            ActionKind.RESTORE_THREAD: self._restore_thread,
            ActionKind.MOVE_THREAD: self._move_thread,
            ActionKind.MUTE: self._mute,
            ActionKind.UNMUTE: self._unmute,
        }

    def act(self, kind: ActionKind, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:
        return self._acts[kind](ref, details)

    def recycles(self, board_id: int | None) -> bool | None:
        return None if board_id is None else self.bins.get(board_id, True)

    def is_muted(self, author_id: int) -> bool:
        until = self.mutes.get(author_id)
        return author_id in self.mutes and (until is None or until > self._clock())

    def shown(self, post_id: int) -> Visibility:
        reply = self.posts.get(post_id)
        return Visibility.GONE if reply is None else visibility_of(reply)

    # --- one post ---------------------------------------------------------------------

    def _cover(self, ref: ReplyRef, *, hidden: bool) -> ActionResult:
        reply = self.posts.get(ref.post_id)
        if reply is None or reply.pending:
            return ActionResult(ActionOutcome.GONE, self.shown(ref.post_id))
        if reply.hidden == hidden:
            return self._already(ref)
        self.posts[ref.post_id] = replace(reply, hidden=hidden)
        return self._done(ref)

    def _delete(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002 - as others
        reply = self.posts.get(ref.post_id) or self.ignored.get(ref.post_id)
        if reply is None:
            return self._already(ref)
        if reply.floor == 1 and not reply.pending:
            return self._refused(ref, "the first post goes with its thread")
        self.posts.pop(ref.post_id, None)
        self.ignored.pop(ref.post_id, None)
        if self.recycles(reply.board_id):
            self.recycled[ref.post_id] = replace(reply, pending=False)
        return self._done(ref)

    def _undelete(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        if ref.post_id in self.posts:
            return self._already(ref)
        reply = self.recycled.pop(ref.post_id, None)
        if reply is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        self.posts[ref.post_id] = reply
        return self._done(ref)

    # --- the approval queue -----------------------------------------------------------

    def _approve(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        reply = self.posts.get(ref.post_id) or self.ignored.get(ref.post_id)
        if reply is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        if not reply.pending:
            return self._already(ref)
        self.ignored.pop(ref.post_id, None)
        self.posts[ref.post_id] = replace(reply, pending=False)
        return self._done(ref)

    def _ignore(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        if ref.post_id in self.ignored:
            return self._already(ref)
        reply = self.posts.get(ref.post_id)
        if reply is None or not reply.pending:
            return ActionResult(ActionOutcome.GONE, self.shown(ref.post_id))
        self.ignored[ref.post_id] = self.posts.pop(ref.post_id)
        return self._done(ref)

    # --- a thread, by its first post ----------------------------------------------------

    def _recycle_thread(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        first = self.posts.get(ref.post_id)
        if first is None:
            return self._already(ref)
        if first.floor != 1:
            return self._refused(ref, "not the first post of its thread")
        gone = {post: reply for post, reply in self.posts.items() if reply.thread_id == first.thread_id}
        for post in gone:
            del self.posts[post]
        if self.recycles(first.board_id):
            self.recycled_threads[first.thread_id or 0] = gone
        return self._done(ref)

    def _restore_thread(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        if ref.post_id in self.posts:
            return self._already(ref)
        for thread, kept in self.recycled_threads.items():
            if ref.post_id in kept:
                self.posts.update(self.recycled_threads.pop(thread))
                return self._done(ref)
        return ActionResult(ActionOutcome.GONE, Visibility.GONE)

    def _move_thread(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:
        first, board = self.posts.get(ref.post_id), details.get("board")
        if first is None:
            return ActionResult(ActionOutcome.GONE, Visibility.GONE)
        if first.floor != 1 or not isinstance(board, int):
            return self._refused(ref, "not the first post of its thread, or no board to move to")
        if first.board_id == board:
            return self._already(ref)
        for post, reply in list(self.posts.items()):
            if reply.thread_id == first.thread_id:
                self.posts[post] = replace(reply, board_id=board)
        return self._done(ref)

    # --- a member ---------------------------------------------------------------------

    def _mute(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:
        author = ref.author_id
        if author is None or author in self.staff:
            return ActionResult(ActionOutcome.REFUSED, Visibility.UNKNOWN, "no member that can be muted")
        if self.is_muted(author):
            return ActionResult(ActionOutcome.ALREADY, Visibility.UNKNOWN)
        days = details.get("days")
        self.mutes[author] = self._clock() + timedelta(days=days) if days else None
        return ActionResult(ActionOutcome.DONE, Visibility.UNKNOWN)

    def _unmute(self, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:  # noqa: ARG002
        author = ref.author_id
        if author is None:
            return ActionResult(ActionOutcome.REFUSED, Visibility.UNKNOWN, "no member")
        was_muted = self.is_muted(author)
        self.mutes.pop(author, None)
        outcome = ActionOutcome.DONE if was_muted else ActionOutcome.ALREADY
        return ActionResult(outcome, Visibility.UNKNOWN)

    # --- answers ----------------------------------------------------------------------

    def _done(self, ref: ReplyRef) -> ActionResult:
        return ActionResult(ActionOutcome.DONE, self.shown(ref.post_id))

    def _already(self, ref: ReplyRef) -> ActionResult:
        return ActionResult(ActionOutcome.ALREADY, self.shown(ref.post_id))

    def _refused(self, ref: ReplyRef, why: str) -> ActionResult:
        return ActionResult(ActionOutcome.REFUSED, self.shown(ref.post_id), why)


def visibility_of(reply: Reply) -> Visibility:
    if reply.pending:
        return Visibility.PENDING
    return Visibility.HIDDEN if reply.hidden else Visibility.VISIBLE
