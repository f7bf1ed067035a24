"""A text that its author put in the place of one that modbot hides.

Undoing the hide by itself would tell evaders what passes; leaving it hidden unseen would
punish who mended it. So a human is asked, and sees the text that stands there now.
"""

from __future__ import annotations

from modbot.domain import Assessment, DecisionKind, Reason
from modbot.policy.findings import Finding

HOLD = "edited_while_hidden"


def asked(hidden_for: Reason | None, assessment: Assessment, *, excuse: bool) -> list[Finding]:
    """The card of a text in which nothing is found any more, unless there is an ``excuse`` for
    whatever it says; ``hidden_for``: why the earlier one was hidden."""
    if hidden_for is None or excuse:
        return []
    score = 1.0 - assessment.probabilities.ham
    return [Finding(hidden_for, DecisionKind.QUEUE, score, (), held_by=(HOLD,))]
