"""Fit the classifier with scikit-learn and turn it into plain arrays."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from modbot.detection import grams
from modbot.detection.model import Linear, softmax, widen
from modbot.training.matrix import Matrix, Scaling

Floats = NDArray[np.float64]
_ITERATIONS = 150
_TOLERANCE = 2e-4


@dataclass(frozen=True, slots=True)
class Fitted:
    """scikit-learn's estimator and the scaling of its features."""

    estimator: LogisticRegression
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is stored. ``weights`` is ``[BUCKETS, 2]``, ``context`` ``[4, features + 1]``:
    center, scale, low_effort − ham, spam − ham; the last column holds the two offsets."""

    weights: NDArray[np.float32]
    context: Floats

    def rounded(self) -> Arrays:
        """With the weights as 16-bit floats hold them."""
        return Arrays(self.weights.astype(np.float16).astype(np.float32), self.context)

    def linear(self, temperature: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Linear:
        bias = (float(self.context[2, -1]), float(self.context[3, -1]))
        return Linear(widen(self.weights), self.context[:, :-1], bias, temperature, shift)


def fit(matrix: Matrix, labels: NDArray[np.int64], weights: Floats, *, regularisation: float) -> Fitted:
    """A multinomial logistic regression (deterministic: L-BFGS from zero)."""
    scaling = Scaling.of(matrix)
    estimator = LogisticRegression(C=regularisation, max_iter=_ITERATIONS, tol=_TOLERANCE)
    with warnings.catch_warnings():
        # It stops where more steps no longer change what held-out rows are called.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(scaling.apply(matrix), labels, sample_weight=weights.astype(np.float32))
    return Fitted(estimator, scaling)


def arrays_of(fitted: Fitted) -> Arrays:
    """The estimator as stored arrays: differences to ham, idf multiplied in."""
    coefficients = fitted.estimator.coef_.astype(np.float64)
    offsets = fitted.estimator.intercept_.astype(np.float64)
    differences = coefficients[1:] - coefficients[0]
    hashed = differences[:, : grams.BUCKETS] * fitted.scaling.idf
    rows = [fitted.scaling.center, fitted.scaling.scale, *differences[:, grams.BUCKETS :]]
    last = np.array([0.0, 1.0, *(offsets[1:] - offsets[0])])
    return Arrays(hashed.T.astype(np.float32), np.column_stack([np.array(rows), last]))


def logits(arrays: Arrays, matrix: Matrix) -> Floats:
    """``[text, 2]`` of many texts at once (serving's ``Linear.logits`` in matrix form)."""
    center, scale, *weights = arrays.context[:, :-1]
    scaled = np.nan_to_num((matrix.features - center) / scale, nan=0.0)
    found = np.asarray(matrix.hashed @ arrays.weights.astype(np.float64), dtype=np.float64)
    found += scaled @ np.array(weights).T
    found += arrays.context[2:, -1]
    return found


def temperature(held_out: Floats, labels: NDArray[np.int64], weights: Floats) -> float:
    """The divisor of the logits with the least weighted log-loss on held-out rows."""

    def loss(candidate: float) -> float:
        return log_loss(softmax(held_out / candidate), labels, weights)

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def log_loss(probabilities: Floats, labels: NDArray[np.int64], weights: Floats) -> float:
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(np.average(-np.log(np.clip(chosen, 1e-12, 1)), weights=weights))
