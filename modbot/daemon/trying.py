"""Judging a text, or a post of a forum, so that nothing comes of it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from modbot.daemon import models, rulebook, wiring
from modbot.daemon.checking import Checker
from modbot.daemon.exchange import Line
from modbot.daemon.house import ForumDesk
from modbot.detection import Detector
from modbot.domain import Duplicate, Reply, ReplyKey, Visibility
from modbot.errors import DEFECTS, ForumError, Gone, Retryable, UsageError
from modbot.forums.protocol import KnowsAddresses, Priority, ReplyRef
from modbot.moderation.trying import Copy, Found, Tried
from modbot.settings import Loaded
from modbot.store import boards, breakers, inbox
from modbot.store.breakers import BreakerState
from modbot.store.engine import Store

SECONDS = 20.0
"""How long somebody waits for a page of a forum."""


class Desks(Protocol):
    """The forums at work in this process, and the model that judges."""

    @property
    def detector(self) -> Detector: ...

    def desk(self, forum: str) -> ForumDesk | None: ...


def assess(loaded: Loaded, store: Store, desks: Desks | None, reply: Reply, *, now: datetime) -> Tried:
    """What is made of ``reply`` where it stands, whatever was done with it already; nothing is
    stored or learned of it. Raises SettingsError and ModelError."""
    reply = replace(reply, hidden=False)
    detector = models.load_detector(loaded) if desks is None else desks.detector
    desk = None if desks is None else desks.desk(reply.forum)
    own = rulebook.load_rules(loaded)
    book = wiring.policy_book(loaded, detector.manifest.thresholds, rules=own.digest)
    if book.asks_names:
        with store.read() as rx:
            book = book.knowing(reply.forum, boards.names(rx, reply.forum))
    checker = Checker(
        detector,
        book,
        duplicates=None if desk is None else desk.shelf.index,
        now=lambda: now,
        rules=rulebook.with_standing(own, book),
        learns=False,
    )
    [checked] = checker.check([Line(reply.post_id, reply.post_id, reply, None)])
    repetition = checked.assessment.repetition
    copies = _copies(store, repetition.duplicates if repetition else ())
    policy = book.for_reply(reply)
    return Tried(reply, checked.assessment, checked.decision, policy, copies, desk is not None)


def _copies(store: Store, duplicates: Sequence[Duplicate]) -> tuple[Copy, ...]:
    with store.read() as rx:
        return tuple(Copy(one, inbox.find(rx, one.key)) for one in duplicates)


def read_post(loaded: Loaded, store: Store, desks: Desks | None, where: str, forum: str) -> Found:
    """The post at the address ``where``, or of that number in ``forum``: as the forum shows it
    now where its engine runs in this process, else as it was read last.

    Raises UsageError for what names no post, Gone for one that is not there, and what the
    forum's engine raises; Retryable when it takes too long.
    """
    name = _forum_of(loaded, where) or forum
    desk = None if desks is None else desks.desk(name)
    if name not in loaded.settings.forums:
        raise UsageError(code="error.try.which_forum", known=", ".join(loaded.settings.forums) or "-")
    ref = _ref(where, desk)
    with store.read() as rx:
        known = inbox.find(rx, ReplyKey(name, ref.post_id))
        breaker = breakers.load(rx, name)
    is_open = breaker is not None and breaker.state is not BreakerState.CLOSED
    if desk is None or is_open:
        if known is None:
            code = "error.try.forum_left_alone" if is_open else "error.try.not_read"
            raise UsageError(code=code, forum=name, post=ref.post_id)
        return Found(known.reply, is_live=False)
    if known is not None:
        ref = replace(ref, thread_id=known.reply.thread_id, board_id=known.reply.board_id)
    return Found(_read(desk, ref), is_live=True)


def _forum_of(loaded: Loaded, where: str) -> str:
    """The forum whose address this is; empty for a bare number, or nobody's address."""
    host = urlsplit(where).netloc
    named = (name for name, one in loaded.settings.forums.items() if urlsplit(one.url).netloc == host)
    return next(named, "") if host else ""


def _ref(where: str, desk: ForumDesk | None) -> ReplyRef:
    if where.strip().isdecimal():
        return ReplyRef(int(where), None)
    forum: object = None if desk is None else desk.forum
    found = forum.post_at(where) if isinstance(forum, KnowsAddresses) else None
    if found is None:
        raise UsageError(code="error.try.no_post", where=where[:200])
    return found


def _read(desk: ForumDesk, ref: ReplyRef) -> Reply:
    """One request or two through the forum's own stream, before those that only re-read."""
    answers: queue.Queue[Reply | Visibility | Exception] = queue.Queue()

    def read() -> None:
        try:
            found = desk.forum.read([ref], priority=Priority.POLL)
            answers.put(found.get(ref.post_id, Visibility.UNKNOWN))
        except (ForumError, *DEFECTS) as problem:
            answers.put(problem)

    threading.Thread(target=read, name=f"try-{desk.name}", daemon=True).start()
    try:
        found = answers.get(timeout=SECONDS)
    except queue.Empty:
        raise Retryable(code="error.try.too_slow", forum=desk.name, seconds=f"{SECONDS:.0f}") from None
    return _shown(found, desk.name, ref.post_id)


def _shown(found: Reply | Visibility | Exception, forum: str, post_id: int) -> Reply:
    if isinstance(found, Reply):
        return found
    if isinstance(found, Exception):
        raise found
    code = "error.try.gone" if found is Visibility.GONE else "error.try.not_shown"
    raise Gone(code=code, forum=forum, post=post_id)
