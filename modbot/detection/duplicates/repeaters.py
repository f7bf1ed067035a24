"""Campaigns of few authors: accounts that live on repeating several texts.

An author is a *repeater* who, within the burst before their newest repeat, repeated three
different texts or more, in three threads or more, and of whose replies in the window half
or more are repeats. A text is a custom, and makes nobody a repeater, to who wrote it less
often than there are others who write it. Two repeaters are
linked who share three such texts, or half of the smaller's. What is linked is one campaign,
of all repeated texts of these authors, unless it is of more than ``FEW_AUTHORS``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from modbot.detection.duplicates import names
from modbot.detection.duplicates.campaigns import Campaigns
from modbot.detection.duplicates.columns import NONE, Array, walk
from modbot.detection.duplicates.members import COUNTED, UNKNOWN
from modbot.detection.duplicates.tally import Stamp, Totals

FEW_AUTHORS = 20
LEAST_TEXTS = 3
LEAST_THREADS = 3
SHARED_TEXTS = 3
MOST_TEXTS = 256
"""The texts of one author that are looked at, those first repeated last."""
_COPIES = 8
"""The newest copies of one author and text whose threads are told apart."""


@dataclass(frozen=True, slots=True)
class Component:
    """Linked repeaters, and the campaigns' rows of the texts that link them. ``former`` are
    the names of campaigns of few authors that are one in this."""

    name: str
    authors: frozenset[int]
    groups: frozenset[int]
    former: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComponentTotals:
    """What the repeated texts of a component's authors add up to. Threads are told apart
    among the newest copies of each author and text."""

    totals: Totals
    texts: int
    threads: set[int]


class Repeaters:
    """The repeaters of one forum, and what links them. Not safe under threads by itself."""

    def __init__(self, campaigns: Campaigns, burst: float) -> None:
        self._campaigns = campaigns
        self._burst = burst
        self._texts: dict[int, frozenset[int]] = {}
        self._of: dict[int, Component] | None = None
        self._names: dict[int, str] = {}
        self._since: dict[str, float] = {}
        self._told: dict[int, set[str]] = {}

    def refresh(self) -> None:
        """Look again at the authors whose repeats changed."""
        touched = self._campaigns.authors.touched
        for author in touched:
            texts = self._repeated_texts(author)
            if texts != self._texts.get(author, frozenset()):
                self._of = None
                if texts:
                    self._texts[author] = texts
                else:
                    del self._texts[author]
        touched.clear()

    def component(self, author: int) -> Component | None:
        if author not in self._texts:
            return None
        if self._of is None:
            self._of = {one: made for made in self._components() for one in made.authors}
        return self._of.get(author)

    def aliases(self, author: int, component: Component, of_text: str) -> tuple[str, ...]:
        """The names under which replies of this author were known before (``of_text`` is that
        of the reply's own text), and which no stored reply of theirs tells of yet."""
        told = self._told.get(author, set())
        own = self._texts.get(author, frozenset())
        names_of_texts = {of_text, *(self._campaigns.names.name(group) for group in own)}
        return tuple(name for name in (*component.former, *sorted(names_of_texts)) if name not in told)

    def text(self, number: int) -> str:
        return self._campaigns.texts.text(number)

    def repeated_since(self, author: int, since: float, without: frozenset[int]) -> set[int]:
        """The rows of the campaigns that an author repeated since a time, but for the slots
        ``without``."""
        members, pairs = self._campaigns.members, self._campaigns.pairs
        seconds = ((pair, self._second_newest(pair, without)) for pair in self._pairs_of(author))
        return {
            pairs.group.item(pair)
            for pair, slot in seconds
            if slot != NONE and members.at.item(slot) >= since
        }

    def learn(self, author: int, name: str, at: float, aliases: Iterable[str]) -> None:
        """A stored reply of this author belongs to the campaign of few authors of this name."""
        known = self._names.get(author)
        since = min(at, self._since.get(name, at))
        if known is None or (since, name) < (self._since[known], known):
            self._names[author] = name
            self._of = None
        self._since[name] = since
        self._told.setdefault(author, set()).update(aliases)

    def totals(self, component: Component, without: frozenset[int]) -> ComponentTotals:
        """Counts over the repeated texts of all its authors, but for the slots ``without``."""
        found, threads, groups = Totals(authors=len(component.authors)), set[int](), set[int]()
        stamps: list[Stamp] = []
        for author in component.authors:
            standing = 0
            for pair in self._pairs_of(author):
                pairs = self._campaigns.pairs
                groups.add(pairs.group.item(pair))
                found.size += pairs.count.item(pair)
                standing += pairs.standing.item(pair)
                newest = [slot for slot in self._copies(pair, _COPIES) if slot not in without]
                threads.update(self._campaigns.members.thread.item(slot) for slot in newest)
                stamps += self._campaigns.stamps([*newest[:1], pairs.tail.item(pair)])
            found.newcomers += standing == 0
        found.size -= sum(self._is_counted(slot, component.authors) for slot in without)
        found.threads = len(threads)
        found.first, found.last = min(stamps, default=None), max(stamps, default=None)
        return ComponentTotals(found, len(groups), threads)

    def arrays(self) -> dict[str, Array]:
        """A snapshot that ``restore`` reads: which author goes under which name since when, and
        which former names were told of whom."""
        authors = sorted(self._names)
        borne = [self._names[author] for author in authors]
        told = [(author, name) for author in sorted(self._told) for name in sorted(self._told[author])]
        return {
            "authors": np.array(authors, dtype=np.int64),
            "names": np.array(borne, dtype=np.str_),
            "since": np.array([self._since[name] for name in borne], dtype=np.float64),
            "told_of": np.array([author for author, _ in told], dtype=np.int64),
            "told": np.array([name for _, name in told], dtype=np.str_),
        }

    def restore(self, arrays: Mapping[str, Array]) -> None:
        columns = (arrays[name].tolist() for name in ("authors", "names", "since"))
        for author, name, since in zip(*columns, strict=True):
            self.learn(author, name, since, ())
        for author, name in zip(arrays["told_of"].tolist(), arrays["told"].tolist(), strict=True):
            self._told.setdefault(author, set()).add(name)
        self.refresh()

    def _is_counted(self, slot: int, authors: frozenset[int]) -> bool:
        """Whether a member is one of those that ``totals`` counts."""
        members, pairs = self._campaigns.members, self._campaigns.pairs
        group, author = self._campaigns.home.item(members.text.item(slot)), members.author.item(slot)
        if author not in authors or group < 0 or not members.flags.item(slot) & COUNTED:
            return False
        return pairs.count.item(pairs.of(group, author)) >= 2

    def _pairs_of(self, author: int) -> list[int]:
        authors = self._campaigns.authors
        row = authors.row(author)
        return walk(self._campaigns.pairs.older, authors.head.item(row), MOST_TEXTS) if row >= 0 else []

    def _copies(self, pair: int, most: int) -> list[int]:
        """The slots of the newest counted copies, newest first, of twice as many looked at."""
        members = self._campaigns.members
        slots = walk(members.own_older, self._campaigns.pairs.head.item(pair), 2 * most)
        return [slot for slot in slots if members.flags.item(slot) & COUNTED][:most]

    def _second_newest(self, pair: int, without: frozenset[int]) -> int:
        """The slot of the counted copy before the newest, but for ``without``; ``NONE`` if there
        is none among the newest."""
        older, flags = self._campaigns.members.own_older.item, self._campaigns.members.flags.item
        slot, is_second = self._campaigns.pairs.head.item(pair), False
        for _ in range(2 * (2 + len(without))):
            if slot == NONE:
                break
            if flags(slot) & COUNTED and slot not in without:
                if is_second:
                    return slot
                is_second = True
            slot = older(slot)
        return NONE

    def _repeated_texts(self, author: int) -> frozenset[int]:
        """The campaigns' rows that make an author a repeater; none where they do not."""
        authors, nobody = self._campaigns.authors, frozenset[int]()
        row = authors.row(author)
        if author == UNKNOWN or row < 0 or authors.texts.item(row) < LEAST_TEXTS:
            return nobody
        if 2 * authors.repeats.item(row) < authors.posts.item(row):
            return nobody
        last_two = {pair: self._copies(pair, 2) for pair in self._pairs_of(author) if self._is_own(pair)}
        members = self._campaigns.members
        ends = [members.at.item(slots[0]) for slots in last_two.values() if slots]
        since = max(ends, default=0.0) - self._burst
        counted = {
            pair: slots
            for pair, slots in last_two.items()
            if len(slots) == 2 and members.at.item(slots[1]) >= since
        }
        threads = {members.thread.item(slot) for slots in counted.values() for slot in slots}
        if len(counted) < LEAST_TEXTS or len(threads) < LEAST_THREADS:
            return nobody
        return frozenset(self._campaigns.pairs.group[list(counted)].tolist())

    def _is_own(self, pair: int) -> bool:
        """Whether a text is this author's rather than a custom of many."""
        groups, pairs = self._campaigns.groups, self._campaigns.pairs
        others = groups.authors.item(pairs.group.item(pair)) - 1
        return pairs.count.item(pair) >= others

    def _components(self) -> list[Component]:
        leader = {author: author for author in self._texts}

        def leader_of(author: int) -> int:
            while leader[author] != author:
                leader[author] = author = leader[leader[author]]
            return author

        for one, other in self._links():
            leader[leader_of(one)] = leader_of(other)
        linked: dict[int, list[int]] = {}
        for author in self._texts:
            linked.setdefault(leader_of(author), []).append(author)
        return [self._made(authors) for authors in linked.values() if len(authors) <= FEW_AUTHORS]

    def _links(self) -> list[tuple[int, int]]:
        by_group: dict[int, list[int]] = {}
        for author in sorted(self._texts):
            for group in self._texts[author]:
                by_group.setdefault(group, []).append(author)
        # What more repeaters write than a component may have links nobody.
        few = (authors for authors in by_group.values() if len(authors) <= 2 * FEW_AUTHORS)
        shared = Counter(pair for authors in few for pair in combinations(authors, 2))
        return [
            (one, other)
            for (one, other), texts in shared.items()
            if texts >= SHARED_TEXTS or 2 * texts >= min(len(self._texts[one]), len(self._texts[other]))
        ]

    def _made(self, authors: list[int]) -> Component:
        borne = {self._names[author] for author in authors if author in self._names}
        former = sorted(borne, key=lambda name: (self._since[name], name))
        name = former.pop(0) if former else self._new_name(authors)
        groups = frozenset[int]().union(*(self._texts[author] for author in authors))
        return Component(name, frozenset(authors), groups, tuple(former))

    def _new_name(self, authors: list[int]) -> str:
        """Made of the author and the text that were first."""
        pairs, members = self._campaigns.pairs, self._campaigns.members
        begun = (
            (members.at.item(pairs.tail.item(pair)), author, pairs.group.item(pair))
            for author in authors
            for pair in self._pairs_of(author)
        )
        _, author, group = min(begun)
        return names.of_authors(author, self._campaigns.texts.hash(self._campaigns.representative(group)))
