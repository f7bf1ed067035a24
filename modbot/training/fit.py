"""Fit both stages of the classifier with scikit-learn and turn them into plain arrays.

Sources differ in how much of them is spam and in what they talk about. Each source that
holds both spam and other texts gets an offset of its own while fitting, so that n-grams
need not tell sources apart; serving knows of no source and leaves the offsets out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from modbot.detection import context, grams
from modbot.detection.model import INPUTS, Linear, combine, softmax, widen
from modbot.training.matrix import Matrix, Scaling, rarity

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
_ITERATIONS = 150
_TOLERANCE = 2e-4
_STAGE_ITERATIONS = 200
MOST_ROWS = 60_000
"""Rows that the second stage learns from, evenly drawn: it has few weights."""
SPAM_BLIND = (
    *(name for name in context.NAMES if name.startswith("length_from_")),
    *("distinct_ratio", "digit_ratio", "latin_ratio", "mixed_ratio", "mark_ratio", "only_pictures"),
    *("log_longest_code", "log_pictures", "title_echo", "opening_echo"),
)
"""Inputs that tell one source of spam from another rather than spam from ham: with them
communities never seen are judged worse (see the model card)."""
LOW_EFFORT_BLIND: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strength:
    """How weakly each stage is held back (scikit-learn's ``C``)."""

    text: float = 10.0
    stage: float = 1.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a stage learns from: ``labels``, positions in LABELS, and ``weights`` of the rows;
    ``domains`` numbers the sources that get an offset of their own, −1 where none does."""

    labels: Labels
    weights: Floats
    domains: Labels

    def of(self, rows: NDArray[np.int64]) -> Lesson:
        return Lesson(self.labels[rows], self.weights[rows], self.domains[rows])

    def offsets(self) -> sparse.csr_matrix:
        """``[text, domain]`` with 1 in the column of each text's domain."""
        known = np.flatnonzero(self.domains >= 0)
        shape = (len(self.domains), int(self.domains.max(initial=-1)) + 1)
        return sparse.csr_matrix((np.ones(len(known)), (known, self.domains[known])), shape=shape)


@dataclass(frozen=True, slots=True)
class Stage:
    """scikit-learn's second stage, one estimator for each label but ham, the scaling of its
    inputs, and its arrays ``[4, INPUTS + 1]``: center, scale, low_effort, spam; the last
    column holds the two offsets."""

    estimators: tuple[LogisticRegression, ...]
    scaling: Scaling
    arrays: Floats

    def logits(self, inputs: Floats) -> Floats:
        return _logits(self.arrays, inputs)


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is stored: ``weights`` ``[BUCKETS, 2]`` and ``stage`` ``[4, INPUTS + 1]``."""

    weights: NDArray[np.float32]
    stage: Floats

    def rounded(self) -> Arrays:
        """With the weights as 16-bit floats hold them."""
        return Arrays(self.weights.astype(np.float16).astype(np.float32), self.stage)

    def linear(self, temperature: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Linear:
        bias = (float(self.stage[2, -1]), float(self.stage[3, -1]))
        return Linear(widen(self.weights), self.stage[:, :-1], bias, temperature, shift)

    def logits(self, matrix: Matrix) -> Floats:
        """``[text, 2]`` of many texts at once (serving's ``Linear.logits`` in matrix form)."""
        return _logits(self.stage, matrix.inputs(self.weights.astype(np.float64)))


def _logits(stage: Floats, inputs: Floats) -> Floats:
    return combine(stage[:, :-1], (float(stage[2, -1]), float(stage[3, -1])), inputs)


def fit_text(
    hashed: sparse.csr_matrix, lesson: Lesson, strength: float
) -> tuple[LogisticRegression, NDArray[np.float32]]:
    """The first stage: the estimator and its ``[BUCKETS, 2]`` weights, differences to ham with
    the idf multiplied in. Deterministic: L-BFGS from zero, ended where more steps no longer
    change what held-out rows are called."""
    idf = rarity(hashed)
    scaled = sparse.hstack([hashed @ sparse.diags(idf), lesson.offsets()])
    estimator = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=_TOLERANCE)
    estimator.fit(
        sparse.csr_matrix(scaled, dtype=np.float32), lesson.labels, lesson.weights.astype(np.float32)
    )
    differences = (estimator.coef_[1:] - estimator.coef_[0])[:, : grams.BUCKETS]
    return estimator, (differences * idf).T.astype(np.float32)


def fit_stage(inputs: Floats, lesson: Lesson, strength: float) -> Stage:
    """The second stage, on inputs of which the first stage has not seen the rows: each label
    against the rest, by the inputs that may speak for it; ``calibration`` makes them agree."""
    step = -(-len(inputs) // MOST_ROWS)
    rows = np.arange(0, len(inputs), max(step, 1))
    scaling = Scaling.of(inputs[rows])
    known = np.column_stack([scaling.apply(inputs[rows]), lesson.of(rows).offsets().toarray()])
    arrays = np.zeros((4, inputs.shape[1] + 1))
    arrays[:2] = np.vstack([np.append(scaling.center, 0.0), np.append(scaling.scale, 1.0)])
    estimators = []
    for label, blind in enumerate((LOW_EFFORT_BLIND, SPAM_BLIND), start=1):
        seen = np.flatnonzero(~np.isin(np.arange(known.shape[1]), [INPUTS.index(name) for name in blind]))
        estimator = LogisticRegression(C=strength, max_iter=_STAGE_ITERATIONS)
        estimator.fit(known[:, seen], lesson.labels[rows] == label, lesson.weights[rows])
        own = seen < inputs.shape[1]
        arrays[1 + label, seen[own]] = estimator.coef_[0, own]
        arrays[1 + label, -1] = estimator.intercept_[0]
        estimators.append(estimator)
    return Stage(tuple(estimators), scaling, arrays)


def calibration(logits: Floats, labels: Labels, weights: Floats) -> tuple[float, tuple[float, float]]:
    """``(temperature, shift)`` with the least weighted log-loss on rows that no fit has seen."""

    def loss(guess: Floats) -> float:
        return log_loss(softmax((logits + guess[1:]) / np.exp(guess[0])), labels, weights)

    found = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"maxiter": 300}).x
    return float(np.exp(found[0])), (float(found[1]), float(found[2]))


def log_loss(probabilities: Floats, labels: Labels, weights: Floats) -> float:
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(np.average(-np.log(np.clip(chosen, 1e-12, 1)), weights=weights))


def quietly() -> warnings.catch_warnings[None]:
    """Silences what scikit-learn says when it stops at the last iteration on purpose."""
    return warnings.catch_warnings(action="ignore", category=ConvergenceWarning)
