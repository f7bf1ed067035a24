"""Which replies that wait for the forum's own approval modbot approves unasked."""

from __future__ import annotations

from modbot.domain import Assessment, Decision, DecisionKind, Mode, Reply
from modbot.policy import ruled
from modbot.policy.deciding import Circumstances, Policy
from modbot.policy.findings import CONTACT_SIGNALS


def approves(
    reply: Reply,
    assessment: Assessment,
    decision: Decision,
    policy: Policy,
    circumstances: Circumstances,
) -> bool:
    """Only in *enforce*, and only what nothing at all speaks against: written since that was
    turned on, allowed for no special reason, without contact, link or picture, and decent
    above the model's measured threshold (``policy.pending_approve``; None: never)."""
    if not reply.pending or policy.mode is not Mode.ENFORCE or policy.pending_approve is None:
        return False
    if circumstances.autonomy.is_backlog():
        return False
    if decision.kind is not DecisionKind.ALLOW or decision.held_by:
        return False
    if reply.links or reply.images or any(signal.code in CONTACT_SIGNALS for signal in assessment.signals):
        return False
    return ruled.relabelled(assessment).probabilities.ham >= policy.pending_approve
