"""The approval queue: find what waits there, judge it, prove it by reading the queue again.

The forum answers "审核处理完毕" for posts that do not exist, were approved long ago or wait in
another list; so nothing is judged that was not found, in the list where it was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from modbot.domain import ActionKind, ActionOutcome, Reply, Visibility
from modbot.errors import Gone, Unreadable
from modbot.forums.discuz.actions import Actions, State, visibility_of
from modbot.forums.discuz.pages.panel import QueuePage, parse_queue
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.proving import attempt
from modbot.forums.discuz.reader import Reader
from modbot.forums.discuz.transport import Page, Pairs
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

MOST_PAGES = 50

Kept = Literal["replies", "threads"]


class Judgement(StrEnum):
    APPROVE = "validate"
    IGNORE = "ignore"
    DELETE = "delete"


JUDGEMENTS = {
    ActionKind.APPROVE: Judgement.APPROVE,
    ActionKind.IGNORE: Judgement.IGNORE,
    ActionKind.DELETE: Judgement.DELETE,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was found in the queue: a reply by its post id, a new thread by its thread id."""

    what: Kept
    number: int
    ignored: bool
    table: int


class Approving:
    """Approve, ignore and delete what waits for approval, through the panel."""

    def __init__(
        self, name: str, panel: Panel, reader: Reader, actions: Actions, clock: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._panel = panel
        self._reader = reader
        self._actions = actions
        self._clock = clock

    def judge(self, kind: ActionKind, ref: ReplyRef, reason: str, priority: Priority) -> ActionResult:
        judgement = JUDGEMENTS[kind]
        waiting = self.find(ref, priority)
        if waiting is None:
            return _passed_by(judgement, self._state(ref, priority))
        if waiting.ignored and judgement is Judgement.IGNORE:
            return ActionResult(ActionOutcome.ALREADY, Visibility.GONE)
        return attempt(
            lambda: self._send(judgement, waiting, reason, priority),
            lambda detail: self._proof(judgement, waiting, ref, priority, detail),
            self._name,
        )

    # --- looking ----------------------------------------------------------------------

    def find(self, ref: ReplyRef, priority: Priority) -> Waiting | None:
        """Where the reply waits (the thread, when no post is named): first among what nobody
        has judged, then among what was ignored."""
        what: Kept = "replies" if ref.post_id else "threads"
        for ignored in (False, True):
            found = self._among(what, ref, ignored=ignored, priority=priority)
            if found is not None:
                return found
        return None

    def _among(self, what: Kept, ref: ReplyRef, *, ignored: bool, priority: Priority) -> Waiting | None:
        number = ref.post_id or ref.thread_id or 0
        for table, page in self._pages(what, ref.board_id, ignored=ignored, priority=priority):
            for row in page.rows:
                if (row.thread_id if what == "threads" else row.post_id) == number:
                    return Waiting(what, number, ignored, table)
        return None

    def _pages(
        self, what: Kept, board: int | None, *, ignored: bool, priority: Priority
    ) -> Iterator[tuple[int, QueuePage]]:
        """Page after page; of replies, table after table where the forum has split them."""
        tables = [0]
        for table in tables:
            for number in range(1, MOST_PAGES + 1):
                query: Pairs = (("action", "moderate"), ("op", what), ("page", str(number)))
                query = (*query, ("filter", "-3" if ignored else "0"), ("posttableid", str(table)))
                query = (*query, ("fid", str(board))) if board else query
                page = parse_queue(self._panel.page(query, priority).text, self._clock())
                if what == "replies":
                    tables += [other for other in page.post_tables if other not in tables]
                yield table, page
                if page.page >= page.pages:
                    break
            else:
                raise Unreadable(forum=self._name, detail=f"queue longer than {MOST_PAGES} pages")

    def _state(self, ref: ReplyRef, priority: Priority) -> State:
        if ref.thread_id is None or ref.post_id:
            return self._actions.look(ref, priority)
        try:
            thread = self._reader.thread(ref.thread_id, 1, priority)
        except Gone:
            return Visibility.GONE
        return next(
            (reply for reply in thread.replies if reply.post_id == thread.first_post_id), Visibility.UNKNOWN
        )

    # --- judging ----------------------------------------------------------------------

    def _send(self, judgement: Judgement, waiting: Waiting, reason: str, priority: Priority) -> Page:
        query = (("action", "moderate"), ("op", waiting.what), ("inajax", "1"))
        form = (
            ("handlekey", "mods"),
            ("modact", judgement.value),
            ("filter", "-3" if waiting.ignored else "0"),
            ("posttableid", str(waiting.table)),
            ("modsubmit", "yes"),
            ("moderate[]", str(waiting.number)),
            ("reason", reason),
        )
        return self._panel.submit(query, form, priority)

    def _proof(
        self, judgement: Judgement, before: Waiting, ref: ReplyRef, priority: Priority, detail: str
    ) -> ActionResult:
        after = self.find(ref, priority)
        if after == before:
            return ActionResult(ActionOutcome.UNKNOWN, Visibility.PENDING, detail)
        if after is not None:
            ignored = judgement is Judgement.IGNORE and after.ignored
            outcome = ActionOutcome.DONE if ignored else ActionOutcome.UNKNOWN
            return ActionResult(outcome, Visibility.GONE, detail)
        state = self._state(ref, priority)
        shown = isinstance(state, Reply)
        visibility = visibility_of(state) if isinstance(state, Reply) else Visibility.GONE
        wanted = shown if judgement is Judgement.APPROVE else not shown
        done = wanted and judgement is not Judgement.IGNORE
        return ActionResult(ActionOutcome.DONE if done else ActionOutcome.UNKNOWN, visibility, detail)


def _passed_by(judgement: Judgement, state: State) -> ActionResult:
    """It waits nowhere (any more): approved or taken away by somebody else."""
    if isinstance(state, Reply):
        approved = judgement is Judgement.APPROVE
        outcome = ActionOutcome.ALREADY if approved else ActionOutcome.GONE
        return ActionResult(outcome, visibility_of(state))
    deleted = judgement is Judgement.DELETE
    return ActionResult(ActionOutcome.ALREADY if deleted else ActionOutcome.GONE, Visibility.GONE)
