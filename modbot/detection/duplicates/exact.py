"""From a text to its number: an open-addressing map, probed for a whole batch at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.flat import Flat, Index, Keys, equal

Slots = NDArray[np.int32]

_EMPTY, _REMOVED = np.int32(-1), np.int32(-2)
_MOST_FULL = 0.7
_SMALLEST = 64


class Probing(Protocol):
    """How slots are probed: linearly, from the upper half of the hash on."""

    def find(self, slots: Slots, asked: Flat, held: Flat) -> Index: ...
    def place(self, slots: Slots, numbers: Index, hashes: Keys) -> int: ...


class ExactMap:
    """Numbers by the hash of their text. What was removed leaves a mark until the map is
    built anew; the slots in use, marks included, stay below ``_MOST_FULL``."""

    def __init__(self, texts: int, probing: Probing) -> None:
        self._slots = _slots_for(texts)
        self._probing = probing
        self._used = 0
        self._size = 0

    @property
    def nbytes(self) -> int:
        return self._slots.nbytes

    def find(self, asked: Flat, held: Flat) -> Index:
        """The number of the equal text among ``held``, or -1, for each text asked for."""
        return self._probing.find(self._slots, asked, held)

    def insert(self, numbers: Index, held: Flat) -> None:
        """Add texts of ``held`` that are not in the map."""
        self._make_room(len(numbers), held)
        self._used += self._probing.place(self._slots, numbers, held.hashes[numbers])
        self._size += len(numbers)

    def remove(self, numbers: Index, held: Flat) -> None:
        """Take out texts that are in the map under these numbers."""
        active, places = numbers, _home(self._slots, held.hashes[numbers])
        while len(active):
            here = self._slots[places] == active
            self._slots[places[here]] = _REMOVED
            active, places = active[~here], _following(self._slots, places[~here])
        self._size -= len(numbers)

    def _make_room(self, more: int, held: Flat) -> None:
        if self._used + more <= _MOST_FULL * len(self._slots):
            return
        numbers = self._slots[self._slots >= 0].astype(np.int64)
        if self._size + more > 0.8 * _MOST_FULL * len(self._slots):
            self._slots = _slots_for(int(1.4 * (self._size + more)))
        else:
            self._slots.fill(_EMPTY)
        self._used = self._probing.place(self._slots, numbers, held.hashes[numbers])


def find(slots: Slots, asked: Flat, held: Flat) -> Index:
    """The number of the equal text among ``held``, or -1, for each text asked for."""
    found = np.full(len(asked), -1, dtype=np.int64)
    active = np.arange(len(asked))
    places = _home(slots, asked.hashes)
    while len(active):
        numbers = slots[places]
        known = np.flatnonzero(numbers >= 0)
        known = known[held.hashes[numbers[known]] == asked.hashes[active[known]]]
        if len(known):
            known = known[equal(asked.taken(active[known]), held.taken(numbers[known].astype(np.int64)))]
            found[active[known]] = numbers[known]
            numbers[known] = _EMPTY
        going = np.flatnonzero(numbers != _EMPTY)
        active, places = active[going], _following(slots, places[going])
    return found


def place(slots: Slots, numbers: Index, hashes: Keys) -> int:
    """Put numbers into the first free slots; answers how many of these had been empty."""
    fresh = 0
    places = _home(slots, hashes)
    while len(numbers):
        before = slots[places]
        free = np.flatnonzero(before < 0)
        slots[places[free]] = numbers[free]  # of several for one slot the last stays
        settled = slots[places] == numbers
        fresh += int(np.count_nonzero(before[settled] == _EMPTY))
        numbers, places = numbers[~settled], _following(slots, places[~settled])
    return fresh


def _home(slots: Slots, hashes: Keys) -> Index:
    return ((hashes >> np.uint64(32)) * np.uint64(len(slots)) >> np.uint64(32)).astype(np.int64)


def _following(slots: Slots, places: Index) -> Index:
    places = places + 1
    places[places == len(slots)] = 0
    return places


def _slots_for(texts: int) -> Slots:
    return np.full(max(int(texts * 1.05 / _MOST_FULL), _SMALLEST), _EMPTY, dtype=np.int32)
