"""A small forum with modbot at work on it: everything real but the forum itself.

The forum loses answers and the process dies when they are told to. ``Town`` does what
people and the daemon do; what must come of it is the reference model's to say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from undo_model import Post

import modbot.store
from modbot import settings
from modbot.daemon import turning
from modbot.daemon.executor import Executor, ExecutorLimits, NeedsHuman
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.daemon.rereading import Rereader, RereadingRules
from modbot.detection import Detector, DuplicateIndex, Observation
from modbot.domain import ActionKind, Author, Mode, Reason, ReplyKey, Visibility
from modbot.errors import Retryable
from modbot.forums.protocol import ActionResult, ReplyRef
from modbot.moderation.deciding import Moderator
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import campaigns, inbox, intents, outbox, schema
from modbot.testing import ScriptedForum

FORUM = "city"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = {
    "advert": "低价代开各类发票，真实可查，加微信：fapiao8801",
    "decent": "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。",
    "filler": "支持支持，赞赞赞赞赞赞",
    "copied": "这个公园修得真不错，周末带孩子去玩了一整天，强烈推荐大家都去",
}
FIRST_POST = 9
"""The post that opens its thread, and is alone there."""
WAITING = (7, 8)
"""Posts that wait for the forum's own approval."""
POSTS = (1, 2, 3, 4, *WAITING, FIRST_POST)
AUTHORS = (101, 102, 103)
HOME, STAFF = 1, 99
"""The board of every thread, and where threads are moved to."""
LEASE = timedelta(minutes=3)
SETTINGS = f"""
[actions]
undo_seconds = 10
staff_board = {STAFF}
[forums.{FORUM}]
url = "http://bbs.example.com/"
username = "modbot"
"""
PATIENCE = 60
"""Rounds in which whatever goes on must have settled."""
ROUND = timedelta(minutes=35)
POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.8, low_effort_queue=0.7, pending_approve=0.6)


_SEEN = {
    "shown": Visibility.VISIBLE,
    "moved": Visibility.VISIBLE,
    "hidden": Visibility.HIDDEN,
    "waiting": Visibility.PENDING,
    **dict.fromkeys(("gone", "deleted", "ignored"), Visibility.GONE),
}


class PowerCut(Exception):
    """The process dies where it stands."""


