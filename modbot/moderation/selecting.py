"""Whom a decision for many takes in, and whom it leaves out and why: told before it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from modbot.domain import EVERYWHERE, Author, Label, Reason, Scope, VerdictKind, is_of_few_authors
from modbot.errors import UsageError
from modbot.moderation.deciding import REMOVES
from modbot.policy import Policy, has_standing
from modbot.settings import Loaded
from modbot.store import campaigns, candidates, identities, verdicts
from modbot.store.candidates import Candidate
from modbot.store.identities import Identity


class LeftOut(StrEnum):
    """Why a reply is not decided about with the others."""

    DECIDED = "decided"
    GONE = "gone"
    PASSED = "passed"
    UNJUDGED = "unjudged"
    STAFF = "staff"
    STANDING = "standing"
    FIRST_POSTER = "first_poster"


@dataclass(frozen=True, slots=True)
class Selection:
    """Of a campaign, or of an author. ``passed``: replies without a flag, too;
    ``since``: of an author, posted from then on, ``last``: only so many, the latest;
    ``everyone``: those, too, whom a decision for many spares (staff, authors with standing, the
    first poster of a text)."""

    forum: str = ""
    campaign: str | None = None
    author: Identity | None = None
    since: datetime | None = None
    last: int | None = None
    passed: bool = False
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``items`` are to be decided about, first posted first. ``reason`` is that of the flags
    which are opened for those that passed."""

    kind: VerdictKind
    selection: Selection
    items: tuple[Candidate, ...]
    left_out: tuple[tuple[Candidate, LeftOut], ...]
    reason: Reason

    @property
    def authors(self) -> int:
        return len({one.author.id or one.author.name for one in self.items})

    @property
    def threads(self) -> int:
        return len({one.thread_id for one in self.items if one.thread_id is not None})

    @property
    def unflagged(self) -> int:
        return sum(one.flag_id is None for one in self.items)

    @property
    def spared(self) -> dict[LeftOut, int]:
        """How many are left out, by why."""
        return dict(Counter(why for _, why in self.left_out))


def author(rx: Connection, who: str, forum: str | None = None, *, within: Scope = EVERYWHERE) -> Identity:
    """The one author who is meant by a name or a number, of the forums ``within`` which they
    are looked for. Raises UsageError when nobody is, or more than one."""
    found = [one for one in identities.find(rx, who, forum) if within.reaches(one.forum)]
    if not found:
        raise UsageError(code="error.moderation.no_author", who=who)
    if len(found) > 1:
        known = ", ".join(f"{one.name} ({one.forum} {one.id or '-'})" for one in found)
        raise UsageError(code="error.moderation.which_author", who=who, known=known)
    return found[0]


def forum_of_campaign(rx: Connection, campaign: str, forum: str | None = None) -> str:
    """The forum whose campaign bears, or bore, this name. Raises UsageError, too."""
    forums = [one for one in campaigns.forums_of(rx, campaign) if forum in (None, one)]
    if not forums:
        raise UsageError(code="error.moderation.no_campaign", campaign=campaign)
    if len(forums) > 1:
        raise UsageError(code="error.moderation.which_forum", known=", ".join(forums))
    return forums[0]


def plan(rx: Connection, loaded: Loaded, kind: VerdictKind, selection: Selection) -> Plan:
    """What the decision would be about, as things stand. Changes nothing."""
    found = _found(rx, selection)
    spared = _spared(rx, loaded, selection, found) if _spares(kind, selection) else {}
    items: list[Candidate] = []
    left: list[tuple[Candidate, LeftOut]] = []
    for one in found:
        why = _unsuitable(one, selection) or spared.get(one.reply_id)
        if why is None:
            items.append(one)
        else:
            left.append((one, why))
    return Plan(kind, selection, tuple(items), tuple(left), _reason(selection, found))


def _found(rx: Connection, selection: Selection) -> list[Candidate]:
    if selection.campaign is not None:
        return candidates.of_campaign(rx, selection.forum, selection.campaign)
    if selection.author is None:
        return []
    author = selection.author
    found = candidates.of_author(rx, author.forum, author.id, author.name, since=selection.since)
    return found if selection.last is None else found[-selection.last :]


def _spares(kind: VerdictKind, selection: Selection) -> bool:
    return kind in REMOVES and not selection.everyone


def _unsuitable(one: Candidate, selection: Selection) -> LeftOut | None:
    if one.flag_id is not None:
        return None
    if one.decided is not None:
        return LeftOut.DECIDED
    if one.is_gone:
        return LeftOut.GONE
    if not selection.passed:
        return LeftOut.PASSED
    return LeftOut.UNJUDGED if one.judged is None else None


def _spared(
    rx: Connection, loaded: Loaded, selection: Selection, found: Sequence[Candidate]
) -> dict[int, LeftOut]:
    upheld = _upheld(rx, found)
    spared = {}
    for one in found:
        why = _protection(loaded, one, upheld=(one.forum, one.author.id) in upheld)
        if why is not None:
            spared[one.reply_id] = why
    first = _first_post(found) if selection.campaign is not None else None
    if first is not None:
        spared.setdefault(first.reply_id, LeftOut.FIRST_POSTER)
    return spared


def _protection(loaded: Loaded, one: Candidate, *, upheld: bool) -> LeftOut | None:
    policy = policy_of(loaded, one.forum, one.board_id)
    if one.author.group_id in policy.exempt_groups:
        return LeftOut.STAFF
    return LeftOut.STANDING if has_standing(one.author, policy, upheld=int(upheld)) else None


def policy_of(loaded: Loaded, forum: str, board_id: int | None) -> Policy:
    """Who is protected there. The thresholds are not in it."""
    known = forum in loaded.settings.forums
    chosen = loaded.policy_for(forum, board_id) if known else loaded.settings.policy
    return Policy(
        mode=chosen.mode,
        standing_posts=chosen.standing_posts,
        standing_groups=chosen.standing_groups,
        exempt_groups=chosen.exempt_groups,
    )


def _upheld(rx: Connection, found: Iterable[Candidate]) -> set[tuple[str, int | None]]:
    by_forum: dict[str, set[int]] = {}
    for one in found:
        if one.author.id is not None:
            by_forum.setdefault(one.forum, set()).add(one.author.id)
    return {
        (forum, author)
        for forum, ids in by_forum.items()
        for author in verdicts.upheld_authors(rx, forum, sorted(ids))
    }


def _first_post(found: Sequence[Candidate]) -> Candidate | None:
    """The post that others copied. Whoever wrote it again and again copied it themselves, and
    a campaign of few authors is theirs from its first text on."""
    if not found or is_of_few_authors(found[0].campaign or ""):
        return None
    first = found[0]
    own = [one for one in found if _same(one.author, first.author)]
    return first if len(own) == 1 and len(found) > 1 else None


def _same(one: Author, other: Author) -> bool:
    return one.id == other.id if one.id is not None else other.id is None and one.name == other.name


def _reason(selection: Selection, found: Sequence[Candidate]) -> Reason:
    """What the flags of those that passed will say: as the others', else as it is selected."""
    flagged = Counter(one.reason for one in found if one.reason is not None)
    if flagged:
        return flagged.most_common(1)[0][0]
    if selection.campaign is not None:
        return Reason.REPEATED
    adverts = any(one.judged is Label.SPAM for one in found)
    return Reason.SPAM if adverts else Reason.LOW_EFFORT
