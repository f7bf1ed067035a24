"""How common a text is by itself: a small language model of ordinary forum replies.

Two tables of hashes and rounded costs; the texts they were made of are not in them:
*n-grams* of one to three characters with back-off (interpolated absolute discounting:
Ney, Essen & Kneser 1994; the back-off form of Katz 1987), and *stock replies*, short texts
written far more often than their n-grams say. ``modbot.training.background`` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

FILE = "background.npz"
SLOT_BITS = 18
STEPS_PER_BIT = 8
"""Stored costs are whole numbers of eighths of a bit."""
START, END = 1, 2
"""Codes of the borders before and after each text."""
STOCK_LENGTH = 24
"""Characters of the longest stock reply."""
CLIP = 400
"""Characters that are measured; a longer text is rare in any case."""
UNSEEN = 22.0
"""Bits of a character that the model has never seen."""

Keys = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Bits = NDArray[np.float64]

CODE_BITS = 21
_COLUMNS = np.arange(STOCK_LENGTH, dtype=np.uint64) << np.uint64(CODE_BITS)
_A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Background:
    """``costs`` and ``backoffs`` by slot, valid where ``tags`` equals the n-gram's own tag
    (never 0); ``stock`` holds sorted hashes of whole texts, ``stock_costs`` what they cost.
    """

    tags: Bytes
    costs: Bytes
    backoffs: Bytes
    stock: NDArray[np.uint32]
    stock_costs: Bytes


@cache
def background() -> Background:
    """The shipped model, read once."""
    folder = resources.files("modbot.detection.tables")
    with resources.as_file(folder / FILE) as path, np.load(path, allow_pickle=False) as arrays:
        return Background(**{name: arrays[name] for name in Background.__slots__})


def information(canonical: Sequence[str], *, model: Background | None = None) -> Bits:
    """Bits of each canonical text, shape ``(len(canonical),)``: one reply in 2^bits is it."""
    if not canonical:
        return np.zeros(0)
    known = model or background()
    sequence, starts = bordered(canonical)
    spelled = np.add.reduceat(_spelled(sequence, starts, known), starts) / STEPS_PER_BIT
    return np.minimum(spelled, _whole(canonical, known))


def bordered(canonical: Sequence[str]) -> tuple[Keys, NDArray[np.int64]]:
    """Code points of all texts, each between its borders, and where each text begins."""
    clipped = [text[:CLIP] for text in canonical]
    joined = "".join(f"{chr(START)}{text}{chr(END)}" for text in clipped)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    lengths = (len(text) + 2 for text in clipped)
    return codes, np.fromiter(accumulate(lengths, initial=0), dtype=np.int64)[:-1]


def keys(sequence: Keys, starts: NDArray[np.int64]) -> Keys:
    """The 1-, 2- and 3-gram that end at each position, shape ``(3, len(sequence))``, exact
    and never 0. At a text's beginning a longer one is cut to what is there."""
    grams = np.empty((3, len(sequence)), dtype=np.uint64)
    grams[0] = sequence
    for longer, shorter in ((1, 0), (2, 1)):
        # What ends at the position before, moved on by one character.
        grams[longer, 1:] = grams[shorter, :-1] << np.uint64(CODE_BITS)
        grams[longer, starts] = 0
        grams[longer] |= sequence
    return grams


def places(grams: Keys) -> tuple[NDArray[np.int64], Bytes]:
    """The slot of each n-gram and the tag (1 to 255) that marks it there."""
    mixed = _mixed(grams)
    slots = (mixed >> np.uint64(64 - SLOT_BITS)).astype(np.int64)
    return slots, ((mixed & np.uint64(0xFFFF)) % np.uint64(255)).astype(np.uint8) + np.uint8(1)


def stock_hashes(texts: Sequence[str]) -> NDArray[np.uint32]:
    """32 bits of whole texts of up to ``STOCK_LENGTH`` characters (longer ones are cut)."""
    padded = "".join(text[:STOCK_LENGTH].ljust(STOCK_LENGTH, "\0") for text in texts)
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    letters = _mixed(codes.reshape(len(texts), STOCK_LENGTH) | _COLUMNS)
    return (_mixed(letters.sum(axis=1, dtype=np.uint64)) >> np.uint64(32)).astype(np.uint32)


def _spelled(sequence: Keys, starts: NDArray[np.int64], known: Background) -> NDArray[np.int64]:
    """Steps of each character after the two before it; the border before a text costs none."""
    slots, tags = places(keys(sequence, starts))
    found = known.tags[slots] == tags
    costs = known.costs[slots].astype(np.int64)
    backoffs = np.where(found, known.backoffs[slots], 0).astype(np.int64)
    backoffs[1, starts] = 0  # a text's first character has one history, the border
    steps = np.where(found[0], costs[0], round(UNSEEN * STEPS_PER_BIT))
    for order in (1, 2):
        steps[1:] += backoffs[order - 1, :-1]
        steps = np.where(found[order], costs[order], steps)
    steps[starts] = 0
    return steps


def _whole(canonical: Sequence[str], known: Background) -> Bits:
    """Bits of the texts that are stock replies, infinite for all others."""
    bits = np.full(len(canonical), np.inf)
    short = np.flatnonzero(np.fromiter(map(len, canonical), dtype=np.int64) <= STOCK_LENGTH)
    hashes = stock_hashes([canonical[row] for row in short.tolist()])
    at = np.minimum(np.searchsorted(known.stock, hashes), len(known.stock) - 1)
    found = known.stock[at] == hashes
    bits[short[found]] = known.stock_costs[at[found]] / STEPS_PER_BIT
    return bits


def _mixed(values: Keys) -> Keys:
    values = (values ^ (values >> np.uint64(31))) * _A
    values = (values ^ (values >> np.uint64(29))) * _B
    return values ^ (values >> np.uint64(32))
