"""Canonical text: what is left of a text when an evader's tricks are undone.

A whole batch is one buffer of code points, folded through one table: NFKC, case,
Traditional → Simplified, look-alikes and dressed-up letters and digits become one
character each; zero-width, bidi and control characters, accents and variation
selectors vanish. The *canonical text* keeps letters, digits and CJK only, with runs
longer than ``RUN_LIMIT`` cut to it, so one more space, mark or emoji changes nothing.
No Python loop runs over characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from modbot.detection.tables.layout import CODE_MASK, FILE, KIND_SHIFT, LIMIT, Kind

Codes = NDArray[np.uint32]
Kinds = NDArray[np.uint8]
Index = NDArray[np.int64]

RUN_LIMIT = 3
MAX_CHARACTERS = 10_000
"""What of a text is read; longer ones are judged by their beginning."""
GROWTH = 18
"""One character folds to at most so many."""

_SMILEY = re.compile(r"\[([^\[\]\s]{1,6})\]")
_SMILEY_CODE = np.uint32((Kind.PICTURE << KIND_SHIFT) | 0x1F642)


@dataclass(frozen=True, slots=True)
class Table:
    """The packed fold of every code point; see ``tables/layout.py``."""

    fold: Codes
    starts: Index
    values: Codes
    smilies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Folded:
    """A batch of texts after folding, flat.

    ``codes``, ``kinds`` and ``origins`` have one entry per folded character; those of
    text ``i`` are ``starts[i]:starts[i + 1]``. ``origins`` counts characters from the
    beginning of the joined originals, those of text ``i`` begin at ``text_starts[i]``.
    ``dressed`` counts, per text, Latin letters and digits written with other characters.
    ``raw`` are the code points of the joined originals.
    """

    codes: Codes
    kinds: Kinds
    rows: Index
    starts: Index
    origins: Index
    text_starts: Index
    dressed: Index
    raw: Codes

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters, digits and CJK of a batch with runs cut; ``longest_run`` is before the cut.

    ``places`` are positions in the ``Folded`` that it was made of.
    """

    codes: Codes
    kinds: Kinds
    rows: Index
    starts: Index
    places: Index
    longest_run: Index

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Index:
        return np.diff(self.starts)


@cache
def table() -> Table:
    """The shipped character table, read once."""
    folder = resources.files("modbot.detection.tables")
    with resources.as_file(folder / FILE) as path, np.load(path, allow_pickle=False) as arrays:
        fold, starts, values = arrays["table"], arrays["starts"].astype(np.int64), arrays["values"]
    names = (folder / "smilies.txt").read_text(encoding="utf-8").splitlines()
    return Table(fold, starts, values, frozenset(name for name in names if name and name[0] != "#"))


def fold(texts: Sequence[str]) -> Folded:
    """Fold a batch of texts. Spaces are kept only between two Latin letters or digits."""
    clipped = [text[:MAX_CHARACTERS] for text in texts]
    joined = "".join(clipped)
    text_starts = np.fromiter(accumulate(map(len, clipped), initial=0), dtype=np.int64)
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    packed = table().fold[np.minimum(raw, LIMIT)]
    rows = np.repeat(np.arange(len(clipped)), np.diff(text_starts))
    if "[" in joined:
        _replace_smilies(joined, packed, text_starts)
    packed, origins = _expand(packed)
    kept = np.flatnonzero(packed)
    packed, origins = packed[kept], origins[kept]
    kinds, rows = (packed >> KIND_SHIFT).astype(np.uint8), rows[origins]
    codes: Codes = packed & np.uint32(CODE_MASK)
    dressed = _per_row((codes < 0x80) & (raw[origins] > 0x7F) & (kinds >= Kind.DIGIT), rows, len(clipped))
    kept = _without_idle_spaces(kinds, rows)
    starts = _starts(rows[kept], len(clipped))
    return Folded(codes[kept], kinds[kept], rows[kept], starts, origins[kept], text_starts, dressed, raw)


def letters(folded: Folded) -> Letters:
    """The letters of a folded batch: the canonical text as code points."""
    places = np.flatnonzero(folded.kinds >= Kind.DIGIT)
    codes, rows = folded.codes[places], folded.rows[places]
    kept, longest = _cut_runs(codes, rows, len(folded))
    places = places[kept]
    return Letters(
        codes[kept], folded.kinds[places], rows[kept], _starts(rows[kept], len(folded)), places, longest
    )


def strings(codes: Codes, starts: Index) -> list[str]:
    """Flat code points back to one string per text."""
    joined = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    bounds = starts.tolist()
    return [joined[start:end] for start, end in pairwise(bounds)]


def canonicalise(texts: Sequence[str]) -> list[str]:
    """The canonical text of each text: equal ones are exact duplicates."""
    found = letters(fold(texts))
    return strings(found.codes, found.starts)


