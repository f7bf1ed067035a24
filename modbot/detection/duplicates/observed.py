"""What the store keeps of an assessed reply, enough to rebuild the index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from itertools import permutations

from modbot.detection.duplicates.members import UNKNOWN
from modbot.domain import Assessment, Reply, ReplyKey


@dataclass(frozen=True, slots=True)
class Observation:
    """A reply as the index counts it. ``campaign`` is None when it repeated nothing,
    ``aliases`` are the names that are one with it and that the store was told of now.

    ``posted_at`` is aware; ``established`` says whether the author had standing then.
    """

    key: ReplyKey
    canonical: str
    author_id: int | None
    author_name: str
    established: bool
    thread_id: int | None
    board_id: int | None
    posted_at: datetime
    campaign: str | None = None
    aliases: tuple[str, ...] = ()


def observation(
    reply: Reply, assessment: Assessment, *, established: bool, at: datetime | None = None
) -> Observation:
    """The observation of an assessed reply; ``at`` stands in for an unknown time of posting
    (a reply of which neither is known counts for nothing: it is older than any window)."""
    repetition = assessment.repetition
    return Observation(
        key=assessment.key,
        canonical=assessment.canonical_text,
        author_id=reply.author.id,
        author_name=reply.author.name,
        established=established,
        thread_id=reply.thread_id,
        board_id=reply.board_id,
        posted_at=reply.posted_at or at or datetime.fromtimestamp(0, UTC),
        campaign=repetition.campaign if repetition else None,
        aliases=repetition.aliases if repetition else (),
    )


def author_number(author_id: int | None, name: str) -> int:
    """A number for an author: the forum's own, one made of the name, or ``UNKNOWN``."""
    if author_id is not None:
        return author_id
    if not name:
        return UNKNOWN
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return -2 - int.from_bytes(digest, "big")


MOST_REPEATED = 6
"""As often one placeholder may stand in a blanked post."""


@cache
def _placeholders() -> frozenset[str]:
    folder = resources.files("modbot.detection.tables")
    lines = (folder / "placeholders.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and line[0] != "#"]
    repeated = (line * times for line in listed for times in range(2, MOST_REPEATED + 1))
    return frozenset([*listed, *repeated, *(one + other for one, other in permutations(listed, 2))])


def is_placeholder(canonical: str) -> bool:
    """Whether the author blanked this post: it says nothing and is no campaign."""
    return canonical in _placeholders()


def blanked(canonical: Sequence[str]) -> list[int]:
    """The rows of texts that say nothing: empty ones and placeholders."""
    known = _placeholders()
    return [row for row, text in enumerate(canonical) if not text or text in known]
