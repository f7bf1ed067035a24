"""Near-duplicates and campaigns: who repeats what, in memory, bounded, rebuilt from the store.

Each forum has its own campaigns: thread and author numbers mean nothing across forums.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Protocol

import numpy as np

from modbot.detection.duplicates import snapshot
from modbot.detection.duplicates.columns import Array
from modbot.detection.duplicates.describing import Spans
from modbot.detection.duplicates.forum import ForumIndex
from modbot.detection.duplicates.observed import Observation, is_placeholder, observation
from modbot.detection.duplicates.snapshot import UnusableSnapshot
from modbot.detection.duplicates.texts import Texts
from modbot.domain import Author, Repetition, Reply, ReplyKey

__all__ = [
    "DuplicateIndex",
    "Observation",
    "Repeats",
    "Reviewed",
    "UnusableSnapshot",
    "is_placeholder",
    "observation",
]

STANDING_POSTS = 50


class Repeats(Protocol):
    """Tells how replies repeat others."""

    def match(
        self, replies: Sequence[Reply], canonical: Sequence[str], now: datetime
    ) -> list[Repetition | None]: ...


class DuplicateIndex:
    """Repetition within a sliding window. Safe under threads.

    ``is_established`` tells whether an author has standing: a function of the author,
    or the ids of those who have; by default 50 posts suffice. ``capacity`` bounds the
    replies kept for each forum: beyond it the oldest are let go.
    """

    def __init__(
        self,
        *,
        window: timedelta = timedelta(days=30),
        burst: timedelta = timedelta(days=7),
        is_established: Callable[[Author], bool] | Collection[int] | None = None,
        capacity: int = 200_000,
        accelerate: bool = False,
    ) -> None:
        self._spans = Spans(window, burst)
        self._capacity = capacity
        self._accelerate = accelerate
        self._is_established = _standing(is_established)
        self._forums: dict[str, ForumIndex] = {}
        self._lock = RLock()

    @property
    def size(self) -> int:
        """Replies indexed, over all forums."""
        with self._lock:
            return sum(forum.size for forum in self._forums.values())

    def match(
        self, replies: Sequence[Reply], canonical: Sequence[str], now: datetime
    ) -> list[Repetition | None]:
        """How each reply repeats what is indexed or came before it in the batch.

        ``canonical`` are the replies' canonical texts, ``now`` is aware. None: it repeats
        nothing. Nothing is inserted.
        """
        found: list[Repetition | None] = [None] * len(replies)
        with self._lock:
            for forum, places in _by_forum([reply.forum for reply in replies]).items():
                chosen = [replies[place] for place in places]
                texts = [canonical[place] for place in places]
                for place, repetition in zip(places, self._of(forum).match(chosen, texts, now), strict=True):
                    found[place] = repetition
        return found

    def review(self, keys: Sequence[ReplyKey], now: datetime) -> list[Repetition | None]:
        """How indexed replies stand in their campaigns as those are now, each counted as
        itself: what ``match`` would say of one alone, without a search. None: it is not
        indexed, or repeats nothing."""
        found: list[Repetition | None] = [None] * len(keys)
        with self._lock:
            for forum, places in _by_forum([key.forum for key in keys]).items():
                repetitions = self._of(forum).review([keys[place].post_id for place in places], now)
                for place, repetition in zip(places, repetitions, strict=True):
                    found[place] = repetition
        return found

    def insert(self, observations: Sequence[Observation]) -> None:
        """Count replies that were stored. Repeating an insert changes nothing."""
        with self._lock:
            for forum, places in _by_forum([seen.key.forum for seen in observations]).items():
                self._of(forum).insert([observations[place] for place in places])

    def forget(self, keys: Iterable[ReplyKey]) -> None:
        """Take replies out again: removed, restored or taught wrongly."""
        listed = list(keys)
        with self._lock:
            for forum, places in _by_forum([key.forum for key in listed]).items():
                self._of(forum).forget(listed[place].post_id for place in places)

    def expire(self, now: datetime) -> None:
        """Let go of replies older than the window."""
        with self._lock:
            for forum in self._forums.values():
                forum.expire(now)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._forums = {}

    def save(self, path: Path, *, mark: str = "") -> None:
        """Write a snapshot in one file, in place of an earlier one. ``mark`` says what it
        holds, in words of the caller's. Raises OSError."""
        with self._lock:
            parts = {f"f{at}": forum.arrays() for at, forum in enumerate(self._forums.values())}
            about = {
                "forums": np.array(list(self._forums), dtype=np.str_),
                "made_for": np.array(self._made_for()),
                "mark": np.array(mark),
            }
            # Arrays are written as they are: nobody may change them meanwhile.
            snapshot.write(path, {**about, **snapshot.joined(parts)})

    def load(self, path: Path) -> str:
        """Take on a snapshot, in place of all that is held; answers its ``mark``.

        Raises OSError, and UnusableSnapshot for a damaged file, another format or other
        settings (window, burst, capacity): then the index is as it was.
        """
        arrays = snapshot.read(path)
        try:
            if arrays["made_for"].tolist() != self._made_for():
                raise UnusableSnapshot("other settings")
            forums = arrays["forums"].tolist()
            made = {
                forum: self._restored(forum, snapshot.part(arrays, f"f{at}"))
                for at, forum in enumerate(forums)
            }
            mark = str(arrays["mark"])
        except (ValueError, KeyError, IndexError) as problem:
            raise UnusableSnapshot(str(problem)) from problem
        with self._lock:
            self._forums = made
        return mark

    def _made_for(self) -> list[float]:
        window, burst = self._spans.window.total_seconds(), self._spans.burst.total_seconds()
        return [window, burst, float(self._capacity)]

    def _restored(self, forum: str, arrays: Mapping[str, Array]) -> ForumIndex:
        texts = Texts.restore(snapshot.part(arrays, "texts"), self._capacity, accelerate=self._accelerate)
        index = ForumIndex(forum, self._spans, self._capacity, self._is_established, texts=texts)
        index.restore(arrays)
        return index

    def _of(self, forum: str) -> ForumIndex:
        index = self._forums.get(forum)
        if index is None:
            index = ForumIndex(
                forum, self._spans, self._capacity, self._is_established, accelerate=self._accelerate
            )
            self._forums[forum] = index
        return index


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Answers as an index does for replies that are all in it already, from what they belong
    to: for a detector that is to look at members of a campaign again."""

    index: DuplicateIndex

    def match(
        self, replies: Sequence[Reply], canonical: Sequence[str], now: datetime
    ) -> list[Repetition | None]:
        del canonical
        return self.index.review([reply.key for reply in replies], now)


def _standing(rule: Callable[[Author], bool] | Collection[int] | None) -> Callable[[Author], bool]:
    if rule is None:
        return lambda author: author.posts is not None and author.posts >= STANDING_POSTS
    if callable(rule):
        return rule
    ids = frozenset(rule)
    return lambda author: author.id in ids


def _by_forum(forums: Sequence[str]) -> dict[str, list[int]]:
    if forums and forums.count(forums[0]) == len(forums):
        return {forums[0]: list(range(len(forums)))}
    places: dict[str, list[int]] = {}
    for place, forum in enumerate(forums):
        places.setdefault(forum, []).append(place)
    return places
