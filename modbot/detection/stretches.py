"""The stretches of a text that carried its score, cut so that a human can read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modbot.detection.tables.characters import Codes, Index
from modbot.detection.tables.layout import KIND_SHIFT, Kind
from modbot.detection.weighing import Weighed

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST = 5
HEAVY = 0.35
"""Of the heaviest character's weight: what belongs to a stretch."""
NOTABLE = 0.2
"""Of the heaviest stretch's weight: lighter ones are left out."""
ALONE = 0.6
"""Of the heaviest stretch's weight: what a single character must weigh to stand alone."""
_GAP = 2
_FIRST_CJK = Kind.CJK << KIND_SHIFT


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of canonical texts, in the order of the pairs and of the text.

    Stretch ``i`` belongs to pair ``pairs[i]``, whose text is row ``rows[i]`` of the batch,
    and is ``canonical[firsts[i]:lasts[i]]``.
    """

    pairs: Index
    rows: Index
    firsts: Index
    lasts: Index


def heavy(weighed: Weighed, packed: Codes, order: Index) -> Stretches:
    """At most ``MOST`` stretches of each pair that weigh for its label.

    ``packed`` and ``order`` describe the characters of ``weighed``: their kinds and codes,
    and places whose neighbours differ by one.

    Characters are smoothed over their neighbours, a Latin word or number is taken whole,
    gaps of ``_GAP`` characters are closed unless they speak against the label.
    """
    counts = weighed.bounds[1:] - weighed.bounds[:-1]
    of = np.repeat(np.arange(len(counts)), counts)
    if not len(of):
        return Stretches(of, of, of, of)
    same = of[1:] == of[:-1]
    beside = same & (order[1:] - order[:-1] == 1)
    smooth = _by_word(_smoothed(weighed.characters, same), packed < _FIRST_CJK, beside)
    some = np.flatnonzero(counts)
    limits = np.zeros(len(counts))
    limits[some] = np.maximum(np.maximum.reduceat(smooth, weighed.bounds[some]) * HEAVY, 1e-9)
    sums = np.concatenate(([0.0], np.cumsum(weighed.characters)))
    firsts, lasts = _runs(smooth >= limits[of], same)
    if not len(firsts):
        return Stretches(firsts, firsts, firsts, firsts)
    firsts, lasts = _joined(firsts, lasts, of, sums, limits)
    chosen = _readable(firsts, lasts, of, sums, len(counts))
    firsts, lasts = _to_clauses(firsts[chosen], lasts[chosen], beside)
    pairs = of[firsts]
    begins = weighed.bounds[pairs]
    return Stretches(pairs, weighed.rows[pairs], firsts - begins, lasts - begins)


def _smoothed(weights: Floats, same: Mask) -> Floats:
    """A quarter from each neighbour of the same text, half from the character itself."""
    left, right = weights.copy(), weights.copy()
    left[1:] = np.where(same, weights[:-1], weights[1:])
    right[:-1] = np.where(same, weights[1:], weights[:-1])
    return weights / 2 + (left + right) / 4


def _by_word(weights: Floats, latin: Mask, beside: Mask) -> Floats:
    """The mean over each unbroken stretch of Latin letters and digits."""
    if not latin.any():
        return weights
    firsts = np.flatnonzero(np.append(True, ~(latin[1:] & latin[:-1] & beside)))
    sizes = np.diff(firsts, append=len(weights))
    return np.repeat(np.add.reduceat(weights, firsts) / sizes, sizes)


def _runs(chosen: Mask, same: Mask) -> tuple[Index, Index]:
    """Firsts and ends of the unbroken runs of chosen characters of one text."""
    on = chosen[1:] & chosen[:-1] & same
    begins, ends = chosen.copy(), chosen.copy()
    begins[1:] &= ~on
    ends[:-1] &= ~on
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _joined(firsts: Index, lasts: Index, of: Index, sums: Floats, limits: Floats) -> tuple[Index, Index]:
    """Runs with a narrow gap between them as one, where the gap is not against the label."""
    between = sums[firsts[1:]] - sums[lasts[:-1]]
    apart = (firsts[1:] - lasts[:-1] > _GAP) | (of[firsts[1:]] != of[firsts[:-1]])
    apart |= between <= -limits[of[firsts[1:]]]
    return firsts[np.append(True, apart)], lasts[np.append(apart, True)]


def _to_clauses(firsts: Index, lasts: Index, beside: Mask) -> tuple[Index, Index]:
    """Ends moved by one character where a clause begins or ends there: neither a single
    character of the next clause is taken nor one of the same clause left behind."""
    edge = np.concatenate(([True], ~beside, [True]))
    long = lasts - firsts > 2
    begins, ends = np.maximum(firsts - 1, 0), np.minimum(lasts + 1, len(edge) - 1)
    outward, inward = edge[begins], long & edge[firsts + 1]
    moved = np.where(outward, begins, np.where(inward, firsts + 1, firsts))
    firsts = np.where(edge[firsts], firsts, moved)
    outward, inward = edge[ends], long & edge[lasts - 1]
    moved = np.where(outward, ends, np.where(inward, lasts - 1, lasts))
    return firsts, np.where(edge[lasts], lasts, moved)


def _readable(firsts: Index, lasts: Index, of: Index, sums: Floats, count: int) -> Mask:
    """Which stretches are worth a reader's eye: the heaviest, no stray characters."""
    pairs, weights = of[firsts], sums[lasts] - sums[firsts]
    greatest = np.zeros(count)
    np.maximum.at(greatest, pairs, weights)
    least = np.where(lasts - firsts > 1, NOTABLE, ALONE)
    worth = (weights > 0) & (weights >= least * greatest[pairs])
    order = np.lexsort((-weights, ~worth, pairs))
    begins = np.searchsorted(pairs[order], np.arange(count))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - begins[pairs[order]]
    return np.asarray(worth & (ranks < MOST))
