"""Who wrote what, where and when: one compact row per indexed reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNKNOWN = -1
"""Number of a thread, or of an author, that nobody told."""


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


class Members:
    """Rows by slot. A freed slot is used again."""

    _TYPE = np.dtype(
        [
            ("post_id", np.int64),
            ("author", np.int64),
            ("thread", np.int64),
            ("at", np.float64),
            ("campaign", np.int32),
            ("established", np.bool_),
            ("counted", np.bool_),
            ("used", np.bool_),
        ]
    )

    def __init__(self) -> None:
        self._rows = np.zeros(1024, dtype=self._TYPE)
        self._free: list[int] = []
        self._size = 0
        self._slot_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot(self, post_id: int) -> int | None:
        return self._slot_of.get(post_id)

    def add(self, member: Member, *, campaign: int) -> int:
        slot = self._free.pop() if self._free else self._grow()
        self._rows[slot] = (
            member.post_id,
            member.author,
            member.thread,
            member.at,
            campaign,
            member.established,
            member.counted,
            True,
        )
        self._slot_of[member.post_id] = slot
        return slot

    def remove(self, slot: int) -> None:
        del self._slot_of[int(self._rows["post_id"][slot])]
        self._rows["used"][slot] = False
        self._free.append(slot)

    def campaigns_of(self, slots: Sequence[int]) -> list[int]:
        numbers: list[int] = self._rows["campaign"][list(slots)].tolist()
        return numbers

    def value(self, name: str, slot: int) -> int:
        return int(self._rows[name][slot])

    def older_than(self, at: float) -> list[int]:
        rows = self._rows[: self._size]
        return [int(slot) for slot in np.flatnonzero(rows["used"] & (rows["at"] < at))]

    def oldest(self, count: int) -> list[int]:
        """The slots of the ``count`` replies posted first."""
        used = np.flatnonzero(self._rows["used"][: self._size])
        if count >= len(used):
            return [int(slot) for slot in used]
        chosen = np.argpartition(self._rows["at"][used], count)[:count]
        return [int(slot) for slot in used[chosen]]

    def all(self, slots: Sequence[int]) -> list[Member]:
        rows = self._rows[list(slots)]
        names = ("post_id", "author", "thread", "at", "established", "counted")
        return [Member(*facts) for facts in zip(*(rows[name].tolist() for name in names), strict=True)]

    def _grow(self) -> int:
        if self._size == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros(len(self._rows), dtype=self._TYPE)])
        self._size += 1
        return self._size - 1
