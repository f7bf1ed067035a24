"""Who wrote what, where and when: one row of 53 bytes per indexed reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.columns import Addresses, Array, Columns, Keys, Slots

UNKNOWN = -1
"""Number of a thread, or of an author, that nobody told."""

ESTABLISHED, COUNTED, USED = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Member:
    """One reply of a campaign. ``at`` is in seconds since 1970, UTC; ``author`` and
    ``thread`` may be ``UNKNOWN``; ``counted`` is False for slips."""

    post_id: int
    author: int
    thread: int
    at: float
    established: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Replies to be kept, as columns of one length."""

    post_ids: NDArray[np.int64]
    authors: NDArray[np.int64]
    threads: NDArray[np.int64]
    at: NDArray[np.float64]
    established: NDArray[np.bool_]
    texts: NDArray[np.int64]


class Members(Columns):
    """Rows by slot; ``older``/``newer`` link the members of a campaign, ``own_older``/
    ``own_newer`` the copies of one author in it, both in the order of insertion."""

    TYPES: ClassVar[Mapping[str, type]] = {
        "post_id": np.int64,
        "author": np.int64,
        "thread": np.int64,
        "at": np.float64,
        "text": np.int32,
        "flags": np.uint8,
        "older": np.int32,
        "newer": np.int32,
        "own_older": np.int32,
        "own_newer": np.int32,
    }
    post_id: NDArray[np.int64]
    author: NDArray[np.int64]
    thread: NDArray[np.int64]
    at: NDArray[np.float64]
    text: Slots
    flags: NDArray[np.uint8]
    older: Slots
    newer: Slots
    own_older: Slots
    own_newer: Slots

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self._slots = Addresses()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self._slots.nbytes

    def slots(self, post_ids: NDArray[np.int64]) -> Slots:
        """The slot of each post, or ``NONE``."""
        return self._slots.find(self._keys, post_ids.view(np.uint64))

    def add(self, arrivals: Arrivals) -> Slots:
        """Slots of new replies, each post once. Counted, and linked to nobody yet."""
        slots = self.take(len(arrivals.post_ids))
        self.post_id[slots] = arrivals.post_ids
        self.author[slots] = arrivals.authors
        self.thread[slots] = arrivals.threads
        self.at[slots] = arrivals.at
        self.text[slots] = arrivals.texts
        self.flags[slots] = USED | COUNTED | np.where(arrivals.established, ESTABLISHED, 0)
        for links in (self.older, self.newer, self.own_older, self.own_newer):
            links[slots] = -1
        self._slots.put(self._keys, slots)
        return slots

    def remove(self, slots: Slots) -> None:
        for key in self._keys[slots].tolist():
            self._slots.drop_one(self._keys, key)
        self.flags[slots] = 0
        self.give_back(slots)

    def member(self, slot: int) -> Member:
        flags = self.flags.item(slot)
        return Member(
            self.post_id.item(slot),
            self.author.item(slot),
            self.thread.item(slot),
            self.at.item(slot),
            bool(flags & ESTABLISHED),
            bool(flags & COUNTED),
        )

    def older_than(self, at: float) -> Slots:
        rows = slice(0, self.end)
        return np.flatnonzero((self.flags[rows] != 0) & (self.at[rows] < at)).astype(np.int32)

    def oldest(self, count: int) -> Slots:
        """The slots of the ``count`` replies posted first."""
        used = np.flatnonzero(self.flags[: self.end])
        if count < len(used):
            used = used[np.argpartition(self.at[used], count)[:count]]
        return used.astype(np.int32)

    def earliest(self) -> float:
        """When the oldest reply was posted; infinity without any."""
        at = self.at[: self.end][self.flags[: self.end] != 0]
        return float(at.min()) if len(at) else float("inf")

    def restore(self, arrays: Mapping[str, Array]) -> None:
        super().restore(arrays)
        self._slots = Addresses()
        self._slots.put(self._keys, np.flatnonzero(self.flags[: self.end]).astype(np.int32))

    @property
    def _keys(self) -> Keys:
        return self.post_id.view(np.uint64)
