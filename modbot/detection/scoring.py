"""Sums of n-gram weights: what a text's hashed n-grams weigh for each label.

``weights`` is complex64 ``[BUCKETS + 1]``, two labels as the real and the imaginary part
(one look-up fetches both), zero in the last, empty bucket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modbot.detection.grams import Grams

Weights = NDArray[np.complex64]
Sums = NDArray[np.float32]


def sums(weights: Weights, grams: Grams) -> Sums:
    """``[text, 2]``: the weights of all n-grams and marks of each text, summed."""
    if not len(grams):
        return np.zeros((0, 2), dtype=np.float32)
    found = np.add.reduceat(_stacked(weights, grams), grams.starts)
    found += np.add.reduceat(weights.take(grams.marks), grams.mark_starts)
    return _apart(found)


def positions(weights: Weights, grams: Grams) -> Sums:
    """``[position, 2]``: the weights of the n-grams that start there, all orders together.

    Text ``i`` has the positions from ``grams.starts[i]``, a border first and then its
    canonical characters; marks are not among them.
    """
    return _apart(_stacked(weights, grams))


def _stacked(weights: Weights, grams: Grams) -> Weights:
    first, second, third = weights.take(grams.letters)
    first += second
    first += third
    return np.asarray(first)


def _apart(pairs: Weights) -> Sums:
    return pairs.view(np.float32).reshape(-1, 2)
