"""Partition signatures: keys that near-duplicates share, by the pigeonhole principle.

``k`` edits leave one of ``k + 1`` pieces of a text intact (Li, Deng, Wang and Feng,
Pass-Join, 2011). Texts of ``CUT_FROM`` characters and more are filed under their 3- and
4-character pieces, texts up to ``DELETE_UP_TO`` under themselves and every text that lacks
one of their characters, which finds one edit (20 % of them allow no more); their ends
lead to the longer ones. All are looked up by the same, but by every 3- and 4-gram in place
of pieces. Vectorised over a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modbot.detection.duplicates.flat import Codes, Flat, Index, Keys, spread

SHORTEST = 4
"""Below this 20 % of both texts allow no edit: only equal texts are duplicates."""
DELETE_UP_TO = 9
CUT_FROM = 9
ENDS_FROM = 7
"""From here on 3-grams are looked up by; shorter texts than ``CUT_FROM`` are filed under two."""

_A, _B, _C, _D = (
    np.uint64(value)
    for value in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Keys of a batch of texts; ``owners`` numbers the text of each key."""

    keys: Keys
    owners: Index


def filing_keys(texts: Flat) -> Signed:
    """The keys under which texts are filed: about nine for each."""
    return _joined(_pieces(texts), _ends(texts), _deletions(texts))


def lookup_keys(texts: Flat) -> Signed:
    """The keys by which texts are looked up: about two for each character."""
    return _joined(_all_grams(texts), _deletions(texts))


def _joined(*parts: Signed) -> Signed:
    keys = np.concatenate([part.keys for part in parts])
    return Signed(_mixed(keys), np.concatenate([part.owners for part in parts]))


def _mixed(keys: Keys) -> Keys:
    keys = (keys ^ (keys >> np.uint64(32))) * _D
    keys = (keys ^ (keys >> np.uint64(29))) * _B
    return keys ^ (keys >> np.uint64(32))


def _grams(codes: Codes) -> tuple[Keys, Keys]:
    """Hashes of the 3-gram and the 4-gram that begin at each position."""
    padded = np.concatenate([codes, np.zeros(4, dtype=np.uint16)]).astype(np.uint64)
    size = len(codes)
    first, second, third, fourth = (padded[step : size + step] for step in range(4))
    three = np.asarray(first * _A + second * _B + third * _C, dtype=np.uint64)
    four = np.asarray((three ^ (three >> np.uint64(31))) * _A + fourth * _D + np.uint64(1), dtype=np.uint64)
    return three, four


def _pieces(texts: Flat) -> Signed:
    lengths = texts.stored_lengths
    pieces = np.where(lengths >= CUT_FROM, lengths // 4 + 1, 0)
    owners, numbers = spread(pieces)
    base = lengths[owners] // pieces[owners]
    short = pieces[owners] - lengths[owners] % pieces[owners]
    places = texts.offsets[owners] + numbers * base + np.maximum(numbers - short, 0)
    three, four = _grams(texts.codes)
    longer = base + (numbers >= short) == 4
    return Signed(np.where(longer, four[places], three[places]), owners)


def _ends(texts: Flat) -> Signed:
    """The first and the last 3-gram of texts too short for pieces."""
    lengths = texts.stored_lengths
    owners = np.flatnonzero((lengths >= ENDS_FROM) & (lengths < CUT_FROM))
    three, _ = _grams(texts.codes)
    first = texts.offsets[owners].astype(np.int64)
    keys = np.concatenate([three[first], three[first + lengths[owners] - 3]])
    return Signed(keys, np.concatenate([owners, owners]))


def _all_grams(texts: Flat) -> Signed:
    lengths = np.where(texts.stored_lengths >= ENDS_FROM, texts.stored_lengths, 0)
    three, four = _grams(texts.codes)
    owners3, steps3 = spread(np.maximum(lengths - 2, 0))
    owners4, steps4 = spread(np.maximum(lengths - 3, 0))
    keys = np.concatenate([three[texts.offsets[owners3] + steps3], four[texts.offsets[owners4] + steps4]])
    return Signed(keys, np.concatenate([owners3, owners4]))


def _deletions(texts: Flat) -> Signed:
    """Each short text and what is left when one of its characters is taken out."""
    lengths = texts.stored_lengths
    short = np.flatnonzero((lengths >= SHORTEST) & (lengths <= DELETE_UP_TO))
    owners, steps = spread(lengths[short])
    codes = texts.codes[texts.offsets[short][owners] + steps].astype(np.uint64) + np.uint64(7)
    powers = np.cumprod(np.full(DELETE_UP_TO + 1, _B))
    here, moved = codes * powers[steps + 1], codes * powers[steps]
    before = np.concatenate(([np.uint64(0)], np.cumsum(here)))
    after = np.concatenate(([np.uint64(0)], np.cumsum(moved)))
    ends = np.cumsum(lengths[short])
    begins = ends - lengths[short]
    at = np.arange(len(owners))
    without = (before[at] - before[begins[owners]]) + (after[ends[owners]] - after[at + 1])
    shorter = without * _C + (lengths[short][owners] - 1).astype(np.uint64)
    whole = (before[ends] - before[begins]) * _C + lengths[short].astype(np.uint64)
    return Signed(np.concatenate([shorter, whole]), np.concatenate([short[owners], short]))
