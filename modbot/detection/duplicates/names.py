"""What campaigns are called: names that outlive their rows, and the names they bore before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import numpy as np

from modbot.detection.duplicates.columns import NONE, Array

MOST_MET = 10_000
"""Campaigns of one member that a reply was told to belong to, until that reply is inserted."""


_OF_HASH = re.compile("c[0-9a-f]{16}")


def of_hash(text_hash: int) -> str:
    """The name of the campaign that a text with this hash represents: the same after a restart."""
    return f"c{text_hash:016x}"


def hash_of(name: str) -> int | None:
    """The hash of the text that a campaign of this name was named after; None for another name."""
    return int(name[1:], 16) if _OF_HASH.fullmatch(name) else None


def of_authors(author: int, text_hash: int) -> str:
    """The name of a campaign of few authors, by the earliest of its authors and of its texts."""
    return "a" + hashlib.blake2b(f"{author} {text_hash}".encode(), digest_size=8).hexdigest()


class Names:
    """Names of campaigns by row and rows by name, for one forum."""

    def __init__(self) -> None:
        self._name: dict[int, str] = {}
        self._group: dict[str, int] = {}
        self._former: dict[int, list[str]] = {}
        self._untold: dict[int, list[str]] = {}
        self._met: dict[str, int | str] = {}

    def name(self, group: int) -> str:
        return self._name[group]

    def group(self, name: str) -> int:
        """The row that bears this name, or bore it, or ``NONE``."""
        return self._group.get(name, NONE)

    def learn(self, group: int, name: str) -> None:
        self._name[group] = name
        self._group[name] = group

    def meet(self, name: str, representative: int | str) -> None:
        """A reply was told this name of a campaign that has no row yet."""
        self._met.pop(name, None)
        self._met[name] = representative
        if len(self._met) > MOST_MET:
            del self._met[next(iter(self._met))]

    def met(self, name: str) -> int | str | None:
        """The representative of a campaign that has no row yet: its number, or the text."""
        return self._met.get(name)

    def absorb(self, group: int, kept: str, lost: str) -> None:
        """This row bears ``kept`` from now on, and answers to ``lost``."""
        self.learn(group, kept)
        self._group[lost] = group
        self._former.setdefault(group, []).append(lost)
        self._untold.setdefault(group, []).append(lost)

    def untold(self, group: int) -> tuple[str, ...]:
        """Former names that no stored reply tells of yet."""
        return tuple(self._untold.get(group, ()))

    def told(self, names: Iterable[str]) -> None:
        for name in names:
            group = self.group(name)
            left = [one for one in self._untold.pop(group, ()) if one != name]
            if left:
                self._untold[group] = left

    def forget(self, group: int) -> None:
        """The campaign is no more."""
        for name in (self._name.pop(group), *self._former.pop(group, ())):
            if self._group.get(name) == group:
                del self._group[name]
        self._untold.pop(group, None)

    def arrays(self) -> dict[str, Array]:
        """A snapshot that ``restore`` reads: rows by every name they bear or bore."""
        names = sorted(self._group)
        groups = [self._group[name] for name in names]
        former = [self._name[group] != name for name, group in zip(names, groups, strict=True)]
        untold = [name in self.untold(group) for name, group in zip(names, groups, strict=True)]
        return {
            "names": np.array(names, dtype=np.str_),
            "groups": np.array(groups, dtype=np.int64),
            "is_former": np.array(former, dtype=np.bool_),
            "is_untold": np.array(untold, dtype=np.bool_),
        }

    def restore(self, arrays: Mapping[str, Array]) -> None:
        columns = (arrays[name].tolist() for name in ("names", "groups", "is_former", "is_untold"))
        for name, group, is_former, is_untold in zip(*columns, strict=True):
            self._group[name] = group
            if is_untold:
                self._untold.setdefault(group, []).append(name)
            if is_former:
                self._former.setdefault(group, []).append(name)
            else:
                self._name[group] = name
