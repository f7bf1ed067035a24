"""A forum whose moderators' decisions last: written to, judged, decided about, carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from executor_support import Bench

from modbot import settings
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.daemon.tally import Tally
from modbot.detection import Detector, DuplicateIndex, Observation
from modbot.domain import (
    Author,
    Decision,
    FlagState,
    Mode,
    Reason,
    ReplyKey,
    ThreadKind,
    VerdictKind,
    VerdictSource,
)
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import brake, campaigns, decisions, flags, inbox, standing, verdicts
from modbot.store.standing import StandingDecision

POLICY = Policy(mode=Mode.ENFORCE, spam_hide=None, spam_queue=None, low_effort_queue=None)
WINDOW = timedelta(days=30)


def shipped_detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


def newcomer(number: int) -> Author:
    return Author(id=500 + number, name=f"新人{number}", posts=0, group_id=10)


def regular(number: int) -> Author:
    return Author(id=100 + number, name=f"老友{number}", posts=800, group_id=10)


def on(month: int, day: int, *, year: int = 2025, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@dataclass
class Bar:
    """One forum under one policy. Every step is what the daemon does; ``restart`` is its death."""

    bench: Bench
    detector: Detector
    policy: Policy = POLICY
    boards: dict[tuple[str, int | None], Policy] = field(default_factory=dict)
    kinds: dict[ThreadKind, frozenset[Reason]] = field(default_factory=dict)
    limits: BrakeLimits = field(default_factory=BrakeLimits)
    duplicates: DuplicateIndex = field(init=False)
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.duplicates = DuplicateIndex(window=WINDOW, burst=timedelta(days=7), capacity=20_000)
        self.open()

    def open(self) -> None:
        """A judge under the present policy, with the index as it is."""
        self.judge = Judge(
            forum="city",
            store=self.bench.store,
            detector=self.detector,
            duplicates=self.duplicates,
            rules=JudgingRules(
                book=PolicyBook(self.policy, self.boards, kinds=self.kinds),
                brake=self.limits,
                budget=QueueBudget(),
                reasons={reason: f"说明 {reason.value}" for reason in Reason},
            ),
            clock=self.bench.clock,
        )

    def under(self, policy: Policy) -> None:
        self.policy = policy
        self.open()

    def restart(self) -> None:
        """Nothing in memory survives; the index is filled from the store."""
        self.duplicates = DuplicateIndex(window=WINDOW, burst=timedelta(days=7), capacity=20_000)
        with self.bench.store.read() as rx:
            kept = campaigns.observations(rx, self.bench.now - WINDOW, forum="city")
            self.duplicates.insert([Observation(*one) for one in kept])
        self.open()

    def at(self, when: datetime) -> None:
        self.bench.now = when

    def write(self, post_id: int, text: str, author: Author, **fields: object) -> None:
        fields.setdefault("thread_id", post_id)
        self.bench.forum.write(post_id, text, author=author, **fields)

    def poll(self) -> None:
        Poller(forum=self.bench.forum, store=self.bench.store, clock=self.bench.clock).poll()

    def read(self) -> Tally:
        """Poll and judge what is new, then carry out what is due."""
        self.poll()
        tally = self.judge.judge_waiting()
        self.bench.executor().work()
        return tally

    def says(self, post_id: int, text: str, author: Author, **fields: object) -> Tally:
        self.write(post_id, text, author, **fields)
        return self.read()

    def hidden(self) -> set[int]:
        return {post for post, reply in self.bench.forum.posts.items() if reply.hidden}

    def flags(self) -> dict[int, flags.Flag]:
        wanted = flags.Filter(forum="city", states=tuple(FlagState))
        with self.bench.store.read() as rx:
            found = flags.find(rx, wanted, order=flags.Order.OLDEST, limit=10_000)
        return {flag.post_id: flag for flag in found}

    def held_by(self, post_id: int) -> tuple[str, ...]:
        return self.decision(post_id).held_by

    def decision(self, post_id: int) -> Decision:
        with self.bench.store.read() as rx:
            stored = inbox.find(rx, ReplyKey("city", post_id))
            assert stored is not None
            judged = decisions.current(rx, stored.reply_id)
        assert judged is not None
        return judged.decision

    def decide(self, post_id: int, kind: VerdictKind = VerdictKind.UPHOLD, **how: object) -> verdicts.Verdict:
        """A moderator's verdict on a post's flag, carried out."""
        flag_id = self.flags()[post_id].id
        with self.bench.store.write() as tx:
            given = verdicts.give(
                tx,
                flag_id,
                kind,
                source=VerdictSource.TERMINAL,
                who="ann",
                now=self.bench.now,
                **how,  # type: ignore[arg-type]
            )
        self.bench.executor().work()
        return given

    def undo(self, post_id: int) -> None:
        flag_id = self.flags()[post_id].id
        with self.bench.store.write() as tx:
            verdicts.undo(tx, flag_id, who="ben", now=self.bench.now)
        self.bench.executor().work()

    def standing(self, *, revoked: bool = False) -> list[StandingDecision]:
        with self.bench.store.read() as rx:
            return standing.listing(rx, forum="city", revoked=revoked)

    def pull_brake(self) -> None:
        with self.bench.store.write() as tx:
            brake.pull(tx, "city", "distinct_texts", at=self.bench.now)
