"""Every action beside hiding: which way it goes, and what it is called when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from modbot.domain import ActionKind, ActionOutcome, Visibility
from modbot.errors import Refused
from modbot.forums.discuz.actions import Actions
from modbot.forums.discuz.approving import Approving
from modbot.forums.discuz.deleting import Deleting
from modbot.forums.discuz.muting import Muting
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.proving import one_line
from modbot.forums.discuz.reader import Reader
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.threadwork import ThreadWork
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

BY_PANEL = frozenset(
    {
        ActionKind.UNDELETE,
        ActionKind.APPROVE,
        ActionKind.IGNORE,
        ActionKind.RESTORE_THREAD,
        ActionKind.MUTE,
        ActionKind.UNMUTE,
    }
)
SENSELESS = frozenset(
    {
        "error.forum.panel_needed",
        "error.forum.first_post",
        "error.forum.not_first_post",
        "error.forum.board_needed",
        "error.forum.author_needed",
    }
)
"""No earlier attempt can have done it: the answer is final, not a look that failed."""


class Deeds:
    def __init__(
        self,
        session: Session,
        panel: Panel,
        reader: Reader,
        actions: Actions,
        clock: Callable[[], datetime],
    ) -> None:
        self._name = session.name
        self._panel = panel
        self._approving = Approving(session.name, panel, reader, actions, clock)
        self._deleting = Deleting(session, panel, reader, actions, self._approving)
        self._threads = ThreadWork(session, panel, reader)
        self._muting = Muting(session.name, panel, clock)

    def carry_out(
        self, kind: ActionKind, ref: ReplyRef, reason: str, *, notify: bool, details: Mapping[str, Any]
    ) -> ActionResult:
        """Raises ForumError where nothing was changed and the forum cannot be asked."""
        try:
            self._demand_panel(kind)
            return self._way(kind, ref, one_line(reason), notify=notify, details=details)
        except Refused as error:
            if error.code not in SENSELESS:
                raise
            return ActionResult(ActionOutcome.REFUSED, Visibility.UNKNOWN, str(error))

    def _demand_panel(self, kind: ActionKind) -> None:
        if kind in BY_PANEL and not self._panel.open:
            raise Refused(code="error.forum.panel_needed", forum=self._name)

    def _way(
        self, kind: ActionKind, ref: ReplyRef, reason: str, *, notify: bool, details: Mapping[str, Any]
    ) -> ActionResult:
        deleting, threads, muting = self._deleting, self._threads, self._muting
        ways: dict[ActionKind, Callable[[], ActionResult]] = {
            ActionKind.DELETE: lambda: deleting.delete(ref, reason, notify=notify),
            ActionKind.UNDELETE: lambda: deleting.undelete(ref),
            ActionKind.APPROVE: lambda: self._approving.judge(kind, ref, reason, Priority.RESTORE),
            ActionKind.IGNORE: lambda: self._approving.judge(kind, ref, reason, Priority.HIDE),
            ActionKind.RECYCLE_THREAD: lambda: threads.recycle(ref, reason, notify=notify),
            ActionKind.RESTORE_THREAD: lambda: threads.restore(ref),
            ActionKind.MOVE_THREAD: lambda: threads.move(ref, reason, notify=notify, details=details),
            ActionKind.MUTE: lambda: muting.mute(ref, reason, details.get("days")),
            ActionKind.UNMUTE: lambda: muting.unmute(ref, reason),
        }
        return ways[kind]()
