"""A text or a post that somebody wants judged without anything coming of it."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import Assessment, Decision, Duplicate, Reply
from modbot.policy import Policy
from modbot.store.inbox import Stored


@dataclass(frozen=True, slots=True)
class Copy:
    """An earlier reply that says the same or nearly so; ``stored`` None: it is forgotten."""

    duplicate: Duplicate
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Margin:
    """One threshold of the place's policy and how far the text is above it (below: negative).
    ``limit`` None: never."""

    name: str
    value: float
    limit: float | None

    @property
    def margin(self) -> float | None:
        return None if self.limit is None else self.value - self.limit


@dataclass(frozen=True, slots=True)
class Tried:
    """``decision`` is that of the place's policy and mode. ``knows_repeats``: it was compared
    with what is repeated on its forum."""

    reply: Reply
    assessment: Assessment
    decision: Decision
    policy: Policy
    copies: tuple[Copy, ...]
    knows_repeats: bool

    @property
    def margins(self) -> tuple[Margin, ...]:
        found, policy = self.assessment.probabilities, self.policy
        return (
            Margin("spam.hide", found.spam, policy.spam_hide),
            Margin("spam.queue", found.spam, policy.spam_queue),
            Margin("low_effort.queue", found.low_effort, policy.low_effort_queue),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A post as it was found. ``is_live``: read from the forum just now."""

    reply: Reply
    is_live: bool
