"""Rows as flat arrays that grow together, chains through them, and finding a row by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int32]
Keys = NDArray[np.uint64]
Array = NDArray[Any]

NONE = -1
_GONE = -2
_SMALLEST = 1024
_MOST_FULL = 0.6
"""Of the places for addresses, those of dropped rows among them."""
_BITS = (1 << 64) - 1
_SPREAD = 0x9E3779B97F4A7C15


class Columns:
    """Rows by number, one array for each field of ``TYPES``. A freed row is used again."""

    TYPES: ClassVar[Mapping[str, type]]

    def __init__(self, room: int = _SMALLEST) -> None:
        """``room`` rows are reserved; they take memory when they are first written."""
        for name, kind in self.TYPES.items():
            setattr(self, name, np.zeros(room, dtype=kind))
        self._free = np.zeros(_SMALLEST, dtype=np.int32)
        self._freed = 0
        self._end = 0
        self._room = room

    def __len__(self) -> int:
        """Rows in use."""
        return self._end - self._freed

    @property
    def nbytes(self) -> int:
        """Bytes of memory in use."""
        return self._free.nbytes + self._end * sum(np.dtype(kind).itemsize for kind in self.TYPES.values())

    @property
    def end(self) -> int:
        """One more than the highest row ever used."""
        return self._end

    def take(self, count: int) -> Slots:
        """``count`` rows to be written."""
        again = min(count, self._freed)
        rows = np.empty(count, dtype=np.int32)
        rows[:again] = self._free[self._freed - again : self._freed]
        self._freed -= again
        rows[again:] = np.arange(self._end, self._end + count - again)
        self._end += count - again
        if self._end > self._room:
            self._widen()
        return rows

    def take_one(self) -> int:
        if self._freed:
            self._freed -= 1
            return self._free.item(self._freed)
        if self._end < self._room:
            self._end += 1
            return self._end - 1
        made: int = self.take(1).item(0)
        return made

    def _widen(self) -> None:
        for name in self.TYPES:
            column = grown(getattr(self, name), self._end)
            setattr(self, name, column)
            self._room = len(column)

    def give_back(self, rows: Slots) -> None:
        self._free = grown(self._free, self._freed + len(rows))
        self._free[self._freed : self._freed + len(rows)] = rows
        self._freed += len(rows)

    def unused(self) -> Slots:
        """The rows below ``end`` that were given back."""
        return self._free[: self._freed]

    def arrays(self) -> dict[str, Array]:
        """A snapshot that ``restore`` reads."""
        kept: dict[str, Array] = {name: getattr(self, name)[: self._end] for name in self.TYPES}
        return {**kept, "free": self.unused()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Raises ValueError or KeyError for arrays that are not of these columns."""
        ends = {len(arrays[name]) for name in self.TYPES}
        if len(ends) != 1:
            raise ValueError("columns of different lengths")
        self._end, self._freed = ends.pop(), len(arrays["free"])
        self._free = np.array(arrays["free"], dtype=np.int32)
        self._room = max(self._end, self._room)
        for name, kind in self.TYPES.items():
            column: Array = np.zeros(self._room, dtype=kind)
            column[: self._end] = arrays[name]
            setattr(self, name, column)


