"""The distinct canonical texts of one forum, by number."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.near import NearTable, comparable, search

Index = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Texts:
    """Texts by number; those that are *filed* are found by what is nearly the same.

    ``capacity`` is how many it is sized for. Not safe under threads by itself.
    """

    def __init__(self, capacity: int, *, accelerate: bool = False) -> None:
        self._capacity = capacity
        self._accelerate = accelerate
        self._near = NearTable(capacity)
        self._texts: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._filed: set[int] = set()
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def nbytes(self) -> int:
        return sum(len(text) * 2 + 100 for text in self._numbers)

    def hashes(self, texts: Sequence[str]) -> Hashes:
        """A 64-bit hash of each text, the same in every version and on every machine."""
        joined = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        starts = np.fromiter(accumulate(map(len, texts), initial=0), dtype=np.int64)
        lengths = np.diff(starts)
        steps = np.arange(len(joined)) - np.repeat(starts[:-1], lengths)
        mixed = _mixed(joined.astype(np.uint64) | (steps.astype(np.uint64) << np.uint64(32)))
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed)))
        return _mixed((sums[starts[1:]] - sums[starts[:-1]]) ^ lengths.astype(np.uint64))

    def find(self, texts: Sequence[str]) -> Index:
        """The number of the equal text, or -1."""
        return np.array([self._numbers.get(text, -1) for text in texts], dtype=np.int64)

    def near(self, texts: Sequence[str]) -> tuple[Index, NDArray[np.float32]]:
        """The nearest filed text of each text and its similarity (1 − edits / the longer
        length); -1 and 0 where none is near. Ties go to the smallest number."""
        numbers = np.full(len(texts), -1, dtype=np.int64)
        similarities = np.zeros(len(texts), dtype=np.float32)
        places = [place for place, text in enumerate(texts) if comparable(text)]
        asked = [texts[place] for place in places]
        for at, matches in search(self._near, asked, self.text).items():
            for match in matches:
                if match.id in self._filed:
                    numbers[places[at]], similarities[places[at]] = match.id, match.similarity
                    break
        return numbers, similarities

    def near_among(self, texts: Sequence[str]) -> tuple[Index, Index, NDArray[np.float32]]:
        """Which texts of a batch are near an earlier one: ``(later, earlier, similarity)``,
        three arrays of one length, by later position, the best first."""
        places = [place for place, text in enumerate(texts) if comparable(text)]
        asked = [texts[place] for place in places]
        table = NearTable(len(asked))
        table.add(range(len(asked)), asked)
        found = [
            (places[at], places[match.id], match.similarity)
            for at, matches in sorted(search(table, asked, asked.__getitem__, earlier=True).items())
            for match in matches
        ]
        later, earlier, similarity = zip(*found, strict=True) if found else ((), (), ())
        return (
            np.array(later, dtype=np.int64),
            np.array(earlier, dtype=np.int64),
            np.array(similarity, dtype=np.float32),
        )

    def add(self, texts: Sequence[str], filed: NDArray[np.bool_]) -> Index:
        """Numbers for texts not yet held (each once); ``filed`` ones are findable by ``near``."""
        numbers = np.array([self._take(text) for text in texts], dtype=np.int64)
        self.file(numbers[filed])
        return numbers

    def file(self, numbers: Index) -> None:
        """Make texts findable by ``near``; one that is not comparable stays unfiled."""
        chosen = [number for number in numbers.tolist() if comparable(self._texts[number])]
        self._near.add(chosen, [self._texts[number] for number in chosen])
        self._filed.update(chosen)

    def remove(self, numbers: Index) -> None:
        """Forget texts. Their numbers may be given to others."""
        for number in numbers.tolist():
            del self._numbers[self._texts.pop(number)]
            self._filed.discard(number)
            heapq.heappush(self._free, number)

    def text(self, number: int) -> str:
        """A text as stored, clipped; empty for a number not in use."""
        return self._texts.get(number, "")

    def hash(self, number: int) -> int:
        return int(self.hashes([self._texts[number]])[0])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """A snapshot that ``restore`` reads."""
        numbers = sorted(self._texts)
        return {
            "numbers": np.array(numbers, dtype=np.int64),
            "texts": np.array([self._texts[number] for number in numbers], dtype=np.str_),
            "filed": np.array([number in self._filed for number in numbers], dtype=np.bool_),
        }

    @classmethod
    def restore(
        cls, arrays: Mapping[str, NDArray[np.generic]], capacity: int, *, accelerate: bool = False
    ) -> Self:
        """The same texts under the same numbers."""
        made = cls(capacity, accelerate=accelerate)
        made._texts = dict(zip(arrays["numbers"].tolist(), arrays["texts"].tolist(), strict=True))
        made._numbers = {text: number for number, text in made._texts.items()}
        made._free = sorted(set(range(max(made._texts, default=-1) + 1)) - set(made._texts))
        made.file(arrays["numbers"].astype(np.int64)[arrays["filed"].astype(np.bool_)])
        return made

    def _take(self, text: str) -> int:
        number = heapq.heappop(self._free) if self._free else len(self._texts)
        self._texts[number] = text
        self._numbers[text] = number
        return number


def _mixed(values: Hashes) -> Hashes:
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), dtype=np.uint64)
