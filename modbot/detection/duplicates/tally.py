"""What the members of one campaign add up to, as seen at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from modbot.detection.duplicates.members import UNKNOWN, Member

SLIP_SECONDS = 600.0


@dataclass(slots=True)
class Tally:
    """Counts over members within the window; slips are not counted.

    ``own`` keeps each author's counted copies as ``(at, thread)``.
    """

    size: int = 0
    threads: set[int] = field(default_factory=set)
    established: set[int] = field(default_factory=set)
    own: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    first: tuple[float, int, int] | None = None
    last: tuple[float, int] | None = None

    @classmethod
    def of(cls, members: Iterable[Member]) -> Tally:
        tally = cls()
        for member in members:
            tally.add(member)
        return tally

    def add(self, member: Member) -> None:
        if not member.counted:
            return
        self.size += 1
        self.threads.add(member.thread)
        if member.established:
            self.established.add(member.author)
        self.own.setdefault(member.author, []).append((member.at, member.thread))
        self.first = min(self.first or (member.at, member.post_id, member.author), _stamp(member))
        self.last = max(self.last or (member.at, member.post_id), (member.at, member.post_id))

    @property
    def authors(self) -> int:
        return len(self.own)

    @property
    def newcomers(self) -> int:
        return len(self.own.keys() - self.established)

    def within(self, author: int, since: float) -> tuple[int, int]:
        """``(posts, threads)`` of one author since a time; an unknown author has one at most."""
        copies = [thread for at, thread in self.own.get(author, ()) if at >= since]
        if author == UNKNOWN:
            return min(len(copies), 1), min(len(copies), 1)
        return len(copies), len(set(copies))

    def is_slip(self, author: int, thread: int, at: float) -> bool:
        """Whether this author posted the same in this thread within ten minutes."""
        if UNKNOWN in {author, thread}:
            return False
        copies = self.own.get(author, ())
        return any(other == thread and abs(at - when) <= SLIP_SECONDS for when, other in copies)


def _stamp(member: Member) -> tuple[float, int, int]:
    return member.at, member.post_id, member.author
