"""Where one forum's duplicate index outlives the process.

The file is a matter of speed only: what is missing in it comes from the store, and where it
does not fit the store, all of it does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from modbot.detection import DuplicateIndex, Observation, UnusableSnapshot
from modbot.store import author_data, campaigns, decisions
from modbot.store.engine import Store

KEPT_EVERY = timedelta(hours=1)
INDEXED_AT_ONCE = 4096


class Shelf:
    """One forum's index and its file. ``index`` is empty at first."""

    def __init__(
        self, file: Path, index: DuplicateIndex, store: Store, forum: str, clock: Callable[[], datetime]
    ) -> None:
        self.index = index
        self._file = file
        self._store = store
        self._forum = forum
        self._clock = clock
        self._kept_at = clock()
        self._mark = ""
        self._forgot_at: datetime | None = None
        self._log = structlog.get_logger("duplicates").bind(forum=forum)

    def fill(self, *, since: datetime) -> None:
        """Fill the index with what was judged of replies posted since then."""
        after = self._load()
        with self._store.read() as rx:
            self._mark = decisions.mark(rx, self._forum)
            rows = campaigns.observations(rx, since, forum=self._forum, after=after)
            seen = (Observation(*row) for row in rows)
            while some := list(islice(seen, INDEXED_AT_ONCE)):  # all at once would double the memory
                self.index.insert(some)
        self._drop_forgotten()
        event = "duplicates_rebuilt" if after is None else "duplicates_loaded"
        self._log.info(event, texts=self.index.size)

    def caught_up(self) -> None:
        """Every reply that was judged until now is in the index. It is kept once an hour."""
        self._drop_forgotten()
        with self._store.read() as rx:
            self._mark = decisions.mark(rx, self._forum)
        if self._clock() - self._kept_at >= KEPT_EVERY:
            self.keep()

    def keep(self) -> None:
        """Write the file. What the index learned since it was caught up is told it again."""
        if not self._mark:
            return
        self._kept_at = self._clock()
        try:
            self.index.save(self._file, mark=self._mark)
        except OSError as problem:
            self._log.warning("duplicates_not_kept", file=str(self._file), problem=type(problem).__name__)

    def _drop_forgotten(self) -> None:
        """Authors may be forgotten at any time, also while no daemon runs."""
        with self._store.read() as rx:
            found = author_data.forgotten(rx, self._forum, since=self._forgot_at)
        if found:
            self.index.forget([key for key, _ in found])
            self._forgot_at = max(at for _, at in found)

    def _load(self) -> int | None:
        """The last decision that the file knows of; None without one of this store."""
        try:
            with self._store.read() as rx:
                after = decisions.marked(rx, self._forum, self.index.load(self._file))
        except FileNotFoundError:
            return None
        except (OSError, UnusableSnapshot) as problem:
            self._log.warning("duplicates_file_unusable", file=str(self._file), problem=str(problem))
            return None
        if after is None:
            self._log.warning("duplicates_file_unusable", file=str(self._file), problem="another store")
            self.index.clear()
        return after
