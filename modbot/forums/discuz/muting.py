"""Mute a member for some days, and lift it: the panel's 禁止用户.

A member that is muted already is never muted again: X3.4 would then remember the muted group
as the one to go back to, and the mute would never end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from modbot.domain import ActionOutcome, Visibility
from modbot.errors import Refused
from modbot.forums.discuz.pages.memberform import MemberForm, MemberState, parse_member_form
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.proving import attempt
from modbot.forums.discuz.transport import Page, Pairs
from modbot.forums.protocol import ActionResult, Priority, ReplyRef

_BAN: Pairs = (("action", "member"), ("op", "ban"))
_MUTED_GROUP, _NORMAL = "4", "0"
_LIFTS = 2
"""A human who muted a muted member of X3.4 left two mutes to lift."""


class Muting:
    def __init__(self, name: str, panel: Panel, clock: Callable[[], datetime]) -> None:
        self._name = name
        self._panel = panel
        self._clock = clock

    def mute(self, ref: ReplyRef, reason: str, days: int | None) -> ActionResult:
        """The forum tells the member, whether one wants it or not."""
        author = self._author(ref)
        form = self._form(author, Priority.HIDE)
        if form.state is not MemberState.NORMAL and not self._is_over(form):
            return ActionResult(ActionOutcome.ALREADY, Visibility.UNKNOWN, _said(form))
        if form.state is not MemberState.NORMAL:  # over, but the member has not come back since
            self._send(author, _NORMAL, "", reason, Priority.HIDE)
        return attempt(
            lambda: self._send(author, _MUTED_GROUP, str(days or ""), reason, Priority.HIDE),
            lambda detail: self._proof(author, MemberState.MUTED, Priority.HIDE, detail),
            self._name,
        )

    def unmute(self, ref: ReplyRef, reason: str) -> ActionResult:
        """Raises Refused for a member who may not even read: that is another's decision."""
        author = self._author(ref)
        form = self._form(author, Priority.RESTORE)
        if form.state is MemberState.NORMAL:
            return ActionResult(ActionOutcome.ALREADY, Visibility.UNKNOWN)
        if form.state is MemberState.BARRED:
            raise Refused(forum=self._name, detail=_said(form))
        result = ActionResult(ActionOutcome.UNKNOWN, Visibility.UNKNOWN)
        for _ in range(_LIFTS):
            result = attempt(
                lambda: self._send(author, _NORMAL, "", reason, Priority.RESTORE),
                lambda detail: self._proof(author, MemberState.NORMAL, Priority.RESTORE, detail),
                self._name,
            )
            if result.outcome is not ActionOutcome.UNKNOWN:
                break
        return result

    def _author(self, ref: ReplyRef) -> int:
        if not ref.author_id:
            raise Refused(code="error.forum.author_needed", forum=self._name)
        return ref.author_id

    def _form(self, author: int, priority: Priority) -> MemberForm:
        """Raises Refused where the panel will not touch the member (staff), or has none."""
        page = self._panel.page((*_BAN, ("uid", str(author))), priority)
        form = parse_member_form(page.text)
        if form.author_id != author or not form.may_mute:
            raise Refused(forum=self._name, detail=form.complaint or "禁止发言")
        return form

    def _is_over(self, form: MemberForm) -> bool:
        """By a day, so that no zone can be taken for another."""
        return form.until is not None and form.until < (self._clock() - timedelta(days=1)).date()

    def _send(self, author: int, group: str, days: str, reason: str, priority: Priority) -> Page:
        form = (
            ("uid", str(author)),
            ("username", ""),
            ("bannew", group),
            ("banexpirynew", days),
            ("reason", reason),
            ("bansubmit", "true"),
        )
        return self._panel.submit((*_BAN, ("inajax", "1")), form, priority)

    def _proof(self, author: int, wanted: MemberState, priority: Priority, detail: str) -> ActionResult:
        form = self._form(author, priority)
        outcome = ActionOutcome.DONE if form.state is wanted else ActionOutcome.UNKNOWN
        return ActionResult(outcome, Visibility.UNKNOWN, _said(form) if form.until else detail)


def _said(form: MemberForm) -> str:
    word = "禁止访问" if form.state is MemberState.BARRED else "禁止发言"
    return f"{word}（有效期至 {form.until}）" if form.until else word