def span(folded: Folded, letters: Letters, row: int, first: int, last: int) -> tuple[int, int]:
    """Where ``canonical[first:last]`` of text ``row`` stands in the original: ``(start, end)``.

    Code-point offsets into the text as it was given to ``fold``. The end takes in what was
    dropped or cut behind the last letter (accents, the rest of its run), but no blank, so
    that the slice of the original, canonicalised again, holds the stretch. Raises IndexError
    for a row that is not there and ValueError for a stretch that is empty or not in the text.
    """
    begin, end = int(letters.starts[row]), int(letters.starts[row + 1])
    if not 0 <= first < last <= end - begin:
        raise ValueError(f"no canonical characters {first}:{last} in text {row} of {end - begin}")
    offset = int(folded.text_starts[row])
    start = int(folded.origins[letters.places[begin + first]])
    stop = int(letters.places[begin + last]) if begin + last < end else int(folded.starts[row + 1])
    inside = slice(int(letters.places[begin + last - 1]), stop)
    final = int(folded.origins[inside][folded.kinds[inside] >= Kind.DIGIT][-1])
    return start - offset, _with_dropped(folded, row, final) - offset


def _with_dropped(folded: Folded, row: int, last: int) -> int:
    """The end of the original character at ``last`` with the dropped ones that follow it."""
    following = np.searchsorted(folded.origins, last, side="right")
    limit = int(folded.origins[following]) if following < len(folded.origins) else len(folded.raw)
    limit = min(limit, int(folded.text_starts[row + 1]))
    kinds = table().fold[np.minimum(folded.raw[last + 1 : limit], LIMIT)] >> KIND_SHIFT
    blanks = np.flatnonzero(kinds == Kind.SPACE)
    return last + 1 + (int(blanks[0]) if len(blanks) else len(kinds))


def _replace_smilies(joined: str, packed: Codes, text_starts: Index) -> None:
    names = table().smilies
    for match in _SMILEY.finditer(joined):
        if match[1].lower() not in names:
            continue
        first, last = match.start(), match.end() - 1
        inside = np.searchsorted(text_starts, (first, last), side="right")
        if inside[0] == inside[1]:
            packed[first] = _SMILEY_CODE
            packed[first + 1 : last + 1] = 0


def _expand(packed: Codes) -> tuple[Codes, Index]:
    """Replace what folds to several characters; also where each came from."""
    origins = np.arange(len(packed))
    several = np.flatnonzero(packed >> KIND_SHIFT == Kind.EXPANDED)
    if not len(several):
        return packed, origins
    known = table()
    which = (packed[several] & CODE_MASK).astype(np.int64)
    sizes = known.starts[which + 1] - known.starts[which]
    counts = np.ones(len(packed), dtype=np.int64)
    counts[several] = sizes
    origins = np.repeat(origins, counts)
    grown = packed[origins]
    firsts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    steps = np.arange(sizes.sum()) - firsts
    grown[grown >> KIND_SHIFT == Kind.EXPANDED] = known.values[np.repeat(known.starts[which], sizes) + steps]
    return grown, origins


def _without_idle_spaces(kinds: Kinds, rows: Index) -> Index:
    """Positions to keep: no space at an edge, beside CJK or a mark, or after a space."""
    spaces = kinds == Kind.SPACE
    if not spaces.any():
        return np.arange(len(kinds))
    solid = np.flatnonzero(~spaces)
    wordlike = (kinds[solid] == Kind.LETTER) | (kinds[solid] == Kind.DIGIT)
    gap = (np.diff(solid) > 1) & (rows[solid[1:]] == rows[solid[:-1]]) & wordlike[1:] & wordlike[:-1]
    kept = ~spaces
    kept[solid[:-1][gap] + 1] = True
    return np.flatnonzero(kept)


def _cut_runs(codes: Codes, rows: Index, count: int) -> tuple[Index, Index]:
    """Positions to keep of runs of one character, and the longest run of each row."""
    longest = np.zeros(count, dtype=np.int64)
    if not len(codes):
        return np.zeros(0, dtype=np.int64), longest
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    firsts = np.flatnonzero(begins)
    sizes = np.diff(np.append(firsts, len(codes)))
    present, edges = np.unique(rows[firsts], return_index=True)
    longest[present] = np.maximum.reduceat(sizes, edges)
    if longest.max() <= RUN_LIMIT:
        return np.arange(len(codes)), longest
    steps = np.arange(len(codes)) - np.repeat(firsts, sizes)
    return np.flatnonzero(steps < RUN_LIMIT), longest


def _starts(rows: Index, count: int) -> Index:
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count)))).astype(np.int64)


def _per_row(chosen: NDArray[np.bool_], rows: Index, count: int) -> Index:
    return np.bincount(rows[chosen], minlength=count).astype(np.int64)
