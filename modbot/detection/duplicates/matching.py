"""How the replies of one batch repeat what is indexed and what came before them.

Most repeat nothing: those are told apart in arrays, and only the others become objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates import names, views
from modbot.detection.duplicates.campaigns import Campaigns, sole
from modbot.detection.duplicates.columns import NONE, Slots
from modbot.detection.duplicates.describing import Described, Descriptions, Habits, Place, similarity
from modbot.detection.duplicates.members import UNKNOWN, Member
from modbot.detection.duplicates.observed import author_number, blanked, is_placeholder
from modbot.detection.duplicates.tally import Tally, Totals, is_slip
from modbot.detection.duplicates.texts import Asked
from modbot.domain import Author, Repetition, Reply, Slip

_NEW = -(1 << 40)
"""The homes of texts that the batch itself begins count down from here."""


@dataclass(frozen=True, slots=True)
class Similar:
    """What a text is near to: a filed text by number, or earlier texts of the batch, best
    first, with their similarities."""

    filed: int = NONE
    similarity: float = 0.0
    earlier: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The batch as the texts know it. ``numbers`` of equal texts or ``NONE``, ``interesting``
    the positions that may repeat anything, ``similar`` by text, ``population`` how many
    replies each is compared with, itself counted."""

    numbers: list[int]
    interesting: list[int]
    similar: dict[str, Similar]
    population: NDArray[np.int64]


def look_up(campaigns: Campaigns, canonical: Sequence[str], known: int) -> Found:
    """What the index has of these texts. ``known`` replies are in it already."""
    asked = campaigns.texts.asked(canonical)
    numbers = campaigns.texts.find(asked)
    blank = np.zeros(len(canonical), dtype=np.bool_)
    blank[blanked(canonical)] = True
    new = np.flatnonzero((numbers == NONE) & ~blank).tolist()
    counts = Counter(canonical[place] for place in new)
    firsts = sorted({canonical[place]: place for place in reversed(new)}.values())
    similar = _similar(campaigns, asked.only(firsts))
    interesting = (numbers != NONE) | blank
    interesting[[at for at in new if counts[canonical[at]] > 1 or canonical[at] in similar]] = True
    places = np.flatnonzero(interesting).tolist()
    return Found(numbers.tolist(), places, similar, known + np.cumsum(~blank))


def _similar(campaigns: Campaigns, asked: Asked) -> dict[str, Similar]:
    """Of different new texts, those near anything, and those that others are near to."""
    texts = asked.texts
    if not texts:
        return {}
    filed, similarities = campaigns.texts.near(asked)
    places = np.flatnonzero(filed != NONE).tolist()
    found = {texts[at]: Similar(filed.item(at), similarities.item(at)) for at in places}
    if len(texts) == 1:
        return found
    earlier: dict[str, list[tuple[str, float]]] = {}
    pairs = zip(*(column.tolist() for column in campaigns.texts.near_among(asked)), strict=True)
    for one, other, likeness in pairs:
        earlier.setdefault(texts[one], []).append((texts[other], likeness))
        earlier.setdefault(texts[other], [])
    for text, others in earlier.items():
        if text not in found:
            found[text] = Similar(earlier=tuple(others))
    return found


