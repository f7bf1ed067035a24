"""Partition signatures: keys that near-duplicates share, by the pigeonhole principle.

``k`` edits leave one of ``k + 1`` pieces of a text intact. Texts of ``CUT_FROM``
characters and more are filed under their 3- and 4-character pieces and looked up by
all their 3- and 4-grams; texts up to ``DELETE_UP_TO`` under themselves and every text
that lacks one of their characters, which finds one edit (20 % of them allow no more).
Vectorised over a batch; texts are canonical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Index = NDArray[np.int64]

SHORTEST = 5
"""Below this 20 % allow no edit: only equal texts are duplicates."""
DELETE_UP_TO = 9
CUT_FROM = 9
CLIP = 400
"""Characters of a long text that are compared."""
MOST_PIECES = 32

_A, _B, _C, _D = (
    np.uint64(value)
    for value in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Keys of a batch of texts; ``owners`` numbers the text of each key."""

    keys: Keys
    owners: Index


@dataclass(frozen=True, slots=True)
class _Flat:
    codes: Keys
    starts: Index
    lengths: Index


def filed_under(texts: Sequence[str]) -> Signed:
    """The keys under which texts are filed: about nine for each."""
    flat = _flatten(texts)
    return _joined(_pieces(flat), _deletions(flat))


def looked_up_by(texts: Sequence[str]) -> Signed:
    """The keys by which texts are looked up: about two for each character."""
    flat = _flatten(texts)
    return _joined(_all_grams(flat), _deletions(flat))


def sketches(texts: Sequence[str]) -> Keys:
    """64 bits that tell which characters occur; ``k`` edits change at most ``2 k`` of them."""
    flat = _flatten(texts)
    found = np.zeros(len(texts), dtype=np.uint64)
    present = np.flatnonzero(flat.lengths)
    if len(present):
        bits = np.left_shift(np.uint64(1), (flat.codes * _A) >> np.uint64(58))
        found[present] = np.bitwise_or.reduceat(bits, flat.starts[present])
    return found


def _flatten(texts: Sequence[str]) -> _Flat:
    clipped = [text[:CLIP] for text in texts]
    raw = np.frombuffer("".join(clipped).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    starts = np.fromiter(accumulate(map(len, clipped), initial=0), dtype=np.int64)
    return _Flat(raw.astype(np.uint64), starts[:-1], np.diff(starts))


def _joined(*parts: Signed) -> Signed:
    keys = np.concatenate([part.keys for part in parts])
    return Signed(_mixed(keys), np.concatenate([part.owners for part in parts]))


def _mixed(keys: Keys) -> Keys:
    keys = (keys ^ (keys >> np.uint64(32))) * _D
    keys = (keys ^ (keys >> np.uint64(29))) * _B
    return keys ^ (keys >> np.uint64(32))


def _grams(codes: Keys) -> tuple[Keys, Keys]:
    """Hashes of the 3-gram and the 4-gram that begin at each position."""
    padded = np.concatenate([codes, np.zeros(4, dtype=np.uint64)])
    size = len(codes)
    second, third, fourth = (padded[step : size + step] for step in (1, 2, 3))
    three = np.asarray(codes * _A + second * _B + third * _C, dtype=np.uint64)
    four = np.asarray((three ^ (three >> np.uint64(31))) * _A + fourth * _D + np.uint64(1), dtype=np.uint64)
    return three, four


def _spread(counts: Index) -> tuple[Index, Index]:
    """``(owner, step)`` for ``counts[i]`` items of each owner ``i``."""
    owners = np.repeat(np.arange(len(counts)), counts)
    firsts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - firsts[owners]


def _pieces(flat: _Flat) -> Signed:
    lengths = np.where(flat.lengths >= CUT_FROM, flat.lengths, 0)
    pieces = np.where(lengths > 0, lengths // 4 + 1, 0)
    kept = np.minimum(pieces, MOST_PIECES)
    owners, steps = _spread(kept)
    number = steps * pieces[owners] // np.maximum(kept[owners], 1)
    base = lengths[owners] // pieces[owners]
    short = pieces[owners] - lengths[owners] % pieces[owners]
    places = flat.starts[owners] + number * base + np.maximum(number - short, 0)
    three, four = _grams(flat.codes)
    longer = base + (number >= short) == 4
    return Signed(np.where(longer, four[places], three[places]), owners)


def _all_grams(flat: _Flat) -> Signed:
    lengths = np.where(flat.lengths >= CUT_FROM, flat.lengths, 0)
    three, four = _grams(flat.codes)
    owners3, steps3 = _spread(np.maximum(lengths - 2, 0))
    owners4, steps4 = _spread(np.maximum(lengths - 3, 0))
    keys = np.concatenate([three[flat.starts[owners3] + steps3], four[flat.starts[owners4] + steps4]])
    return Signed(keys, np.concatenate([owners3, owners4]))


def _deletions(flat: _Flat) -> Signed:
    """Each short text and what is left when one of its characters is taken out."""
    short = (flat.lengths >= SHORTEST) & (flat.lengths <= DELETE_UP_TO)
    lengths = np.where(short, flat.lengths, 0)
    owners, steps = _spread(lengths)
    if not len(owners):
        return Signed(np.zeros(0, dtype=np.uint64), owners)
    powers = np.cumprod(np.full(DELETE_UP_TO + 1, _B))
    codes = flat.codes[flat.starts[owners] + steps] + np.uint64(7)
    here, moved = codes * powers[steps + 1], codes * powers[steps]
    firsts = (np.cumsum(lengths) - lengths)[np.flatnonzero(lengths)]
    whole = np.add.reduceat(here, firsts)
    rank = np.cumsum(lengths > 0) - 1
    before = np.concatenate(([np.uint64(0)], np.cumsum(here)))
    after = np.concatenate(([np.uint64(0)], np.cumsum(moved)))
    begin = (np.cumsum(lengths) - lengths)[owners]
    end = begin + lengths[owners]
    at = np.arange(len(owners))
    without = (before[at] - before[begin]) + (after[end] - after[at + 1])
    shorter = without * _C + (lengths[owners] - 1).astype(np.uint64)
    full_owners = np.flatnonzero(lengths)
    full = whole[rank[full_owners]] * _C + lengths[full_owners].astype(np.uint64)
    return Signed(np.concatenate([shorter, full]), np.concatenate([owners, full_owners]))
