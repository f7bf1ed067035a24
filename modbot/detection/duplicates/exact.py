"""From a text to its number: an open-addressing map, probed for a whole batch at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.flat import Flat, Index, Keys, equal

_EMPTY, _REMOVED = np.int32(-1), np.int32(-2)
_MOST_FULL = 0.7
_SMALLEST = 64


class ExactMap:
    """Numbers by the hash of their text. What was removed leaves a mark until the map is
    built anew; the slots in use, marks included, stay below ``_MOST_FULL``."""

    def __init__(self, texts: int = 0) -> None:
        self._slots = _slots_for(texts)
        self._used = 0
        self._size = 0

    @property
    def nbytes(self) -> int:
        return self._slots.nbytes

    def find(self, asked: Flat, held: Flat) -> Index:
        """The number of the equal text among ``held``, or -1, for each text asked for."""
        found = np.full(len(asked), -1, dtype=np.int64)
        active = np.arange(len(asked))
        places = self._home(asked.hashes)
        while len(active):
            numbers = self._slots[places]
            known = np.flatnonzero(numbers >= 0)
            known = known[held.hashes[numbers[known]] == asked.hashes[active[known]]]
            if len(known):
                known = known[equal(asked.taken(active[known]), held.taken(numbers[known].astype(np.int64)))]
                found[active[known]] = numbers[known]
                numbers[known] = _EMPTY
            going = np.flatnonzero(numbers != _EMPTY)
            active, places = active[going], self._following(places[going])
        return found

    def insert(self, numbers: Index, held: Flat) -> None:
        """Add texts of ``held`` that are not in the map."""
        self._make_room(len(numbers), held)
        self._used += self._place(numbers, held.hashes[numbers])
        self._size += len(numbers)

    def remove(self, numbers: Index, held: Flat) -> None:
        """Take out texts that are in the map under these numbers."""
        active, places = numbers, self._home(held.hashes[numbers])
        while len(active):
            here = self._slots[places] == active
            self._slots[places[here]] = _REMOVED
            active, places = active[~here], self._following(places[~here])
        self._size -= len(numbers)

    def _place(self, numbers: Index, hashes: Keys) -> int:
        """Put numbers into the first free slots; answers how many of these had been empty."""
        fresh = 0
        places = self._home(hashes)
        while len(numbers):
            free = np.flatnonzero(self._slots[places] < 0)
            _, firsts = np.unique(places[free], return_index=True)
            winners = free[firsts]
            fresh += int(np.count_nonzero(self._slots[places[winners]] == _EMPTY))
            self._slots[places[winners]] = numbers[winners]
            left = np.ones(len(numbers), dtype=np.bool_)
            left[winners] = False
            numbers, places = numbers[left], self._following(places[left])
        return fresh

    def _make_room(self, more: int, held: Flat) -> None:
        if self._used + more <= _MOST_FULL * len(self._slots):
            return
        numbers = self._slots[self._slots >= 0].astype(np.int64)
        if self._size + more > _MOST_FULL * len(self._slots) * 0.75:
            self._slots = _slots_for(int(1.4 * (self._size + more)))
        else:
            self._slots.fill(_EMPTY)
        self._used = self._place(numbers, held.hashes[numbers])

    def _home(self, hashes: Keys) -> Index:
        return ((hashes >> np.uint64(32)) * np.uint64(len(self._slots)) >> np.uint64(32)).astype(np.int64)

    def _following(self, places: Index) -> Index:
        return (places + 1) % len(self._slots)


def _slots_for(texts: int) -> NDArray[np.int32]:
    return np.full(max(int(texts * 1.1 / _MOST_FULL), _SMALLEST), _EMPTY, dtype=np.int32)
