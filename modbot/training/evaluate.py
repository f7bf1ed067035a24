"""What held-out rows say of a model: metrics, thresholds and their confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from modbot.detection.manifest import Threshold
from modbot.domain import Label
from modbot.policy.autonomy import BASE_RATE, projected_precision
from modbot.training.recipe import ORDER

Floats = NDArray[np.float64]

TARGET_PRECISION = 0.995
MEASURED_ON = (
    "rows scored by models that had not seen them (cross-fitted by thread and text, and the latest "
    f"threads held out altogether); precision is its lower bound at a base rate of {BASE_RATE:.0%}"
)
APPROVAL_MEASURED_ON = (
    "texts without a contact or a link, scored by models that had not seen them; precision is its lower "
    "bound where a fifth of what waits for approval deserves none"
)
HIDE_FROM = 0.9
APPROVE_FROM = 0.9
PENDING_BAD_RATE = 0.2
"""What waits for approval is written by those whom a forum trusts least: how much of it is not
decent nobody has measured, and this is more than was ever reported."""
QUEUE_FROM = {Label.SPAM: 0.2, Label.LOW_EFFORT: 0.15}
QUEUE_SHARES = {Label.SPAM: 0.005, Label.LOW_EFFORT: 0.012}
"""Of the queue budget of 2 % of replies, by label; the rest is for repetition and rules."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows that no fit has seen. ``labels`` are positions in LABELS, −1 where nobody judged;
    ``reaching`` marks texts that hold a contact or a link."""

    probabilities: Floats
    labels: NDArray[np.int64]
    weights: Floats
    sources: Sequence[str]
    reaching: NDArray[np.bool_]

    def of(self, sources: Sequence[str]) -> HeldOut:
        chosen = np.isin(np.array(self.sources), sources)
        names = [source for source, kept in zip(self.sources, chosen, strict=True) if kept]
        return HeldOut(
            self.probabilities[chosen],
            self.labels[chosen],
            self.weights[chosen],
            names,
            self.reaching[chosen],
        )

    def beside(self, other: HeldOut) -> HeldOut:
        """These rows and the other's."""
        return HeldOut(
            np.concatenate([self.probabilities, other.probabilities]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.weights, other.weights]),
            [*self.sources, *other.sources],
            np.concatenate([self.reaching, other.reaching]),
        )

    def only_reaching(self) -> HeldOut:
        """The same rows, where an advert that gives no contact or link counts as passed."""
        shown = np.where(self.reaching[:, None], self.probabilities, [[1.0, 0.0, 0.0]])
        return HeldOut(shown, self.labels, self.weights, self.sources, self.reaching)


def upper_bound(errors: int, trials: int, confidence: float = 0.95) -> float:
    """The one-sided Clopper–Pearson bound of a rate (no error among n: about 3 / n)."""
    if trials == 0 or errors >= trials:
        return 1.0
    return float(beta.ppf(confidence, errors + 1, trials - errors))


def thresholds(rows: HeldOut, genuine: Sequence[str]) -> dict[str, Threshold]:
    """``spam.hide`` for texts with a contact or a link (policy's default is to hide no
    others), ``spam.hide_any`` for all, ``spam.queue`` and ``low_effort.queue``; ``ham.approve``
    for publishing texts without either."""
    found = {"spam.hide": _hide(rows.only_reaching(), genuine), "spam.hide_any": _hide(rows, genuine)}
    found["ham.approve"] = _approve(rows)
    for label, share in QUEUE_SHARES.items():
        found[f"{label.value}.queue"] = _queue(rows, genuine, label, share)
    return found


def _hide(rows: HeldOut, genuine: Sequence[str]) -> Threshold:
    """The lowest value that meets the target precision by the upper bound of the
    false-positive rate; where too few rows can prove that, the one with the best bound."""
    column = ORDER.index(Label.SPAM)
    ham = _genuine_scores(rows, genuine, Label.SPAM)
    above = np.sort(ham[ham >= HIDE_FROM])
    candidates = [HIDE_FROM, *(float(np.nextafter(score, 2)) for score in above.tolist())]
    options = [_threshold(rows, ham, column, min(value, 0.9999)) for value in candidates]
    meeting = [option for option in options if option.precision >= TARGET_PRECISION]
    return meeting[0] if meeting else max(options, key=lambda option: (option.precision, -option.value))


