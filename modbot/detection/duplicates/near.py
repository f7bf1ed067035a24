"""Finding near-duplicates among many texts with NumPy: candidates of the signature table,
then proof. ``fast.near`` has the same functions compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.exact import find, place
from modbot.detection.duplicates.flat import Flat, flatten
from modbot.detection.duplicates.proof import Pairs, prove
from modbot.detection.duplicates.signatures import SHORTEST
from modbot.detection.duplicates.table import SignatureTable, candidates, file

__all__ = ["ADDRESS_WORDS", "EDIT_SIMILARITY", "comparable", "file", "find", "flatten", "nearest", "place"]

EDIT_SIMILARITY = 0.8
"""1 − edits / the longer length, of texts that are near by their edits."""
_QUERIES = 512
"""Texts looked up at once: what bounds the memory of a search."""
ADDRESS_WORDS = ("http", "www")
_ADDRESS = re.compile("|".join(ADDRESS_WORDS))
_BEFORE_ADDRESS = 12
_CJK = re.compile(r"[\u3040-\u9fff]")
_WORDS_BESIDE_ADDRESS = 8


def comparable(canonical: str) -> bool:
    """Whether small differences of a text are only variations. In a bare address they are
    another address: two videos of one site differ in a few letters."""
    if len(canonical) < SHORTEST:
        return False
    address = _ADDRESS.search(canonical)
    if address is None or address.start() >= _BEFORE_ADDRESS:
        return True
    return len(_CJK.findall(canonical)) >= _WORDS_BESIDE_ADDRESS


def nearest(
    table: SignatureTable, asked: Flat, held: Flat, filed: NDArray[np.bool_], *, earlier: bool = False
) -> Pairs:
    """Which filed texts of ``held`` are near each text asked for, among those that share a key.

    ``earlier``: both are one batch; only what comes before a text counts.
    """
    found = []
    for first in range(0, len(asked), _QUERIES):
        part = asked.taken(np.arange(first, min(first + _QUERIES, len(asked)))).packed()
        rows, numbers = candidates(table, part)
        kept = filed[numbers]
        if earlier:
            kept &= numbers < rows + first
        pairs = prove(part, held, rows[kept], numbers[kept])
        found.append(Pairs(pairs.rows + first, pairs.numbers, pairs.similarity))
    return _joined(found)


def _joined(parts: Sequence[Pairs]) -> Pairs:
    nothing = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
    columns = [(part.rows, part.numbers, part.similarity) for part in (*parts, nothing)]
    rows, numbers, similarity = (np.concatenate(column) for column in zip(*columns, strict=True))
    return Pairs(rows, numbers, similarity)