class UnsureForum(ScriptedForum):
    """A scripted forum on whose answers there is no relying: ``fate`` is what befalls the next
    action, ``lost`` before or after its effect, or the ``death`` of the process there."""

    def __init__(self, name: str, *, clock: Any) -> None:
        super().__init__(name, clock=clock)
        self.fate: list[str] = []

    def hide(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        fate = self._before()
        return self._after(fate, super().hide(refs, reason, notify=notify))

    def restore(self, refs: Sequence[ReplyRef], reason: str, *, notify: bool) -> dict[int, ActionResult]:
        fate = self._before()
        return self._after(fate, super().restore(refs, reason, notify=notify))

    def act(
        self,
        kind: ActionKind,
        ref: ReplyRef,
        reason: str,
        *,
        notify: bool,
        details: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        fate = self._before()
        return self._after(fate, super().act(kind, ref, reason, notify=notify, details=details))

    def _before(self) -> str:
        fate = self.fate.pop() if self.fate else ""
        _strike(fate, "before")
        return fate

    def _after(self, fate: str, answer: Any) -> Any:
        _strike(fate, "after")
        return answer


def _strike(fate: str, moment: str) -> None:
    if fate == f"lost {moment}":
        raise Retryable(forum=FORUM, detail="time-out")
    if fate == f"death {moment}":
        raise PowerCut


class Town:
    """``lives`` counts the processes of modbot so far. ``now`` moves only when told."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "modbot.db"
        self._path.write_bytes(_new_database())
        self.now = START
        self.mode = Mode.ENFORCE
        self.forum = UnsureForum(FORUM, clock=self.clock)
        self.store = modbot.store.open(self._path)
        self.loaded = _loaded(Path(self._folder.name))
        self.lives = 0
        self.touched: set[int] = set()
        self.begin_a_life()

    def close(self) -> None:
        self.store.close()
        self._folder.cleanup()

    def clock(self) -> datetime:
        return self.now

    def later(self, by: timedelta) -> None:
        self.now += by

    def moderator(self, who: str) -> Moderator:
        return Moderator(self.loaded, self.store, who, self.clock)

    # --- members --------------------------------------------------------------------------

    def write(self, post: int, text: str) -> None:
        fields = {"thread_id": 9 if post == FIRST_POST else 1 + post % 2, "board_id": HOME}
        number = AUTHORS[post % len(AUTHORS)]
        author = Author(id=number, name=f"新人{number}", posts=0, group_id=10)
        self.forum.write(
            post,
            TEXTS[text],
            author=author,
            floor=1 if post == FIRST_POST else post + 1,
            pending=post in WAITING,
            **fields,
        )

    def shows(self, post: int) -> str:
        """What the forum makes of a post, in one word."""
        kept = self.forum.kept
        reply = self.forum.posts.get(post)
        if reply is None:
            if post in kept.ignored:
                return "ignored"
            bins = [kept.recycled, *kept.recycled_threads.values()]
            return "deleted" if any(post in one for one in bins) else "gone"
        if reply.pending:
            return "waiting"
        if reply.board_id == STAFF:
            return "moved"
        return "hidden" if reply.hidden else "shown"

    # --- modbot ---------------------------------------------------------------------------

    def begin_a_life(self) -> None:
        """A process begins: it knows what the store tells, and frees what a dead one claimed."""
        self.lives += 1
        with self.store.write() as tx:
            outbox.expire_claims(tx, FORUM, now=self.now)
        self._index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000)
        with self.store.read() as rx:
            seen = campaigns.observations(rx, self.now - timedelta(days=30), forum=FORUM)
            self._index.insert([Observation(*row) for row in seen])
        self._poller = Poller(forum=self.forum, store=self.store, clock=self.clock)
        self._rereader = Rereader(
            forum=self.forum, store=self.store, rules=RereadingRules(), clock=self.clock
        )
        self._executor = Executor(
            forum=self.forum,
            store=self.store,
            owner=f"life {self.lives}",
            limits=ExecutorLimits(attempts=6, lease=LEASE),
            clock=self.clock,
            lets=lambda rx, action: turning.Permits(self._book).lets(rx, action),
        )
        self.follow(self.mode)

    def follow(self, mode: Mode) -> None:
        """The settings say another mode from now on; the daemon reads them anew."""
        self.mode = mode
        self._book = PolicyBook(replace(POLICY, mode=mode))
        rules = JudgingRules(
            book=self._book,
            brake=BrakeLimits(1000, 1000, 1000, 1000),
            budget=QueueBudget(),
            reasons={reason: f"说明 {reason.value}" for reason in Reason},
        )
        self._judge = Judge(
            forum=FORUM,
            store=self.store,
            detector=_detector(),
            duplicates=self._index,
            rules=rules,
            clock=self.clock,
        )

    def poll(self) -> None:
        self._poller.poll()

    def judge(self) -> None:
        self._judge.judge_waiting()

    def reread(self) -> None:
        self._rereader.round()

    def work(self) -> None:
        """Work the outbox; a death on the way is followed by another life."""
        try:
            self._executor.work()
        except PowerCut:
            self.begin_a_life()
        except NeedsHuman as problem:
            raise AssertionError("nothing here needs a human") from problem

    def settle(self) -> None:
        """Everybody but modbot rests until nothing goes on any more."""
        self.forum.fate.clear()
        before: object = None
        for _ in range(PATIENCE):
            self.later(ROUND)
            self.poll()
            self.judge()
            self.work()
            self.reread()
            after = self._state()
            if after == before and not self.unsettled():
                return
            before = after
        raise AssertionError(f"no rest: {self.unsettled()}")

    def unsettled(self) -> list[outbox.Action]:
        with self.store.read() as rx:
            return outbox.listing(rx, forum=FORUM, states=outbox.UNSETTLED)

    def _state(self) -> object:
        """What rounds of modbot may change, without the times of looking."""
        with self.store.read() as rx:
            return [
                rx.execute(select(schema.flags.c.id, schema.flags.c.state)).all(),
                rx.execute(select(schema.outbox.c.id, schema.outbox.c.state)).all(),
                rx.execute(select(schema.verdicts.c.id, schema.verdicts.c.undone_at)).all(),
            ]

    def has_seen(self, post: int) -> bool:
        """Whether the store knows how the forum shows a post by now."""
        with self.store.read() as rx:
            known = inbox.find(rx, ReplyKey(FORUM, post))
        return known is None or known.visibility is _SEEN[self.shows(post)]

    def has_read(self, post: int) -> bool:
        """Whether the store knows what a post says by now."""
        with self.store.read() as rx:
            known = inbox.find(rx, ReplyKey(FORUM, post))
        return known is None or known.reply.text == self.forum.posts[post].text

    def as_it_is(self, post: int) -> Post:
        """What the store says of who made a post what it is."""
        with self.store.read() as rx:
            query = select(schema.replies).where(schema.replies.c.post_id == post)
            row = rx.execute(query).one_or_none()
            taken = None if row is None or row.our_delete is None else outbox.get(rx, row.our_delete)
        shown = self.shows(post)
        if taken is None and (row is None or row.our_hide is None):
            return Post(shown)
        base = "waiting" if taken is not None and intents.was_pending(taken) else "shown"
        return Post(base, shown, covered=taken is not None and row is not None and row.our_hide is not None)

    def touch(self, kind: ActionKind, post: int) -> None:
        """A human acts on the forum itself."""
        self.touched.add(post)
        self.forum.by_hand(kind, post)

    def effects(self, kind: ActionKind, post: int) -> int:
        """How often an action of ours of this kind changed the forum."""
        hides = {ActionKind.HIDE: True, ActionKind.RESTORE: False}
        return self.forum.changes[post, hides.get(kind, kind)]


def _loaded(folder: Path) -> settings.Loaded:
    file = folder / "modbot.toml"
    file.write_text(SETTINGS, "utf-8")
    return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "x"})


@cache
def _detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


@cache
def _new_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        modbot.store.open(path).close()
        return path.read_bytes()