def _approve(rows: HeldOut) -> Threshold:
    """The lowest probability of being decent at which what is published is so with the target
    precision, by the upper bound of the share of other texts that reach it; where too few rows
    can prove that, the one with the best bound. ``negatives`` are judged texts that are not decent."""
    column = ORDER.index(Label.HAM)
    judged = (rows.labels >= 0) & ~rows.reaching
    scores, decent = rows.probabilities[judged, column], rows.labels[judged] == column
    bad = np.sort(scores[~decent])
    candidates = [APPROVE_FROM, *(float(np.nextafter(score, 2)) for score in bad[bad >= APPROVE_FROM])]
    options = [_approval(scores, decent, min(value, 0.9999)) for value in candidates]
    meeting = [option for option in options if option.precision >= TARGET_PRECISION]
    return meeting[0] if meeting else max(options, key=lambda option: (option.precision, -option.value))


def _approval(scores: Floats, decent: NDArray[np.bool_], value: float) -> Threshold:
    negatives, positives = int((~decent).sum()), int(decent.sum())
    errors = int((scores[~decent] >= value).sum())
    bound = upper_bound(errors, negatives)
    recall = float((scores[decent] >= value).mean()) if positives else 0.0
    return Threshold(
        value=value,
        negatives=negatives,
        false_positives=errors,
        false_positive_bound=bound,
        positives=positives,
        recall=recall,
        precision=projected_precision(recall, bound, 1 - PENDING_BAD_RATE),
        measured_on=APPROVAL_MEASURED_ON,
    )


def _queue(rows: HeldOut, genuine: Sequence[str], label: Label, share: float) -> Threshold:
    """The lowest value at which genuine replies take no more than their share of the queue."""
    ham = _genuine_scores(rows, genuine, label)
    value = QUEUE_FROM[label]
    if len(ham):
        allowed = int(share * len(ham))
        ranked = np.sort(ham)[::-1]
        value = max(value, float(np.nextafter(ranked[allowed], 2)) if allowed < len(ham) else value)
    return _threshold(rows, ham, ORDER.index(label), min(value, 0.99))


def _genuine_scores(rows: HeldOut, genuine: Sequence[str], label: Label) -> Floats:
    """A label's probability on every reply of real forums that is not known to deserve it."""
    own = rows.of(genuine)
    scores: Floats = own.probabilities[own.labels != ORDER.index(label), ORDER.index(label)]
    return scores


def _threshold(rows: HeldOut, ham: Floats, column: int, value: float) -> Threshold:
    positives = rows.labels == column
    caught = rows.probabilities[positives, column] >= value
    errors = int((ham >= value).sum())
    bound = upper_bound(errors, len(ham))
    recall = float(caught.mean()) if len(caught) else 0.0
    return Threshold(
        value=round(value, 6),
        negatives=len(ham),
        false_positives=errors,
        false_positive_bound=bound,
        positives=int(positives.sum()),
        recall=recall,
        precision=projected_precision(recall, bound, BASE_RATE),
        measured_on=MEASURED_ON,
    )


def metrics(rows: HeldOut, limits: Mapping[str, Threshold]) -> dict[str, dict[str, float]]:
    """By source and over all: rows, average precision, recall at precision .99, queue shares."""
    table = {"all": _metrics(rows, limits)}
    for source in sorted(set(rows.sources)):
        table[source] = _metrics(rows.of([source]), limits)
    return table


def _metrics(rows: HeldOut, limits: Mapping[str, Threshold]) -> dict[str, float]:
    facts: dict[str, float] = {"rows": len(rows.labels)}
    for label in (Label.SPAM, Label.LOW_EFFORT):
        column = ORDER.index(label)
        judged = rows.labels >= 0
        truth, scores = rows.labels[judged] == column, rows.probabilities[judged, column]
        queue = limits[f"{label.value}.queue"].value
        facts[f"{label.value}.queued"] = float((rows.probabilities[:, column] >= queue).sum())
        if truth.any() and not truth.all():
            facts[f"{label.value}.average_precision"] = average_precision(truth, scores)
            facts[f"{label.value}.recall_at_99"] = recall_at(truth, scores, 0.99)
        if truth.any():
            facts[f"{label.value}.positives"] = float(truth.sum())
            facts[f"{label.value}.recall_at_queue"] = float((scores[truth] >= queue).mean())
    hidden = rows.only_reaching().probabilities[:, 2] >= limits["spam.hide"].value
    facts["spam.hidden"] = float(hidden.sum())
    return {name: round(value, 4) for name, value in facts.items()}


def average_precision(truth: NDArray[np.bool_], scores: Floats) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def recall_at(truth: NDArray[np.bool_], scores: Floats, precision: float) -> float:
    """The greatest recall at which precision still holds."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    reached = hits / np.arange(1, len(hits) + 1) >= precision
    return float(hits[reached].max() / truth.sum()) if reached.any() else 0.0
