"""Everything that one process needs, opened once and closed once."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog

from modbot import i18n
from modbot.daemon import models, wiring
from modbot.daemon.executor import Executor, ExecutorLimits
from modbot.daemon.judging import Judge, JudgingRules, Tally
from modbot.daemon.polling import Poller, PollReport
from modbot.detection import Detector, DuplicateIndex, Observation
from modbot.domain import Reason
from modbot.forums.protocol import Forum
from modbot.policy import PolicyBook
from modbot.settings import Loaded
from modbot.store import campaigns, engine, inbox, outbox, requests
from modbot.store.engine import Store

Clock = Callable[[], datetime]

INDEXED_AT_ONCE = 4096


def utc_now() -> datetime:
    return datetime.now(UTC)


def sleep(seconds: float) -> bool:
    """The sleep of a command that nothing stops early."""
    time.sleep(seconds)
    return False


def owner_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class ForumDesk:
    """One forum's part of the house: its engine, and what is done with it."""

    name: str
    forum: Forum
    poller: Poller
    judge: Judge
    executor: Executor

    def poll(self, *, stopping: Callable[[], bool] = lambda: False) -> tuple[PollReport, Tally]:
        """Poll, judging each batch as soon as it is stored."""
        total = Tally()

        def judge() -> None:
            total.add(self.judge.judge_waiting())

        judge()
        report = self.poller.poll(stored=judge, stopping=stopping)
        return report, total


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
    loaded: Loaded, names: Sequence[str], *, clock: Clock = utc_now, stop: threading.Event | None = None
) -> Iterator[House]:
    """Open store, model, duplicate index and the forums ``names``; close them all at the end."""
    stop = stop or threading.Event()
    with ExitStack() as stack:
        store = stack.enter_context(open_store(loaded))
        detector = models.load_detector(loaded)
        book = wiring.policy_book(loaded, detector.manifest.thresholds)
        desks = {}
        for name in names:
            forum = wiring.open_forum(
                loaded, name, ledger=requests.Ledger(store), clock=clock, sleep=stop.wait
            )
            stack.callback(forum.close)
            desks[name] = _desk(loaded, store, detector, book, forum, clock)
        yield House(loaded, store, detector, desks, stop)


def _desk(
    loaded: Loaded, store: Store, detector: Detector, book: PolicyBook, forum: Forum, clock: Clock
) -> ForumDesk:
    settings = loaded.settings
    with store.write() as tx:
        # What could not be judged gets another chance at every start: it may be a newer modbot.
        inbox.unpark(tx, forum.name)
        outbox.expire_claims(tx, forum.name, now=clock())
    judge = Judge(
        forum=forum.name,
        store=store,
        detector=detector,
        duplicates=_rebuilt_index(loaded, store, forum.name, clock()),
        rules=replace(
            judging_rules(loaded, book), flag_since=_flag_since(loaded, store, forum.name, clock())
        ),
        clock=clock,
    )
    executor = Executor(
        forum=forum,
        store=store,
        owner=owner_name(),
        limits=ExecutorLimits(settings.actions.attempts, timedelta(seconds=settings.actions.lease_seconds)),
        clock=clock,
    )
    poller = Poller(forum=forum, store=store, clock=clock)
    return ForumDesk(forum.name, forum, poller, judge, executor)


def judging_rules(loaded: Loaded, book: PolicyBook) -> JudgingRules:
    settings = loaded.settings
    notify = {Reason.LOW_EFFORT, Reason.TITLE_ECHO} if settings.actions.notify_low_effort else set()
    if settings.actions.notify_campaigns:
        notify.add(Reason.REPEATED)
    return JudgingRules(
        book=book,
        brake=wiring.brake_limits(settings),
        budget=wiring.queue_budget(settings),
        reasons=author_notices(loaded),
        notify=frozenset(notify),
    )


def author_notices(loaded: Loaded) -> dict[Reason, str]:
    """What authors are told, by reason."""
    words = i18n.catalogue(forum_language(loaded))
    return {reason: words.text(f"notice.{reason.value}") for reason in Reason}


def forum_language(loaded: Loaded) -> str:
    """The language for a forum's members: Chinese unless the settings say English."""
    return "en" if loaded.settings.language == "en" else "zh"


def _rebuilt_index(loaded: Loaded, store: Store, forum: str, now: datetime) -> DuplicateIndex:
    """The duplicate index as it was before the restart, from what was judged."""
    index = wiring.duplicate_index(loaded.settings)
    since = now - timedelta(days=loaded.settings.duplicates.window_days)
    with store.read() as rx:
        seen = (Observation(*row) for row in campaigns.observations(rx, since, forum=forum))
        while some := list(islice(seen, INDEXED_AT_ONCE)):  # all at once would double the memory
            index.insert(some)
    structlog.get_logger("start").info("duplicates_rebuilt", forum=forum, texts=index.size)
    return index


def _flag_since(loaded: Loaded, store: Store, forum: str, now: datetime) -> datetime:
    """At the first start the history is read for its customs, and flagged only from here on."""
    with store.read() as rx:
        begun = inbox.began(rx, forum) or now
    return begun - timedelta(hours=loaded.settings.polling.first_flag_hours)
