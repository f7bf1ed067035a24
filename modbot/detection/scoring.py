"""What a text's hashed n-grams weigh for each label.

``weights`` is complex64 ``[BUCKETS + 1]``, low_effort as the real and spam as the imaginary
part (one look-up fetches both), zero in the last, empty bucket.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modbot.detection import windows
from modbot.detection.grams import Grams

Weights = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """``sums`` is ``[text, 2]``, the weights of all n-grams and marks of each text; ``peaks``
    is ``[text, width]``, spam's heaviest windows (``windows.peaks``).
    """

    sums: NDArray[np.float32]
    peaks: NDArray[np.float64]


def weigh(weights: Weights, grams: Grams) -> Weighed:
    """The weights of each text of a batch, fetched once."""
    if not len(grams):
        return Weighed(np.zeros((0, 2), dtype=np.float32), np.zeros((0, len(windows.WIDTHS))))
    first, second, third = weights.take(grams.letters)
    first += second
    first += third
    sums = np.add.reduceat(first, grams.starts)
    sums += np.add.reduceat(weights.take(grams.marks), grams.mark_starts)
    return Weighed(sums.view(np.float32).reshape(-1, 2), windows.peaks(first.imag, grams.starts))
