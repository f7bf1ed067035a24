"""What applies to a reply, before one of it carries the decision."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.domain import LACKS_EVIDENCE, DecisionKind, Label, Limit, Reason

CONTACT_SIGNALS = frozenset({"contact", "link", "author_name"})
"""The signals that say where readers are drawn to."""

_SEVERITY = {DecisionKind.ALLOW: 0, DecisionKind.QUEUE: 1, DecisionKind.HIDE: 2}
_URGENCY = {Reason.RULE: 4, Reason.SPAM: 3, Reason.REPEATED: 2, Reason.TITLE_ECHO: 1, Reason.LOW_EFFORT: 0}
_BY_SCORE = frozenset({Reason.SPAM, Reason.LOW_EFFORT})


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason that applies, with the limits that it passed, or the id of the standing
    decision that says so."""

    reason: Reason
    kind: DecisionKind
    score: float
    limits: tuple[Limit, ...]
    held_by: tuple[str, ...] = ()
    label: Label | None = None
    standing: int | None = None

    @property
    def threshold(self) -> float | None:
        """What the score itself had to pass, where there is such a thing."""
        return self.limits[0].limit if self.reason in _BY_SCORE and self.limits else None


def strength(finding: Finding) -> tuple[int, int, bool, int]:
    """What acts carries the decision, then what would act if it were let, then what a human
    decided before, then urgency."""
    asks = DecisionKind.QUEUE if finding.held_by else DecisionKind.HIDE
    acting = min(finding.kind, asks, key=_SEVERITY.__getitem__)
    proved = DecisionKind.QUEUE if LACKS_EVIDENCE in finding.held_by else finding.kind
    return (_SEVERITY[acting], _SEVERITY[proved], finding.standing is not None, _URGENCY[finding.reason])
