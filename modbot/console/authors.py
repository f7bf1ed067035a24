"""What is told of an author, within the places of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from modbot.console import timeline
from modbot.console.timeline import Timeline
from modbot.domain import Author, FlagState, Scope
from modbot.errors import StoreError
from modbot.moderation import selecting
from modbot.moderation.selecting import Plan
from modbot.policy import standing_of
from modbot.settings import Loaded
from modbot.store import boards, candidates, profiles, verdicts
from modbot.store.candidates import Candidate
from modbot.store.identities import Identity
from modbot.store.profiles import Extent, Repeated, Subject, Thread
from modbot.store.verdicts import Verdict

GUEST = "guest"
"""In an address, in place of the number that guests do not have."""
PAGE = 50
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Profile:
    """``standing`` None: the forum does not tell enough to know. ``pace`` is of the last 30
    days, ``posts`` are one page of the replies, the latest first; ``boards`` their names."""

    identity: Identity
    author: Author
    names: tuple[str, ...]
    extent: Extent
    standing: bool | None
    flags: Mapping[FlagState, int]
    verdicts: tuple[Verdict, ...]
    pace: Timeline
    regions: tuple[tuple[str, int], ...]
    threads: tuple[Thread, ...]
    repeated: tuple[Repeated, ...]
    posts: tuple[Candidate, ...]
    boards: Mapping[int, str]


def subject_of(forum: str, who: str, name: str, scope: Scope) -> Subject:
    """Whom an address names: by number, or a guest by name. Raises StoreError for no number."""
    if who == GUEST:
        return Subject(forum, author_name=name, within=scope)
    if not who.isdecimal() or int(who) >= 2**63:
        raise unknown(who)
    return Subject(forum, author_id=int(who), within=scope)


def unknown(who: str) -> StoreError:
    return StoreError(code="error.console.author_unknown", who=who)


def identity_of(rx: Connection, subject: Subject) -> Identity:
    """Raises StoreError when nothing of this author is in the places of whoever asks."""
    extent = profiles.extent(rx, subject)
    if not extent.replies:
        raise unknown(str(subject.author_id) if subject.author_id is not None else subject.author_name)
    author = profiles.latest_author(rx, subject)
    return Identity(subject.forum, subject.author_id, author.name, extent.replies)


def profile(rx: Connection, loaded: Loaded, subject: Subject, *, now: datetime, page: int) -> Profile:
    """In a fixed number of statements. Raises StoreError as ``identity_of`` does."""
    extent = profiles.extent(rx, subject)
    if not extent.replies:
        raise unknown(str(subject.author_id) if subject.author_id is not None else subject.author_name)
    author = profiles.latest_author(rx, subject)
    ids = profiles.reply_ids(rx, subject, limit=PAGE, offset=(page - 1) * PAGE)
    numbered = [] if subject.author_id is None else [subject.author_id]
    upheld = len(verdicts.upheld_authors(rx, subject.forum, numbered))
    policy = selecting.policy_of(loaded, subject.forum, None)
    return Profile(
        identity=Identity(subject.forum, subject.author_id, author.name, extent.replies),
        author=author,
        names=tuple(profiles.names(rx, subject)),
        extent=extent,
        standing=standing_of(author, policy, upheld=upheld),
        flags=profiles.flag_states(rx, subject),
        verdicts=tuple(profiles.verdicts_on(rx, subject)),
        pace=timeline.between(profiles.moments(rx, subject, now - RECENT), now - RECENT, now),
        regions=tuple(profiles.regions(rx, subject)),
        threads=tuple(profiles.threads(rx, subject)),
        repeated=tuple(profiles.repeated(rx, subject)),
        posts=tuple(reversed(candidates.of_replies(rx, ids))),
        boards=boards.names(rx, subject.forum),
    )


def within(plan: Plan, scope: Scope) -> Plan:
    """What of a plan is the business of whoever has this scope; the rest is not told."""
    return replace(
        plan,
        items=tuple(one for one in plan.items if scope.covers(one.forum, one.board_id)),
        left_out=tuple((one, why) for one, why in plan.left_out if scope.covers(one.forum, one.board_id)),
    )
