"""Campaigns of one forum: texts, what represents them, and what their members add up to.

A text joins a campaign by being near the campaign's *representative* (the text that
founded it), never by being near another member: strangers are not chained together.
Most texts are written once; only a text with a second member, or a variant, gets a row of
counts. Every count is kept up as members come and go: nothing here walks through a
campaign, but for the few newest or oldest of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates import names, snapshot
from modbot.detection.duplicates.authors import Authors
from modbot.detection.duplicates.columns import NONE, Array, Columns, Slots, grown, push, unlink, walk
from modbot.detection.duplicates.groups import Groups, Pairs, Threads
from modbot.detection.duplicates.members import COUNTED, Arrivals, Member, Members
from modbot.detection.duplicates.tally import MOST_COPIES, Copy, Own, Stamp, is_slip
from modbot.detection.duplicates.texts import Texts

SEARCHED = 64
"""Members, from either end of a campaign, among which a new first or last is looked for."""


class Campaigns:
    """Which campaign each text belongs to. Not safe under threads by itself.

    The *home* of a text is its campaign's row, or ``sole(slot)`` while that one member is
    all there is, or ``NONE``.
    """

    def __init__(self, texts: Texts, capacity: int) -> None:
        self.texts = texts
        self.members = Members(max(capacity, 1))
        self.groups = Groups()
        self.pairs = Pairs()
        self.threads = Threads()
        self.authors = Authors(self.pairs)
        self.names = names.Names()
        self.home = np.full(1024, NONE, dtype=np.int32)
        self.holders = np.zeros(1024, dtype=np.int32)

    def arrays(self) -> dict[str, Array]:
        """A snapshot that ``restore`` reads, but for the texts."""
        parts = {name: part.arrays() for name, part in self._columns().items()}
        own = {"home": self.home, "holders": self.holders}
        return snapshot.joined({**parts, "names": self.names.arrays(), "campaigns": own})

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take on what a snapshot holds. Raises ValueError or KeyError for one of something else."""
        for name, part in self._columns().items():
            part.restore(snapshot.part(arrays, name))
        self.names.restore(snapshot.part(arrays, "names"))
        own = snapshot.part(arrays, "campaigns")
        self.home, self.holders = own["home"].astype(np.int32), own["holders"].astype(np.int32)

    @property
    def nbytes(self) -> int:
        columns = sum(part.nbytes for part in self._columns().values())
        return self.texts.nbytes + columns + self.home.nbytes + self.holders.nbytes

    def name(self, home: int) -> str:
        """The lasting name of a campaign, or of what will be one with its second member."""
        if home >= 0:
            return self.names.name(home)
        return names.of_hash(self.texts.hash(self.representative(home)))

    def representative(self, home: int) -> int:
        """The number of the text that founded a campaign."""
        return self.groups.representative.item(home) if home >= 0 else self.members.text.item(sole(home))

    def named(self, name: str) -> int:
        """The campaign's row by its name; one that is only met so far becomes a campaign."""
        group, met = self.names.group(name), self.names.met(name)
        if group != NONE or met is None:
            return group
        if isinstance(met, str):
            number = int(self.texts.find([met])[0])
        else:
            number = met if self.home.item(met) != NONE else NONE
        # The text may be gone since, and its number another's.
        is_it = number != NONE and names.of_hash(self.texts.hash(number)) == name
        return self.grow(number) if is_it else NONE

    def arrive(self, arrivals: Arrivals) -> Slots:
        """Keep new replies. They belong to no campaign before ``settle`` or ``join``."""
        self.authors.arrive(arrivals.authors)
        slots = self.members.add(arrivals)
        np.add.at(self.holders, arrivals.texts, 1)
        return slots

    def add_texts(
        self, texts: Sequence[str], filed: bool | Sequence[bool] | NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        numbers = self.texts.add(texts, np.broadcast_to(np.asarray(filed, dtype=np.bool_), len(texts)))
        end = int(numbers.max(initial=NONE)) + 1
        if end > len(self.home):
            old = len(self.home)
            self.home, self.holders = grown(self.home, end), grown(self.holders, end)
            self.home[old:] = NONE
        self.holders[numbers] = 0
        self.home[numbers] = NONE
        return numbers

    def settle(self, slots: Slots) -> None:
        """The first members of texts that nobody else wrote."""
        self.home[self.members.text[slots]] = -2 - slots

    def found(self, text: int, name: str) -> int:
        """A campaign with this text, which has no home yet, as its representative."""
        group = self.groups.begin(text)
        self.names.learn(group, name)
        self.home[text] = group
        return group

    def grow(self, text: int) -> int:
        """The campaign that a text is of, from now on with counts of its own."""
        home = self.home.item(text)
        if home >= 0:
            return home
        name = names.of_hash(self.texts.hash(text))
        group = self.names.group(name)
        if group == NONE:
            group = self.found(text, name)
        self.home[text] = group
        if home != NONE:
            self.enter(group, sole(home))
        return group

    def remove(self, slots: Slots, *, forgotten: bool) -> None:
        """Take replies out; a campaign without members goes with its texts.

        Who was first is remembered, unless that reply is ``forgotten``, not expired.
        """
        unneeded: list[int] = []
        texts = self.members.text[slots].tolist()
        for slot, text in zip(slots.tolist(), texts, strict=True):
            group = self.home.item(text)
            self.holders[text] -= 1
            if group < 0:
                unneeded.append(text)
                continue
            self.leave(group, slot, forgotten=forgotten)
            if self.holders.item(text) == 0 and text != self.representative(group):
                unneeded.append(text)
            if self.groups.head.item(group) == NONE:
                unneeded.append(self.representative(group))
                self._end(group)
        self.authors.depart(self.members.author[slots])
        self.members.remove(slots)
        self._forget_texts(unneeded)

    def enter(self, group: int, slot: int) -> None:
        """Count a member in."""
        member, groups = self.members.member(slot), self.groups
        push(self.members.older, self.members.newer, groups.head.item(group), slot)
        groups.head[group] = slot
        if groups.tail.item(group) == NONE:
            groups.tail[group] = slot
        pair = self.pairs.meet(group, member.author)
        if is_slip(self.copies(pair), member.author, member.thread, member.at):
            self.members.flags[slot] &= ~np.uint8(COUNTED)
        else:
            self._count(group, pair, member)
        push(self.members.own_older, self.members.own_newer, self.pairs.head.item(pair), slot)
        self.pairs.head[pair] = slot
        if self.pairs.tail.item(pair) == NONE:
            self.pairs.tail[pair] = slot

    def leave(self, group: int, slot: int, *, forgotten: bool) -> None:
        """Count a member out."""
        member, groups, pairs = self.members.member(slot), self.groups, self.pairs
        older, newer = unlink(self.members.older, self.members.newer, slot)
        if newer == NONE:
            groups.head[group] = older
        if older == NONE:
            groups.tail[group] = newer
        pair = pairs.of(group, member.author)
        older, newer = unlink(self.members.own_older, self.members.own_newer, slot)
        if newer == NONE:
            pairs.head[pair] = older
        if older == NONE:
            pairs.tail[pair] = newer
        if member.counted:
            self._discount(group, pair, member)
            self._follow(group, member, forgotten=forgotten)
        if pairs.head.item(pair) == NONE:
            pairs.end_of(pair)

    def copies(self, pair: int, without: frozenset[int] = frozenset()) -> list[Copy]:
        """The newest copies of one author in a campaign, the newest last."""
        at, thread, flags = self.members.at.item, self.members.thread.item, self.members.flags.item
        slots = walk(self.members.own_older, self.pairs.head.item(pair), MOST_COPIES)
        return [
            (at(slot), thread(slot), bool(flags(slot) & COUNTED))
            for slot in reversed(slots)
            if slot not in without
        ]

    def own(self, group: int, author: int, without: frozenset[int] = frozenset()) -> Own:
        """One author's part in a campaign, but for the slots ``without`` (all of the campaign)."""
        pair = self.pairs.of(group, author)
        if pair == NONE:
            return Own()
        own = Own(self.pairs.count.item(pair), self.pairs.standing.item(pair), self.copies(pair, without))
        for slot in without:
            member = self.members.member(slot)
            if member.author == author and member.counted:
                own.count -= 1
                own.standing -= member.established
        return own

    def merge(self, one: int, other: int) -> int:
        """Make two campaigns one: the members of the smaller move, the name and the
        representative of the older stay. Answers the row that is left."""
        groups = self.groups
        small, large = sorted((one, other), key=groups.size.item)
        older = min((one, other), key=groups.first_at.item)
        kept, lost = self.name(older), self.name(one + other - older)
        representative = groups.representative.item(older)
        firsts = [first for group in (one, other) if (first := groups.first(group)) is not None]
        slots = walk(self.members.newer, groups.tail.item(small), len(self.members))
        texts = {self.members.text.item(slot) for slot in slots} | {groups.representative.item(small)}
        for slot in slots:
            self.leave(small, slot, forgotten=False)
        self.home[list(texts)] = large
        for slot in slots:
            self.members.flags[slot] |= np.uint8(COUNTED)
            self.enter(large, slot)
        replaced = {groups.representative.item(one), groups.representative.item(other)} - {representative}
        groups.representative[large] = representative
        if firsts:
            groups.set_first(large, min(firsts))
        self._end(small)
        self.names.absorb(large, kept, lost)
        self._forget_texts([text for text in replaced if self.holders.item(text) == 0])
        return large

    def _count(self, group: int, pair: int, member: Member) -> None:
        groups, pairs = self.groups, self.pairs
        before, standing = pairs.count.item(pair), pairs.standing.item(pair)
        groups.size[group] += 1
        groups.authors[group] += before == 0
        groups.newcomers[group] += (before == 0) - (member.established and standing == 0)
        pairs.count[pair] = before + 1
        pairs.standing[pair] = standing + member.established
        groups.threads[group] += self.threads.add(group, member.thread)
        groups.see(group, Stamp(member.at, member.post_id, member.author))
        self.authors.recount(pair, before, before + 1)

    def _discount(self, group: int, pair: int, member: Member) -> None:
        groups, pairs = self.groups, self.pairs
        before, standing = pairs.count.item(pair), pairs.standing.item(pair)
        groups.size[group] -= 1
        groups.authors[group] -= before == 1
        groups.newcomers[group] -= (before == 1) - (member.established and standing == 1)
        pairs.count[pair] = before - 1
        pairs.standing[pair] = standing - member.established
        groups.threads[group] -= self.threads.drop(group, member.thread)
        self.authors.recount(pair, before, before - 1)

    def _follow(self, group: int, member: Member, *, forgotten: bool) -> None:
        """Who is first and last now that a member is gone."""
        groups, links = self.groups, self.members
        if forgotten and groups.first_post.item(group) == member.post_id:
            oldest = walk(links.newer, groups.tail.item(group), SEARCHED)
            groups.set_first(group, min(self.stamps(oldest), default=None))
        if groups.last_post.item(group) == member.post_id:
            newest = walk(links.older, groups.head.item(group), SEARCHED)
            groups.set_last(group, max(self.stamps(newest), default=None))

    def stamps(self, slots: Sequence[int]) -> list[Stamp]:
        members = self.members
        return [
            Stamp(members.at.item(slot), members.post_id.item(slot), members.author.item(slot))
            for slot in slots
            if members.flags.item(slot) & COUNTED
        ]

    def _columns(self) -> dict[str, Columns]:
        return {
            "members": self.members,
            "groups": self.groups,
            "pairs": self.pairs,
            "threads": self.threads,
            "authors": self.authors,
        }

    def _end(self, group: int) -> None:
        self.names.forget(group)
        self.groups.end_of(group)

    def _forget_texts(self, texts: Sequence[int]) -> None:
        if texts:
            numbers = np.array(texts, dtype=np.int64)
            self.home[numbers] = NONE
            self.texts.remove(numbers)


def sole(home: int) -> int:
    """The slot of the only member, from a home that says so."""
    return -2 - home