def grown(column: Array, size: int) -> Array:
    """The column itself, or one with room for ``size`` and half as much again; 0 where new."""
    if size <= len(column):
        return column
    wider = np.zeros(max(size, len(column) + len(column) // 2), dtype=column.dtype)
    wider[: len(column)] = column
    return wider


class Addresses:
    """Where the row with a key is: open addressing, linear probing, at most half full.

    Keys stay in a column of their rows, which every call is given as ``keys``: a row costs
    here 8 to 16 bytes and no object.
    """

    def __init__(self) -> None:
        self._rows = np.full(_SMALLEST, NONE, dtype=np.int32)
        self._taken = 0

    @property
    def nbytes(self) -> int:
        return self._rows.nbytes

    def find(self, keys: Keys, wanted: Keys) -> Slots:
        """The row of each key, or ``NONE``."""
        found = np.full(len(wanted), NONE, dtype=np.int32)
        places, asking = self._home(wanted), np.arange(len(wanted))
        while len(asking):
            rows = self._rows[places]
            hit = (rows >= 0) & (keys[rows] == wanted)
            found[asking[hit]] = rows[hit]
            on = ~hit & (rows != NONE)
            asking, wanted = asking[on], wanted[on]
            places = (places[on] + 1) & (len(self._rows) - 1)
        return found

    def find_one(self, keys: Keys, key: int) -> int:
        place = self._place_of(keys, key)
        return place if place == NONE else self._rows.item(place)

    def put(self, keys: Keys, rows: Slots) -> None:
        """File rows whose keys are not here yet, each key once."""
        if self._taken + len(rows) > _MOST_FULL * len(self._rows):
            self._widen(keys, len(rows))
        self._taken += len(rows)
        places = self._home(keys[rows])
        while len(rows):
            free = self._rows[places] < 0
            self._rows[places[free]] = rows[free]
            on = self._rows[places] != rows
            rows, places = rows[on], (places[on] + 1) & (len(self._rows) - 1)

    def put_one(self, keys: Keys, row: int) -> None:
        if self._taken + 1 > _MOST_FULL * len(self._rows):
            self._widen(keys, 1)
        self._taken += 1
        place = self._home_of(keys.item(row))
        while self._rows.item(place) >= 0:
            place = (place + 1) & (len(self._rows) - 1)
        self._rows[place] = row

    def drop_one(self, keys: Keys, key: int) -> None:
        place = self._place_of(keys, key)
        if place != NONE:
            self._rows[place] = _GONE

    def _place_of(self, keys: Keys, key: int) -> int:
        row_at, key_of, last = self._rows.item, keys.item, len(self._rows) - 1
        place = self._home_of(key)
        while (row := row_at(place)) != NONE:
            if row >= 0 and key_of(row) == key:
                return place
            place = (place + 1) & last
        return NONE

    def _home(self, keys: Keys) -> NDArray[np.int64]:
        shift = np.uint64(65 - len(self._rows).bit_length())
        return ((keys * np.uint64(_SPREAD)) >> shift).astype(np.int64)

    def _home_of(self, key: int) -> int:
        return ((key * _SPREAD) & _BITS) >> (65 - len(self._rows).bit_length())

    def _widen(self, keys: Keys, more: int) -> None:
        """Room for ``more`` rows, half full or less; what was dropped is forgotten."""
        rows = self._rows[self._rows >= 0]
        size = len(self._rows)
        while size < 2 * (len(rows) + more):
            size *= 2
        self._rows = np.full(size, NONE, dtype=np.int32)
        self._taken = 0
        self.put(keys, rows)


def push(older: Slots, newer: Slots, head: int, item: int) -> None:
    """Make ``item`` the newest of the chain that ``head`` (or ``NONE``) led."""
    older[item], newer[item] = head, NONE
    if head != NONE:
        newer[head] = item


def unlink(older: Slots, newer: Slots, item: int) -> tuple[int, int]:
    """Take ``item`` out of its chain; answers its older and newer neighbours."""
    before, after = older.item(item), newer.item(item)
    if after != NONE:
        older[after] = before
    if before != NONE:
        newer[before] = after
    return before, after


def walk(links: Slots, start: int, most: int) -> list[int]:
    """Up to ``most`` items of a chain, from ``start`` on."""
    found: list[int] = []
    following = links.item
    while start != NONE and len(found) < most:
        found.append(start)
        start = following(start)
    return found


def pair_key(campaign: int, other: int) -> int:
    """64 mixed bits of two numbers: among 10⁶ pairs two share them once in 3·10⁷ times."""
    mixed = (other ^ (campaign * 0xC2B2AE3D27D4EB4F)) & _BITS
    mixed = ((mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93) & _BITS
    mixed = ((mixed ^ (mixed >> 29)) * 0x165667B19E3779F9) & _BITS
    return mixed ^ (mixed >> 32)
