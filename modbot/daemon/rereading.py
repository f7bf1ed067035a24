"""Read known replies again: for edits, and for what humans do on the forum itself.

It has the least of all claims to the forum: behind polls and actions, a bounded number of
posts a round, and only while the day's requests are not ahead of the clock. What is owed
after an outage is so spread over the rounds that follow, the oldest first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from modbot.daemon import sightings
from modbot.daemon.health.metrics import Metrics
from modbot.domain import Reply, Visibility
from modbot.errors import (
    DEFECTS,
    Blocked,
    BudgetSpent,
    ForumError,
    ForumRolledBack,
    LoggedOut,
    Retryable,
)
from modbot.forums.protocol import Forum, ReplyRef
from modbot.store import inbox, requests, rereads
from modbot.store.engine import Store
from modbot.store.rereads import Due, Rhythm

FOR_A_HUMAN = (LoggedOut, Blocked, ForumRolledBack)
TRIED_AGAIN_AFTER = timedelta(minutes=30)
ADOPTS_EVERY = timedelta(hours=1)
FAILURES = 2
"""So many threads in a row that cannot be reached, and the forum is left alone for this round."""
HEAD_START = 1 / 24
"""Of the day's requests: nobody waits at midnight."""


@dataclass(frozen=True, slots=True)
class RereadingRules:
    """``posts`` at most in a round; ``requests_per_day`` is the forum's whole budget."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    posts: int = 60
    requests_per_day: int = 5000


@dataclass(slots=True)
class RereadReport:
    """Posts by what was found; ``changed``: another text. ``put_off``: why the round ended early."""

    read: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    failed: int = 0
    put_off: str = ""


class Rereader:
    """Re-reads one forum's replies as they fall due."""

    def __init__(
        self,
        *,
        forum: Forum,
        store: Store,
        rules: RereadingRules,
        clock: Callable[[], datetime],
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = (metrics or Metrics()).of(forum.name)
        self._forum = forum
        self._store = store
        self._rules = rules
        self._clock = clock
        self._adopted_at: datetime | None = None
        self._log = structlog.get_logger("rereading").bind(forum=forum.name)

    def round(self, *, stopping: Callable[[], bool] = lambda: False) -> RereadReport:
        """Read what is due, as far as one round goes.

        Raises what only a human can mend (LoggedOut, Blocked, ForumRolledBack); any other
        error of the forum puts off what it concerns, and tells in the log.
        """
        report = RereadReport()
        due = self._due()
        try:
            self._read_all(_by_thread(due), report, stopping)
        finally:
            if due:
                self._tell(report, len(due))
        return report

    def _due(self) -> list[Due]:
        now, name, rhythm = self._clock(), self._forum.name, self._rules.rhythm
        with self._store.write() as tx:
            if self._adopted_at is None or now - self._adopted_at >= ADOPTS_EVERY:
                rereads.adopt(tx, name, rhythm, now=now)
                self._adopted_at = now
            return rereads.take(tx, name, rhythm, now=now, limit=self._rules.posts)

    def _read_all(
        self, groups: Sequence[Sequence[Due]], report: RereadReport, stopping: Callable[[], bool]
    ) -> None:
        failures = 0
        for group in groups:
            if stopping():
                return
            if self._is_ahead():
                report.put_off = "budget"
                return
            try:
                self._read(group, report)
                failures = 0
            except FOR_A_HUMAN:
                raise
            except Retryable as problem:
                failures += 1
                report.failed += len(group)
                self._log.warning("reread_failed", posts=_posts(group), code=problem.code)
                if failures == FAILURES or isinstance(problem, BudgetSpent):
                    report.put_off = problem.code
                    return

    def _is_ahead(self) -> bool:
        """Whether more of today's requests are made than of the (UTC) day is over."""
        now = self._clock()
        today = now.astimezone(UTC)
        over = (today - today.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)
        with self._store.read() as rx:
            made = requests.made(rx, self._forum.name, at=now)
        return made >= self._rules.requests_per_day * min(over + HEAD_START, 1)

    def _read(self, group: Sequence[Due], report: RereadReport) -> None:
        """Read replies of one thread at once; what fails in company is read alone."""
        with self._store.write() as tx:
            until = self._clock() + TRIED_AGAIN_AFTER
            rereads.put_off(tx, [one.reply_id for one in group], until=until)
        try:
            self._look(group, report)
        except (*FOR_A_HUMAN, Retryable):
            raise
        except (ForumError, *DEFECTS) as problem:
            if len(group) > 1:
                for one in group:
                    self._read([one], report)
                return
            report.failed += 1
            self._metrics.reread("failed")
            code = problem.code if isinstance(problem, ForumError) else type(problem).__name__
            self._log.warning("reread_failed", posts=_posts(group), code=code)

    def _look(self, group: Sequence[Due], report: RereadReport) -> None:
        since = self._clock()
        found = self._forum.read([_ref(one) for one in group])
        replies = [reply for reply in found.values() if isinstance(reply, Reply)]
        rest = {
            one.reply_id: state
            for one in group
            if isinstance(state := found.get(one.post_id, Visibility.UNKNOWN), Visibility)
        }
        known = {row: state for row, state in rest.items() if state is not Visibility.UNKNOWN}
        with self._store.write() as tx:
            receipt = sightings.record(tx, self._forum.name, replies, since=since, at=self._clock())
            inbox.saw(tx, known, at=self._clock(), since=since)
            read = [row.reply_id for row in receipt.rows] + list(known)
            rereads.plan(tx, read, self._rules.rhythm)
        self._count(receipt, rest, report)

    def _count(self, receipt: inbox.Receipt, rest: Mapping[int, Visibility], report: RereadReport) -> None:
        told = ["changed" if row.is_changed else "same" for row in receipt.rows]
        told += [state.value for state in rest.values()]
        for found in told:
            self._metrics.reread(found)
        report.read += len(told)
        report.changed += told.count("changed")
        report.moved += sum(row.moved for row in receipt.rows)
        report.gone += told.count(Visibility.GONE)

    def _tell(self, report: RereadReport, due: int) -> None:
        well = not report.failed and not report.put_off
        self._log.log(
            logging.INFO if well else logging.WARNING,
            "rereads",
            due=due,
            read=report.read,
            changed=report.changed,
            moved=report.moved,
            gone=report.gone,
            failed=report.failed,
            **({"put_off": report.put_off} if report.put_off else {}),
        )


def _by_thread(due: Sequence[Due]) -> list[list[Due]]:
    """The replies of one thread together, in the order of the first of each."""
    groups: dict[int, list[Due]] = {}
    for one in due:
        groups.setdefault(-one.reply_id if one.thread_id is None else one.thread_id, []).append(one)
    return list(groups.values())


def _ref(due: Due) -> ReplyRef:
    return ReplyRef(due.post_id, due.thread_id, due.board_id, due.author_id)


def _posts(group: Sequence[Due]) -> list[int]:
    return [one.post_id for one in group]
