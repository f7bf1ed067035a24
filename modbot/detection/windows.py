"""The heaviest window of a text: an advert inside a long genuine text stays an advert.

Benign padding thins out a text's mean weight, not the sum over the window that holds the
advert (scan statistics: Naus, JASA 1965).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Index
from modbot.detection.grams import ORDERS

Floats = NDArray[np.float64]

WIDTHS = (12, 24, 48)
"""Positions (canonical characters and the border before the first) that a window has."""


class Window(NamedTuple):
    """Positions ``start:end`` of a batch, and what one unit of weight there adds to the peak."""

    start: int
    end: int
    share: float


def peaks(scores: NDArray[np.float32], starts: Index) -> Floats:
    """``[text, width]``: the greatest sum of ``scores`` over windows of each width, divided
    by the root of the n-grams that start in such a window.

    ``scores`` has one entry per position, text ``i`` those from ``starts[i]`` (never none).
    A window ends where its text ends.
    """
    if not len(starts):
        return np.empty((0, len(WIDTHS)))
    ends = np.append(starts[1:], len(scores))
    lengths = ends - starts
    total = _running(scores)
    last = np.repeat(ends, lengths)
    places = np.arange(len(scores))
    found = np.empty((len(starts), len(WIDTHS)))
    for column, width in enumerate(WIDTHS):
        sums = total.take(np.minimum(places + width, last)) - total[:-1]
        found[:, column] = np.maximum.reduceat(sums, starts)
    return np.asarray(found / scale(lengths))


def scale(lengths: Index) -> Floats:
    """``[text, width]``: the root of the n-grams that start in a window, by positions of a text."""
    return np.asarray(np.sqrt(len(ORDERS) * np.minimum(lengths[:, np.newaxis], WIDTHS)))


def heaviest(scores: NDArray[np.float32]) -> list[Window]:
    """For one text's scores, by width, the window that its peak is the sum of."""
    total = _running(scores)
    begins = np.arange(len(scores))
    windows = []
    for width in WIDTHS:
        ends = np.minimum(begins + width, len(scores))
        start = int(np.argmax(total[ends] - total[begins]))
        share = 1.0 / float(np.sqrt(len(ORDERS) * min(len(scores), width)))
        windows.append(Window(start, int(ends[start]), share))
    return windows


def _running(scores: NDArray[np.float32]) -> Floats:
    total = np.zeros(len(scores) + 1)
    np.cumsum(scores, out=total[1:])
    return total
