"""The index as one batch sees it: without what the batch replaces, with what came before in it."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.detection.duplicates.campaigns import SEARCHED, Campaigns, sole
from modbot.detection.duplicates.columns import walk
from modbot.detection.duplicates.members import Member
from modbot.detection.duplicates.tally import LATEST, Own, Sight, Stamp, Tally, Totals

Slots = frozenset[int]


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the index holds of one campaign, but for the slots ``without``."""

    campaigns: Campaigns
    group: int
    without: Slots

    def own(self, author: int) -> Own:
        return self.campaigns.own(self.group, author, self.without)

    def has_thread(self, thread: int) -> bool:
        return self.campaigns.threads.members(self.group, thread) > len(self._left_out(thread))

    def totals(self) -> Totals:
        groups, group = self.campaigns.groups, self.group
        totals = Totals(
            groups.size.item(group),
            groups.authors.item(group),
            groups.newcomers.item(group),
            groups.threads.item(group),
            groups.first(group),
            groups.last(group),
            self._latest(),
        )
        if self.without:
            self._leave_out(totals)
        return totals

    def _latest(self) -> list[Sight]:
        members = self.campaigns.members
        newest = walk(members.older, self.campaigns.groups.head.item(self.group), LATEST + 1)
        return [sight(self.campaigns, slot) for slot in reversed(newest) if slot not in self.without]

    def _leave_out(self, totals: Totals) -> None:
        """Count what the batch replaces out again."""
        left = [self.campaigns.members.member(slot) for slot in self.without]
        counted = [member for member in left if member.counted]
        totals.size -= len(counted)
        for author in {member.author for member in counted}:
            pair = self.campaigns.pairs.of(self.group, author)
            was_new, own = self.campaigns.pairs.standing.item(pair) == 0, self.own(author)
            totals.authors -= own.count == 0
            totals.newcomers += (own.count > 0 and own.standing == 0) - was_new
        for thread in {member.thread for member in counted}:
            totals.threads -= not self.has_thread(thread)
        gone = {member.post_id for member in counted}
        if totals.first is not None and totals.first.post_id in gone:
            totals.first = min(self._stamps(newest=False), default=None)
        if totals.last is not None and totals.last.post_id in gone:
            totals.last = max(self._stamps(newest=True), default=None)

    def _stamps(self, *, newest: bool) -> list[Stamp]:
        groups, members = self.campaigns.groups, self.campaigns.members
        links, ends = (members.older, groups.head) if newest else (members.newer, groups.tail)
        slots = walk(links, ends.item(self.group), SEARCHED)
        return self.campaigns.stamps([slot for slot in slots if slot not in self.without])

    def _left_out(self, thread: int) -> list[Member]:
        left = (self.campaigns.members.member(slot) for slot in self.without)
        return [member for member in left if member.counted and member.thread == thread]


def tally(campaigns: Campaigns, home: int, without: Slots) -> Tally:
    """What the text's home holds, but for the slots ``without``."""
    if home >= 0:
        stored = _Stored(campaigns, home, without)
        return Tally(stored.totals(), stored)
    empty = Tally(Totals())
    if sole(home) not in without:
        empty.add(campaigns.members.member(sole(home)), campaigns.members.text.item(sole(home)))
    return empty


def sight(campaigns: Campaigns, slot: int) -> Sight:
    members = campaigns.members
    return Sight(
        members.post_id.item(slot),
        members.author.item(slot),
        members.thread.item(slot),
        members.at.item(slot),
        members.text.item(slot),
    )
