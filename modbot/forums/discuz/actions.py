"""Hide and restore: look first, act, and believe only what the forum shows afterwards.

The forum answers "管理操作成功" for posts that do not exist, lie in another thread or were
deleted, and a repeated hide adds one more violation to the author's record. So no post
is touched that is already as wanted, and the outcome is what a second look finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from modbot.domain import ActionOutcome, Reply, Visibility
from modbot.errors import ForumError, Gone, Refused, Retryable, Unreadable
from modbot.forums.discuz.pages.banform import BanForm, parse_ban_form
from modbot.forums.discuz.proving import MAY_HAVE_ARRIVED, one_line, refusal
from modbot.forums.discuz.reader import Reader
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.transport import Page, Pairs, Request
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

_MOST_PER_CALL = 20
_BANPOST: Pairs = (("mod", "topicadmin"), ("action", "banpost"))

State = Reply | Visibility


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to become of posts: hidden or shown, told to the author or not."""

    hide: bool
    reason: str
    notify: bool

    @property
    def priority(self) -> Priority:
        return Priority.HIDE if self.hide else Priority.RESTORE

    @property
    def wanted(self) -> Visibility:
        return Visibility.HIDDEN if self.hide else Visibility.VISIBLE


class Actions:
    """Changes on posts, and looks at single posts, as the account.

    ``is_pending`` tells whether a post was last seen waiting for approval.
    """

    def __init__(self, session: Session, reader: Reader, is_pending: Callable[[int], bool]) -> None:
        self._session = session
        self._reader = reader
        self._is_pending = is_pending

    # --- looking ----------------------------------------------------------------------

    def look(self, ref: ReplyRef, priority: Priority) -> State:
        """The post as it is now, wherever its thread has gone; GONE or PENDING without one."""
        if ref.thread_id is not None:
            try:
                return self._reader.post(ref.post_id, ref.thread_id, priority)
            except Gone:
                if self._is_pending(ref.post_id):
                    return Visibility.PENDING
        found = self._reader.find(ref.post_id, priority)
        if found is None:
            return Visibility.GONE
        if found == ref.thread_id:
            return Visibility.GONE  # kept by the forum but shown to nobody: the recycle bin
        try:
            return self._reader.post(ref.post_id, found, priority)
        except Gone:
            return Visibility.PENDING if ref.thread_id is None else Visibility.GONE

    # --- changing ---------------------------------------------------------------------

    def change(
        self, refs: Sequence[ReplyRef], reason: str, *, hide: bool, notify: bool
    ) -> dict[int, ActionResult]:
        """Hide or restore; one result per post id. Raises only when nothing was changed yet
        and the forum cannot be reached at all."""
        change = _Change(hide, one_line(reason), notify)
        results: dict[int, ActionResult] = {}
        by_thread: dict[int, list[Reply]] = {}
        for ref in _distinct(refs):
            state = self._looked(ref, change)
            if isinstance(state, ActionResult):
                results[ref.post_id] = state
            else:
                by_thread.setdefault(state.thread_id or 0, []).append(state)
        acted = False
        for thread, replies in by_thread.items():
            for some in _chunks(replies):
                try:
                    results.update(self._act(thread, some, change))
                except ForumError as error:
                    if not acted:
                        raise
                    results.update(_all(some, ActionOutcome.UNKNOWN, Visibility.UNKNOWN, str(error)))
                acted = True
        return results

    def _looked(self, ref: ReplyRef, change: _Change) -> Reply | ActionResult:
        try:
            state = self.look(ref, change.priority)
        except Refused as error:
            return ActionResult(ActionOutcome.REFUSED, Visibility.UNKNOWN, str(error))
        except Unreadable as error:
            return ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN, str(error))
        if isinstance(state, Visibility):
            return ActionResult(ActionOutcome.GONE, state)
        if visibility_of(state) is change.wanted:
            return ActionResult(ActionOutcome.ALREADY, change.wanted)
        return state

    def _act(self, thread: int, replies: list[Reply], change: _Change) -> dict[int, ActionResult]:
        """One request for the posts of one thread, then a look at each."""
        try:
            answer = self._post(thread, replies, change)
        except (Retryable, Unreadable) as error:
            if error.code not in MAY_HAVE_ARRIVED:
                raise
            return {reply.post_id: self._proof(reply, change, str(error)) for reply in replies}
        sentence = refusal(answer, self._session.name)
        if sentence is not None:
            return _all(replies, ActionOutcome.REFUSED, _opposite(change.wanted), sentence)
        detail = answer.answer.message
        return {reply.post_id: self._proof(reply, change, detail) for reply in replies}

    def _post(self, thread: int, replies: list[Reply], change: _Change) -> Page:
        query = (*_BANPOST, ("modsubmit", "yes"), ("infloat", "yes"), ("modclick", "yes"), ("inajax", "1"))
        form = (
            ("fid", str(replies[0].board_id or "")),
            ("tid", str(thread)),
            ("page", "1"),
            *(("topiclist[]", str(reply.post_id)) for reply in replies),
            ("banned", "1" if change.hide else "0"),
            ("reason", change.reason),
        )
        if change.notify:
            form = (*form, ("sendreasonpm", "on"))
        return self._session.post(Request("forum.php", query, form, change.priority, repeatable=False))

    def _proof(self, reply: Reply, change: _Change, detail: str) -> ActionResult:
        ref = ReplyRef(reply.post_id, reply.thread_id, reply.board_id)
        try:
            state = self.look(ref, change.priority)
        except ForumError as error:
            return ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN, str(error))
        now = state if isinstance(state, Visibility) else visibility_of(state)
        if now is change.wanted:
            return ActionResult(ActionOutcome.DONE, now, detail)
        if now in {Visibility.GONE, Visibility.PENDING}:
            return ActionResult(ActionOutcome.GONE, now, detail)
        return ActionResult(ActionOutcome.UNKNOWN, now, detail)

    def ban_form(self, reply: Reply, priority: Priority) -> BanForm:
        """The dialog that hides a post: what the account may do, and the preset reasons."""
        query = (
            *_BANPOST,
            ("fid", str(reply.board_id or "")),
            ("tid", str(reply.thread_id)),
            ("handlekey", "mods"),
            ("infloat", "yes"),
            ("nopost", "yes"),
            ("topiclist[]", str(reply.post_id)),
            ("inajax", "1"),
        )
        return parse_ban_form(self._session.fetch(Request("forum.php", query, priority=priority)).text)


def visibility_of(reply: Reply) -> Visibility:
    return Visibility.HIDDEN if reply.hidden else Visibility.VISIBLE


def _opposite(wanted: Visibility) -> Visibility:
    return Visibility.VISIBLE if wanted is Visibility.HIDDEN else Visibility.HIDDEN


def _distinct(refs: Sequence[ReplyRef]) -> list[ReplyRef]:
    return list({ref.post_id: ref for ref in refs}.values())


def _chunks(replies: list[Reply]) -> Iterator[list[Reply]]:
    for start in range(0, len(replies), _MOST_PER_CALL):
        yield replies[start : start + _MOST_PER_CALL]


def _all(
    replies: list[Reply], outcome: ActionOutcome, visibility: Visibility, detail: str
) -> dict[int, ActionResult]:
    return {reply.post_id: ActionResult(outcome, visibility, detail) for reply in replies}
