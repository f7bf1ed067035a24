"""A forum in memory behind the engine protocol, which fails when it is told to."""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from modbot.domain import ActionKind, ActionOutcome, Author, Reply, ThreadKind, Visibility
from modbot.errors import Gone
from modbot.forums.protocol import (
    ActionResult,
    Batch,
    Board,
    Capability,
    Check,
    CheckStatus,
    Cursor,
    Priority,
    ReplyRef,
    ThreadRef,
    ThreadView,
    UnreadableBlock,
    capability_of,
)
from modbot.testing.memory import ForumMemory, visibility_of

BATCH = 3
Trouble = Exception | Callable[[], None]


Change = tuple[int, bool | ActionKind]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the method's name (of ``act``: the kind's), the posts that it was about,
    what the author is told, and the details of an action."""

    method: str
    posts: tuple[int, ...] = ()
    reason: str = ""
    notify: bool = False
    details: Mapping[str, Any] | None = None


class ScriptedForum:
    """Members ``write``, ``edit`` and ``delete``; a moderator ``conceal``s by hand, or does
    any other action ``by_hand``.

    ``trouble[method]`` holds what the next calls of a method raise (an exception), do
    first (a callable), or nothing out of the ordinary (None); the other actions' methods are
    named by their kind (``trouble["delete"]``). ``refuses`` withholds the right to hide,
    ``lacks`` those of other actions; ``deaf`` posts do not change whatever is done;
    ``veiled`` posts cannot be read. ``calls`` remembers every request in order. ``changes``
    counts those that changed something: by ``(post id, hidden)`` what hid and restored, by
    ``(post id, kind)`` the other actions, by ``(author id, kind)`` mutes.

    A reply written with ``pending=True`` waits for approval; one with ``floor=1`` is the first
    post of its thread, and goes with it. ``kept`` is what the forum keeps: recycle bins,
    ignored replies, recycled threads, mutes (see ForumMemory). ``reasons`` are its presets.
    """

    def __init__(self, name: str = "scripted", *, clock: Callable[[], datetime] | None = None) -> None:
        self._name = name
        self._clock = clock or _utc_now
        self._journal: list[int] = []
        self.kept = ForumMemory(self._clock)
        self.posts = self.kept.posts
        self.trouble: defaultdict[str, deque[Trouble | None]] = defaultdict(deque)
        self.calls: list[Call] = []
        self.changes: Counter[Change] = Counter()
        self.refuses = False
        self.lacks: set[ActionKind] = set()
        self.deaf: set[int] = set()
        self.veiled: set[int] = set()
        self.reasons: tuple[str, ...] = ("广告/SPAM", "恶意灌水", "违规内容", "文不对题", "重复发帖")
        self.unreadable: list[UnreadableBlock] = []
        self.closed = False

    # --- what people do -------------------------------------------------------------------

    def write(self, post_id: int, text: str, *, thread_id: int = 1, **fields: object) -> Reply:
        """A member writes. ``fields`` are any of a reply's."""
        plain = Reply(
            self._name,
            post_id,
            text,
            thread_id=thread_id,
            thread_title=f"Thread {thread_id}",
            board_id=1,
            author=Author(id=post_id + 1000, name=f"member {post_id}", posts=3),
            posted_at=self._clock(),
        )
        return self._changed(replace(plain, **fields))  # type: ignore[arg-type]

    def edit(self, post_id: int, text: str) -> Reply:
        return self._changed(replace(self.posts[post_id], text=text))

    def conceal(self, post_id: int, *, hidden: bool = True) -> None:
        """A human hides (or restores) a reply by hand."""
        self.posts[post_id] = replace(self.posts[post_id], hidden=hidden)

    def delete(self, post_id: int) -> None:
        """It is gone for good; ``by_hand(DELETE)`` leaves it in the board's recycle bin."""
        del self.posts[post_id]

    def by_hand(self, kind: ActionKind, post_id: int, **details: object) -> None:
        """A human does it in the forum itself: no call and no change of the engine's.

        A mute is of the post's author.
        """
        reply = self.posts.get(post_id)
        ref = ReplyRef(post_id, None, author_id=reply.author.id if reply else None)
        self._carry_out(kind, ref, details)

    def _changed(self, reply: Reply) -> Reply:
        self.posts[reply.post_id] = reply
        self._journal.append(reply.post_id)
        return reply

    # --- the engine -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._name

    def capabilities(self) -> frozenset[Capability]:
        lacking = {capability_of(kind) for kind in self.lacks}
        return frozenset({capability_of(kind) for kind in ActionKind} - lacking)

    def boards(self) -> tuple[Board, ...]:
        self._asked("boards")
        return tuple(
            Board(board, f"Board {board}") for board in {reply.board_id or 1 for reply in self._seen()}
        )

    def poll(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Batch]:
        """Newest first. The cursor holds what is not read yet, as spans of the journal."""
        del now
        known: dict[str, Any] = json.loads(cursor) if cursor else {"end": 0, "gaps": []}
        end = len(self._journal)
        gaps: list[list[int]] = [*known["gaps"], [known["end"], end]]
        blocks, self.unreadable = tuple(self.unreadable), []
        while True:
            self._asked("poll")
            first, last = gaps.pop()
            start = max(first, last - BATCH)
            if start > first:
                gaps.append([first, start])
            gaps = [gap for gap in gaps if gap[0] < gap[1]]
            told = json.dumps({"end": end, "gaps": gaps})
            ids = dict.fromkeys(reversed(self._journal[start:last]))
            read = tuple(self.posts[post] for post in ids if post in self.posts)
            yield Batch(read, told, blocks, caught_up=not gaps)
            blocks = ()
            if not gaps:
                return

    def thread(self, ref: ThreadRef, *, page: int = 1) -> ThreadView:
        self._asked("thread")
        replies = tuple(reply for reply in self._seen() if reply.thread_id == ref.id)
        if not replies:
            raise Gone(forum=self._name, detail=f"thread {ref.id}")
        first = replies[0]
        shown = replies if page == 1 else ()
        return ThreadView(ref.id, first.board_id, first.thread_title, ThreadKind.NORMAL, first.text, shown, 1)

    def author(self, author_id: int) -> Author:
        self._asked("author")
        found = next((reply.author for reply in self._seen() if reply.author.id == author_id), None)
        if found is None:
            raise Gone(forum=self._name, detail=f"member {author_id}")
        return found

    def read(
        self,
        refs: Sequence[ReplyRef],
        *,
        priority: Priority = Priority.RE_READ,  # noqa: ARG002 - nobody waits here
    ) -> dict[int, Reply | Visibility]:
        self._asked("read", refs)
        return {ref.post_id: self._state(ref.post_id) for ref in refs}

    def read_back(self, ref: ReplyRef) -> Visibility:
        self._asked("read_back", [ref])
        state = self._state(ref.post_id)
        return state if isinstance(state, Visibility) else visibility_of(state)

    def hide(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        self._asked("hide", refs, reason, notify=notify)
        return {ref.post_id: self._change(ref.post_id, hidden=True) for ref in refs}

    def restore(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        self._asked("restore", refs, reason, notify=notify)
        return {ref.post_id: self._change(ref.post_id, hidden=False) for ref in refs}

    def act(
        self,
        kind: ActionKind,
        ref: ReplyRef,
        reason: str,
        *,
        notify: bool,
        details: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        if kind is ActionKind.HIDE:
            return self.hide([ref], reason, notify=notify)[ref.post_id]
        if kind is ActionKind.RESTORE:
            return self.restore([ref], reason, notify=notify)[ref.post_id]
        self._asked(kind.value, [ref], reason, notify=notify, details=details)
        if kind in self.lacks:
            return ActionResult(ActionOutcome.REFUSED, self.kept.shown(ref.post_id), "you may not")
        if ref.post_id in self.deaf:
            return ActionResult(ActionOutcome.UNKNOWN, self.kept.shown(ref.post_id), "success, it says")
        result = self._carry_out(kind, ref, details or {})
        if result.outcome is ActionOutcome.DONE:
            of_member = kind in {ActionKind.MUTE, ActionKind.UNMUTE}
            self.changes[(ref.author_id or 0) if of_member else ref.post_id, kind] += 1
        return result

    def recycles(self, board_id: int) -> bool | None:
        self._asked("recycles")
        return self.kept.recycles(board_id)

    def preset_reasons(self) -> tuple[str, ...]:
        self._asked("preset_reasons")
        return self.reasons

    def check_access(self) -> tuple[Check, ...]:
        self._asked("check_access")
        status = CheckStatus.FAILED if self.refuses else CheckStatus.OK
        lacking = tuple(
            Check(f"check.forum.cannot_{capability_of(kind)}", CheckStatus.WARNING, {"board": 1})
            for kind in sorted(self.lacks)
        )
        return (Check("check.forum.can_hide", status, {"board": 1}), *lacking)

    def close(self) -> None:
        self.closed = True

    # --- inside ---------------------------------------------------------------------------

    def _asked(
        self,
        method: str,
        refs: Sequence[ReplyRef] = (),
        reason: str = "",
        *,
        notify: bool = False,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.calls.append(Call(method, tuple(ref.post_id for ref in refs), reason, notify, details))
        trouble = self.trouble[method].popleft() if self.trouble[method] else None
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is not None:
            trouble()

    def _seen(self) -> list[Reply]:
        return [self.posts[post] for post in sorted(self.posts)]

    def _state(self, post_id: int) -> Reply | Visibility:
        if post_id in self.veiled:
            return Visibility.UNKNOWN
        reply = self.posts.get(post_id)
        return self.kept.shown(post_id) if reply is None or reply.pending else reply

    def _change(self, post_id: int, *, hidden: bool) -> ActionResult:
        kind = ActionKind.HIDE if hidden else ActionKind.RESTORE
        reply = self.posts.get(post_id)
        if reply is not None and not reply.pending and reply.hidden != hidden:
            if self.refuses or kind in self.lacks:
                return ActionResult(ActionOutcome.REFUSED, visibility_of(reply), "you may not")
            if post_id in self.deaf:
                return ActionResult(ActionOutcome.UNKNOWN, visibility_of(reply), "success, it says")
        result = self._carry_out(kind, ReplyRef(post_id, None), {})
        self.changes[post_id, hidden] += result.outcome is ActionOutcome.DONE
        return result

    def _carry_out(self, kind: ActionKind, ref: ReplyRef, details: Mapping[str, Any]) -> ActionResult:
        result = self.kept.act(kind, ref, details)
        if result.outcome is ActionOutcome.DONE and kind is ActionKind.APPROVE:
            self._journal.append(ref.post_id)  # a poll tells of it as of a new reply
        return result


def _utc_now() -> datetime:
    return datetime.now(UTC)
