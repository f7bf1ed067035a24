"""What the account may do and what the forum's boards have, asked once a day and changed by nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from modbot.domain import Reply
from modbot.errors import LoggedOut, Refused, Unreadable
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.actions import Actions
from modbot.forums.discuz.pages.lists import BoardRow
from modbot.forums.discuz.pages.recyclebin import parse_bin, parse_boards
from modbot.forums.discuz.pages.rights import panel_rights, thread_rights
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.reader import Reader
from modbot.forums.protocol import Capability, Priority

IN_THREADS = (Capability.DELETE, Capability.RECYCLE_THREAD, Capability.MOVE_THREAD)
IN_PANEL = (Capability.UNDELETE, Capability.RESTORE_THREAD, Capability.APPROVE, Capability.MUTE)

_THREADS_TRIED = 3


@dataclass(slots=True)
class _Today:
    """What was found out on ``day``; None: not asked yet."""

    day: date
    bins: dict[int, bool] | None = None
    reasons: tuple[str, ...] | None = None
    found: frozenset[Capability] | None = None


class Rights:
    """Answers of one day. A right that was taken away since is refused by the forum itself."""

    def __init__(
        self,
        config: ForumConfig,
        *,
        panel: Panel,
        reader: Reader,
        actions: Actions,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._panel = panel
        self._reader = reader
        self._actions = actions
        self._clock = clock
        self._known: _Today | None = None

    @property
    def _today(self) -> _Today:
        day = self._clock().date()
        known = self._known
        if known is None or known.day != day:
            known = self._known = _Today(day)
        return known

    def recycles(self, board: int) -> bool | None:
        """Only the panel tells, of the boards that the account moderates."""
        if not self._panel.open:
            return None
        today = self._today
        if today.bins is None:
            try:
                today.bins = self._bins()
            except (Refused, LoggedOut, Unreadable):
                return None
        return today.bins.get(board)

    def _bins(self) -> dict[int, bool]:
        """The bin's form offers the boards that have one, the search's form all."""
        bins = self._panel.page((("action", "recyclebinpost"),), Priority.RE_READ)
        search = self._panel.page((("action", "thread"), ("op", "post")), Priority.RE_READ)
        having = parse_bin(bins.text).boards
        return {board: board in having for board in parse_boards(search.text) | having}

    def preset_reasons(self) -> tuple[str, ...]:
        today = self._today
        if today.reasons is None:
            reply = self.some_reply()
            if reply is None:
                return ()
            today.reasons = self._actions.ban_form(reply, Priority.RE_READ).preset_reasons
        return today.reasons

    def found(self) -> frozenset[Capability]:
        """What threads and panel offer to this account."""
        today = self._today
        if today.found is None:
            today.found = self.in_threads(self.some_reply()) | self.in_panel()
        return today.found

    def in_threads(self, reply: Reply | None) -> frozenset[Capability]:
        if reply is None or reply.thread_id is None:
            return frozenset()
        return thread_rights(self._reader.thread_html(reply.thread_id, Priority.RE_READ))

    def in_panel(self) -> frozenset[Capability]:
        if not self._panel.open:
            return frozenset()
        try:
            page = self._panel.page((("action", "home"),), Priority.RE_READ)
        except (Refused, LoggedOut):
            return frozenset()
        return panel_rights(page.text)

    def some_reply(self, rows: tuple[BoardRow, ...] | None = None) -> Reply | None:
        """A reply that the account sees, to open the dialogs of; None where it sees none."""
        rows = self._reader.index(Priority.RE_READ) if rows is None else rows
        boards = tuple(row.id for row in rows if row.threads != 0)
        chosen = [board for board in boards if board in (self._config.boards or boards)]
        for board in chosen:
            if board in self._config.skip_boards:
                continue
            try:
                page = self._reader.board(board, 1, Priority.RE_READ)
            except Refused:
                continue
            for row in page.threads[:_THREADS_TRIED]:
                replies = self._reader.thread(row.id, 1, Priority.RE_READ).replies
                if replies:
                    return replies[-1]
        return None
