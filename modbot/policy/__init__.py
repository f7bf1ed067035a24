"""Assessment → decision, per board. Pure: settings, counts and times are passed in."""

from modbot.policy.authors import AuthorRule
from modbot.policy.book import PolicyBook
from modbot.policy.customs import Custom
from modbot.policy.deciding import (
    ALL_REASONS,
    Circumstances,
    Policy,
    decide,
    has_standing,
    standing_of,
)
from modbot.policy.findings import CONTACT_SIGNALS, Finding
from modbot.policy.limits import (
    BrakeCounts,
    BrakeLimits,
    QueueBudget,
    brake_cause,
    free_places,
    urgent_places,
)
from modbot.policy.nights import Night
from modbot.policy.pending import approves
from modbot.policy.repeated import RepeatedRule
from modbot.policy.standing import StandingMatch

__all__ = [
    "ALL_REASONS",
    "CONTACT_SIGNALS",
    "AuthorRule",
    "BrakeCounts",
    "BrakeLimits",
    "Circumstances",
    "Custom",
    "Finding",
    "Night",
    "Policy",
    "PolicyBook",
    "QueueBudget",
    "RepeatedRule",
    "StandingMatch",
    "approves",
    "brake_cause",
    "decide",
    "free_places",
    "has_standing",
    "standing_of",
    "urgent_places",
]
