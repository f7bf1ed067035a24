"""The distinct canonical texts of one forum, by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import accumulate
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from modbot.detection import fast
from modbot.detection.duplicates import near
from modbot.detection.duplicates.arena import Arena
from modbot.detection.duplicates.exact import ExactMap, Slots
from modbot.detection.duplicates.flat import Flat, Index, Keys, distinct, strings
from modbot.detection.duplicates.near import ADDRESS_WORDS, comparable
from modbot.detection.duplicates.proof import Pairs, Similarities
from modbot.detection.duplicates.signatures import SHORTEST
from modbot.detection.duplicates.table import MOST_TEXTS, SignatureTable

Arrays = Mapping[str, NDArray[np.generic]]

_FILED_AT_ONCE = 1_024
_SPARSE = 8
"""Times the usual room for the table of one batch: what is looked up there meets few by chance."""


class Engine(Protocol):
    """What NumPy and numba both do, with the same answers."""

    def flatten(self, texts: Sequence[str]) -> Flat: ...
    def find(self, slots: Slots, asked: Flat, held: Flat) -> Index: ...
    def place(self, slots: Slots, numbers: Index, hashes: Keys) -> int: ...
    def file(self, table: SignatureTable, numbers: Index, texts: Flat) -> None: ...
    def nearest(
        self, table: SignatureTable, asked: Flat, held: Flat, filed: NDArray[np.bool_], *, earlier: bool = ...
    ) -> Pairs: ...


@dataclass(frozen=True)
class Asked:
    """A batch of texts to be asked about, and what of them is needed for every question."""

    texts: Sequence[str]
    flat: Flat

    @cached_property
    def comparable(self) -> NDArray[np.bool_]:
        """``near.comparable`` of each text; only those with an address are looked at one by one."""
        return _comparable(self.texts, self.flat)

    def only(self, places: Sequence[int]) -> Asked:
        """The texts at these places; their characters stay where they are."""
        return Asked([self.texts[place] for place in places], self.flat.taken(np.array(places, np.int64)))


class Texts:
    """Texts by number; those that are *filed* are found by what is nearly the same.

    ``capacity`` is how many it is sized for; more make it grow, and find somewhat less. Texts
    numbered beyond ``MOST_TEXTS`` are kept, but not found by ``near``. Of a text the first
    ``CLIP`` characters are stored and compared.
    ``accelerate``: by compiled functions, with the same answers; raises SettingsError when
    numba is not installed. Not safe under threads by itself.
    """

    def __init__(self, capacity: int, *, accelerate: bool = False) -> None:
        sized = min(max(capacity, 1), MOST_TEXTS)
        self._engine = _engine(accelerate=accelerate)
        self._arena = Arena(sized)
        self._exact = ExactMap(sized, self._engine)
        self._table = SignatureTable.for_texts(sized)

    def __len__(self) -> int:
        return len(self._arena)

    @property
    def nbytes(self) -> int:
        """Bytes of memory in use."""
        return self._arena.nbytes + self._exact.nbytes + self._table.nbytes

    def asked(self, texts: Sequence[str]) -> Asked:
        """These texts, read once for whatever is asked about them. All questions take either."""
        return Asked(texts, self._engine.flatten(texts))

    def hashes(self, texts: Sequence[str] | Asked) -> Keys:
        """A 64-bit hash of each text, the same in every version and on every machine."""
        return self._read(texts).flat.hashes

    def find(self, texts: Sequence[str] | Asked) -> Index:
        """The number of the equal text, or -1: hash, length and stored characters agree."""
        return self._exact.find(self._read(texts).flat, self._arena.flat)

    def near(self, texts: Sequence[str] | Asked) -> tuple[Index, Similarities]:
        """The nearest filed text of each text and its similarity; -1 and 0 where none is near.

        Near is told in ``proof``; ties go to the smallest number.
        """
        asked = self._read(texts)
        pairs = self.every_near(asked)
        rows, firsts = np.unique(pairs.rows, return_index=True)
        numbers = np.full(len(asked.flat), -1, dtype=np.int64)
        similarity = np.zeros(len(asked.flat), dtype=np.float32)
        numbers[rows] = pairs.numbers[firsts]
        similarity[rows] = pairs.similarity[firsts]
        return numbers, similarity

    def every_near(self, texts: Sequence[str] | Asked) -> Pairs:
        """Every filed text that is near each text, the most similar first."""
        asked = self._read(texts)
        places = np.flatnonzero(asked.comparable)
        pairs = self._engine.nearest(
            self._table, asked.flat.taken(places), self._arena.flat, self._arena.filed
        )
        return Pairs(places[pairs.rows], pairs.numbers, pairs.similarity)

    def near_among(self, texts: Sequence[str] | Asked) -> tuple[Index, Index, Similarities]:
        """Which texts of a batch are near an earlier one: ``(later, earlier, similarity)``,
        three arrays of one length, by later position, the best first."""
        asked = self._read(texts)
        places = np.flatnonzero(asked.comparable)
        flat = asked.flat.taken(places)
        table = SignatureTable.for_texts(_SPARSE * len(places))
        backwards = np.arange(len(places))[::-1]
        self._engine.file(table, backwards, flat.taken(backwards))
        filed = np.ones(len(places), dtype=np.bool_)
        pairs = self._engine.nearest(table, flat, flat, filed, earlier=True)
        return places[pairs.rows], places[pairs.numbers], pairs.similarity

    def add(self, texts: Sequence[str] | Asked, filed: NDArray[np.bool_]) -> Index:
        """Keep texts; their numbers. One that is held keeps its number. ``filed`` ones are
        found by ``near`` (unless they are not ``comparable``)."""
        asked = self._read(texts)
        flat = asked.flat
        numbers = self._exact.find(flat, self._arena.flat)
        new = np.flatnonzero(numbers < 0)
        while len(new):
            chosen = new[_first_of_each(flat.hashes[new])]
            numbers[chosen] = self._arena.add(flat.chosen(chosen))
            self._exact.insert(numbers[chosen], self._arena.flat)
            new = new[numbers[new] < 0]
            if len(new):
                numbers[new] = self._exact.find(flat.taken(new), self._arena.flat)
                new = new[numbers[new] < 0]
        self._file(numbers[filed & asked.comparable])
        return numbers

    def file(self, numbers: Index) -> None:
        """Make texts findable by ``near``; one that is not ``comparable`` stays unfound."""
        flat = self._arena.flat.taken(numbers)
        self._file(numbers[_comparable(strings(flat), flat)])

    def remove(self, numbers: Index) -> None:
        """Forget texts that are held, each number once. They may be given to others."""
        self._exact.remove(numbers, self._arena.flat)
        self._arena.remove(numbers)

    def text(self, number: int) -> str:
        """A text as stored, clipped; empty for a number not in use."""
        if not self._arena.holds(number):
            return ""
        return strings(self._arena.flat.taken(np.array([number])))[0]

    def hash(self, number: int) -> int:
        """The hash of a text that is held."""
        return int(self._arena.flat.hashes[number])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """A snapshot that ``restore`` reads."""
        return {**self._arena.arrays(), "slots": self._table.slots.copy(), "heads": self._table.heads.copy()}

    @classmethod
    def restore(cls, arrays: Arrays, capacity: int, *, accelerate: bool = False) -> Self:
        """The same texts under the same numbers. A table made for another capacity is filed anew."""
        made = cls(capacity, accelerate=accelerate)
        made._arena = Arena.restore(arrays, capacity)
        numbers = made._arena.numbers()
        made._exact.insert(numbers, made._arena.flat)
        if made._table.slots.shape == arrays["slots"].shape:
            made._table.slots[:] = arrays["slots"]
            made._table.heads[:] = arrays["heads"]
        else:
            made._into_table(numbers[made._arena.filed[numbers]])
        return made

    def _read(self, texts: Sequence[str] | Asked) -> Asked:
        return texts if isinstance(texts, Asked) else self.asked(texts)

    def _file(self, numbers: Index) -> None:
        fresh = distinct(numbers[~self._arena.filed[numbers] & (numbers < MOST_TEXTS)])
        self._arena.filed[fresh] = True
        self._into_table(fresh)

    def _into_table(self, numbers: Index) -> None:
        for first in range(0, len(numbers), _FILED_AT_ONCE):
            part = numbers[first : first + _FILED_AT_ONCE]
            self._engine.file(self._table, part, self._arena.flat.taken(part))


def _first_of_each(values: Keys) -> Index:
    """Where each value stands first, ascending."""
    if len(distinct(values)) == len(values):
        return np.arange(len(values))
    _, firsts = np.unique(values, return_index=True)
    return np.sort(firsts)


def _comparable(texts: Sequence[str], flat: Flat) -> NDArray[np.bool_]:
    found = flat.lengths >= SHORTEST
    joined = "".join(texts)
    places = [place for word in ADDRESS_WORDS for place in _places(joined, word)]
    if places:
        ends = np.fromiter(accumulate(map(len, texts)), dtype=np.int64, count=len(texts))
        for row in np.unique(np.searchsorted(ends, places, side="right")).tolist():
            found[row] = comparable(texts[row])
    return found


def _places(joined: str, word: str) -> Iterator[int]:
    place = joined.find(word)
    while place >= 0:
        yield place
        place = joined.find(word, place + 1)


def _engine(*, accelerate: bool) -> Engine:
    if accelerate:
        fast.require()
        compiled: Engine = import_module("modbot.detection.fast.near")
        return compiled
    return near
