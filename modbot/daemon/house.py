"""Everything that one process needs, opened once and closed once."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from modbot.daemon import models, own_reasons, rulebook, turning, wiring
from modbot.daemon.boards import BoardNames
from modbot.daemon.executor import Executor, ExecutorLimits
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller, PollReport
from modbot.daemon.rereading import Rereader, RereadReport
from modbot.daemon.shelf import Shelf
from modbot.daemon.tally import Tally
from modbot.detection import Detector
from modbot.domain import Reason
from modbot.forums.protocol import Forum
from modbot.moderation import notices
from modbot.moderation.authors import index_file
from modbot.policy import PolicyBook
from modbot.settings import Loaded
from modbot.store import engine, inbox, outbox, polls, presets, requests
from modbot.store.engine import Store

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def sleep(seconds: float) -> bool:
    """The sleep of a command that nothing stops early."""
    time.sleep(seconds)
    return False


def owner_name() -> str:
    """Tells apart the workers of one process, too: a replaced one may still be at it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class ForumDesk:
    """One forum's part of the house: its engine, and what is done with it."""

    name: str
    forum: Forum
    store: Store
    poller: Poller
    judge: Judge
    executor: Executor
    clock: Clock
    shelf: Shelf
    boards: BoardNames
    rereader: Rereader
    judging: threading.Lock = field(default_factory=threading.Lock)

    def poll(self, *, stopping: Callable[[], bool] = lambda: False) -> tuple[PollReport, Tally]:
        """Poll, judging each batch as soon as it is stored."""
        total = Tally()

        def judge() -> None:
            total.add(self._judge())
            self.shelf.caught_up()

        report: PollReport | None = None
        with self.store.write() as tx:
            polls.began(tx, self.name, at=self.clock())
        try:
            judge()
            self.boards.keep_known()
            report = self.poller.poll(stored=judge, stopping=stopping)
        finally:
            self._note_end(report)
        return report, total

    def reread(self, *, stopping: Callable[[], bool] = lambda: False) -> RereadReport:
        """Read again what is due, judging the texts that have changed."""
        report = self.rereader.round(stopping=stopping)
        if report.changed:
            self._judge()
        return report

    def _judge(self) -> Tally:
        """What a poll and a re-reading store is judged by one of them at a time."""
        with self.judging:
            return self.judge.judge_waiting()

    def read_own_reasons(self) -> None:
        """Once a day."""
        own_reasons.refresh(self.forum, self.store, now=self.clock())

    def _note_end(self, report: PollReport | None) -> None:
        at = self.clock()
        with self.store.write() as tx:
            if report is None:
                polls.failed(tx, self.name, at=at)
            else:
                facts = {"read": report.read, "new": report.new}
                polls.succeeded(tx, self.name, at=at, caught_up=report.caught_up, **facts)

    def close(self) -> None:
        try:
            self.forum.close()
        finally:
            self.shelf.keep()


@dataclass(frozen=True, slots=True)
class Sleeps:
    """How the work of a desk sleeps. Both answer True when it was to stop: ``usual`` as soon
    as nothing new may begin, ``urgent`` (an action is under way) only when it is cut off."""

    usual: Callable[[float], bool]
    urgent: Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class House:
    loaded: Loaded
    store: Store
    detector: Detector
    desks: dict[str, ForumDesk]
    stop: threading.Event


