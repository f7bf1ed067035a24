"""What modbot asks of any forum engine.

An engine is a callable ``engine(config, context) -> Forum`` named by the entry
point group ``modbot.forums``. HTTP status is never trusted: an action is done
when the forum, read again, shows it. Every method may raise the subclasses of
:class:`modbot.errors.ForumError`; none raises anything else for what a forum answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol, runtime_checkable

from modbot.domain import ActionKind, ActionOutcome, Author, Reply, ThreadKind, Visibility

Cursor = str
"""Opaque to everyone but the engine: sweep progress and open gaps, as JSON text."""


class Priority(IntEnum):
    """Order in which requests of one forum are let through its one request stream."""

    RESTORE = 0
    HIDE = 1
    POLL = 2
    CATCH_UP = 3
    RE_READ = 4


class Capability(StrEnum):
    """What an account can do. ``approve`` is all that is done with a reply that waits for
    approval; ``mute`` is lifting it, too. ``capability_of`` tells what an action needs."""

    HIDE = "hide"
    RESTORE = "restore"
    DELETE = "delete"
    UNDELETE = "undelete"
    APPROVE = "approve"
    RECYCLE_THREAD = "recycle_thread"
    RESTORE_THREAD = "restore_thread"
    MOVE_THREAD = "move_thread"
    MUTE = "mute"
    PENDING_QUEUE = "pending_queue"
    PANEL_SEARCH = "panel_search"
    JSON_API = "json_api"


def capability_of(kind: ActionKind) -> Capability:
    if kind is ActionKind.IGNORE:
        return Capability.APPROVE
    return Capability.MUTE if kind is ActionKind.UNMUTE else Capability(kind.value)


@dataclass(frozen=True, slots=True)
class UnreadableBlock:
    """A piece of a page that was not understood: kept, counted, passed by.

    ``excerpt`` is capped and scrubbed of form hashes and cookies.
    """

    url: str
    problem: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Replies read together with the cursor that is true once they are stored.

    ``caught_up`` is False while an outage is still being read through.
    """

    replies: tuple[Reply, ...]
    cursor: Cursor
    unreadable: tuple[UnreadableBlock, ...] = ()
    caught_up: bool = True


@dataclass(frozen=True, slots=True)
class ThreadRef:
    id: int
    board_id: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread as read now: its opening post's text and the replies of one page."""

    id: int
    board_id: int | None
    title: str
    kind: ThreadKind
    opening: str
    replies: tuple[Reply, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class ReplyRef:
    """Enough to act on a reply. ``thread_id`` is None when the forum has not told it.

    A new thread that waits for approval is named by its ``thread_id``, with ``post_id`` 0:
    forums list it before its first post can be seen.
    """

    post_id: int
    thread_id: int | None
    board_id: int | None = None
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class ActionResult:
    """``detail`` is the forum's own sentence where it gave one (untrusted text)."""

    outcome: ActionOutcome
    visibility: Visibility
    detail: str = ""


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: a code of the catalogues and the facts that fill it."""

    code: str
    status: CheckStatus
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class Board:
    id: int
    name: str
    posts: int | None = None


@runtime_checkable
class Forum(Protocol):
    """One forum. Methods may be called from several threads; requests are serialised
    inside by priority, so a restore overtakes a poll that is under way."""

    @property
    def name(self) -> str: ...

    def capabilities(self) -> frozenset[Capability]: ...

    def boards(self) -> tuple[Board, ...]: ...

    def poll(self, cursor: Cursor | None, *, now: datetime) -> Iterator[Batch]:
        """Read what is new since ``cursor``, newest first, as bounded batches.

        Each batch's cursor may be stored with the batch's replies in one
        transaction; after a crash, polling again from any stored cursor loses
        nothing (replies may come again: the store knows their revision).
        """
        ...

    def thread(self, ref: ThreadRef, *, page: int = 1) -> ThreadView: ...

    def author(self, author_id: int) -> Author: ...

    def read(
        self, refs: Sequence[ReplyRef], *, priority: Priority = Priority.RE_READ
    ) -> dict[int, Reply | Visibility]:
        """Read replies again: post id → the reply as it is now, or GONE/PENDING/UNKNOWN.

        An action that looks first does so with its own ``priority``: behind a poll that reads
        a month through, it would wait for hours.
        """
        ...

    def read_back(self, ref: ReplyRef) -> Visibility: ...

    def hide(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        """Hide replies (engines group those of one thread in one request).

        Looks first (a reply that is hidden already is ``already`` and not touched),
        acts, reads back. Answers per post id; one refused reply stalls no other.
        """
        ...

    def restore(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]: ...

    def act(
        self,
        kind: ActionKind,
        ref: ReplyRef,
        reason: str,
        *,
        notify: bool,
        details: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Every other action. An engine answers ``refused`` to those it has no way for.

        ``details``: ``days`` of a mute (none: until it is lifted), ``board`` (id) of a move.
        A mute is of ``ref.author_id``; a thread's actions take the ref of its first post, and
        are refused for any other; a first post is not deleted without its thread.

        Looks first: what is so already is ``already`` and not done again (a reply that is gone
        is deleted already; a member muted till whenever is muted). ``gone``: there is nothing
        any more that it could be done to; of a reply to be ignored that was approved since,
        ``gone`` with ``visible``. The visibility is the reply's (the first post's); a deleted
        or ignored reply's is ``gone``, after a mute it is ``unknown``.
        """
        ...

    def recycles(self, board_id: int) -> bool | None:
        """Whether what is deleted in a board goes to a recycle bin, from which it comes back.
        None: the account cannot know."""
        ...

    def preset_reasons(self) -> tuple[str, ...]:
        """The forum's own reasons for moderating, in its order; asked of it once a day."""
        ...

    def check_access(self) -> tuple[Check, ...]:
        """For the doctor: sign-in, rights (can it hide?), charset, clock. Changes nothing."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Captcha:
    """A picture to be read by a human; ``token`` goes back with the answer."""

    token: str
    image: bytes
    content_type: str


@runtime_checkable
class SignsInByHand(Protocol):
    """An engine whose sign-in may ask a human to read a picture."""

    def captcha(self) -> Captcha: ...

    def answer_captcha(self, captcha: Captcha, answer: str) -> None:
        """Sign in once with what the human read. Raises ForumError when it was refused."""
        ...


@runtime_checkable
class KnowsAddresses(Protocol):
    """An engine that finds the post which an address of its forum names."""

    def post_at(self, url: str) -> ReplyRef | None: ...


class RequestLedger(Protocol):
    """Counts a forum's requests per UTC day, across restarts (kept by the caller)."""

    def spend(self, forum: str, *, at: datetime) -> int:
        """Count one request; answers how many were made that day, this one included."""
        ...
