"""What bounds modbot as a whole: the brake on unasked hides, and the queue's budget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    distinct_texts_per_hour: int = 10
    authors_with_standing: int = 2
    overturned: int = 2
    overturned_of: int = 20


@dataclass(frozen=True, slots=True)
class BrakeCounts:
    """Unasked hides of the last hour and of the last ``overturned_of`` hides."""

    distinct_texts: int = 0
    authors_with_standing: int = 0
    overturned: int = 0


def brake_cause(counts: BrakeCounts, limits: BrakeLimits) -> str | None:
    """The code of the limit that was reached, or None while hiding may go on.

    The brake is asked before a hide, so a reached limit means the next one is held.
    """
    if counts.distinct_texts >= limits.distinct_texts_per_hour:
        return "distinct_texts"
    if counts.authors_with_standing >= limits.authors_with_standing:
        return "authors_with_standing"
    if counts.overturned >= limits.overturned:
        return "overturned"
    return None


@dataclass(frozen=True, slots=True)
class QueueBudget:
    share: float = 0.02
    per_day: int = 60
    at_least: int = 10


def free_places(budget: QueueBudget, *, replies_today: int, shown_today: int) -> int:
    """How many more cards the queue may show today."""
    by_share = max(int(budget.share * replies_today), budget.at_least)
    return max(0, min(budget.per_day, by_share) - shown_today)


def urgent_places(budget: QueueBudget, *, urgent_today: int) -> int:
    """How many more cards that a human must see may be shown today, whatever the share says:
    as many as the day has places, so that a flood of them is bounded, too."""
    return max(0, budget.per_day - urgent_today)
