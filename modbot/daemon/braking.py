"""The brake, as it is looked at while decisions are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.policy import BrakeCounts, BrakeLimits, brake_cause
from modbot.store import brake


@dataclass(slots=True)
class BrakeWatch:
    """The brake's counts within one transaction, so that one batch cannot slip past it."""

    on: bool
    limits: BrakeLimits
    texts: set[str]
    with_standing: set[int]
    overturned: int
    cause: str | None = None

    @classmethod
    def begin(cls, tx: Connection, forum: str, limits: BrakeLimits, *, now: datetime) -> BrakeWatch:
        recent = brake.recent(tx, forum, now=now, overturned_of=limits.overturned_of)
        return cls(
            on=brake.state(tx, forum).pulled,
            limits=limits,
            texts=set(recent.texts),
            with_standing=set(recent.established),
            overturned=recent.overturned,
        )

    def allows_hide(self) -> bool:
        if self.on:
            return False
        counts = BrakeCounts(len(self.texts), len(self.with_standing), self.overturned)
        self.cause = brake_cause(counts, self.limits)
        self.on = self.cause is not None
        return not self.on
