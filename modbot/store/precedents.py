"""Standing decisions as judging needs them: all texts in force at once, and the facts of the
few that a batch of replies meets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from modbot.domain import is_of_few_authors
from modbot.store import rows, standing
from modbot.store.campaign_texts import First
from modbot.store.schema import (
    decisions,
    replies,
    standing_authors,
    standing_changes,
    standing_decisions,
    standing_texts,
)
from modbot.store.standing import StandingDecision

_NOBODY = First(None, None)


@dataclass(frozen=True, slots=True)
class InForce:
    """``texts``: decision ids by canonical text; ``campaigns``: by the names that the
    decisions' campaigns had when they were made."""

    texts: Mapping[str, tuple[int, ...]]
    campaigns: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decision with whose texts it is about: ``firsts`` by canonical text, and ``authors``
    in whose mouths short texts are meant, too."""

    decision: StandingDecision
    firsts: Mapping[str, First]
    authors: frozenset[int]

    @property
    def is_of_one_text(self) -> bool:
        """Whether it is about a campaign of which all texts are nearly the same."""
        return self.decision.campaign is not None and not is_of_few_authors(self.decision.campaign)

    def is_about(self, author_id: int | None) -> bool:
        """Whether what this author writes was decided about, and not only a text that others
        may have taken from them."""
        return author_id in self.authors and not self.is_of_one_text

    def first_of(self, text: str) -> First:
        """Who wrote one of its texts first; whatever the text, where all are nearly the same."""
        if self.is_of_one_text:
            return next(iter(self.firsts.values()), _NOBODY)
        return self.firsts.get(text, _NOBODY)


def version(rx: Connection, forum: str) -> int:
    """Another number whenever decisions were made, widened or revoked."""
    query = select(standing_changes.c.number).where(standing_changes.c.forum == forum)
    return rx.scalar(query) or 0


def in_force(rx: Connection, forum: str, *, since: datetime) -> InForce:
    """What stands in a forum whose last copy was seen since then."""
    stands = and_(
        standing_decisions.c.forum == forum,
        standing_decisions.c.revoked_at.is_(None),
        standing_decisions.c.last_copy_at >= since,
    )
    texts: dict[str, tuple[int, ...]] = {}
    of_decision = standing_texts.c.standing_id == standing_decisions.c.id
    query = select(standing_texts.c.canonical, standing_decisions.c.id).join(standing_decisions, of_decision)
    for text, standing_id in rx.execute(query.where(stands).order_by(standing_decisions.c.id)):
        texts[text] = (*texts.get(text, ()), standing_id)
    campaigns: dict[str, tuple[int, ...]] = {}
    named = select(standing_decisions.c.campaign, standing_decisions.c.id)
    for name, standing_id in rx.execute(named.where(stands, standing_decisions.c.campaign.is_not(None))):
        campaigns[name] = (*campaigns.get(name, ()), standing_id)
    return InForce(texts, campaigns)


def load(rx: Connection, ids: Collection[int], *, since: datetime) -> dict[int, Precedent]:
    """Those of the decisions that are in force: not revoked, their last copy seen since then."""
    found = {known.id: known for known in standing.load(rx, ids) if _stands(known, since)}
    firsts: dict[int, dict[str, First]] = {standing_id: {} for standing_id in found}
    for row in rx.execute(select(standing_texts).where(standing_texts.c.standing_id.in_(found))):
        firsts[row.standing_id][row.canonical] = First(row.first_author_id, row.first_at)
    authors: dict[int, set[int]] = {standing_id: set() for standing_id in found}
    for row in rx.execute(select(standing_authors).where(standing_authors.c.standing_id.in_(found))):
        authors[row.standing_id].add(row.author_id)
    return {one: Precedent(found[one], firsts[one], frozenset(authors[one])) for one in found}


def own_firsts(
    rx: Connection, forum: str, author_ids: Collection[int], texts: Collection[str], *, before: datetime
) -> dict[tuple[int, str], datetime]:
    """When these authors wrote these canonical texts first, as far as that was before a time."""
    at = func.coalesce(replies.c.posted_at, replies.c.first_seen)
    query = (
        select(replies.c.author_id, decisions.c.canonical, func.min(at, type_=replies.c.first_seen.type))
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(replies.c.forum == forum, replies.c.author_id.in_(author_ids), at < before)
        .group_by(replies.c.author_id, decisions.c.canonical)
    )
    return {
        (author, text): first
        for chunk in rows.chunks(list(texts))
        for author, text, first in rx.execute(query.where(decisions.c.canonical.in_(chunk)))
    }


def _stands(known: StandingDecision, since: datetime) -> bool:
    return known.revoked_at is None and known.last_copy_at >= since