@contextmanager
def open_store(loaded: Loaded) -> Iterator[Store]:
    store = engine.open(loaded.store_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_house(
    loaded: Loaded,
    names: Sequence[str],
    *,
    store: Store | None = None,
    clock: Clock = utc_now,
    stop: threading.Event | None = None,
) -> Iterator[House]:
    """Open store (unless one is given), model, duplicate index and the forums ``names``; close
    what was opened at the end."""
    stop = stop or threading.Event()
    with ExitStack() as stack:
        if store is None:
            store = stack.enter_context(open_store(loaded))
        detector = models.load_detector(loaded)
        desks = {}
        for name in names:
            desks[name] = open_desk(
                loaded, store, detector, name, clock=clock, sleeps=Sleeps(stop.wait, stop.wait)
            )
            stack.callback(desks[name].close)
        yield House(loaded, store, detector, desks, stop)


def open_desk(
    loaded: Loaded,
    store: Store,
    detector: Detector,
    name: str,
    *,
    clock: Clock,
    sleeps: Sleeps,
    metrics: Metrics | None = None,
) -> ForumDesk:
    """A desk for forum ``name``, for whoever is the only one to work on it: what a former
    one left unfinished is taken over. Raises SettingsError."""
    forum = wiring.open_forum(
        loaded,
        name,
        ledger=requests.Ledger(store),
        clock=clock,
        sleep=sleeps.usual,
        urgent_sleep=sleeps.urgent,
    )
    own = rulebook.load_rules(loaded)
    book = wiring.policy_book(loaded, detector.manifest.thresholds, rules=own.digest)
    since = _flag_since(loaded, store, name, clock())
    with store.write() as tx:
        offered = presets.load(tx, name)
        # What could not be judged gets another chance at every start: it may be a newer modbot.
        inbox.unpark(tx, name)
        outbox.expire_claims(tx, name, now=clock())
    shelf = _filled_shelf(loaded, store, name, clock)
    judge = Judge(
        forum=name,
        store=store,
        detector=detector,
        duplicates=shelf.index,
        rules=replace(
            judging_rules(loaded, book, offered),
            flag_since=since,
            own=own,
            rhythm=wiring.rereading_rules(loaded, name).rhythm,
        ),
        clock=clock,
        metrics=metrics,
    )
    poller = Poller(forum=forum, store=store, clock=clock, metrics=metrics)
    executor = executor_for(loaded, store, forum, clock, metrics=metrics)
    names = BoardNames(forum=forum, store=store, settings=loaded.settings, clock=clock)
    again = wiring.rereading_rules(loaded, name)
    rereader = Rereader(forum=forum, store=store, rules=again, clock=clock, metrics=metrics)
    return ForumDesk(name, forum, store, poller, judge, executor, clock, shelf, names, rereader)


def executor_for(
    loaded: Loaded, store: Store, forum: Forum, clock: Clock, *, metrics: Metrics | None = None
) -> Executor:
    actions = loaded.settings.actions
    return Executor(
        forum=forum,
        store=store,
        owner=owner_name(),
        limits=ExecutorLimits(actions.attempts, timedelta(seconds=actions.lease_seconds)),
        clock=clock,
        lets=turning.Permits(wiring.policy_book(loaded, {})).lets,
        metrics=metrics,
    )


def judging_rules(loaded: Loaded, book: PolicyBook, offered: Sequence[str] = ()) -> JudgingRules:
    """``offered`` are the forum's own reasons for hiding."""
    settings = loaded.settings
    return JudgingRules(
        book=book,
        brake=wiring.brake_limits(settings),
        budget=wiring.queue_budget(settings),
        reasons={reason: notices.of_hide(settings, reason, offered) for reason in Reason},
        notify=notices.told(settings),
        standing=timedelta(days=settings.standing.days),
    )


def _filled_shelf(loaded: Loaded, store: Store, forum: str, clock: Clock) -> Shelf:
    """The duplicate index as it was before the restart."""
    shelf = Shelf(index_file(loaded, forum), wiring.duplicate_index(loaded.settings), store, forum, clock)
    shelf.fill(since=clock() - timedelta(days=loaded.settings.duplicates.window_days))
    return shelf


def _flag_since(loaded: Loaded, store: Store, forum: str, now: datetime) -> datetime:
    """At the first start the history is read for its customs, and flagged only from here on."""
    with store.read() as rx:
        begun = inbox.began(rx, forum) or now
    return begun - timedelta(hours=loaded.settings.polling.first_flag_hours)
