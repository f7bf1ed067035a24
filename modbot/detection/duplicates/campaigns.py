"""Campaigns of one forum: texts, what represents them, and their members.

A text joins a campaign by being near the campaign's *representative* (the text that
founded it), never by being near another member: strangers are not chained together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from modbot.detection.duplicates.members import Member, Members
from modbot.detection.duplicates.near import MOST_TEXTS, Match, NearTable, comparable, search
from modbot.detection.duplicates.tally import Tally

MOST_VARIANTS = 1_000
"""Further texts of one campaign that are known by heart; older ones are found by nearness."""


def campaign_id(canonical: str) -> str:
    """The lasting name of the campaign that a text represents: the same after a restart."""
    return "c" + hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _number(name: str) -> int:
    """A campaign's name as a number, which takes a third of the room."""
    try:
        return int(name[1:], 16)
    except ValueError:
        return -1 - int.from_bytes(name.encode("utf-8", "surrogatepass"), "big")


class _Campaign:
    __slots__ = ("members", "name", "representative", "texts")

    def __init__(self, representative: str, name: str | None) -> None:
        self.representative = representative
        self.name = name
        self.members: list[int] = []
        self.texts: list[str] = [representative]

    @property
    def id(self) -> str:
        return self.name or campaign_id(self.representative)


class Campaigns:
    """Which campaign each text belongs to. Not safe under threads by itself."""

    def __init__(self, capacity: int) -> None:
        self.members = Members()
        self._near = NearTable(capacity)
        self._campaigns: dict[int, _Campaign] = {}
        self._of_text: dict[str, int] = {}
        self._named: dict[int, int] = {}
        self._by_author: dict[int, list[int]] = {}
        self._last = -1

    def __len__(self) -> int:
        return len(self._campaigns)

    def of_text(self, canonical: str) -> int | None:
        return self._of_text.get(canonical)

    def of_name(self, name: str) -> int | None:
        return self._named.get(_number(name))

    def id(self, number: int) -> str:
        return self._campaigns[number].id

    def representative(self, number: int) -> str:
        campaign = self._campaigns.get(number)
        return campaign.representative if campaign else ""

    def near(self, texts: Sequence[str]) -> dict[int, Match]:
        """For each position of ``texts`` the campaign whose representative is nearest."""
        found = search(self._near, texts, self.representative)
        return {position: matches[0] for position, matches in found.items()}

    def members_of(self, number: int, *, since: float, without: set[int]) -> list[Member]:
        """Members posted since a time, other than the posts ``without``."""
        slots = self._campaigns[number].members
        return [
            member
            for member in self.members.all(slots)
            if member.at >= since and member.post_id not in without
        ]

    def repeated_by(self, author: int, *, since: float, without: set[int]) -> dict[int, int]:
        """Campaign → counted posts of one author since a time."""
        counts: dict[int, int] = {}
        slots = self._by_author.get(author, [])
        for number, member in zip(self.members.campaigns_of(slots), self.members.all(slots), strict=True):
            if member.counted and member.at >= since and member.post_id not in without:
                counts[number] = counts.get(number, 0) + 1
        return counts

    def found(self, canonical: str, name: str | None = None) -> int:
        """Start a campaign with this text. Its signatures are filed by ``file``."""
        number = (self._last + 1) % MOST_TEXTS
        while number in self._campaigns:
            number = (number + 1) % MOST_TEXTS
        self._last = number
        own = campaign_id(canonical)
        self._campaigns[number] = _Campaign(canonical, name if name != own else None)
        self._of_text[canonical] = number
        self._named[_number(name or own)] = number
        return number

    def file(self, numbers: Sequence[int]) -> None:
        """Make the representatives of campaigns findable by near-duplicates."""
        texts = {number: self.representative(number) for number in numbers}
        chosen = {number: text for number, text in texts.items() if comparable(text)}
        self._near.add(list(chosen), list(chosen.values()))

    def join(self, number: int, canonical: str) -> None:
        """A further text of a campaign."""
        if canonical in self._of_text:
            return
        texts = self._campaigns[number].texts
        if len(texts) > MOST_VARIANTS:
            self._of_text.pop(texts.pop(1), None)
        self._of_text[canonical] = number
        texts.append(canonical)

    def add(self, number: int, member: Member) -> None:
        campaign = self._campaigns[number]
        if member.counted and len(campaign.members):
            tally = Tally.of(self._beside(campaign, member))
            if tally.is_slip(member.author, member.thread, member.at):
                member = _uncounted(member)
        slot = self.members.add(member, campaign=number)
        campaign.members.append(slot)
        self._by_author.setdefault(member.author, []).append(slot)

    def remove(self, slots: Sequence[int]) -> None:
        """Take replies out; a campaign without members is forgotten with its texts."""
        gone = set(slots)
        authors = {self.members.value("author", slot) for slot in gone}
        for number in set(self.members.campaigns_of(list(gone))):
            campaign = self._campaigns[number]
            campaign.members = [slot for slot in campaign.members if slot not in gone]
            if not campaign.members:
                self._forget(number, campaign)
        for author in authors:
            own = [slot for slot in self._by_author.pop(author) if slot not in gone]
            if own:
                self._by_author[author] = own
        for slot in gone:
            self.members.remove(slot)

    def _beside(self, campaign: _Campaign, member: Member) -> list[Member]:
        """Members by the same author, from the shorter of both lists."""
        own = self._by_author.get(member.author, [])
        if len(own) <= len(campaign.members):
            chosen = set(campaign.members) if len(own) > 8 else campaign.members
            slots = [slot for slot in own if slot in chosen]
        else:
            slots = campaign.members
        return [other for other in self.members.all(slots) if other.author == member.author]

    def _forget(self, number: int, campaign: _Campaign) -> None:
        for text in campaign.texts:
            if self._of_text.get(text) == number:
                del self._of_text[text]
        if self._named.get(_number(campaign.id)) == number:
            del self._named[_number(campaign.id)]
        del self._campaigns[number]


def _uncounted(member: Member) -> Member:
    return Member(member.post_id, member.author, member.thread, member.at, member.established, False)
