"""What the members of one campaign add up to, as one batch sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from modbot.detection.duplicates.members import UNKNOWN, Member

SLIP_SECONDS = 600.0
MOST_COPIES = 64
"""The newest copies of one author that are looked at one by one."""
LATEST = 3


Copy = tuple[float, int, bool]
"""One author's copy: seconds since 1970, thread, and whether it counts (is no slip)."""


@dataclass(slots=True)
class Own:
    """One author's part in a campaign: how many copies count, how many of those were written
    with standing, and the newest ``MOST_COPIES``, the newest last."""

    count: int = 0
    standing: int = 0
    copies: list[Copy] = field(default_factory=list)


class Stamp(NamedTuple):
    """When, which and by whom."""

    at: float
    post_id: int
    author: int


class Sight(NamedTuple):
    """A member as it is shown beside another: with the number of its text, or the text."""

    post_id: int
    author: int
    thread: int
    at: float
    text: int | str


class Stored(Protocol):
    """Where the tally looks up what the index holds, at need."""

    def own(self, author: int) -> Own: ...

    def has_thread(self, thread: int) -> bool: ...


@dataclass(slots=True)
class Totals:
    """Exact counts of the members that count, without slips."""

    size: int = 0
    authors: int = 0
    newcomers: int = 0
    threads: int = 0
    first: Stamp | None = None
    last: Stamp | None = None
    latest: list[Sight] = field(default_factory=list)


class Tally:
    """Totals of the index, and what the batch adds to them."""

    def __init__(self, totals: Totals, stored: Stored | None = None) -> None:
        self.totals = totals
        self._stored = stored
        self._own: dict[int, Own] = {}
        self._threads: set[int] = set()

    def own(self, author: int) -> Own:
        found = self._own.get(author)
        if found is None:
            found = self._own[author] = self._stored.own(author) if self._stored else Own()
        return found

    def add(self, member: Member, text: int | str) -> None:
        totals, own = self.totals, self.own(member.author)
        own.copies.append((member.at, member.thread, member.counted))
        del own.copies[:-MOST_COPIES]
        totals.latest.append(Sight(member.post_id, member.author, member.thread, member.at, text))
        del totals.latest[: -LATEST - 1]
        if not member.counted:
            return
        self._count(own, member)
        stamp = Stamp(member.at, member.post_id, member.author)
        totals.first = min(totals.first or stamp, stamp)
        totals.last = max(totals.last or stamp, stamp)

    def within(self, author: int, since: float) -> tuple[int, int]:
        """``(posts, threads)`` of one author since a time, among the newest ``MOST_COPIES``;
        an unknown author has one at most."""
        copies = self.own(author).copies
        if len(copies) == 1 and copies[0][2] and copies[0][0] >= since:
            return 1, 1  # the most frequent case
        threads = [thread for at, thread, is_counted in copies if is_counted and at >= since]
        if author == UNKNOWN:
            return min(len(threads), 1), min(len(threads), 1)
        return len(threads), len(set(threads))

    def _count(self, own: Own, member: Member) -> None:
        totals = self.totals
        totals.size += 1
        totals.authors += own.count == 0
        totals.newcomers += (own.count == 0) - (member.established and own.standing == 0)
        own.count += 1
        own.standing += member.established
        if member.thread not in self._threads:
            self._threads.add(member.thread)
            totals.threads += not (self._stored and self._stored.has_thread(member.thread))


def is_slip(copies: list[Copy], author: int, thread: int, at: float) -> bool:
    """Whether this is the one extra copy that a hand may send by mistake: the same in the same
    thread within ten minutes of one that counts, and of no other. A third is none."""
    if UNKNOWN in {author, thread}:
        return False
    since, until = at - SLIP_SECONDS, at + SLIP_SECONDS
    beside = [is_counted for when, where, is_counted in copies if where == thread and since <= when <= until]
    return beside == [True]
