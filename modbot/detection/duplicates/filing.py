"""Counting stored replies into the index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from modbot.detection.duplicates import names
from modbot.detection.duplicates.campaigns import Campaigns
from modbot.detection.duplicates.columns import NONE, Slots
from modbot.detection.duplicates.flat import Index
from modbot.detection.duplicates.members import UNKNOWN, Arrivals
from modbot.detection.duplicates.near import EDIT_SIMILARITY, comparable
from modbot.detection.duplicates.observed import Observation, author_number, blanked
from modbot.detection.duplicates.repeaters import Repeaters
from modbot.domain import is_of_few_authors

REMEMBERED = 512
"""Campaigns that began last, among which a new one's twin is looked for."""


@dataclass(slots=True)
class Filing:
    """Takes observations in. ``_young`` are the representatives of the campaigns that began
    last, by text number.

    Two campaigns are one when their representatives are near-duplicates of each other: their
    texts were judged side by side, when neither was findable yet. That is looked for when a
    campaign gets its second member; a third text near to both is no reason.
    """

    campaigns: Campaigns
    repeaters: Repeaters
    _young: dict[int, str] = field(default_factory=dict)

    def insert(self, observations: Sequence[Observation]) -> float:
        """Count stored replies; one already counted is counted once, an edited one anew. Answers
        when the earliest of those was posted that came in; infinity where none did."""
        latest = list({seen.key.post_id: seen for seen in observations}.values())
        kept = _saying_something(self._without_known(latest))
        if not kept:
            return float("inf")
        numbers = self._numbered(kept)
        homes = self.campaigns.home[numbers]
        arrivals = _arrivals(kept, numbers)
        slots = self.campaigns.arrive(arrivals)
        _, firsts = np.unique(numbers, return_index=True)
        is_sole = np.zeros(len(kept), dtype=np.bool_)
        is_sole[firsts] = homes[firsts] == NONE
        self.campaigns.settle(slots[is_sole])
        grown = self._join(slots[~is_sole])
        self._learn(kept)
        for group in grown:
            self._merge_with_twin(group)
        self.repeaters.refresh()
        return float(arrivals.at.min())

    def _without_known(self, observations: Sequence[Observation]) -> list[Observation]:
        """Those not counted yet; edited ones leave the text they were counted with."""
        campaigns = self.campaigns
        post_ids = np.array([seen.key.post_id for seen in observations], dtype=np.int64)
        slots = campaigns.members.slots(post_ids)
        places = np.flatnonzero(slots != NONE)
        if not len(places):
            return list(observations)
        texts = campaigns.texts.find([observations[place].canonical for place in places.tolist()])
        is_changed = texts != campaigns.members.text[slots[places]]
        campaigns.remove(slots[places[is_changed]], forgotten=True)
        known = set(places[~is_changed].tolist())
        return [seen for place, seen in enumerate(observations) if place not in known]

    def _numbered(self, observations: Sequence[Observation]) -> Index:
        """The numbers of their texts. A new text joins the campaign that its first reply was
        told, or begins one of that name; one that was told none waits for a second member."""
        campaigns = self.campaigns
        numbers = campaigns.texts.find([seen.canonical for seen in observations])
        new: dict[str, str | None] = {}
        for place in np.flatnonzero(numbers == NONE).tolist():
            seen = observations[place]
            new[seen.canonical] = new.get(seen.canonical) or seen.campaign
        made = self._add_unnamed([text for text, name in new.items() if name is None], set(new.values()))
        made |= self._add_of_authors([text for text, name in new.items() if name and is_of_few_authors(name)])
        made |= self._add_named(
            {text: name for text, name in new.items() if name and not is_of_few_authors(name)}
        )
        for place in np.flatnonzero(numbers == NONE).tolist():
            numbers[place] = made[observations[place].canonical]
        for name in {seen.campaign for seen in observations if seen.campaign is not None}:
            campaigns.named(name)
        return numbers

    def _add_unnamed(self, texts: Sequence[str], told: Collection[str | None]) -> dict[str, int]:
        """``told`` are the names of campaigns that other new texts belong to."""
        if not texts:
            return {}
        numbers = self.campaigns.add_texts(texts, filed=True)
        hashes = {names.hash_of(name) for name in told if name is not None}
        if hashes:
            for text, text_hash in zip(texts, self.campaigns.texts.hashes(texts).tolist(), strict=True):
                if text_hash in hashes:
                    self.campaigns.names.meet(names.of_hash(text_hash), text)
        return dict(zip(texts, numbers.tolist(), strict=True))

    def _add_of_authors(self, texts: Sequence[str]) -> dict[str, int]:
        """The name tells the authors, not what the text is near to: that is looked for again."""
        if not texts:
            return {}
        campaigns = self.campaigns
        filed, _ = campaigns.texts.near(texts)
        is_near = filed != NONE
        numbers = campaigns.add_texts(texts, filed=~is_near)
        for number, other in zip(numbers[is_near].tolist(), filed[is_near].tolist(), strict=True):
            campaigns.home[number] = campaigns.grow(other)
        return dict(zip(texts, numbers.tolist(), strict=True))

    def _add_named(self, named: dict[str, str]) -> dict[str, int]:
        """Texts of campaigns told by name. Where there is no such campaign one of them
        represents it: the one that it is named after, or else the first."""
        if not named:
            return {}
        campaigns = self.campaigns
        texts = list(named)
        own = [names.of_hash(text_hash) for text_hash in campaigns.texts.hashes(texts).tolist()]
        founders = {name: text for text, name in reversed(named.items())}
        founders.update((name, text) for text, name in zip(texts, own, strict=True) if named[text] == name)
        missing = {name for name in founders if campaigns.named(name) == NONE}
        founding = [named[text] in missing and founders[named[text]] == text for text in texts]
        numbers = campaigns.add_texts(texts, filed=founding).tolist()
        for number, text, is_founding in zip(numbers, texts, founding, strict=True):
            if is_founding:
                campaigns.found(number, named[text])
        for number, text in zip(numbers, texts, strict=True):
            campaigns.home[number] = campaigns.named(named[text])
        return dict(zip(texts, numbers, strict=True))

    def _join(self, slots: Slots) -> list[int]:
        """Count members into the campaigns of their texts; answers those that began."""
        campaigns = self.campaigns
        begun = []
        for slot in slots.tolist():
            text = campaigns.members.text.item(slot)
            if campaigns.home.item(text) < 0:
                begun.append(campaigns.grow(text))
            campaigns.enter(campaigns.home.item(text), slot)
        return begun

    def _learn(self, observations: Sequence[Observation]) -> None:
        """What the stored replies tell: former names of their campaigns, and which authors
        are known by the name of a campaign of few."""
        for seen in observations:
            if seen.campaign is not None and is_of_few_authors(seen.campaign):
                author = author_number(seen.author_id, seen.author_name)
                self.repeaters.learn(author, seen.campaign, seen.posted_at.timestamp(), seen.aliases)
            elif seen.aliases:
                self.campaigns.names.told(seen.aliases)

    def _merge_with_twin(self, group: int) -> None:
        campaigns = self.campaigns
        if campaigns.groups.representative.item(group) == NONE:
            return
        representative = campaigns.representative(group)
        text = campaigns.texts.text(representative)
        if not comparable(text):
            return
        for other in self._near(text):
            twin = campaigns.home.item(other)
            if twin >= 0 and twin != group and campaigns.representative(twin) == other:
                group = campaigns.merge(group, twin)
        self._young.pop(representative, None)
        self._young[representative] = text
        while len(self._young) > REMEMBERED:
            del self._young[next(iter(self._young))]

    def _near(self, text: str) -> list[int]:
        """Young representatives that are near this text, and still are what they were."""
        if not self._young:
            return []
        scores = cdist(
            [text],
            list(self._young.values()),
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=EDIT_SIMILARITY - 1e-6,
        )[0]
        near = [list(self._young)[at] for at in np.flatnonzero(scores > 0).tolist()]
        return [number for number in near if self.campaigns.texts.text(number) == self._young[number]]


def _saying_something(observations: Sequence[Observation]) -> Sequence[Observation]:
    silent = set(blanked([seen.canonical for seen in observations]))
    return [seen for row, seen in enumerate(observations) if row not in silent] if silent else observations


def _arrivals(observations: Sequence[Observation], numbers: Index) -> Arrivals:
    count = len(observations)
    return Arrivals(
        post_ids=np.fromiter((seen.key.post_id for seen in observations), np.int64, count),
        authors=np.fromiter(
            (author_number(seen.author_id, seen.author_name) for seen in observations), np.int64, count
        ),
        threads=np.fromiter(
            (UNKNOWN if seen.thread_id is None else seen.thread_id for seen in observations), np.int64, count
        ),
        at=np.fromiter((seen.posted_at.timestamp() for seen in observations), np.float64, count),
        established=np.fromiter((seen.established for seen in observations), np.bool_, count),
        texts=numbers,
    )
