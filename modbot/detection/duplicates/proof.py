"""Proof that two texts are near-duplicates: few edits, or the same pieces in another order.

Of two texts the longer has at most ``L`` characters. They are near when at most
``L / 5`` edits (Levenshtein) lead from one to the other, or when of their sets of
3-grams seven tenths are common (Jaccard). Both are decided in whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from modbot.detection.duplicates.flat import CLIP, Flat, Index, Keys, distinct, spread, strings

Similarities = NDArray[np.float32]

_MOST_EDITS = CLIP // 5
_PAIRS = 1 << 16
"""Pairs whose 3-grams are compared at once: a pair's number and three characters are 64 bits."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Texts asked for by ``rows`` and what is near them by ``numbers``, three arrays of one
    length, sorted by row, the best first. ``similarity`` is 1 − edits / the longer length, or
    the Jaccard similarity where the edits are too many."""

    rows: Index
    numbers: Index
    similarity: Similarities


def plausible(one: Flat, other: Flat) -> Index:
    """Positions of pairs whose lengths and characters allow a proof. Nothing provable is lost:
    a 3-gram that is not common hides at most one character that is not, and less than 0.36 of
    the longer length are not common."""
    left, right = one.lengths.astype(np.int64), other.lengths.astype(np.int64)
    longer, shorter = np.maximum(left, right), np.minimum(left, right)
    stored = np.minimum(longer, CLIP)
    differing = np.bitwise_count(one.sketches ^ other.sketches).astype(np.int64)
    return np.flatnonzero((10 * shorter >= 7 * longer) & (10 * differing <= 4 * stored))


def prove(asked: Flat, held: Flat, rows: Index, numbers: Index) -> Pairs:
    """Those of the candidates that are near. Overlap counts only for texts that nothing is
    within the edits of."""
    kept = plausible(asked.taken(rows), held.taken(numbers))
    rows, numbers = rows[kept], numbers[kept]
    left, right = asked.taken(rows), held.taken(numbers)
    longer = np.maximum(left.stored_lengths, right.stored_lengths)
    edits = _edits(left, right)
    edited = 5 * edits <= longer
    settled = np.zeros(len(asked), dtype=np.bool_)
    settled[rows[edited]] = True
    open_ = np.flatnonzero(~settled[rows])
    common, union = _overlaps(left.taken(open_), right.taken(open_))
    overlapping = 10 * common >= 7 * union
    both = np.concatenate((np.flatnonzero(edited), open_[overlapping]))
    similarity = np.concatenate(
        (1.0 - edits[edited] / np.maximum(longer[edited], 1), common[overlapping] / union[overlapping])
    )
    return ranked(rows[both], numbers[both], similarity.astype(np.float32))


def ranked(rows: Index, numbers: Index, similarity: Similarities) -> Pairs:
    """Pairs by row, then the most similar, then the smallest number."""
    order = np.lexsort((numbers, -similarity, rows))
    return Pairs(rows[order], numbers[order], similarity[order])


def _edits(one: Flat, other: Flat) -> Index:
    """Levenshtein distance of each pair, told up to one more than is ever allowed."""
    if not len(one):
        return np.zeros(0, dtype=np.int64)
    found = cpdist(
        strings(one), strings(other), scorer=Levenshtein.distance, score_cutoff=_MOST_EDITS, dtype=np.int32
    )
    return np.asarray(found, dtype=np.int64)


def _overlaps(one: Flat, other: Flat) -> tuple[Index, Index]:
    """Common 3-grams of each pair of texts, and those of either; at least one of these."""
    common, union = np.zeros(len(one), dtype=np.int64), np.ones(len(one), dtype=np.int64)
    for first in range(0, len(one), _PAIRS):
        places = np.arange(first, min(first + _PAIRS, len(one)))
        left, right = _grams(one.taken(places)), _grams(other.taken(places))
        grams = np.concatenate((left, right))
        grams.sort()
        again = np.flatnonzero(grams[1:] == grams[:-1])
        common[places] = np.bincount(_pair_of(grams[again]), minlength=len(places))
        union[places] = np.bincount(_pair_of(grams), minlength=len(places)) - common[places]
    return common, np.maximum(union, 1)


def _grams(texts: Flat) -> Keys:
    """The 3-grams of each text, each once, with the number of the text above them."""
    owners, steps = spread(np.maximum(texts.stored_lengths - 2, 0))
    places = texts.offsets[owners] + steps
    grams = owners.astype(np.uint64)
    for step in range(3):
        grams = grams << np.uint64(16) | texts.codes[places + step]
    return distinct(grams)


def _pair_of(grams: Keys) -> Index:
    return (grams >> np.uint64(48)).astype(np.int64)
