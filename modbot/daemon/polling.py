"""Read what is new in a forum and store it, batch by batch, with its cursor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from modbot.daemon.health.metrics import Metrics
from modbot.errors import ForumRolledBack, ModbotError
from modbot.forums.protocol import Batch, Forum
from modbot.store import audit, cursors, inbox, requests, unreadable
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
    def __init__(
        self, *, forum: Forum, store: Store, clock: Callable[[], datetime], metrics: Metrics | None = None
    ) -> None:
        self._metrics = (metrics or Metrics()).of(forum.name)
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
        with self._metrics.polling(), self._told() as report:
            with self._store.read() as rx:
                cursor = cursors.load(rx, self._forum.name)
            since = self._clock()
            for batch in self._forum.poll(cursor, now=since):
                self._keep(batch, report, since)
                stored()
                if stopping():
                    break
        return report

    @contextmanager
    def _told(self) -> Iterator[PollReport]:
        """One line for each poll in the log, also for one that failed: its ``result`` is then
        the error's code. ``requests`` counts those of actions meanwhile, too."""
        started, report = self._clock(), PollReport()
        before, result, problem = self._requests(), "crashed", None
        try:
            yield report
            result = "ok"
        except ModbotError as error:
            result, problem = error.code, str(error)
            report.caught_up = False
            raise
        finally:
            self._log.log(
                logging.INFO if result == "ok" else logging.WARNING,
                "poll",
                result=result,
                read=report.read,
                new=report.new,
                changed=report.changed,
                unreadable=report.unreadable,
                requests=self._requests() - before,
                seconds=round((self._clock() - started).total_seconds(), 2),
                caught_up=report.caught_up,
                **({"problem": problem} if problem else {}),
            )

    def _requests(self) -> int:
        with self._store.read() as rx:
            return requests.total(rx, self._forum.name)

    def _keep(self, batch: Batch, report: PollReport, since: datetime) -> None:
        receipt = self._store_batch(batch, since)
        for block in batch.unreadable:
            self._log.warning("unreadable", url=block.url, problem=block.problem)
        self._metrics.read(receipt, unreadable=len(batch.unreadable))
        report.read += len(batch.replies)
        report.new += sum(row.is_new for row in receipt.rows)
        report.changed += sum(row.is_changed for row in receipt.rows)
        report.unreadable += len(batch.unreadable)
        report.caught_up = batch.caught_up

    def _store_batch(self, batch: Batch, since: datetime) -> inbox.Receipt:
        now, name = self._clock(), self._forum.name
        try:
            with self._store.write() as tx:
                receipt = inbox.record(tx, batch.replies, at=now, since=since)
                _refuse_another_history(receipt)
                cursors.save(tx, name, batch.cursor, at=now)
                blocks = [(block.url, block.problem, block.excerpt) for block in batch.unreadable]
                unreadable.keep(tx, name, blocks, at=now)
        except _OtherHistory as other:
            self._tell_rollback(other.found)
            post = other.found[0].key.post_id
            raise ForumRolledBack(code="error.forum.other_post", forum=name, post=post) from None
        return receipt

    def _tell_rollback(self, contradictions: Sequence[inbox.Contradiction]) -> None:
        with self._store.write() as tx:
            for found in contradictions:
                details = {"post": found.key.post_id, "known": str(found.known_posted_at)}
                entry = audit.Entry(
                    self._clock(), WHO, "forum.rolled_back", self._forum.name, None, None, details
                )
                audit.add(tx, entry)


class _OtherHistory(Exception):
    """Leaves the transaction without committing: of another history nothing may be kept."""

    def __init__(self, found: Sequence[inbox.Contradiction]) -> None:
        super().__init__(len(found))
        self.found = found


def _refuse_another_history(receipt: inbox.Receipt) -> None:
    if receipt.contradictions:
        raise _OtherHistory(receipt.contradictions)
