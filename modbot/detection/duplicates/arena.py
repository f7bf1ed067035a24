"""Where the texts of a forum lie: columns by number, their characters one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.flat import CLIP, Codes, Flat, Index, Keys, spread

Arrays = Mapping[str, NDArray[np.generic]]

_T = TypeVar("_T", bound=np.generic)
_GROWTH = 1.25
_MOST_WASTE = 0.2
"""Share of the characters that may belong to removed texts before the rest moves together."""
_NOWHERE = np.uint32(0xFFFFFFFF)
"""The offset of a text that was removed."""
_AT_ONCE = 65_536
"""Texts moved at once."""
_COLUMNS = ("offsets", "lengths", "sketches", "hashes", "filed")


class Arena:
    """Texts by number. Room is reserved for ``capacity`` texts, but takes memory only when
    it is used (the system gives pages when they are first written)."""

    def __init__(self, capacity: int) -> None:
        self._codes: Codes = np.empty(capacity * CLIP // 2, dtype=np.uint16)
        self._offsets = np.zeros(capacity, dtype=np.uint32)
        self._lengths = np.zeros(capacity, dtype=np.uint16)
        self._sketches = np.zeros(capacity, dtype=np.uint32)
        self._hashes: Keys = np.zeros(capacity, dtype=np.uint64)
        self.filed = np.zeros(capacity, dtype=np.bool_)
        self._free = np.zeros(0, dtype=np.int64)
        self._numbers = 0
        self._written = 0
        self._wasted = 0

    def __len__(self) -> int:
        return self._numbers - len(self._free)

    @property
    def nbytes(self) -> int:
        """Bytes in use: what was ever written of the columns and characters."""
        row = sum(array.itemsize for array in self._columns().values())
        return self._numbers * row + self._written * self._codes.itemsize + self._free.nbytes

    @property
    def flat(self) -> Flat:
        return Flat(self._codes, self._offsets, self._lengths, self._sketches, self._hashes)

    def holds(self, number: int) -> bool:
        return 0 <= number < self._numbers and bool(self._offsets[number] != _NOWHERE)

    def add(self, texts: Flat) -> Index:
        """Keep texts, packed ones, under free numbers."""
        numbers = self._take(len(texts))
        self._reserve(len(texts.codes))
        self._codes[self._written : self._written + len(texts.codes)] = texts.codes
        self._offsets[numbers] = texts.offsets + np.uint32(self._written)
        self._lengths[numbers] = texts.lengths
        self._sketches[numbers] = texts.sketches
        self._hashes[numbers] = texts.hashes
        self._written += len(texts.codes)
        return numbers

    def remove(self, numbers: Index) -> None:
        self._wasted += int(np.minimum(self._lengths[numbers], CLIP).sum(dtype=np.int64))
        self._offsets[numbers] = _NOWHERE
        self.filed[numbers] = False
        self._free = np.concatenate((self._free, numbers))
        if self._wasted > max(_MOST_WASTE * self._written, 65_536):
            self._compact()

    def numbers(self) -> Index:
        """The numbers in use, ascending."""
        return np.flatnonzero(self._offsets[: self._numbers] != _NOWHERE)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        self._compact()
        columns = {name: array[: self._numbers].copy() for name, array in self._columns().items()}
        return {**columns, "codes": self._codes[: self._written].copy(), "free": self._free.copy()}

    @classmethod
    def restore(cls, arrays: Arrays, capacity: int) -> Self:
        count, written = len(arrays["offsets"]), len(arrays["codes"])
        made = cls(max(capacity, count))
        made._numbers = count
        made._reserve(written)
        made._codes[:written] = arrays["codes"]
        for name, array in made._columns().items():
            array[:count] = arrays[name]
        made._free = arrays["free"].astype(np.int64)
        made._written = written
        return made

    def _columns(self) -> dict[str, NDArray[np.generic]]:
        columns = (self._offsets, self._lengths, self._sketches, self._hashes, self.filed)
        return dict(zip(_COLUMNS, columns, strict=True))

    def _take(self, count: int) -> Index:
        """Free numbers, the last freed first, then new ones."""
        again = min(count, len(self._free))
        reused = self._free[len(self._free) - again :][::-1]
        self._free = self._free[: len(self._free) - again]
        first = self._numbers
        self._numbers += count - again
        self._widen()
        return np.concatenate((reused, np.arange(first, self._numbers)))

    def _widen(self) -> None:
        missing = self._numbers - len(self._offsets)
        if missing <= 0:
            return
        more = max(missing, int(len(self._offsets) * (_GROWTH - 1)))
        self._offsets, self._lengths = _grown(self._offsets, more), _grown(self._lengths, more)
        self._sketches, self._hashes = _grown(self._sketches, more), _grown(self._hashes, more)
        self.filed = _grown(self.filed, more)

    def _reserve(self, characters: int) -> None:
        missing = self._written + characters - len(self._codes)
        if missing > 0 and self._wasted > missing:
            self._compact()
            missing = self._written + characters - len(self._codes)
        if missing > 0:
            self._codes = _grown(self._codes, max(missing, int(len(self._codes) * (_GROWTH - 1))))

    def _compact(self) -> None:
        """Move the characters of the texts in use together, keeping their order."""
        numbers = self.numbers()
        numbers = numbers[np.argsort(self._offsets[numbers], kind="stable")]
        self._written = 0
        for first in range(0, len(numbers), _AT_ONCE):
            moved = numbers[first : first + _AT_ONCE]
            lengths = np.minimum(self._lengths[moved], CLIP).astype(np.int64)
            owners, steps = spread(lengths)
            codes = self._codes[self._offsets[moved][owners] + steps]
            self._codes[self._written : self._written + len(codes)] = codes
            self._offsets[moved] = self._written + np.cumsum(lengths) - lengths
            self._written += len(codes)
        self._wasted = 0


def _grown(array: NDArray[_T], more: int) -> NDArray[_T]:
    return np.concatenate((array, np.zeros(more, dtype=array.dtype)))
