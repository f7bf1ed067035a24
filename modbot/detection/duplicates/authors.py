"""What each author wrote: how much, and how much of it again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.columns import NONE, Addresses, Array, Columns, Keys, Slots, push, unlink
from modbot.detection.duplicates.groups import Pairs


class Authors(Columns):
    """One row per author. ``posts`` counts all replies of the window, ``repeats`` those of
    campaigns in which two copies or more are the author's own, ``texts`` such campaigns;
    ``head`` is the newest such pair. ``touched`` collects whose ``repeats`` changed."""

    TYPES: ClassVar[Mapping[str, type]] = {
        "author": np.int64,
        "posts": np.int32,
        "repeats": np.int32,
        "texts": np.int32,
        "head": np.int32,
    }
    author: NDArray[np.int64]
    posts: Slots
    repeats: Slots
    texts: Slots
    head: Slots

    def __init__(self, pairs: Pairs) -> None:
        super().__init__()
        self._pairs = pairs
        self._rows = Addresses()
        self.touched: set[int] = set()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self._rows.nbytes

    def row(self, author: int) -> int:
        return self._rows.find_one(self._keys, author & 0xFFFFFFFFFFFFFFFF)

    def arrive(self, authors: NDArray[np.int64]) -> None:
        """These wrote one reply more, an author as often as they are named."""
        different, counts = np.unique(authors, return_counts=True)
        rows = self._rows.find(self._keys, different.view(np.uint64))
        unknown = rows == NONE
        made = self.take(int(unknown.sum()))
        self.author[made] = different[unknown]
        self.head[made] = NONE
        for column in (self.posts, self.repeats, self.texts):
            column[made] = 0
        self._rows.put(self._keys, made)
        rows[unknown] = made
        self.posts[rows] += counts.astype(np.int32)

    def depart(self, authors: NDArray[np.int64]) -> None:
        """These have one reply less. Who has none is forgotten."""
        different, counts = np.unique(authors, return_counts=True)
        rows = self._rows.find(self._keys, different.view(np.uint64))
        self.posts[rows] -= counts.astype(np.int32)
        gone = rows[self.posts[rows] == 0]
        for author in self.author[gone].tolist():
            self._rows.drop_one(self._keys, author & 0xFFFFFFFFFFFFFFFF)
        self.give_back(gone)

    def recount(self, pair: int, before: int, after: int) -> None:
        """An author's counted copies in a campaign went from ``before`` to ``after``."""
        repeats = (after if after >= 2 else 0) - (before if before >= 2 else 0)
        if not repeats:
            return
        author = self._pairs.author.item(pair)
        row = self.row(author)
        self.repeats[row] += repeats
        self.touched.add(author)
        if before < 2:
            push(self._pairs.older, self._pairs.newer, self.head.item(row), pair)
            self.head[row] = pair
            self.texts[row] += 1
        elif after < 2:
            older, newer = unlink(self._pairs.older, self._pairs.newer, pair)
            if newer == NONE:
                self.head[row] = older
            self.texts[row] -= 1

    def restore(self, arrays: Mapping[str, Array]) -> None:
        super().restore(arrays)
        used = np.ones(self.end, dtype=np.bool_)
        used[self.unused()] = False
        rows = np.flatnonzero(used).astype(np.int32)
        self._rows = Addresses()
        self._rows.put(self._keys, rows)
        self.touched = set(self.author[rows[self.texts[rows] > 0]].tolist())

    @property
    def _keys(self) -> Keys:
        return self.author.view(np.uint64)
