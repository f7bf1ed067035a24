"""What the operator's rules say of a reply, read from its signals."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modbot.domain import Assessment, Label, RuleOutcome, Signal


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule that fired. ``label`` is its own, with the probability that it sets."""

    name: str
    then: RuleOutcome
    label: Label | None
    sets: float


def deciding(assessment: Assessment) -> Ruling | None:
    """The rule that queues or hides the reply."""
    rule = _first(assessment)
    return None if rule is None or rule.then is RuleOutcome.ALLOW else rule


def allowed_by(assessment: Assessment) -> str:
    """The code of the rule that lets the reply alone, or an empty string."""
    rule = _first(assessment)
    return f"rule:{rule.name}" if rule is not None and rule.then is RuleOutcome.ALLOW else ""


def relabelled(assessment: Assessment) -> Assessment:
    """With the probabilities that the first labelling rule sets, where there is one."""
    for rule in _rulings(assessment):
        if rule.then is RuleOutcome.LABEL and rule.label is not None:
            changed = assessment.probabilities.having(rule.label, rule.sets)
            return replace(assessment, probabilities=changed)
    return assessment


def _first(assessment: Assessment) -> Ruling | None:
    """The first that decides does: what is below it in the file is not reached."""
    for rule in _rulings(assessment):
        if rule.then is not RuleOutcome.LABEL:
            return rule
    return None


def _rulings(assessment: Assessment) -> list[Ruling]:
    return [_ruling(signal) for signal in assessment.signals if signal.code == "rule"]


def _ruling(signal: Signal) -> Ruling:
    facts = signal.details
    label = Label(str(facts["label"])) if facts["label"] else None
    return Ruling(str(facts["name"]), RuleOutcome(str(facts["then"])), label, float(str(facts["sets"])))
