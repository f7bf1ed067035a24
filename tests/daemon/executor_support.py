"""A scripted forum, a real store, and an executor between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from modbot.daemon.executor import Executor, ExecutorLimits
from modbot.daemon.health.metrics import Metrics
from modbot.domain import (
    ActionKind,
    Assessment,
    Decision,
    DecisionKind,
    Label,
    OutboxState,
    Probabilities,
    Reason,
)
from modbot.store import Store, decisions, flags, inbox, outbox
from modbot.testing import ScriptedForum

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = ExecutorLimits(attempts=3, lease=timedelta(minutes=3))


@dataclass
class Bench:
    """One forum and its outbox. ``now`` moves only when told."""

    store: Store
    now: datetime = START
    forum: ScriptedForum = field(init=False)
    flags: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forum = ScriptedForum("city", clock=self.clock)

    def clock(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def executor(
        self, owner: str = "me", *, limits: ExecutorLimits = LIMITS, metrics: Metrics | None = None
    ) -> Executor:
        return Executor(
            forum=self.forum,
            store=self.store,
            owner=owner,
            limits=limits,
            clock=self.clock,
            metrics=metrics,
        )

    def flagged(self, post_id: int, text: str = "加微信 abc12345", **fields: object) -> int:
        """A reply that is written, stored, judged and flagged; answers its flag."""
        reply = self.forum.write(post_id, text, **fields)
        with self.store.write() as tx:
            (row,) = inbox.record(tx, [reply], at=self.now).rows
            judged = Assessment(reply.key, Probabilities(0.01, 0.01, 0.98), (), None, text, "m")
            decision = Decision(
                DecisionKind.HIDE, DecisionKind.HIDE, Reason.SPAM, Label.SPAM, 0.98, 0.9, (), (), "p", "m"
            )
            judgement = decisions.Judgement(row.reply_id, row.revision_id, judged, decision, False)
            (decision_id,) = decisions.record(tx, [judgement], at=self.now)
            flag = flags.open(
                tx,
                forum="city",
                reply_id=row.reply_id,
                revision_id=row.revision_id,
                decision_id=decision_id,
                decision=decision,
                campaign=None,
                at=self.now,
                shown=True,
            )
        assert flag is not None
        self.flags[post_id] = flag
        return flag

    def queue(
        self, post_id: int, kind: ActionKind = ActionKind.HIDE, *, unasked: bool = False, **fields: object
    ) -> int:
        """Enqueue an action on a flagged reply; answers its id."""
        with self.store.write() as tx:
            flag = flags.get(tx, self.flags[post_id])
            action = outbox.enqueue(
                tx,
                forum="city",
                kind=kind,
                reply_id=flag.reply_id,
                revision_id=flag.revision_id,
                at=self.now,
                flag_id=flag.id,
                reason="广告",
                unasked=unasked,
                **fields,
            )
        assert action is not None
        return action

    def hides(self, *post_ids: int, **fields: object) -> list[int]:
        """Flagged replies of one thread, each with a hide queued."""
        for post_id in post_ids:
            self.flagged(post_id, **fields)
        return [self.queue(post_id) for post_id in post_ids]

    def action(self, action_id: int) -> outbox.Action:
        with self.store.read() as rx:
            return outbox.get(rx, action_id)

    def state(self, action_id: int) -> OutboxState:
        return self.action(action_id).state

    def claim(self, owner: str = "crashed") -> list[outbox.Action]:
        with self.store.write() as tx:
            return outbox.claim(tx, "city", owner, now=self.now, lease=LIMITS.lease)

    def asked(self, method: str) -> list[tuple[int, ...]]:
        return [call.posts for call in self.forum.calls if call.method == method]
