"""The shape of texts: what they are made of, counted per text over a whole batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Folded, Index, Letters, of_kind, per_text, word_gaps
from modbot.detection.tables.layout import CODE_MASK, KIND_SHIFT, Kind

SKETCH_SALT: Final = np.uint32(0x9E3779B1)
SKETCH_SHIFT: Final = np.uint32(26)
_BITS: Final = np.uint64(1) << np.arange(64, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One number per text each.

    ``lengths``, ``digits`` and ``latin`` count canonical characters, ``marks`` and ``pictures``
    what is readable beside them, ``readable`` all of it with the spaces between words.
    ``dressed`` counts Latin letters and digits written with other characters, ``longest_run``
    the same character in a row before runs were cut, ``longest_code`` the longest unbroken
    stretch of Latin letters and digits that holds a digit. ``sketch`` has a bit, one of 64,
    for each different character.
    """

    lengths: Index
    digits: Index
    latin: Index
    marks: Index
    pictures: Index
    readable: Index
    dressed: Index
    longest_run: Index
    longest_code: Index
    sketch: NDArray[np.uint64]

    @property
    def distinct(self) -> NDArray[np.float64]:
        """About how many different characters each text has, at most 40 (linear counting)."""
        seen = np.bitwise_count(self.sketch).astype(np.float64)
        return np.minimum(-64.0 * np.log1p(-np.minimum(seen, 63.0) / 64.0), 40.0)


def measure(folded: Folded, letters: Letters) -> Shape:
    """The shape of each text of a batch."""
    packed, borders, spread = letters.packed, letters.borders, folded.borders
    marks = per_text(of_kind(folded.packed, Kind.PUNCTUATION), spread)
    pictures = per_text(of_kind(folded.packed, Kind.PICTURE), spread)
    uncut = np.diff(letters.whole_borders) - 1
    spaces = np.diff(np.searchsorted(word_gaps(folded.packed), spread))
    return Shape(
        lengths=letters.lengths,
        digits=per_text(packed < Kind.LETTER << KIND_SHIFT, borders),
        latin=per_text(of_kind(packed, Kind.LETTER), borders),
        marks=marks,
        pictures=pictures,
        readable=uncut + marks + pictures + spaces,
        dressed=folded.dressed,
        longest_run=letters.longest_run,
        longest_code=_longest_codes(letters),
        sketch=_sketches(letters),
    )


def _sketches(letters: Letters) -> NDArray[np.uint64]:
    if not len(letters):
        return np.zeros(0, dtype=np.uint64)
    hashed = (letters.packed & np.uint32(CODE_MASK)) * SKETCH_SALT
    bits = _BITS.take(hashed >> SKETCH_SHIFT)
    bits[letters.borders] = 0
    return np.asarray(np.bitwise_or.reduceat(bits, letters.borders[:-1]))


def _longest_codes(letters: Letters) -> Index:
    longest = np.zeros(len(letters), dtype=np.int64)
    places = np.flatnonzero(letters.packed < Kind.CJK << KIND_SHIFT)
    if len(places):
        firsts = np.flatnonzero(np.diff(places, prepend=-2) > 1)
        sizes = np.diff(firsts, append=len(places))
        digits = letters.packed[places] < Kind.LETTER << KIND_SHIFT
        holds = np.add.reduceat(digits.astype(np.int64), firsts) > 0
        rows = np.searchsorted(letters.borders, places[firsts]) - 1
        np.maximum.at(longest, rows, np.where(holds, sizes, 0))
    return longest