@dataclass(slots=True)
class _Begun:
    """The texts of the batch that the index does not know: their homes, and which of them
    represent a campaign that the batch begins."""

    homes: dict[str, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


class Batch:
    """Answers for one batch, reply by reply, in order."""

    def __init__(
        self,
        campaigns: Campaigns,
        descriptions: Descriptions,
        habits: Habits,
        *,
        replaced: Slots,
        is_established: Callable[[Author], bool],
        now: datetime,
    ) -> None:
        self._campaigns = campaigns
        self._descriptions = descriptions
        self._is_established = is_established
        self._now = now
        self._begun = _Begun()
        self._tallies: dict[int, Tally] = {}
        self._without = _by_home(campaigns, replaced)
        self._habits = habits

    def repetition(
        self, reply: Reply, text: str, number: int, similar: Similar, population: int
    ) -> Repetition | None:
        """How one reply stands among those before it."""
        if not text:
            return None
        member = self._member(reply)
        if is_placeholder(text):
            return self._descriptions.blanked(member, names.of_hash(self._hash(text)), len(text))
        home, likeness = self._home(text, number, similar)
        tally = self._tally(home)
        twice = is_slip(tally.own(member.author).copies, member.author, member.thread, member.at)
        if twice:
            member = replace(member, counted=False)
        tally.add(member, number if number != NONE else text)
        self._habits.note(member.author, home, tally)
        slip = Slip.DOUBLE_CLICK if twice else None
        if tally.totals.size < 2 and not twice:
            if not self._is_corrected(member.post_id, number, home):
                return None
            slip = Slip.EDIT
        described = Described(member, text, number, likeness, slip)
        place = Place(home, self._name(home))
        return self._descriptions.repetition(described, place, tally, self._habits, population=population)

    def _home(self, text: str, number: int, similar: Similar) -> tuple[int, float]:
        """The home of a text, begun here where there is none, and the text's similarity to
        the representative."""
        if number != NONE:
            home = self._campaigns.home.item(number)
            representative = self._campaigns.representative(home)
            return home, 1.0 if representative == number else self._similarity(text, home)
        begun = self._begun
        if text in begun.homes:
            home = begun.homes[text]
            return home, 1.0 if begun.texts.get(home) == text else self._similarity(text, home)
        home, likeness = self._nearest(similar)
        if home == NONE:
            home, likeness = _NEW - len(begun.texts), 1.0
            begun.texts[home] = text
        begun.homes[text] = home
        return home, likeness

    def _nearest(self, similar: Similar) -> tuple[int, float]:
        """The home that a new text joins: of a filed text, or of one that the batch began a
        campaign with."""
        if similar.filed != NONE:
            return self._campaigns.home.item(similar.filed), similar.similarity
        for earlier, likeness in similar.earlier:
            home = self._begun.homes.get(earlier, NONE)
            if self._begun.texts.get(home) == earlier:
                return home, likeness
        return NONE, 0.0

    def _is_corrected(self, post_id: int, number: int, home: int) -> bool:
        """Whether the reply stood here with another text: an earlier revision of itself."""
        slot = self._campaigns.members.slots(np.array([post_id], dtype=np.int64)).item()
        earlier = self._without.get(home, frozenset())
        return slot in earlier and self._campaigns.members.text.item(slot) != number

    def _tally(self, home: int) -> Tally:
        tally = self._tallies.get(home)
        if tally is None:
            is_new = home <= _NEW
            without = self._without.get(home, frozenset())
            tally = Tally(Totals()) if is_new else views.tally(self._campaigns, home, without)
            self._tallies[home] = tally
        return tally

    def _name(self, home: int) -> str:
        """The campaign's name; one without a row yet is remembered by it."""
        known = self._campaigns
        if home >= 0:
            return known.name(home)
        if home <= _NEW:
            text, name = self._begun.texts[home], self._begun.names.get(home)
            if name is None:
                name = self._begun.names[home] = names.of_hash(self._hash(text))
            known.names.meet(name, text)
        else:
            name = known.name(home)
            known.names.meet(name, known.members.text.item(sole(home)))
        return name

    def _similarity(self, text: str, home: int) -> float:
        begun = self._begun.texts.get(home)
        return similarity(text, begun or self._habits.read(self._campaigns.representative(home)))

    def _hash(self, text: str) -> int:
        return int(self._campaigns.texts.hashes([text])[0])

    def _member(self, reply: Reply) -> Member:
        return Member(
            reply.post_id,
            author_number(reply.author.id, reply.author.name),
            UNKNOWN if reply.thread_id is None else reply.thread_id,
            (reply.posted_at or self._now).timestamp(),
            self._is_established(reply.author),
            True,
        )


def review(
    campaigns: Campaigns, descriptions: Descriptions, habits: Habits, slots: Slots, population: int
) -> list[Repetition | None]:
    """How members stand in their campaigns as they are now, each counted as itself: without
    any search, for what they belong to is known. None for ``NONE`` and for who is alone."""
    tallies: dict[int, Tally] = {}
    found: list[Repetition | None] = []
    for slot in slots.tolist():
        home = campaigns.home.item(campaigns.members.text.item(slot)) if slot != NONE else NONE
        if home < 0:
            found.append(None)
            continue
        if home not in tallies:
            tallies[home] = views.tally(campaigns, home, frozenset())
        described, place = _reviewed(campaigns, habits, (slot, home)), Place(home, campaigns.name(home))
        repeats = described.slip or tallies[home].totals.size >= 2
        found.append(
            descriptions.repetition(described, place, tallies[home], habits, population=population)
            if repeats
            else None
        )
    return found


def _reviewed(campaigns: Campaigns, habits: Habits, at: tuple[int, int]) -> Described:
    slot, home = at
    member, number = campaigns.members.member(slot), campaigns.members.text.item(slot)
    representative, text = campaigns.representative(home), habits.read(number)
    likeness = 1.0 if number == representative else similarity(text, habits.read(representative))
    return Described(member, text, number, likeness, None if member.counted else Slip.DOUBLE_CLICK)


def _by_home(campaigns: Campaigns, slots: Slots) -> dict[int, frozenset[int]]:
    homes = campaigns.home[campaigns.members.text[slots]].tolist()
    found: dict[int, frozenset[int]] = {}
    for home, slot in zip(homes, slots.tolist(), strict=True):
        found[home] = found.get(home, frozenset()) | {slot}
    return found
