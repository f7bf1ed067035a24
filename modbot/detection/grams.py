"""Hashed character n-grams of a batch, vectorised: one pass per order.

The letters of all texts lie in one sequence with a border before and after each text,
so that beginnings and ends count as characters. Digits of numbers with four or more
digits are hashed alike: a contact's shape teaches, its digits do not. Marks and
pictures are hashed one by one, beside the letters, so that strewing them between
letters breaks no n-gram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Codes, Folded, Index, Letters
from modbot.detection.tables.layout import Kind

BITS = 18
BUCKETS = 1 << BITS
ORDERS = (1, 2, 3)
_NUMBER_LENGTH = 4
_BORDER = np.uint32(0x1F)
_SALTS = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35), np.uint32(0x27D4EB2F))


@dataclass(frozen=True, slots=True)
class Grams:
    """Bucket numbers. ``letters`` is ``[order, position]`` with ``BUCKETS`` (an extra,
    empty bucket) where no n-gram starts; text ``i`` has the positions from
    ``starts[i]`` (never an empty range). ``marks`` belong to ``mark_rows``.
    ``counts`` is the number of real n-grams and marks of each text.
    """

    letters: NDArray[np.uint32]
    starts: Index
    marks: NDArray[np.uint32]
    mark_rows: Index
    counts: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts)


def hash_grams(folded: Folded, letters: Letters) -> Grams:
    sequence, starts = _bordered(_mask_numbers(letters), letters)
    marks = folded.kinds < Kind.DIGIT
    marks &= folded.kinds != Kind.SPACE
    mark_rows = folded.rows[marks]
    counts = np.asarray(3.0 * letters.lengths + 1.0 + np.bincount(mark_rows, minlength=len(letters)))
    buckets = _buckets(folded.codes[marks] * _SALTS[3])
    return Grams(_orders(sequence, starts), starts, buckets, mark_rows, counts)


def _mask_numbers(letters: Letters) -> Codes:
    """The letters with the digits of long numbers replaced by ``0``."""
    digits = letters.kinds == Kind.DIGIT
    if not digits.any():
        return letters.codes
    places = np.flatnonzero(digits)
    breaks = np.ones(len(places), dtype=bool)
    breaks[1:] = (np.diff(places) > 1) | (letters.rows[places[1:]] != letters.rows[places[:-1]])
    firsts = np.flatnonzero(breaks)
    sizes = np.diff(np.append(firsts, len(places)))
    long = places[np.repeat(sizes >= _NUMBER_LENGTH, sizes)]
    if not len(long):
        return letters.codes
    masked = letters.codes.copy()
    masked[long] = ord("0")
    return masked


def _bordered(codes: Codes, letters: Letters) -> tuple[Codes, Index]:
    """One border before each text and one at the very end; where each text begins."""
    count = len(letters)
    sequence = np.full(len(codes) + count + 1, _BORDER, dtype=np.uint32)
    sequence[np.arange(len(codes)) + letters.rows + 1] = codes
    return sequence, letters.starts[:-1] + np.arange(count)


def _orders(sequence: Codes, starts: Index) -> NDArray[np.uint32]:
    """Buckets of the n-grams that start at each position but the last, by order."""
    positions = len(sequence) - 1
    first, second = sequence[:-1], sequence[1:]
    third = np.append(sequence[2:], _BORDER)
    mixed = first * _SALTS[0]
    pair = (mixed ^ (mixed >> np.uint32(15))) * _SALTS[1] + second * _SALTS[2]
    triple = (pair ^ (pair >> np.uint32(13))) * _SALTS[0] + third * _SALTS[3]
    buckets = np.empty((len(ORDERS), positions), dtype=np.uint32)
    buckets[0], buckets[1], buckets[2] = _buckets(mixed), _buckets(pair), _buckets(triple)
    buckets[0][starts] = BUCKETS
    buckets[2][starts[1:] - 1] = BUCKETS
    buckets[2][-1] = BUCKETS
    return buckets


def _buckets(mixed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x7FEB352D)
    return (mixed ^ (mixed >> np.uint32(15))) >> np.uint32(32 - BITS)


def to_rows(grams: Grams) -> tuple[NDArray[np.uint32], Index]:
    """``(buckets, bounds)``: every real bucket, text by text, for a sparse matrix."""
    count = len(grams)
    sizes = np.diff(np.append(grams.starts, grams.letters.shape[1]))
    rows = np.concatenate([np.tile(np.repeat(np.arange(count), sizes), len(ORDERS)), grams.mark_rows])
    buckets = np.concatenate([grams.letters.ravel(), grams.marks])
    real = buckets != BUCKETS
    rows, buckets = rows[real], buckets[real]
    order = np.argsort(rows, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    return buckets[order], bounds.astype(np.int64)
