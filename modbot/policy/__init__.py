"""Assessment → decision, per board. Pure: settings, counts and times are passed in."""

from modbot.policy.deciding import (
    ALL_REASONS,
    CONTACT_SIGNALS,
    Circumstances,
    Finding,
    Policy,
    PolicyBook,
    RepeatedRule,
    decide,
    has_standing,
    standing_of,
)
from modbot.policy.limits import BrakeCounts, BrakeLimits, QueueBudget, brake_cause, free_places
from modbot.policy.pending import approves

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
    "approves",
    "brake_cause",
    "decide",
    "free_places",
    "has_standing",
    "standing_of",
]
