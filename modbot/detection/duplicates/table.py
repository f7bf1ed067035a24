"""The signature table: which texts share a piece with a text, in memory that never grows.

Set-associative, like a processor's cache: a key leads to one bucket of ``WAYS`` entries,
where the newest push the oldest out. So memory and candidates are bounded, and nothing is
ever deleted: whoever reads checks what an entry points at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates import signatures
from modbot.detection.duplicates.flat import CLIP, Flat, Index, Keys, counted

WAYS = 16
NUMBER_BITS = 24
MOST_TEXTS = (1 << NUMBER_BITS) - 2
HASH_BITS = 4
"""Of the 8 bits beside a number; the others are the length class of its text."""
TWICE_FROM, THRICE_FROM = 32, 80
"""Characters from which on one shared key, or two, are chance."""
_CLASS_RATIO = 1.25
_SHORTEST_CLASS = 4
_KEYS_OF_A_TEXT = 9.5
_FILL = 0.755
"""Keys to entries when all texts are filed. At 0.1 recall is 1 % higher in three times the room."""
_SMALLEST = 64
_LINE = 64
"""Bytes of a cache line, which a bucket fills."""

Entries = NDArray[np.uint32]
Classes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LengthClasses:
    """By stored length (0 to ``CLIP``): the class, and the classes that may hold a duplicate."""

    of: Classes
    least: Classes
    most: Classes


@cache
def length_classes() -> LengthClasses:
    lengths = np.arange(CLIP + 1)
    bounds = _SHORTEST_CLASS * _CLASS_RATIO ** np.arange(1, 16)
    of = np.searchsorted(bounds, lengths, side="right").astype(np.uint8)
    shortest = -(-lengths * 7 // 10)
    longest = np.minimum(lengths * 10 // 7, CLIP)
    return LengthClasses(of, of[shortest], of[longest])


class SignatureTable:
    """Numbers of texts by the keys of ``signatures``."""

    def __init__(self, buckets: int) -> None:
        self.slots: Entries = _aligned(buckets)
        self.heads = np.zeros(buckets, dtype=np.uint8)

    @classmethod
    def for_texts(cls, texts: int) -> SignatureTable:
        """A table of the size that loses few of so many texts."""
        return cls(max(int(texts * _KEYS_OF_A_TEXT / WAYS / _FILL), _SMALLEST))

    @property
    def nbytes(self) -> int:
        return self.slots.nbytes + self.heads.nbytes

    def buckets_of(self, keys: Keys) -> Index:
        """The upper half of a key, scaled to the number of buckets."""
        scaled = (keys >> np.uint64(32)) * np.uint64(len(self.slots)) >> np.uint64(32)
        return scaled.astype(np.int64)


def file(table: SignatureTable, numbers: Index, texts: Flat) -> None:
    """File texts under their numbers, one after the other, each over what is oldest."""
    signed = signatures.filing_keys(texts.packed())
    if not len(signed.keys):
        return
    tags = length_classes().of[texts.stored_lengths][signed.owners] << np.uint8(HASH_BITS)
    tags |= _hash_bits(signed.keys)
    filed = (numbers + 1).astype(np.uint32)[signed.owners]
    entries = tags.astype(np.uint32) << np.uint32(NUMBER_BITS) | filed
    buckets = table.buckets_of(signed.keys)
    order = np.lexsort((signed.owners, buckets))
    buckets, entries = buckets[order], entries[order]
    firsts = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
    sizes = np.diff(np.append(firsts, len(buckets)))
    heads = table.heads[buckets[firsts]]
    ranks = np.arange(len(buckets)) - np.repeat(firsts, sizes)
    ways = (np.repeat(heads, sizes) + ranks) % WAYS
    newest = ranks >= np.repeat(sizes, sizes) - WAYS
    table.slots[buckets[newest], ways[newest]] = entries[newest]
    table.heads[buckets[firsts]] = (heads + sizes) % WAYS


def candidates(table: SignatureTable, asked: Flat) -> tuple[Index, Index]:
    """``(position, number)`` of texts that share enough keys and a like length, each pair once."""
    signed = signatures.lookup_keys(asked)
    if not len(signed.keys):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    entries = table.slots[table.buckets_of(signed.keys)]
    hashed = _hash_bits(entries >> np.uint32(NUMBER_BITS))
    rows, ways = np.nonzero(hashed == _hash_bits(signed.keys)[:, None])
    entries, owners = entries[rows, ways], signed.owners[rows]
    classes, lengths = entries >> np.uint32(NUMBER_BITS + HASH_BITS), asked.stored_lengths[owners]
    known = length_classes()
    kept = (entries > 0) & (classes >= known.least[lengths]) & (classes <= known.most[lengths])
    numbers = (entries[kept] & np.uint32((1 << NUMBER_BITS) - 1)).astype(np.int64) - 1
    pairs, shared = counted((owners[kept] << NUMBER_BITS) | numbers)
    pairs = pairs[shared >= _needed(asked.stored_lengths)[pairs >> NUMBER_BITS]]
    return pairs >> NUMBER_BITS, pairs & ((1 << NUMBER_BITS) - 1)


def _needed(lengths: Index) -> Index:
    """How many keys a near-duplicate of a text shares with it, at the least: of ``L / 4 + 1``
    pieces ``L / 5`` edits break as many. Two fewer are asked for, as buckets lose some."""
    return 1 + (lengths >= TWICE_FROM).astype(np.int64) + (lengths >= THRICE_FROM)


def _hash_bits(values: Keys | Entries) -> Classes:
    return values.astype(np.uint8) & np.uint8((1 << HASH_BITS) - 1)


def _aligned(buckets: int) -> Entries:
    """Empty buckets, each in one cache line."""
    spare = _LINE // np.dtype(np.uint32).itemsize
    room = np.zeros(buckets * WAYS + spare, dtype=np.uint32)
    first = -room.ctypes.data % _LINE // room.itemsize
    return room[first : first + buckets * WAYS].reshape(buckets, WAYS)
