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

WIDTHS = (6, 12, 24, 48)
"""Positions (canonical characters and the border before the first) that a window has."""
_UNIT = 1 << 24
"""As fine as 32-bit floats near 1."""


class Heaviest(NamedTuple):
    """Windows of one width, one per text: positions ``starts:ends`` of the batch, and what
    one unit of weight in there adds to the text's peak."""

    starts: Index
    ends: Index
    shares: Floats


def peaks(scores: NDArray[np.float32], starts: Index) -> Floats:
    """``[text, width]``: the greatest sum of ``scores`` over windows of each width, divided
    by the root of the n-grams that start in such a window.

    ``scores`` has one entry per position, text ``i`` those from ``starts[i]`` (never none).
    A window ends where its text ends.
    """
    found = np.empty((len(starts), len(WIDTHS)))
    if len(starts):
        ends = np.append(starts[1:], len(scores))
        total, last = _running(scores), np.repeat(ends, ends - starts)
        for column, width in enumerate(WIDTHS):
            sums = total.take(_ends(last, width))
            sums -= total[:-1]
            found[:, column] = np.maximum.reduceat(sums, starts) * (_shares(ends - starts, width) / _UNIT)
    return found


def heaviest(scores: NDArray[np.float32], starts: Index) -> list[Heaviest]:
    """By width, the windows whose sums the peaks are (the first of equal ones)."""
    if not len(starts):
        return []
    ends = np.append(starts[1:], len(scores))
    total, last = _running(scores), np.repeat(ends, ends - starts)
    found = []
    for width in WIDTHS:
        reach = _ends(last, width)
        sums = total[reach] - total[:-1]
        greatest = np.flatnonzero(sums == np.repeat(np.maximum.reduceat(sums, starts), ends - starts))
        firsts = greatest[np.searchsorted(greatest, starts)]
        found.append(Heaviest(firsts, reach[firsts], _shares(ends - starts, width)))
    return found


def _running(scores: NDArray[np.float32]) -> Index:
    """Running sums in whole ``_UNIT``-ths: exact, and three times as fast as floats add up."""
    total = np.zeros(len(scores) + 1, dtype=np.int64)
    np.cumsum((scores * np.float32(_UNIT)).astype(np.int64), out=total[1:])
    return total


def _ends(last: Index, width: int) -> Index:
    """Where the window that starts at each position ends."""
    return np.minimum(np.arange(width, len(last) + width), last)


def _shares(lengths: Index, width: int) -> Floats:
    return np.asarray(1.0 / np.sqrt(len(ORDERS) * np.minimum(lengths, width)))
