"""What the replies of a campaign say, who says it, and who said each of it first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from modbot.domain import is_of_few_authors
from modbot.store import rows
from modbot.store.schema import campaigns, decisions, replies

MOST_TEXTS = 500
"""Of a campaign with more texts those that are repeated most are kept."""


class Said(NamedTuple):
    """One reply: its canonical text, its author's id, when it was posted (or first seen)."""

    canonical: str
    author_id: int | None
    at: datetime
    post_id: int

    @property
    def order(self) -> tuple[datetime, int]:
        """A forum's times are whole minutes, its numbers count on."""
        return self.at, self.post_id


class First(NamedTuple):
    """Who wrote a text before everybody else, and when, as far as the store knows."""

    author_id: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Sayings:
    """``texts``: canonical texts with who wrote each first; ``last``: the latest copy."""

    texts: dict[str, First]
    authors: frozenset[int]
    last: datetime


def of_campaign(rx: Connection, forum: str, campaign: str) -> Sayings | None:
    """What the campaign of this present name says; None when its texts are forgotten.

    All near-duplicates of one text have one first author. Of a campaign of few authors each
    text has its own, who may be somebody whom these authors copied.
    """
    said = _members(rx, forum, campaign)
    if not said:
        return None
    texts = [text for text, _ in Counter(one.canonical for one in said).most_common(MOST_TEXTS)]
    if is_of_few_authors(campaign):
        firsts = _firsts([*said, *_others(rx, forum, texts)])
    else:
        firsts = dict.fromkeys(texts, _first(said))
    return Sayings(
        texts={text: firsts[text] for text in texts},
        authors=frozenset(one.author_id for one in said if one.author_id is not None),
        last=max(one.at for one in said),
    )


def _members(rx: Connection, forum: str, campaign: str) -> list[Said]:
    query = (
        select(
            decisions.c.canonical,
            replies.c.author_id,
            func.coalesce(replies.c.posted_at, replies.c.first_seen),
            replies.c.post_id,
        )
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(replies.c.forum == forum, replies.c.campaign == campaign, decisions.c.canonical != "")
    )
    return [Said(*row) for row in rx.execute(query)]


def _others(rx: Connection, forum: str, texts: Sequence[str]) -> list[Said]:
    """Those who say the same without being of the campaign."""
    query = select(
        campaigns.c.canonical,
        replies.c.author_id,
        func.coalesce(replies.c.posted_at, replies.c.first_seen),
        replies.c.post_id,
    ).join(replies, (replies.c.forum == campaigns.c.forum) & (replies.c.campaign == campaigns.c.id))
    of_texts = and_(campaigns.c.forum == forum, campaigns.c.id.not_like("a%"))
    return [
        Said(*row)
        for chunk in rows.chunks(texts)
        for row in rx.execute(query.where(of_texts, campaigns.c.canonical.in_(chunk)))
    ]


def _firsts(said: Sequence[Said]) -> dict[str, First]:
    found: dict[str, First] = {}
    for one in sorted(said, key=lambda one: one.order):
        found.setdefault(one.canonical, First(one.author_id, one.at))
    return found


def _first(said: Sequence[Said]) -> First:
    earliest = min(said, key=lambda one: one.order)
    return First(earliest.author_id, earliest.at)
