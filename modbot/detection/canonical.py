"""Canonical text: what is left of a text when an evader's tricks are undone.

A whole batch is one buffer of code points with a border before and after each text,
folded through one table: NFKC, case, Traditional → Simplified, look-alikes and dressed-up
letters and digits become one character each; zero-width, bidi and control characters,
accents and variation selectors vanish. The *canonical text* keeps letters, digits and CJK
only, with runs longer than ``RUN_LIMIT`` cut to it, so one more space, mark or emoji
changes nothing. No Python loop runs over characters.

What only some readers need (rows, origins, folded text with its marks) is computed when
first asked for, and at most once in effect: two threads may both compute the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modbot.detection import irregular
from modbot.detection.tables.characters import Codes, Index, table
from modbot.detection.tables.layout import (
    BORDER,
    CODE_MASK,
    FIRST_LETTER,
    KIND_SHIFT,
    SEPARATOR,
    Kind,
)

__all__ = [
    "FOREIGN",
    "GROWTH",
    "MAX_CHARACTERS",
    "PLAIN",
    "RUN_LIMIT",
    "Codes",
    "Folded",
    "Index",
    "Kinds",
    "Letters",
    "canonicalise",
    "fold",
    "letters",
    "of_kind",
    "per_text",
    "span",
    "split",
    "strings",
    "table",
    "word_gaps",
]

Kinds = NDArray[np.uint8]

RUN_LIMIT = 3
MAX_CHARACTERS = 10_000
"""What of a text is read; longer ones are judged by their beginning."""
GROWTH = 18
"""One character folds to at most so many."""
PLAIN = 0x17F
"""Letters up to here are how Latin is written in Europe: not dressed up."""
FOREIGN = 8
"""One letter of another alphabet excuses so many look-alikes of Latin ones."""
_FIRST_MARK = Kind.PUNCTUATION << KIND_SHIFT
_FIRST_CJK = Kind.CJK << KIND_SHIFT
_MANY = 1 << 20
"""A batch of more characters is shortened before anything else is done with it."""


@dataclass(frozen=True, eq=False)
class Folded:
    """A batch of texts after folding, flat.

    ``packed`` holds kind and code (``tables/layout.py``) of every folded character, dropped
    ones and idle spaces among them; text ``i`` stands between ``borders[i]`` and
    ``borders[i + 1]``. ``raw`` are the code points of the originals, likewise bordered; text
    ``i`` begins at ``text_starts[i]``. ``sources`` are the places in ``raw`` (``None``: the
    same as in ``packed``), ``pairs`` where halves of one character were joined.
    """

    packed: Codes
    borders: Index
    raw: Codes
    text_starts: Index
    sources: Index | None
    pairs: Index

    def __len__(self) -> int:
        return len(self.borders) - 1

    @cached_property
    def _kept(self) -> Index:
        """Positions in ``packed`` of the readable characters: what the next five describe."""
        return _readable(self.packed)

    @cached_property
    def codes(self) -> Codes:
        """Folded characters. Spaces are kept only between two Latin letters or digits."""
        return np.asarray(self.packed[self._kept] & np.uint32(CODE_MASK))

    @cached_property
    def kinds(self) -> Kinds:
        return _kinds(self.packed[self._kept])

    @cached_property
    def starts(self) -> Index:
        """Text ``i`` has the readable characters ``starts[i]:starts[i + 1]``."""
        return np.searchsorted(self._kept, self.borders)

    @cached_property
    def rows(self) -> Index:
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def origins(self) -> Index:
        """Where in ``raw`` each readable character stood."""
        return self._kept if self.sources is None else self.sources[self._kept]

    @cached_property
    def dressed(self) -> Index:
        """Per text: Latin letters and digits that were written with other characters.

        Accented Latin letters are not counted, nor is any look-alike in a text whose other
        letters show that it is simply written in that alphabet.
        """
        written = self.raw if self.sources is None else self.raw[self.sources]
        latin = (self.packed & np.uint32(CODE_MASK)) < 0x80
        dressed = per_text(latin & (self.packed >= FIRST_LETTER) & (written > PLAIN), self.borders)
        if not dressed.any():
            return dressed
        foreign = per_text(of_kind(self.packed, Kind.LETTER) & ~latin, self.borders)
        return np.where(FOREIGN * foreign < dressed, dressed, 0)

    def texts(self) -> list[str]:
        """The readable text of each text, marks and pictures included."""
        return list(self._texts)

    @cached_property
    def _texts(self) -> list[str]:
        kept = np.zeros(len(self.packed), dtype=bool)
        kept[self._kept] = kept[self.borders] = True
        return split(self.packed[kept] & np.uint32(CODE_MASK))


@dataclass(frozen=True, eq=False)
class Letters:
    """Letters, digits and CJK of a batch with runs cut: the canonical text as code points.

    ``packed`` holds kind and code with a border before each text and at the end, at
    ``borders``; ``whole`` is the same before runs were cut. ``folded`` is what it was made of.
    """

    packed: Codes
    borders: Index
    whole: Codes
    folded: Folded

    def __len__(self) -> int:
        return len(self.borders) - 1

    @property
    def lengths(self) -> Index:
        return np.diff(self.borders) - 1

    @cached_property
    def codes(self) -> Codes:
        """The code points without borders; those of text ``i`` are ``starts[i]:starts[i + 1]``."""
        return np.asarray(self.packed[self.packed != BORDER] & np.uint32(CODE_MASK))

    @cached_property
    def kinds(self) -> Kinds:
        return _kinds(self.packed[self.packed != BORDER])

    @cached_property
    def starts(self) -> Index:
        return self.borders - np.arange(len(self.borders))

    @cached_property
    def rows(self) -> Index:
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def places(self) -> Index:
        """The positions among the readable characters of ``folded``."""
        kept = _uncut(self.whole)[self.whole != BORDER]
        return np.asarray(np.flatnonzero(self.folded.kinds >= Kind.DIGIT)[kept])

    @cached_property
    def longest_run(self) -> Index:
        """Per text: the longest run of one character, before it was cut."""
        return _longest_runs(self.whole, self.whole_borders)

    @cached_property
    def whole_borders(self) -> Index:
        return self.borders if self.whole is self.packed else np.flatnonzero(self.whole == BORDER)

    def texts(self) -> list[str]:
        """The canonical text of each text."""
        return split(self.packed & np.uint32(CODE_MASK))


def fold(texts: Sequence[str]) -> Folded:
    """Fold a batch of texts."""
    joined = SEPARATOR.join(("", *texts, ""))
    if len(joined) > _MANY + len(texts):
        texts = [text[:MAX_CHARACTERS] for text in texts]
        joined = SEPARATOR.join(("", *texts, ""))
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    packed = table().fold.take(raw, mode="clip")
    borders = np.flatnonzero(packed == BORDER)
    if len(borders) != len(texts) + 1 or np.diff(borders, prepend=0).max() > MAX_CHARACTERS + 1:
        return fold([text[:MAX_CHARACTERS].replace(SEPARATOR, "\0") for text in texts])
    if "[" in joined:
        irregular.replace_smilies(joined, packed)
    return _folded(packed, borders, raw)


def _folded(packed: Codes, borders: Index, raw: Codes) -> Folded:
    text_starts = borders + 1
    sources, pairs = None, np.zeros((0, 2), dtype=np.int64)
    if packed.max() > BORDER:
        irregular.replace_flags(raw, packed)
        packed, sources = irregular.expand(packed)
        packed, pairs = irregular.join_halves(packed)
        borders = np.flatnonzero(packed == BORDER)
    return Folded(packed, borders, raw, text_starts, sources, pairs)


def letters(folded: Folded) -> Letters:
    """The letters of a folded batch: the canonical text as code points."""
    whole = folded.packed[folded.packed >= FIRST_LETTER]
    packed = _cut_runs(whole)
    return Letters(packed, np.flatnonzero(packed == BORDER), whole, folded)


def canonicalise(texts: Sequence[str]) -> list[str]:
    """The canonical text of each text: equal ones are exact duplicates."""
    return letters(fold(texts)).texts()


def strings(codes: Codes, starts: Index) -> list[str]:
    """Flat code points back to one string per text."""
    joined = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return [joined[start:end] for start, end in pairwise(starts.tolist())]


def split(bordered: Codes) -> list[str]:
    """Code points with a border before each text and at the end, back to strings."""
    joined = bordered.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
    return joined.split(SEPARATOR)[1:-1]


def per_text(chosen: NDArray[np.bool_], borders: Index) -> Index:
    """How many positions are chosen of each text between ``borders``."""
    return np.diff(np.searchsorted(np.flatnonzero(chosen), borders))


def span(folded: Folded, letters: Letters, row: int, first: int, last: int) -> tuple[int, int]:
    """Where ``canonical[first:last]`` of text ``row`` stands in the original: ``(start, end)``.

    Code-point offsets into the text as it was given to ``fold``. The end takes in what was
    dropped or cut behind the last letter (accents, the rest of its run), but no blank, so
    that the slice of the original, canonicalised again, holds the stretch. Raises IndexError
    for a row that is not there and ValueError for a stretch that is empty or not in the text.
    """
    length = int(letters.borders[row + 1] - letters.borders[row]) - 1
    if not 0 <= first < last <= length:
        raise ValueError(f"no canonical characters {first}:{last} in text {row} of {length}")
    begin, end = int(folded.borders[row]), int(folded.borders[row + 1])
    found = np.flatnonzero(folded.packed[begin + 1 : end] >= FIRST_LETTER) + begin + 1
    kept = np.flatnonzero(_uncut(folded.packed[found]))
    start = found[kept[first]]
    stop = found[(kept[last] if last < length else len(found)) - 1]
    joined = folded.pairs[folded.pairs[:, 0] == stop, 1]
    offset = int(folded.text_starts[row])
    stop = int(joined[0]) if len(joined) else int(stop)
    # Accents and other dropped characters behind the last letter belong to it.
    stop += int(np.argmax(folded.packed[stop + 1 : end + 1] != 0))
    return _source(folded, int(start)) - offset, _source(folded, stop) + 1 - offset


def _source(folded: Folded, position: int) -> int:
    return position if folded.sources is None else int(folded.sources[position])


def _kinds(packed: Codes) -> Kinds:
    return np.right_shift(packed, KIND_SHIFT).astype(np.uint8)


def _readable(packed: Codes) -> Index:
    """Positions to keep: no space at an edge, beside CJK or a mark, or after a space."""
    kept = packed >= _FIRST_MARK
    kept &= packed != BORDER
    kept[word_gaps(packed)] = True
    return np.flatnonzero(kept)


def word_gaps(packed: Codes) -> Index:
    """Positions of the spaces that are kept: the first of each gap between two Latin words."""
    spaces = np.flatnonzero(of_kind(packed, Kind.SPACE))
    if not len(spaces):
        return spaces
    # Borders are solid too: a space beside one stands at an edge.
    solid = np.flatnonzero(packed >= _FIRST_MARK)
    ahead = np.searchsorted(solid, spaces)
    first = np.diff(ahead, prepend=-1) > 0
    spaces, ahead = spaces[first], ahead[first]
    before, behind = packed[solid[ahead - 1]], packed[solid[ahead]]
    return spaces[_in_word(before) & _in_word(behind)]


def of_kind(packed: Codes, kind: Kind) -> NDArray[np.bool_]:
    """Which are of a kind: one comparison, since what is less wraps around to the top."""
    return np.asarray(packed - np.uint32(kind << KIND_SHIFT) < np.uint32(1 << KIND_SHIFT))


def _in_word(packed: Codes) -> NDArray[np.bool_]:
    return (packed >= FIRST_LETTER) & (packed < _FIRST_CJK)


def _cut_runs(whole: Codes) -> Codes:
    """Bordered letters without what exceeds ``RUN_LIMIT`` of one run."""
    kept = _uncut(whole)
    return whole if kept.all() else whole[kept]


def _uncut(whole: Codes) -> NDArray[np.bool_]:
    """Which letters stay: not those that follow as many of the same. Borders do."""
    kept = np.ones(len(whole), dtype=bool)
    repeated = whole[1:] == whole[:-1]
    excess = repeated[2:] & repeated[1:-1] & repeated[:-2]
    np.logical_not(excess, out=kept[RUN_LIMIT:])
    kept |= whole == BORDER
    return kept


def _longest_runs(whole: Codes, borders: Index) -> Index:
    longest = (np.diff(borders) > 1).astype(np.int64)
    repeated = np.flatnonzero((whole[1:] == whole[:-1]) & (whole[1:] != BORDER))
    if len(repeated):
        firsts = np.flatnonzero(np.diff(repeated, prepend=-2) > 1)
        sizes = np.diff(firsts, append=len(repeated)) + 1
        rows = np.searchsorted(borders, repeated[firsts]) - 1
        np.maximum.at(longest, rows, sizes)
    return longest
