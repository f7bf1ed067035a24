"""How often a text says the same thing over: by the period of its canonical characters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Index, Letters
from modbot.detection.shape import Shape

PERIODS = range(2, 17)
"""Characters after which a text may begin anew (runs of one character are counted apart)."""
_SAME = 0.9
"""Share of characters that must equal the one a period before."""
_MANY_DISTINCT = 0.6


def repeats(letters: Letters, shape: Shape) -> NDArray[np.float64]:
    """For each text how many times its shortest period fits into it; 0 where there is none.

    Only texts of few different characters are looked at: the others have no period.
    """
    found = np.zeros(len(letters))
    lengths = shape.lengths
    rows = np.flatnonzero((lengths >= 2 * PERIODS[0]) & (shape.distinct < _MANY_DISTINCT * lengths))
    if len(rows):
        found[rows] = _repeats(letters, rows, lengths[rows])
    return found


def _repeats(letters: Letters, rows: Index, lengths: Index) -> NDArray[np.float64]:
    begins = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) + np.repeat(letters.borders[rows] + 1 - begins, lengths)
    packed = letters.packed[places]
    left = np.repeat(begins + lengths, lengths) - np.arange(len(packed))
    found = np.zeros(len(rows))
    for period in reversed(PERIODS):
        same = np.zeros(len(packed), dtype=np.int64)
        same[:-period] = (packed[period:] == packed[:-period]) & (left[:-period] > period)
        share = np.add.reduceat(same, begins) / np.maximum(lengths - period, 1)
        fits = (share >= _SAME) & (lengths >= 2 * period)
        found[fits] = lengths[fits] / period
    return found
