"""Finding near-duplicates among many texts: a fixed table of signatures, then proof.

The table is set-associative: a key has room for ``WAYS`` texts, the newest push the
oldest out, so memory is bounded and nothing is ever deleted. What it yields are
candidates; each is proved by edit distance or 3-gram overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from modbot.detection.duplicates import signatures
from modbot.detection.duplicates.exact import find, place
from modbot.detection.duplicates.flat import CLIP, Flat, Index, Keys, flatten
from modbot.detection.duplicates.proof import Pairs
from modbot.detection.duplicates.proof import prove as prove_pairs
from modbot.detection.duplicates.signatures import SHORTEST
from modbot.detection.duplicates.table import SignatureTable, file
from modbot.detection.duplicates.table import candidates as candidates_of

__all__ = ["comparable", "file", "find", "flatten", "nearest", "place"]

WAYS = 8
KEYS_OF_A_TEXT = 9
QUERIES = 512
"""Texts looked up at once: what bounds the memory of a search."""
EDIT_SIMILARITY = 0.8
OVERLAP = 0.7
_LEAST_EDIT_SIMILARITY = 0.3
_OVERLAPS = 10
"""Candidates of one text whose 3-grams are compared when no edit distance is small enough."""
_ID_BITS = 24
MOST_TEXTS = (1 << _ID_BITS) - 2


_ADDRESS = re.compile(r"http|www")
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


@dataclass(frozen=True, slots=True)
class Match:
    """The text ``id`` says nearly the same; ``similarity`` is 1 − edits / the longer length."""

    id: int
    similarity: float


class NearTable:
    """Signatures of texts by number. Not safe under threads by itself."""

    def __init__(self, texts: int) -> None:
        """``texts`` is how many it is sized for, at no more than half its room."""
        wanted = max(texts * KEYS_OF_A_TEXT * 2 // WAYS, 64)
        buckets = 1 << (wanted - 1).bit_length()
        self._mask = np.uint64(buckets - 1)
        self._slots = np.zeros((buckets, WAYS), dtype=np.uint32)
        self._next = np.zeros(buckets, dtype=np.uint8)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """File texts under their numbers (below ``MOST_TEXTS``)."""
        signed = signatures.filing_keys(flatten(texts))
        if not len(signed.keys):
            return
        buckets, tags = self._place(signed.keys)
        entries = (tags << np.uint32(_ID_BITS)) | (np.asarray(ids, dtype=np.uint32) + 1)[signed.owners]
        order = np.argsort(buckets, kind="stable")
        buckets, entries = buckets[order], entries[order]
        firsts = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
        sizes = np.diff(np.append(firsts, len(buckets)))
        ranks = np.arange(len(buckets)) - np.repeat(firsts, sizes)
        self._slots[buckets, (self._next[buckets] + ranks) % WAYS] = entries
        heads = buckets[firsts]
        self._next[heads] = (self._next[heads] + sizes) % WAYS

    def candidates(self, texts: Sequence[str]) -> tuple[Index, Index]:
        """``(query, id)`` pairs that share a key, each once, by query."""
        signed = signatures.lookup_keys(flatten(texts))
        if not len(signed.keys):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        buckets, tags = self._place(signed.keys)
        entries = self._slots[buckets]
        found = ((entries >> np.uint32(_ID_BITS)) == tags[:, None]) & (entries != 0)
        rows, ways = np.nonzero(found)
        numbers = (entries[rows, ways] & np.uint32((1 << _ID_BITS) - 1)).astype(np.int64) - 1
        pairs = np.unique((signed.owners[rows] << _ID_BITS) | numbers)
        return pairs >> _ID_BITS, pairs & ((1 << _ID_BITS) - 1)

    def _place(self, keys: Keys) -> tuple[Index, NDArray[np.uint32]]:
        return (keys & self._mask).astype(np.int64), (keys >> np.uint64(56)).astype(np.uint32)


def search(
    table: NearTable, texts: Sequence[str], text_of: Callable[[int], str], *, earlier: bool = False
) -> dict[int, list[Match]]:
    """For each position of ``texts`` its true near-duplicates in the table, best first.

    ``earlier``: the table holds these very texts under their positions; only those before
    a text count.
    """
    found: dict[int, list[Match]] = {}
    for first in range(0, len(texts), QUERIES):
        asked = texts[first : first + QUERIES]
        rows, numbers = table.candidates(asked)
        if earlier:
            kept = numbers < rows + first
            rows, numbers = rows[kept], numbers[kept]
        for row, matches in prove(asked, (rows, numbers), text_of).items():
            found[first + row] = matches
    return found


def prove(
    queries: Sequence[str], pairs: tuple[Index, Index], text_of: Callable[[int], str]
) -> dict[int, list[Match]]:
    """For each query number its true near-duplicates among the candidates, best first."""
    rows, numbers = pairs
    texts = [text_of(number)[:CLIP] for number in numbers.tolist()]
    asked = [queries[row][:CLIP] for row in rows.tolist()]
    kept = _plausible(asked, texts)
    if not len(kept):
        return {}
    places = kept.tolist()
    left, right = [asked[place] for place in places], [texts[place] for place in places]
    scores = cpdist(left, right, scorer=Levenshtein.normalized_similarity, dtype=np.float32)
    found: dict[int, list[Match]] = {}
    others: dict[int, list[tuple[float, int]]] = {}
    for at, (row, score) in enumerate(zip(rows[kept].tolist(), scores.tolist(), strict=True)):
        if score >= EDIT_SIMILARITY - 1e-6:
            found.setdefault(row, []).append(Match(int(numbers[kept[at]]), score))
        elif score > _LEAST_EDIT_SIMILARITY:
            others.setdefault(row, []).append((-score, at))
    for row, near in others.items():
        if row not in found:
            places = [at for _, at in sorted(near)[:_OVERLAPS]]
            overlapping = [at for at in places if overlap(left[at], right[at]) >= OVERLAP]
            if overlapping:
                found[row] = [Match(int(numbers[kept[at]]), float(scores[at])) for at in overlapping]
    for matches in found.values():
        matches.sort(key=lambda match: (-match.similarity, match.id))
    return found


def _plausible(asked: Sequence[str], texts: Sequence[str]) -> Index:
    """Positions whose lengths and characters allow a proof."""
    if not texts:
        return np.zeros(0, dtype=np.int64)
    one = np.fromiter(map(len, asked), dtype=np.int64)
    other = np.fromiter(map(len, texts), dtype=np.int64)
    longer, shorter = np.maximum(one, other), np.minimum(one, other)
    kept = np.flatnonzero((shorter >= OVERLAP * longer) & (shorter >= SHORTEST))
    places = kept.tolist()
    left = flatten([asked[place] for place in places]).sketches
    right = flatten([texts[place] for place in places]).sketches
    differing = np.bitwise_count(left ^ right)
    plausible: Index = kept[differing <= 0.4 * longer[kept] + 1]
    return plausible


def overlap(one: str, other: str) -> float:
    """Jaccard similarity of two texts' sets of 3-grams."""
    left = {one[at : at + 3] for at in range(len(one) - 2)}
    right = {other[at : at + 3] for at in range(len(other) - 2)}
    both = len(left & right)
    return both / max(len(left) + len(right) - both, 1)


def nearest(
    table: SignatureTable, asked: Flat, held: Flat, filed: NDArray[np.bool_], *, earlier: bool = False
) -> Pairs:
    """Which filed texts of ``held`` are near each text asked for, among those that share a key.

    ``earlier``: both are one batch; only what comes before a text counts.
    """
    found = []
    for first in range(0, len(asked), QUERIES):
        part = asked.taken(np.arange(first, min(first + QUERIES, len(asked)))).packed()
        rows, numbers = candidates_of(table, part)
        kept = filed[numbers]
        if earlier:
            kept &= numbers < rows + first
        pairs = prove_pairs(part, held, rows[kept], numbers[kept])
        found.append(Pairs(pairs.rows + first, pairs.numbers, pairs.similarity))
    return joined(found)


def joined(parts: Sequence[Pairs]) -> Pairs:
    nothing = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
    columns = [(part.rows, part.numbers, part.similarity) for part in (*parts, nothing)]
    rows, numbers, similarity = (np.concatenate(column) for column in zip(*columns, strict=True))
    return Pairs(rows, numbers, similarity)
