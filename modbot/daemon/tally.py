"""What one round of judging came to, and what the brake makes of it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from modbot.domain import Decision, DecisionKind
from modbot.policy import BrakeCounts, BrakeLimits, brake_cause


@dataclass(slots=True)
class Tally:
    """What one round of judging came to."""

    judged: int = 0
    allowed: int = 0
    queued: int = 0
    hides: int = 0
    parked: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        for name in ("judged", "allowed", "queued", "hides", "parked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, number in other.by_reason.items():
            self.by_reason[reason] = self.by_reason.get(reason, 0) + number

    def count(self, decision: Decision) -> None:
        self.judged += 1
        self.allowed += decision.kind is DecisionKind.ALLOW
        self.queued += decision.kind is DecisionKind.QUEUE
        self.hides += decision.kind is DecisionKind.HIDE
        if decision.reason is not None:
            self.by_reason[decision.reason.value] = self.by_reason.get(decision.reason.value, 0) + 1


@dataclass(slots=True)
class BrakeWatch:
    """The brake's counts within one transaction, so that one batch cannot slip past it."""

    on: bool
    limits: BrakeLimits
    texts: set[str]
    with_standing: set[int]
    overturned: int
    cause: str | None = None

    def allows_hide(self) -> bool:
        if self.on:
            return False
        counts = BrakeCounts(len(self.texts), len(self.with_standing), self.overturned)
        self.cause = brake_cause(counts, self.limits)
        self.on = self.cause is not None
        return not self.on
