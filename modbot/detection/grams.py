"""Hashed character n-grams of a batch, vectorised: one pass per order.

The letters of all texts lie in one sequence with a border before and after each text,
so that beginnings and ends count as characters. Digits of numbers with four or more
digits are hashed alike: a contact's shape teaches, its digits do not. Marks and
pictures are hashed one by one, beside the letters, so that strewing them between
letters breaks no n-gram.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Codes, Folded, Index, Letters
from modbot.detection.tables.layout import BORDER, CODE_MASK, FIRST_LETTER, KIND_SHIFT, Kind

BITS = 18
BUCKETS = 1 << BITS
ORDERS = (1, 2, 3)
_FIRST_MARK = np.uint32(Kind.PUNCTUATION << KIND_SHIFT)
_AFTER_DIGITS = np.uint32(Kind.LETTER << KIND_SHIFT)
NUMBER_LENGTH = 4
"""Numbers of so many digits are hashed without their digits."""
_ZERO = np.uint32(ord("0"))
SALTS = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35), np.uint32(0x27D4EB2F))


@dataclass(frozen=True, eq=False)
class Grams:
    """Bucket numbers, with ``BUCKETS`` (an extra, empty bucket) where there is no n-gram.

    ``letters`` is ``[order, position]``: the n-grams that start at each position; text ``i``
    has the positions from ``starts[i]``. ``marks`` has one bucket for each mark; text ``i``
    has those from ``mark_starts[i]``. Neither range is ever empty: a border begins it.
    ``counts`` is the number of real n-grams and marks of each text.
    """

    letters: NDArray[np.uint32]
    starts: Index
    marks: NDArray[np.uint32]
    mark_starts: Index
    counts: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def mark_rows(self) -> Index:
        """The text that each entry of ``marks`` belongs to."""
        sizes = np.diff(self.mark_starts, append=len(self.marks))
        return np.repeat(np.arange(len(self)), sizes)


def hash_grams(folded: Folded, letters: Letters) -> Grams:
    """The n-grams and marks of a folded batch."""
    starts = letters.borders[:-1]
    marks = _marks(folded)
    edges = np.flatnonzero(marks == BORDER)
    counts = np.asarray(3.0 * letters.lengths + np.diff(edges))
    hashed = _buckets((marks[:-1] & np.uint32(CODE_MASK)) * SALTS[3])
    hashed[edges[:-1]] = BUCKETS
    return Grams(_orders(_sequence(letters.packed), starts), starts, hashed, edges[:-1], counts)


def _marks(folded: Folded) -> Codes:
    """Punctuation and pictures of a batch, with the borders between texts."""
    packed = folded.packed
    chosen = packed - _FIRST_MARK < FIRST_LETTER - _FIRST_MARK
    chosen |= packed == BORDER
    return packed[chosen]


def _sequence(packed: Codes) -> Codes:
    """Bordered code points with the digits of long numbers replaced by ``0``."""
    codes: Codes = packed & np.uint32(CODE_MASK)
    digits = packed < _AFTER_DIGITS
    long = digits[:-3] & digits[1:-2] & digits[2:-1] & digits[3:]
    if long.any():
        masked = np.zeros(len(packed), dtype=bool)
        for step in range(NUMBER_LENGTH):
            masked[step : step + len(long)] |= long
        codes[masked] = _ZERO
    return codes


def _orders(sequence: Codes, starts: Index) -> NDArray[np.uint32]:
    """Buckets of the n-grams that start at each position but the last, by order."""
    second = sequence[1:]
    mixed = sequence[:-1] * SALTS[0]
    pair = (mixed ^ (mixed >> np.uint32(15))) * SALTS[1]
    pair += second * SALTS[2]
    triple = (pair ^ (pair >> np.uint32(13))) * SALTS[0]
    triple[:-1] += sequence[2:] * SALTS[3]
    buckets = np.empty((len(ORDERS), len(second)), dtype=np.uint32)
    buckets[0], buckets[1], buckets[2] = _buckets(mixed), _buckets(pair), _buckets(triple)
    # No n-gram is a border alone, and none reaches over the border into the next text.
    buckets[0][starts] = BUCKETS
    buckets[2][starts[1:] - 1] = BUCKETS
    buckets[2][-1:] = BUCKETS
    return buckets


def _buckets(mixed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Bucket numbers of hashes, which are overwritten."""
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed >>= np.uint32(32 - BITS)
    return mixed


def to_rows(grams: Grams) -> tuple[NDArray[np.uint32], Index]:
    """``(buckets, bounds)``: every real bucket, text by text, for a sparse matrix."""
    count = len(grams)
    sizes = np.diff(grams.starts, append=grams.letters.shape[1])
    rows = np.concatenate([np.tile(np.repeat(np.arange(count), sizes), len(ORDERS)), grams.mark_rows])
    buckets = np.concatenate([grams.letters.ravel(), grams.marks])
    real = buckets != BUCKETS
    rows, buckets = rows[real], buckets[real]
    order = np.argsort(rows, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    return buckets[order], bounds.astype(np.int64)
