"""The running counts: of campaigns, of each author in a campaign, of each thread in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.columns import NONE, Addresses, Array, Columns, Keys, Slots, pair_key
from modbot.detection.duplicates.tally import Stamp

NOBODY = Stamp(np.inf, NONE, NONE)


class Groups(Columns):
    """One row per campaign of two members or more. ``size`` counts members but no slips,
    ``head``/``tail`` are the slots of the newest and the oldest member by insertion."""

    TYPES: ClassVar[Mapping[str, type]] = {
        "representative": np.int32,
        "size": np.int32,
        "authors": np.int32,
        "newcomers": np.int32,
        "threads": np.int32,
        "head": np.int32,
        "tail": np.int32,
        "first_at": np.float64,
        "first_post": np.int64,
        "first_author": np.int64,
        "last_at": np.float64,
        "last_post": np.int64,
        "last_author": np.int64,
    }
    representative: Slots
    size: Slots
    authors: Slots
    newcomers: Slots
    threads: Slots
    head: Slots
    tail: Slots
    first_at: NDArray[np.float64]
    first_post: NDArray[np.int64]
    first_author: NDArray[np.int64]
    last_at: NDArray[np.float64]
    last_post: NDArray[np.int64]
    last_author: NDArray[np.int64]

    def begin(self, representative: int) -> int:
        group = self.take_one()
        for counts in (self.size, self.authors, self.newcomers, self.threads):
            counts[group] = 0
        self.representative[group] = representative
        self.head[group] = self.tail[group] = NONE
        self.set_first(group, None)
        self.set_last(group, None)
        return group

    def first(self, group: int) -> Stamp | None:
        """Who was first, gone or not; None when none is counted."""
        if self.first_post.item(group) == NONE and self.first_at.item(group) == np.inf:
            return None
        return Stamp(self.first_at.item(group), self.first_post.item(group), self.first_author.item(group))

    def last(self, group: int) -> Stamp | None:
        if self.last_post.item(group) == NONE and self.last_at.item(group) == np.inf:
            return None
        return Stamp(self.last_at.item(group), self.last_post.item(group), self.last_author.item(group))

    def set_first(self, group: int, stamp: Stamp | None) -> None:
        self.first_at[group], self.first_post[group], self.first_author[group] = stamp or NOBODY

    def set_last(self, group: int, stamp: Stamp | None) -> None:
        self.last_at[group], self.last_post[group], self.last_author[group] = stamp or NOBODY

    def see(self, group: int, stamp: Stamp) -> None:
        """A member was counted in."""
        first, last = self.first(group), self.last(group)
        if first is None or stamp < first:
            self.set_first(group, stamp)
        if last is None or stamp > last:
            self.set_last(group, stamp)

    def end_of(self, group: int) -> None:
        self.representative[group] = NONE
        self.give_back(np.array([group], dtype=np.int32))


class Pairs(Columns):
    """One row per campaign and author. ``count`` copies without slips, ``standing`` of them
    written with standing; ``head``/``tail`` the slots of the newest and the oldest copy;
    ``older``/``newer`` link the pairs of one author that count two copies or more."""

    TYPES: ClassVar[Mapping[str, type]] = {
        "key": np.uint64,
        "author": np.int64,
        "group": np.int32,
        "count": np.int32,
        "standing": np.int32,
        "head": np.int32,
        "tail": np.int32,
        "older": np.int32,
        "newer": np.int32,
    }
    key: Keys
    author: NDArray[np.int64]
    group: Slots
    count: Slots
    standing: Slots
    head: Slots
    tail: Slots
    older: Slots
    newer: Slots

    def __init__(self) -> None:
        super().__init__()
        self._rows = Addresses()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self._rows.nbytes

    def of(self, group: int, author: int) -> int:
        return self._rows.find_one(self.key, pair_key(group, author))

    def meet(self, group: int, author: int) -> int:
        """The row of a campaign and an author, made when there is none."""
        key = pair_key(group, author)
        pair = self._rows.find_one(self.key, key)
        if pair != NONE:
            return pair
        pair = self.take_one()
        self.key[pair], self.author[pair], self.group[pair] = key, author, group
        self.count[pair] = self.standing[pair] = 0
        self.head[pair] = self.tail[pair] = self.older[pair] = self.newer[pair] = NONE
        self._rows.put_one(self.key, pair)
        return pair

    def end_of(self, pair: int) -> None:
        self._rows.drop_one(self.key, self.key.item(pair))
        self.give_back(np.array([pair], dtype=np.int32))

    def restore(self, arrays: Mapping[str, Array]) -> None:
        super().restore(arrays)
        self._rows = _refiled(self.key, self)


class Threads(Columns):
    """How many members that count a campaign has in a thread."""

    TYPES: ClassVar[Mapping[str, type]] = {"key": np.uint64, "count": np.int32}
    key: Keys
    count: Slots

    def __init__(self) -> None:
        super().__init__()
        self._rows = Addresses()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self._rows.nbytes

    def members(self, group: int, thread: int) -> int:
        row = self._rows.find_one(self.key, pair_key(group, thread))
        return 0 if row == NONE else self.count.item(row)

    def add(self, group: int, thread: int) -> bool:
        """Count one member in; whether the thread is new to the campaign."""
        key = pair_key(group, thread)
        row = self._rows.find_one(self.key, key)
        if row != NONE:
            self.count[row] += 1
            return False
        row = self.take_one()
        self.key[row], self.count[row] = key, 1
        self._rows.put_one(self.key, row)
        return True

    def drop(self, group: int, thread: int) -> bool:
        """Count one member out; whether it was the thread's last."""
        row = self._rows.find_one(self.key, pair_key(group, thread))
        if self.count.item(row) > 1:
            self.count[row] -= 1
            return False
        self._rows.drop_one(self.key, self.key.item(row))
        self.give_back(np.array([row], dtype=np.int32))
        return True

    def restore(self, arrays: Mapping[str, Array]) -> None:
        super().restore(arrays)
        self._rows = _refiled(self.key, self)


def _refiled(keys: Keys, columns: Columns) -> Addresses:
    rows = Addresses()
    used = np.ones(columns.end, dtype=np.bool_)
    used[columns.unused()] = False
    rows.put(keys, np.flatnonzero(used).astype(np.int32))
    return rows
