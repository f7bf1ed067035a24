"""What the doctor asks of a Discuz! site. Nothing here changes anything on the forum."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modbot.domain import Reply
from modbot.errors import Blocked, ForumError
from modbot.forums.config import ForumConfig
from modbot.forums.discuz.actions import Actions
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.poll import Poller
from modbot.forums.discuz.reader import Guarded
from modbot.forums.discuz.rights import IN_PANEL, IN_THREADS, Rights
from modbot.forums.discuz.session import Session
from modbot.forums.protocol import Check, CheckStatus, Priority

_LARGEST_SKEW_SECONDS = 120


class Access:
    """The checks of one forum, in the order in which they depend on each other."""

    def __init__(
        self,
        config: ForumConfig,
        *,
        session: Session,
        poller: Poller,
        panel: Panel,
        actions: Actions,
        rights: Rights,
    ) -> None:
        self._config = config
        self._session = session
        self._poller = poller
        self._panel = panel
        self._actions = actions
        self._rights = rights

    def checks(self) -> tuple[Check, ...]:
        try:
            viewer = self._session.ensure(Priority.RE_READ)
        except ForumError as error:
            return (self._line("sign_in_failed", CheckStatus.FAILED, detail=error.message()),)
        return (
            self._line("signed_in", CheckStatus.OK, uid=viewer.uid),
            self._charset(),
            self._clock(),
            self._formhash(),
            self._cc_defence(),
            *self._guarded(self._reading),
            *self._guarded(self._json),
            *self._guarded(self._panel_access),
            *self._guarded(self._further_rights),
        )

    def _guarded(self, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
        try:
            yield from check()
        except ForumError as error:
            yield self._line("failed", CheckStatus.FAILED, detail=error.message())

    def _line(self, code: str, status: CheckStatus, **facts: object) -> Check:
        return Check(f"check.forum.{code}", status, {"forum": self._config.name, **facts})

    def _charset(self) -> Check:
        charset = self._session.transport.charset
        known = charset.lower() in {"utf-8", "gbk", "gb2312", "gb18030", "big5"}
        return self._line("charset", CheckStatus.OK if known else CheckStatus.WARNING, charset=charset)

    def _clock(self) -> Check:
        clocks = self._session.transport.last_date
        if clocks is None:
            return self._line("clock_unknown", CheckStatus.SKIPPED)
        seconds = round((clocks[0] - clocks[1]).total_seconds())
        far = abs(seconds) > _LARGEST_SKEW_SECONDS
        return self._line("clock", CheckStatus.WARNING if far else CheckStatus.OK, seconds=seconds)

    def _formhash(self) -> Check:
        viewer = self._session.viewer
        if viewer and viewer.formhash:
            return self._line("formhash", CheckStatus.OK)
        return self._line("no_formhash", CheckStatus.FAILED)

    def _cc_defence(self) -> Check:
        viewer = self._session.viewer
        bits = viewer.attackevasive if viewer else 0
        spacing = round(self._session.transport.pace.spacing_seconds, 1)
        status = CheckStatus.WARNING if bits & 8 else CheckStatus.OK
        return self._line("cc_defence", status, bits=bits, seconds=spacing)

    def _reading(self) -> Iterator[Check]:
        """Boards, a thread's page 1, and the dialog that would hide one of its posts."""
        rows = self._poller.html.index(Priority.RE_READ)
        yield self._line("boards", CheckStatus.OK if rows else CheckStatus.FAILED, boards=len(rows))
        reply: Reply | None = None
        try:
            reply = self._rights.some_reply(rows)
        except (Blocked, Guarded) as error:
            yield self._line("antitheft", CheckStatus.WARNING, detail=error.message())
        else:
            yield self._line("no_antitheft", CheckStatus.OK)
        if reply is None:
            yield self._line("can_hide_unknown", CheckStatus.SKIPPED)
            return
        form = self._actions.ban_form(reply, Priority.RE_READ)
        if form.allowed:
            reasons = "、".join(form.preset_reasons[:10])
            yield self._line("can_hide", CheckStatus.OK, board=reply.board_id, reasons=reasons)
        else:
            yield self._line(
                "cannot_hide", CheckStatus.FAILED, board=reply.board_id, detail=form.message or form.key
            )

    def _json(self) -> Iterator[Check]:
        on = self._poller.json_on(Priority.RE_READ)
        yield self._line("json_on" if on else "json_off", CheckStatus.OK)
        yield self._line("polling", CheckStatus.OK, method=self._poller.method().value)

    def _panel_access(self) -> Iterator[Check]:
        if not self._config.panel_search:
            yield self._line("panel_not_wanted", CheckStatus.SKIPPED)
            return
        if not self._panel.allowed:
            yield self._line("panel_not_possible", CheckStatus.WARNING)
            return
        self._panel.page((("action", "home"),), Priority.RE_READ)
        yield self._line("panel", CheckStatus.OK)

    def _further_rights(self) -> Iterator[Check]:
        """One line for each right beside hiding: moderators decide with them, never modbot."""
        found = self._rights.found()
        for right in (*IN_THREADS, *IN_PANEL):
            if right in found:
                yield self._line(f"can_{right.value}", CheckStatus.OK)
            elif right in IN_PANEL and not self._panel.open:
                yield self._line(f"no_panel_to_{right.value}", CheckStatus.SKIPPED)
            else:
                yield self._line(f"cannot_{right.value}", CheckStatus.WARNING)
