"""Why the model said what it said, for the replies of a batch that have anything to say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modbot.detection import evidence, stretches, weighing
from modbot.detection.canonical import Folded, Letters
from modbot.detection.evidence import Details
from modbot.detection.model import Linear
from modbot.detection.reading import Reading
from modbot.detection.tables.characters import Index
from modbot.detection.weighing import Weighed
from modbot.domain import Label

Floats = NDArray[np.float64]

NOTED = 0.2
"""From this probability on a label is explained, and the text's own signal raised."""
TOLD = 5
"""Named features told of one text, at most."""
WORTH_TELLING = 0.3
"""Log-odds: what weighs less is told as part of the rest."""
_TOLD_AT_ZERO = frozenset({"length", "distinct_ratio", "author_posts", "author_days"})
_DIGITS = 4


class Run(NamedTuple):
    """A stretch that weighed: its span in the original, its ends in the canonical text."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Explained:
    """Weights and stretches of pairs of a reply and a label, by row of the batch.

    ``index`` finds the pair of ``(row, label)``; ``leading`` is the label that each row
    is suspected of.
    """

    index: dict[tuple[int, Label], int]
    leading: dict[int, Label]
    groups: list[list[float]]
    words: list[float]
    offsets: list[float]
    told: list[list[tuple[int, int]]]
    runs: list[list[Run]]

    def stretches(self, row: int, label: Label) -> list[Run]:
        """What of the text weighed most for the label, in the order of the text."""
        return self.runs[self.index[row, label]]

    def weights(self, row: int, label: Label) -> Details:
        """The log-odds of a label in parts: ``weight`` of the wording, ``base`` that every
        text has, ``features`` with their values and weights, and the ``rest`` of those."""
        at = self.index[row, label]
        told, of, names = self.told[at], self.groups[at], weighing.groups().names
        weights = tuple([of[group] for group, _ in told])
        return {
            "weight": self.words[at],
            "base": self.offsets[at],
            "features": tuple([names[group] for group, _ in told]),
            "feature_values": tuple([value for _, value in told]),
            "feature_weights": weights,
            "rest": round(sum(of) - sum(weights), _DIGITS),
        }

    def weight_of(self, row: int, *names: str) -> Details:
        """What the named groups of features weigh towards the label that is suspected;
        nothing where the model was not asked."""
        label = self.leading.get(row)
        if label is None:
            return {}
        of, known = self.groups[self.index[row, label]], weighing.groups().names
        weight = sum(share for share, name in zip(of, known, strict=True) if name in names)
        return {"weight": round(weight, _DIGITS), "toward": label.value}


def explain(
    linear: Linear,
    reading: Reading,
    values: Floats,
    probabilities: Floats,
    rows: Index,
) -> Explained:
    """Explain each of ``rows`` for the label that it is suspected of and for every other
    label that is at least ``NOTED``; rows that are surely ham by rule are left out."""
    asked = probabilities[rows, 1:] >= NOTED
    asked[np.arange(len(rows)), probabilities[rows, 1:].argmax(axis=1)] = True
    asked[probabilities[rows, 0] == 1.0] = False
    of, spam = np.nonzero(asked)
    weighed = weighing.weigh(linear, reading.grams, reading.letters, values, rows[of], spam)
    labels = (Label.LOW_EFFORT, Label.SPAM)
    pairs = [(row, labels[at]) for row, at in zip(rows[of].tolist(), spam.tolist(), strict=True)]
    best = probabilities[:, 1:].argmax(axis=1)
    return Explained(
        index={pair: at for at, pair in enumerate(pairs)},
        leading={row: labels[best[row]] for row, _ in pairs},
        groups=np.round(weighed.features, _DIGITS).tolist(),
        words=np.round(weighed.words, _DIGITS).tolist(),
        offsets=np.round(weighed.offsets, _DIGITS).tolist(),
        told=_told(weighed, values[rows[of]]),
        runs=_runs(weighed, reading.folded, reading.letters),
    )


def _told(weighed: Weighed, values: Floats) -> list[list[tuple[int, int]]]:
    """For each pair the groups that weigh most, with the value that a reader knows them by."""
    known = weighing.groups()
    shown = values[:, known.columns]
    unknown = np.isnan(shown)
    shown[unknown] = 0.0
    weights = np.abs(weighed.features)
    weights[unknown | ((shown == 0.0) & ~_told_at_zero())] = 0.0
    order = (-weights).argsort(axis=1, kind="stable")[:, :TOLD]
    pairs = np.arange(len(order))[:, np.newaxis]
    worth = weights[pairs, order] >= WORTH_TELLING
    picked = _readable(shown)[pairs, order]
    return [
        [(group, value) for group, value, fit in zip(groups, facts, fits, strict=True) if fit]
        for groups, facts, fits in zip(order.tolist(), picked.tolist(), worth.tolist(), strict=True)
    ]


@cache
def _told_at_zero() -> NDArray[np.bool_]:
    return np.array([name in _TOLD_AT_ZERO for name in weighing.groups().names])


def _readable(shown: Floats) -> NDArray[np.int64]:
    """Counts for logarithms, per cent for ratios."""
    known = weighing.groups()
    shares = 100 * np.minimum(shown, 1.0)
    values = np.where(known.logarithms, np.expm1(shown), np.where(known.ratios, shares, shown))
    return np.rint(values).astype(np.int64)


def _runs(weighed: Weighed, folded: Folded, letters: Letters) -> list[list[Run]]:
    at = evidence.standing(folded, letters)
    found = stretches.heavy(weighed, letters.packed[weighed.places], at.order(weighed.places))
    starts, ends = evidence.spans(folded, letters, at, found)
    runs: list[list[Run]] = [[] for _ in weighed.rows]
    columns = (found.pairs, starts, ends, found.firsts, found.lasts)
    for pair, *run in zip(*(column.tolist() for column in columns), strict=True):
        runs[pair].append(Run(*run))
    return runs
