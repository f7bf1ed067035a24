"""Replies that belong together, and what the duplicate index is rebuilt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, or_, select, union, update

from modbot.domain import Assessment, DecisionKind, Reason, ReplyKey, Visibility
from modbot.store import aliases, dialect
from modbot.store.schema import campaign_aliases, campaigns, decisions, replies, revisions


class Observed(NamedTuple):
    """What the duplicate index keeps of one judged reply (the fields of an Observation)."""

    key: ReplyKey
    canonical: str
    author_id: int | None
    author_name: str
    established: bool
    thread_id: int | None
    board_id: int | None
    posted_at: datetime
    campaign: str | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """``authors`` and ``threads`` count different ones; times are of the posts' sight."""

    forum: str
    id: str
    canonical: str
    size: int
    authors: int
    threads: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One reply of a campaign: who, where, when, and what became of it."""

    reply_id: int
    key: ReplyKey
    text: str
    author_id: int | None
    author_name: str
    thread_id: int | None
    thread_title: str
    board_id: int | None
    posted_at: datetime | None
    visibility: Visibility


def begin(tx: Connection, judged: Sequence[Assessment], *, at: datetime) -> None:
    """Keep the campaigns that these assessments speak of.

    The reply that a campaign began with joins it now: when it was judged there was none.
    """
    repeated = [(entry, entry.repetition) for entry in judged if entry.repetition is not None]
    if not repeated:
        return
    begun: dict[tuple[str, str], dict[str, object]] = {}
    for assessment, repetition in repeated:
        new = {
            "forum": assessment.key.forum,
            "id": repetition.campaign,
            "canonical": assessment.canonical_text,
            "first_seen": repetition.first_seen or at,
        }
        row = begun.setdefault((assessment.key.forum, repetition.campaign), new)
        row["last_seen"] = repetition.last_seen or at
    same = and_(replies.c.forum == bindparam("of"), replies.c.post_id == bindparam("post"))
    tx.execute(
        update(replies).where(same, replies.c.campaign.is_(None)).values(campaign=bindparam("joined")),
        [
            {"of": first.forum, "post": first.post_id, "joined": campaign}
            for first, campaign in dict.fromkeys((one.first_post, one.campaign) for _, one in repeated)
        ],
    )
    dialect.upsert(tx, campaigns, list(begun.values()), keys=["forum", "id"], update=["last_seen"])
    aliases.revive(tx, list(begun))
    aliases.unite(tx, [(entry.key, repetition) for entry, repetition in repeated], at=at)


def get(rx: Connection, forum: str, campaign: str) -> Campaign | None:
    """The campaign of this name, or the one that it became."""
    return next(iter(listing(rx, forum, campaign=campaign)), None)


def listing(
    rx: Connection,
    forum: str,
    *,
    campaign: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Campaign]:
    """Campaigns with their counts, the latest seen first."""
    member = and_(replies.c.forum == campaigns.c.forum, replies.c.campaign == campaigns.c.id)
    author = func.coalesce(replies.c.author_id, 0 - replies.c.id)
    query = (
        select(
            campaigns.c.forum,
            campaigns.c.id,
            campaigns.c.canonical,
            func.count(replies.c.id),
            func.count(author.distinct()),
            func.count(replies.c.thread_id.distinct()),
            campaigns.c.first_seen,
            campaigns.c.last_seen,
        )
        .join(replies, member)
        .where(campaigns.c.forum == forum)
        .group_by(*campaigns.c)
        .order_by(campaigns.c.last_seen.desc())
        .limit(limit)
    )
    if campaign is not None:
        query = query.where(campaigns.c.id == aliases.resolve(rx, forum, campaign))
    if since is not None:
        query = query.where(campaigns.c.last_seen >= since)
    return [Campaign(*row) for row in rx.execute(query)]


def forums_of(rx: Connection, campaign: str) -> list[str]:
    """The forums that know a campaign by this name, or knew one by it."""
    living = select(campaigns.c.forum).where(campaigns.c.id == campaign)
    former = select(campaign_aliases.c.forum).where(campaign_aliases.c.alias == campaign)
    return sorted(set(rx.scalars(union(living, former))))


def members(rx: Connection, forum: str, campaign: str, *, limit: int = 200) -> list[Member]:
    """The replies of a campaign, first posted first."""
    query = (
        select(replies, revisions.c.text)
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .where(replies.c.forum == forum, replies.c.campaign == aliases.resolve(rx, forum, campaign))
        .order_by(func.coalesce(replies.c.posted_at, replies.c.first_seen), replies.c.id)
        .limit(limit)
    )
    return [
        Member(
            reply_id=row.id,
            key=ReplyKey(row.forum, row.post_id),
            text=row.text,
            author_id=row.author_id,
            author_name=row.author_name,
            thread_id=row.thread_id,
            thread_title=row.thread_title,
            board_id=row.board_id,
            posted_at=row.posted_at,
            visibility=Visibility(row.visibility),
        )
        for row in rx.execute(query)
    ]


def passed_members(rx: Connection, forum: str, campaign_ids: Sequence[str], *, limit: int = 500) -> list[int]:
    """Row ids of the latest members that were let pass, or only queued because they seemed
    to be the first of their text, and that are visible still."""
    query = (
        select(replies.c.id)
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(replies.c.forum == forum, replies.c.campaign.in_(campaign_ids), *_passed())
        .order_by(replies.c.id.desc())
        .limit(limit)
    )
    return list(rx.scalars(query))


def interrupted(rx: Connection, forum: str) -> set[str]:
    """The campaigns that the last new judgements found repeated while members judged before
    them were let pass: what a crash right after those judgements leaves to do."""
    earlier = decisions.alias("earlier")
    rejudged = exists().where(
        earlier.c.reply_id == decisions.c.reply_id,
        earlier.c.revision_id == decisions.c.revision_id,
        earlier.c.id < decisions.c.id,
    )
    last = select(func.max(decisions.c.decided_at)).where(decisions.c.forum == forum).scalar_subquery()
    query = (
        select(decisions.c.campaign, func.min(decisions.c.id))
        .where(decisions.c.forum == forum, decisions.c.decided_at == last)
        .where(decisions.c.reason == Reason.REPEATED, ~rejudged)
        .group_by(decisions.c.campaign)
    )
    return {
        campaign
        for campaign, decision_id in rx.execute(query).all()
        if _has_passed_before(rx, forum, campaign, decision_id)
    }


def _has_passed_before(rx: Connection, forum: str, campaign: str, decision_id: int) -> bool:
    query = (
        select(replies.c.id)
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(replies.c.forum == forum, replies.c.campaign == campaign)
        .where(decisions.c.id < decision_id, *_passed())
    )
    return rx.scalar(query.limit(1)) is not None


def _passed() -> tuple[ColumnElement[bool], ...]:
    seemed_first = (decisions.c.kind == DecisionKind.QUEUE) & (decisions.c.would_be == DecisionKind.QUEUE)
    return (
        (decisions.c.kind == DecisionKind.ALLOW) | (seemed_first & (decisions.c.reason == Reason.REPEATED)),
        replies.c.visibility == Visibility.VISIBLE,
        decisions.c.canonical != "",  # else the text is forgotten
    )


def observations(
    rx: Connection, since: datetime, *, forum: str | None = None, after: int | None = None
) -> Iterator[Observed]:
    """Every judged reply posted (or, where the forum did not say, first seen) since then,
    in the order in which they were stored; with ``after`` those that were judged after
    the decision of this id, in the order of their judgement. Streams: holds a few thousand rows at a time."""
    posted = or_(
        replies.c.posted_at >= since, and_(replies.c.posted_at.is_(None), replies.c.first_seen >= since)
    )
    query = (
        select(
            replies.c.forum,
            replies.c.post_id,
            decisions.c.canonical,
            replies.c.author_id,
            replies.c.author_name,
            decisions.c.established,
            replies.c.thread_id,
            replies.c.board_id,
            func.coalesce(replies.c.posted_at, replies.c.first_seen),
            replies.c.campaign,
        )
        .join(decisions, decisions.c.id == replies.c.decision_id)
        .where(posted)
        .order_by(replies.c.id)
    )
    if forum is not None:
        query = query.where(replies.c.forum == forum)
    if after is not None:
        query = query.where(decisions.c.id > after).order_by(None).order_by(decisions.c.id)
    for forum_name, post_id, *rest in rx.execute(query.execution_options(yield_per=5000)):
        yield Observed(ReplyKey(forum_name, post_id), *rest)
