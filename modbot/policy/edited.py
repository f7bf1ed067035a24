"""A text that its author put in the place of one that modbot hides.

Undoing the hide by itself would tell evaders what passes; leaving it hidden unseen would
punish who mended it. So a human is asked, and sees the text that stands there now.
"""

from __future__ import annotations

from modbot.domain import DecisionKind, Reason
from modbot.policy.findings import Finding

HOLD = "edited_while_hidden"


def asked(hidden_for: Reason, score: float) -> Finding:
    """The card of a text in which nothing is found any more; ``hidden_for``: why the earlier
    one was hidden."""
    return Finding(hidden_for, DecisionKind.QUEUE, score, (), held_by=(HOLD,))
