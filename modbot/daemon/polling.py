"""Read what is new in a forum and store it, batch by batch, with its cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from modbot.errors import ForumRolledBack
from modbot.forums.protocol import Batch, Forum
from modbot.store import audit, cursors, inbox, unreadable
from modbot.store.engine import Store

WHO = "modbot"


@dataclass(slots=True)
class PollReport:
    read: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    caught_up: bool = True


class Poller:
    def __init__(self, *, forum: Forum, store: Store, clock: Callable[[], datetime]) -> None:
        self._forum = forum
        self._store = store
        self._clock = clock
        self._log = structlog.get_logger("poll").bind(forum=forum.name)

    def poll(
        self,
        *,
        stored: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> PollReport:
        """Read everything new; ``stored`` is called after each batch is in the store.

        A batch and its cursor are one transaction. Raises ForumRolledBack, with nothing
        of that batch stored, when a known post id belongs to another author and time.
        """
        started = self._clock()
        with self._store.read() as rx:
            cursor = cursors.load(rx, self._forum.name)
        report = PollReport()
        for batch in self._forum.poll(cursor, now=started):
            self._keep(batch, report)
            stored()
            if stopping():
                break
        self._log.info(
            "poll",
            read=report.read,
            new=report.new,
            changed=report.changed,
            unreadable=report.unreadable,
            caught_up=report.caught_up,
            seconds=round((self._clock() - started).total_seconds(), 2),
        )
        return report

    def _keep(self, batch: Batch, report: PollReport) -> None:
        now = self._clock()
        name = self._forum.name
        with self._store.write() as tx:
            receipt = inbox.record(tx, batch.replies, at=now)
            if not receipt.contradictions:
                cursors.save(tx, name, batch.cursor, at=now)
            blocks = [(block.url, block.problem, block.excerpt) for block in batch.unreadable]
            unreadable.keep(tx, name, blocks, at=now)
            for found in receipt.contradictions:
                details = {"post": found.key.post_id, "known": str(found.known_posted_at)}
                audit.add(tx, audit.Entry(now, WHO, "forum.rolled_back", name, None, None, details))
        if receipt.contradictions:
            first = receipt.contradictions[0]
            raise ForumRolledBack(code="error.forum.other_post", forum=name, post=first.key.post_id)
        report.read += len(batch.replies)
        report.new += sum(row.is_new for row in receipt.rows)
        report.changed += sum(row.is_changed for row in receipt.rows)
        report.unreadable += len(batch.unreadable)
        report.caught_up = batch.caught_up
        for block in batch.unreadable:
            self._log.warning("unreadable", url=block.url, problem=block.problem)
