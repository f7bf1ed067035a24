"""Repetition within one forum: match a batch, insert what was stored, expire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np

from modbot.detection.duplicates import matching, snapshot
from modbot.detection.duplicates.campaigns import Campaigns
from modbot.detection.duplicates.columns import NONE, Array
from modbot.detection.duplicates.describing import Descriptions, Spans
from modbot.detection.duplicates.filing import Filing
from modbot.detection.duplicates.matching import Batch, Similar
from modbot.detection.duplicates.observed import Observation
from modbot.detection.duplicates.repeaters import Repeaters
from modbot.detection.duplicates.texts import Texts
from modbot.domain import Author, Repetition, Reply

_GRAINS = 1_000
"""The window moves on in so many steps of its own length (43 minutes of 30 days)."""
_NOTHING = Similar()


class ForumIndex:
    """The campaigns of one forum. Not safe under threads by itself."""

    def __init__(
        self,
        forum: str,
        spans: Spans,
        capacity: int,
        is_established: Callable[[Author], bool],
        *,
        accelerate: bool = False,
        texts: Texts | None = None,
    ) -> None:
        self._spans = spans
        self._capacity = capacity
        self._is_established = is_established
        self._oldest = float("inf")
        self._campaigns = Campaigns(
            Texts(capacity, accelerate=accelerate) if texts is None else texts, capacity
        )
        self._repeaters = Repeaters(self._campaigns, spans.burst.total_seconds())
        self._filing = Filing(self._campaigns, self._repeaters)
        self._descriptions = Descriptions(forum, spans, self._campaigns)

    @property
    def size(self) -> int:
        return len(self._campaigns.members)

    @property
    def nbytes(self) -> int:
        return self._campaigns.nbytes

    def match(
        self, replies: Sequence[Reply], canonical: Sequence[str], now: datetime
    ) -> list[Repetition | None]:
        """How each reply stands among those indexed and those before it in the batch."""
        self.expire(now)
        post_ids = np.fromiter((reply.post_id for reply in replies), np.int64, len(replies))
        replaced = self._campaigns.members.slots(post_ids)
        replaced = np.unique(replaced[replaced != NONE])
        found = matching.look_up(self._campaigns, canonical, self.size - len(replaced))
        batch = Batch(
            self._campaigns,
            self._descriptions,
            self._descriptions.habits(self._repeaters, frozenset(replaced.tolist()), now),
            replaced=replaced,
            is_established=self._is_established,
            now=now,
        )
        answers: list[Repetition | None] = [None] * len(replies)
        for place in found.interesting:
            text = canonical[place]
            similar = found.similar.get(text, _NOTHING)
            population = found.population.item(place)
            answers[place] = batch.repetition(replies[place], text, found.numbers[place], similar, population)
        return answers

    def review(self, post_ids: Sequence[int], now: datetime) -> list[Repetition | None]:
        """How indexed replies stand in their campaigns now, each counted as itself. None for
        one that is not indexed, or alone."""
        slots = self._campaigns.members.slots(np.array(post_ids, dtype=np.int64))
        habits = self._descriptions.habits(self._repeaters, frozenset(), now, anew=False)
        return matching.review(self._campaigns, self._descriptions, habits, slots, self.size)

    def insert(self, observations: Sequence[Observation]) -> None:
        """Count stored replies; one already counted is counted once, an edited one anew."""
        self._oldest = min(self._oldest, self._filing.insert(observations))
        surplus = self.size - self._capacity
        if surplus > 0:
            self._let_go(self._campaigns.members.oldest(surplus + self._capacity // 64))

    def forget(self, post_ids: Iterable[int]) -> None:
        slots = self._campaigns.members.slots(np.array(sorted(set(post_ids)), dtype=np.int64))
        self._campaigns.remove(slots[slots != NONE], forgotten=True)
        self._repeaters.refresh()

    def expire(self, now: datetime) -> None:
        """Let go of what is older than the window, to a thousandth of it."""
        window = self._spans.window.total_seconds()
        grain = window / _GRAINS
        since = np.floor((now.timestamp() - window) / grain) * grain
        if self._oldest < since:
            self._let_go(self._campaigns.members.older_than(since))
            self._oldest = self._campaigns.members.earliest()

    def arrays(self) -> dict[str, Array]:
        """A snapshot that ``restore`` reads."""
        parts = {"texts": self._campaigns.texts.arrays(), "repeaters": self._repeaters.arrays()}
        return {**snapshot.joined(parts), **self._campaigns.arrays()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take on what a snapshot holds. Raises ValueError or KeyError for one of something else."""
        self._campaigns.restore(arrays)
        self._repeaters.restore(snapshot.part(arrays, "repeaters"))
        self._oldest = self._campaigns.members.earliest()

    def _let_go(self, slots: Array) -> None:
        self._campaigns.remove(slots, forgotten=False)
        self._repeaters.refresh()
