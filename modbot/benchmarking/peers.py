"""What others find near-duplicates with, on the same material: datasketch and rensa.

Both are MinHash with banding over character n-grams, at the settings that suited short
Chinese text best. What they return are candidates; *verified* they are proved as ours are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from rapidfuzz.distance import Levenshtein

from modbot.benchmarking.duplicates import Material, scored

_QUERIES = 4_000


@dataclass(frozen=True, slots=True)
class PeerFound:
    """``lookups_per_s`` and ``precision`` are of candidates, ``verified_…`` after each was proved;
    recall is the same for both."""

    name: str
    n: int
    inserts_per_s: float
    lookups_per_s: float
    verified_lookups_per_s: float
    candidates_per_lookup: float
    recall: float
    edit_recall: float
    precision: float
    verified_precision: float


class Peer(Protocol):
    """An index of texts by position."""

    def insert(self, position: int, text: str) -> None: ...
    def query(self, text: str) -> Sequence[int]: ...


def missing() -> list[str]:
    """The packages to install for a comparison (``pip install``)."""
    return [name for name in ("datasketch", "rensa") if find_spec(name) is None]


def peers() -> list[tuple[str, Callable[[], Peer]]]:
    return [
        ("datasketch, 3-grams, 64 permutations, threshold 0.5", lambda: _Datasketch(3, 64, 0.5)),
        ("datasketch, 2-grams, 128 permutations, threshold 0.3", lambda: _Datasketch(2, 128, 0.3)),
        ("rensa, 3-grams, 64 permutations, 16 bands", lambda: _Rensa(3, 64, 16)),
        ("rensa, 2-grams, 128 permutations, 32 bands", lambda: _Rensa(2, 128, 32)),
    ]


def compare(given: Material) -> list[PeerFound]:
    """Each peer on this material, which should be small: they take hours for a million."""
    return [measured(name, make(), given) for name, make in peers()]


def measured(name: str, peer: Peer, given: Material) -> PeerFound:
    """One peer on this material."""
    asked = [query.text for query in given.queries[: max(_QUERIES, len(given.truths))]]
    begun = time.process_time()
    for position, text in enumerate(given.indexed):
        peer.insert(position, text)
    indexed = time.process_time()
    answers = [peer.query(text) for text in asked]
    answered = time.process_time()
    verified = [
        [position for position in positions if _is_near(text, given.indexed[position])]
        for text, positions in zip(asked, answers, strict=True)
    ]
    proved = time.process_time()
    recall, edit_recall, precision = scored(given.truths, answers[: len(given.truths)])
    return PeerFound(
        name=name,
        n=len(given.indexed),
        inserts_per_s=len(given.indexed) / (indexed - begun),
        lookups_per_s=len(asked) / (answered - indexed),
        verified_lookups_per_s=len(asked) / (proved - indexed),
        candidates_per_lookup=sum(map(len, answers)) / len(asked),
        recall=recall,
        edit_recall=edit_recall,
        precision=precision,
        verified_precision=scored(given.truths, verified[: len(given.truths)])[2],
    )


class _Datasketch:
    def __init__(self, size: int, permutations: int, threshold: float) -> None:
        from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - for comparison only

        self._size, self._permutations, self._minhash = size, permutations, MinHash
        self._index = MinHashLSH(threshold=threshold, num_perm=permutations)

    def insert(self, position: int, text: str) -> None:
        self._index.insert(position, self._hashed(text), check_duplication=False)

    def query(self, text: str) -> Sequence[int]:
        found: list[int] = self._index.query(self._hashed(text))
        return found

    def _hashed(self, text: str) -> object:
        made = self._minhash(num_perm=self._permutations)
        made.update_batch([gram.encode() for gram in _grams(text, self._size)])
        return made


class _Rensa:
    def __init__(self, size: int, permutations: int, bands: int) -> None:
        from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - for comparison only

        self._size, self._permutations, self._minhash = size, permutations, RMinHash
        self._index = RMinHashLSH(0.5, permutations, bands)

    def insert(self, position: int, text: str) -> None:
        self._index.insert(position, self._hashed(text))

    def query(self, text: str) -> Sequence[int]:
        found: list[int] = self._index.query(self._hashed(text))
        return found

    def _hashed(self, text: str) -> object:
        made = self._minhash(self._permutations, 1)
        made.update(_grams(text, self._size))
        return made


def _grams(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(max(len(text) - size + 1, 1))]


def _is_near(one: str, other: str) -> bool:
    longer = max(len(one), len(other))
    if Levenshtein.distance(one, other, score_cutoff=longer // 5) <= longer // 5:
        return True
    left, right = set(_grams(one, 3)), set(_grams(other, 3))
    return 10 * len(left & right) >= 7 * len(left | right)
