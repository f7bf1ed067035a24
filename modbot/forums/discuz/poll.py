"""One poll: choose the way, work through what is owed, hand over in batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from modbot.errors import (
    Blocked,
    ForumError,
    ForumRolledBack,
    Gone,
    LoggedOut,
    Refused,
    Retryable,
    Unreadable,
)
from modbot.forums.config import EngineContext, ForumConfig, PollingMethod
from modbot.forums.discuz.cursor import Progress, decode, minute_of
from modbot.forums.discuz.harvest import Harvest
from modbot.forums.discuz.panel import Panel
from modbot.forums.discuz.reader import Guarded, JsonReader, Reader
from modbot.forums.discuz.search import PanelPoll
from modbot.forums.discuz.session import Session
from modbot.forums.discuz.sweep import Sweep
from modbot.forums.protocol import Batch, Priority

_SETTLE_MINUTES = 10


class Poller:
    """Polls of one forum. What the account may not do is found out once and not asked again."""

    def __init__(self, config: ForumConfig, context: EngineContext, session: Session, panel: Panel) -> None:
        self.html = Reader(config, session, context.clock)
        self.json = JsonReader(config, session, context.clock)
        self._config = config
        self._session = session
        self._panel = panel
        self._panel_refused = False
        self._json_on: bool | None = None

    @property
    def panel_usable(self) -> bool:
        return self._panel.allowed and not self._panel_refused

    def json_on(self, priority: Priority = Priority.POLL) -> bool:
        """Whether the forum answers its JSON API (asked once a process)."""
        if self._json_on is None:
            try:
                self._json_on = bool(self.json.index(priority))
            except (Refused, Unreadable, Blocked, Guarded, Gone):
                self._json_on = False
        return self._json_on

    def method(self) -> PollingMethod:
        """The way of the next poll: as configured, else JSON, panel, sweep."""
        chosen = self._config.polling
        if chosen is not PollingMethod.AUTO:
            return chosen
        if self.json_on():
            return PollingMethod.JSON
        return PollingMethod.PANEL if self.panel_usable else PollingMethod.SWEEP

    def poll(self, cursor: str | None, now: datetime) -> Iterator[Batch]:
        """Batches, then the error that ended the poll early, if any.

        What was read before an error is handed over first; only a forum that went back
        in time hands over nothing.
        """
        progress = self._progress(cursor, now)
        harvest = Harvest()
        try:
            yield from self._round(progress, harvest, minute_of(now))
        except ForumRolledBack:
            raise
        except ForumError:
            if harvest.requests and self._tells_something(progress, harvest, cursor):
                yield harvest.hand_over(progress)
            raise
        if self._tells_something(progress, harvest, cursor):
            yield harvest.hand_over(progress)

    def _tells_something(self, progress: Progress, harvest: Harvest, cursor: str | None) -> bool:
        return bool(harvest.replies or harvest.unreadable) or progress.encode() != cursor

    def _progress(self, cursor: str | None, now: datetime) -> Progress:
        if cursor is None:
            return Progress.start(now, self._config.first_poll_days)
        try:
            return decode(cursor)
        except ValueError as error:
            raise Unreadable(code="error.forum.cursor", forum=self._config.name, detail=str(error)) from error

    def _round(self, progress: Progress, harvest: Harvest, now: int) -> Iterator[Batch]:
        self._session.ensure(Priority.POLL)
        method = self.method()
        reader = self.json if method is PollingMethod.JSON else self.html
        sweep = Sweep(self._config, reader, progress, harvest, now)
        listed = method is PollingMethod.PANEL and self._by_panel(progress, harvest, now)
        self._read_queue(progress, harvest, now)
        if not listed:
            sweep.glance()
        while sweep.step():
            if harvest.full:
                yield harvest.hand_over(progress)
        if progress.caught_up and not listed:
            progress.settled = max(progress.settled, now - _SETTLE_MINUTES)
        progress.prune()
        if sweep.blocked:
            raise sweep.blocked

    def _by_panel(self, progress: Progress, harvest: Harvest, now: int) -> bool:
        """Whether the panel's search told all that is new (or is not due yet)."""
        ways = self._ways(progress, harvest, now)
        try:
            return not ways.search_due or ways.search()
        except (Refused, LoggedOut):
            if self._config.polling is PollingMethod.PANEL:
                raise
            self._panel_refused = True
            return False

    def _read_queue(self, progress: Progress, harvest: Harvest, now: int) -> None:
        ways = self._ways(progress, harvest, now)
        if not self.panel_usable or not ways.queue_due:
            return
        try:
            ways.queue()
        except (Refused, LoggedOut):
            self._panel_refused = True
        except Retryable:
            progress.queue_minute = now
            raise

    def _ways(self, progress: Progress, harvest: Harvest, now: int) -> PanelPoll:
        return PanelPoll(
            self._config,
            panel=self._panel,
            reader=self.html,
            progress=progress,
            harvest=harvest,
            now_minute=now,
        )
