"""Which reasons may hide unasked where, since when, and what a grant asks for first.

A reason acts by itself in ``enforce`` unless a human withdrew it there, and in ``queue`` where
a human granted it; in ``shadow`` never. Whatever turned that on, texts that were there before
it are left to people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from modbot.domain import LACKS_EVIDENCE, Mode, Reason
from modbot.policy.intervals import CONFIDENCE, beta_quantile

AUTONOMOUS = (Reason.SPAM, Reason.REPEATED, Reason.RULE)
"""Reasons that may ever hide unasked."""

BASE_RATE = 0.01
"""Adverts among a forum's replies, until its own spot checks say better."""

BASELINE_WEIGHT = 20.0
BOARD_WEIGHT = 500.0
"""How many verdicts the model's own measurements, and those of a forum's other boards, are
worth at most."""

_IGNORANCE = 1.0
_MOST_CONFIRMATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Autonomy:
    """What is known for one reply: the reasons granted on its board with their moments, those
    withdrawn, since when its board is under its mode (None: ever since), and when its text was
    first seen."""

    granted: Mapping[Reason, datetime] = field(default_factory=dict)
    withdrawn: AbstractSet[Reason] = frozenset()
    mode_since: datetime | None = None
    seen_at: datetime | None = None

    def is_backlog(self, *turned_on: datetime | None) -> bool:
        """Whether the text was there before hiding unasked was turned on."""
        moments = [at for at in (self.mode_since, *turned_on) if at is not None]
        return self.seen_at is not None and any(self.seen_at < at for at in moments)

    def holds(
        self, reason: Reason, mode: Mode, unproved: AbstractSet[Reason], *, standing: bool = False
    ) -> tuple[str, ...]:
        """The codes of what keeps ``reason`` from hiding unasked; empty when nothing does.

        ``unproved`` reasons lack the evidence that is asked for, so that only a grant lets
        them act. A ``standing`` decision needs none, and is withdrawn by being revoked.
        """
        granted = self.granted.get(reason)
        lacking = (LACKS_EVIDENCE,) if granted is None and reason in unproved and not standing else ()
        if mode is Mode.SHADOW or (mode is Mode.QUEUE and granted is None):
            return (f"mode_{mode.value}", *lacking)
        if reason in self.withdrawn and not standing:
            return ("withdrawn", *lacking)
        return lacking or (("backlog",) if self.is_backlog(granted) else ())


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What people said of replies that a reason would have hidden; a campaign counts once."""

    right: int = 0
    wrong: int = 0

    def __add__(self, other: Verdicts) -> Verdicts:
        return Verdicts(self.right + other.right, self.wrong + other.wrong)

    def __sub__(self, other: Verdicts) -> Verdicts:
        return Verdicts(self.right - other.right, self.wrong - other.wrong)

    @property
    def number(self) -> int:
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a precision: a beta distribution, as if ``right`` replies had been
    hidden rightly and ``wrong`` wrongly.

    When nothing is known it is one of each (Laplace): then no error among n proves as much as
    the bound of Clopper & Pearson does, about 3/n, and no more."""

    right: float = _IGNORANCE
    wrong: float = _IGNORANCE

    @property
    def mean(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def weight(self) -> float:
        return self.right + self.wrong - 2 * _IGNORANCE

    def lower_bound(self, *, confidence: float = CONFIDENCE) -> float:
        """What the precision is at least, with that one-sided confidence."""
        return beta_quantile(1 - confidence, self.right, self.wrong)

    def having(self, told: Verdicts) -> Belief:
        return Belief(self.right + told.right, self.wrong + told.wrong)

    def missing(self, target: float) -> int | None:
        """How many more replies must be confirmed, none dismissed, until the lower bound
        reaches ``target``; None when no number would do."""
        if self.lower_bound() >= target:
            return 0
        enough = 1
        while self.having(Verdicts(enough)).lower_bound() < target:
            enough *= 2
            if enough > _MOST_CONFIRMATIONS:
                return None
        too_few = enough // 2
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            if self.having(Verdicts(middle)).lower_bound() < target:
                too_few = middle
            else:
                enough = middle
        return enough


def from_above(precision: float, weight: float) -> Belief:
    """The belief that a level begins with: the precision of the level above it, as if
    measured on ``weight`` verdicts."""
    return Belief(_IGNORANCE + precision * weight, _IGNORANCE + (1 - precision) * weight)


def of_forum(told: Verdicts, *, baseline: float | None) -> Belief:
    """A forum's own verdicts over what the model's measurements promise, where they do."""
    start = Belief() if baseline is None else from_above(baseline, BASELINE_WEIGHT)
    return start.having(told)


def of_board(own: Verdicts, boards: Sequence[Verdicts], *, baseline: float | None) -> Belief:
    """A board's own verdicts over those of the forum's ``boards`` (its own among them).

    The others weigh as much as there are of them, the less the more boards differ, and at
    most BOARD_WEIGHT: however sure a forum is, each board adds verdicts of its own.
    """
    total = sum(boards, Verdicts())
    others = of_forum(total - own, baseline=baseline)
    weight = min(BOARD_WEIGHT, others.weight, likeness(boards))
    return from_above(others.mean, weight).having(own)


def likeness(groups: Sequence[Verdicts]) -> float:
    """How many verdicts of one's own the mean of all groups is worth: α + β of the beta
    distribution that their precisions come from, by the method of moments with weights n
    (Kleinman, JASA 1973). Infinite where they differ no more than by chance; so do groups of one
    verdict each, of which none tells how it differs."""
    known = [group for group in groups if group.number]
    total = sum(known, Verdicts())
    if len(known) < 2 or total.number == len(known) or not total.right or not total.wrong:
        return float("inf")
    mean = total.right / total.number
    spread = sum(group.number * (group.right / group.number - mean) ** 2 for group in known)
    by_chance = mean * (1 - mean) * (len(known) - 1)
    room = total.number - sum(group.number**2 for group in known) / total.number
    between = (spread - by_chance) / (mean * (1 - mean) * (room - (len(known) - 1)))
    return 1 / between - 1 if between > 0 else float("inf")


def projected_precision(recall: float, false_positive_rate: float, base_rate: float) -> float:
    """Precision at another base rate than that of the rows it was measured on."""
    right, wrong = recall * base_rate, false_positive_rate * (1 - base_rate)
    return right / (right + wrong) if right + wrong > 0 else 0.0
