"""Assessment → decision, per board. Pure: settings, counts and times are passed in."""

from modbot.policy.deciding import (
    ALL_REASONS,
    Circumstances,
    Policy,
    PolicyBook,
    RepeatedRule,
    decide,
    has_standing,
    standing_of,
)
from modbot.policy.findings import Finding
from modbot.policy.limits import (
    BrakeCounts,
    BrakeLimits,
    QueueBudget,
    brake_cause,
    free_places,
    urgent_places,
)
from modbot.policy.standing import CONTACT_SIGNALS, StandingMatch

__all__ = [
    "ALL_REASONS",
    "CONTACT_SIGNALS",
    "BrakeCounts",
    "BrakeLimits",
    "Circumstances",
    "Finding",
    "Policy",
    "PolicyBook",
    "QueueBudget",
    "RepeatedRule",
    "StandingMatch",
    "brake_cause",
    "decide",
    "free_places",
    "has_standing",
    "standing_of",
    "urgent_places",
]
