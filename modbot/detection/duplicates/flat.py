"""Texts as flat arrays: 16 bits a character, a hash of the whole, a sketch of its characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]
Index = NDArray[np.int64]
Keys = NDArray[np.uint64]

_T = TypeVar("_T", np.int64, np.uint64)

CLIP = 128
"""Characters of a text that are stored and compared; its hash and length are of the whole."""
LONGEST = 0xFFFF
"""Lengths are told up to here."""

_SKETCH_BITS = 5
_PRIVATE, _PRIVATE_SIZE = np.uint32(0xE000), np.uint32(6_400)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Flat:
    """Texts by number or, of a batch, by position.

    The stored characters of text ``i`` are ``codes[offsets[i]:][:stored_lengths[i]]``.
    Bits of a sketch tell which characters occur: ``k`` edits change at most ``2 k``.
    """

    codes: Codes
    offsets: NDArray[np.uint32]
    lengths: NDArray[np.uint16]
    sketches: NDArray[np.uint32]
    hashes: Keys

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def stored_lengths(self) -> Index:
        return np.minimum(self.lengths, CLIP).astype(np.int64)

    def taken(self, places: Index) -> Flat:
        """The texts at these places; their characters stay where they are."""
        return Flat(
            self.codes,
            self.offsets[places],
            self.lengths[places],
            self.sketches[places],
            self.hashes[places],
        )

    def chosen(self, places: Index) -> Flat:
        """The texts at these ascending places, packed, of texts that lie in order."""
        chosen = self.taken(places)
        return chosen if len(self.codes) == chosen.stored_lengths.sum() else chosen.packed()

    def packed(self) -> Flat:
        """The same texts with their characters side by side, in order."""
        lengths = self.stored_lengths
        offsets = (np.cumsum(lengths) - lengths).astype(np.uint32)
        return Flat(self.gathered(), offsets, self.lengths, self.sketches, self.hashes)

    def gathered(self) -> Codes:
        """The stored characters of all texts, side by side, in order."""
        owners, steps = spread(self.stored_lengths)
        codes: Codes = self.codes[self.offsets[owners] + steps]
        return codes


def code_points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], Index]:
    """All code points of a batch and where each text starts; one more than there are texts."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    starts = np.fromiter(accumulate(map(len, texts), initial=0), dtype=np.int64, count=len(texts) + 1)
    return np.frombuffer(joined, dtype="<u4").astype(np.uint32, copy=False), starts


def flatten(texts: Sequence[str]) -> Flat:
    """A batch of texts as arrays."""
    raw, starts = code_points(texts)
    lengths = np.diff(starts)
    hashes = _hashes(raw, starts)
    if len(texts) and lengths.max() > CLIP:
        stored = np.minimum(lengths, CLIP)
        owners, steps = spread(stored)
        raw, starts = raw[starts[owners] + steps], np.concatenate(([0], np.cumsum(stored)))
    codes = narrowed(raw)
    offsets = starts[:-1].astype(np.uint32)
    return Flat(
        codes, offsets, np.minimum(lengths, LONGEST).astype(np.uint16), _sketches(codes, starts), hashes
    )


def narrowed(raw: NDArray[np.uint32]) -> Codes:
    """Code points in 16 bits: those above are spread over the private use area."""
    if len(raw) and raw.max() > LONGEST:
        raw = np.where(raw > LONGEST, _PRIVATE + raw % _PRIVATE_SIZE, raw)
    return raw.astype(np.uint16)


def strings(flat: Flat) -> list[str]:
    """The stored characters of each text."""
    codes, lengths = flat.gathered(), flat.stored_lengths
    joined = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    ends = np.cumsum(lengths)
    return [joined[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def equal(one: Flat, other: Flat) -> NDArray[np.bool_]:
    """Whether texts of two lists of one size are equal, pair by pair: hash, length and stored
    characters."""
    same: NDArray[np.bool_] = (one.hashes == other.hashes) & (one.lengths == other.lengths)
    places = np.flatnonzero(same)
    left, right = one.taken(places), other.taken(places)
    owners, _ = spread(left.stored_lengths)
    differing = left.gathered() != right.gathered()
    same[places[owners[differing]]] = False
    return same


def spread(counts: Index) -> tuple[Index, Index]:
    """``(owner, step)`` for ``counts[i]`` items of each owner ``i``."""
    owners = np.repeat(np.arange(len(counts)), counts)
    firsts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - firsts[owners]


def distinct(values: NDArray[_T]) -> NDArray[_T]:
    """Each value once, sorted. (``np.unique`` hashes, which these values take badly.)"""
    return counted(values)[0]


def counted(values: NDArray[_T]) -> tuple[NDArray[_T], Index]:
    """Each value once, sorted, and how often it was there."""
    ordered = np.sort(values)
    firsts = np.concatenate((np.ones(len(ordered[:1]), np.bool_), ordered[1:] != ordered[:-1]))
    places = np.flatnonzero(firsts)
    return np.asarray(ordered[places], dtype=values.dtype), np.diff(places, append=len(ordered))


def mixed(values: Keys) -> Keys:
    """Every bit depends on every bit (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = values + _SPREAD
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), dtype=np.uint64)


def _hashes(raw: NDArray[np.uint32], starts: Index) -> Keys:
    """A sum over characters mixed with their places, mixed again with the length."""
    lengths = np.diff(starts)
    steps = np.arange(len(raw)) - np.repeat(starts[:-1], lengths)
    values = mixed(raw.astype(np.uint64) | (steps.astype(np.uint64) << np.uint64(32)))
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(values)))
    return mixed((sums[starts[1:]] - sums[starts[:-1]]) ^ lengths.astype(np.uint64))


def _sketches(codes: Codes, starts: Index) -> NDArray[np.uint32]:
    found = np.zeros(len(starts) - 1, dtype=np.uint32)
    present = np.flatnonzero(np.diff(starts))
    if len(present):
        places = (codes.astype(np.uint64) * _SPREAD) >> np.uint64(64 - _SKETCH_BITS)
        bits = np.left_shift(np.uint32(1), places.astype(np.uint32))
        found[present] = np.bitwise_or.reduceat(bits, starts[present])
    return found
