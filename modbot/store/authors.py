"""What an author did before a reply, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from modbot.domain import Reply
from modbot.store import rows
from modbot.store.schema import replies

RECENT = timedelta(hours=1)
USUAL = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Step:
    """One of an author's replies. ``thread_id`` is None while the forum does not tell it."""

    post_id: int
    thread_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """By author id: the ``steps`` of the busy within the hour before the batch and during it, in
    time order;
    the ``regions`` of their replies of the last 90 days before it, each with how many; and the
    ``strangers``, whose posts no page counts and of whom none was read before the batch."""

    steps: Mapping[int, Sequence[Step]] = field(default_factory=dict)
    regions: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    strangers: frozenset[int] = frozenset()


def past(rx: Connection, forum: str, batch: Sequence[Reply], *, at_least: int) -> Past:
    """What is kept of the authors of a batch. Busy are those with ``at_least`` so many steps.

    One query as a rule; with one more each for the busy, for authors whose region the page
    shows, and for those whose posts it does not count.
    """
    dated = [reply for reply in batch if reply.author.id is not None and reply.posted_at is not None]
    times = [reply.posted_at for reply in dated if reply.posted_at is not None]
    if not times:
        return Past()
    first, last = min(times), max(times)
    authors = {reply.author.id: reply for reply in dated if reply.author.id is not None}
    told = {author for author, reply in authors.items() if reply.region}
    silent = {author for author, reply in authors.items() if reply.author.posts is None}
    since = first - RECENT
    busy = _busy(rx, forum, authors, since, last, at_least)
    return Past(
        steps=_steps(rx, forum, busy, since, last),
        regions=_regions(rx, forum, told, first - USUAL, first),
        strangers=frozenset(silent - _seen(rx, forum, silent, first)),
    )


def _busy(
    rx: Connection, forum: str, authors: Collection[int], since: datetime, until: datetime, at_least: int
) -> set[int]:
    """Answered by the index alone, which spares reading what most authors did."""
    found: set[int] = set()
    query = select(replies.c.author_id).where(replies.c.posted_at > since, replies.c.posted_at <= until)
    query = query.group_by(replies.c.author_id).having(func.count() >= at_least)
    for chunk in rows.chunks(sorted(authors)):
        found |= set(rx.scalars(query.where(*_by(forum, chunk))))
    return found


def _steps(
    rx: Connection, forum: str, authors: Collection[int], since: datetime, until: datetime
) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    query = select(replies.c.author_id, replies.c.post_id, replies.c.thread_id, replies.c.posted_at)
    query = query.where(replies.c.posted_at > since, replies.c.posted_at <= until)
    for chunk in rows.chunks(sorted(authors)):
        for author, post, thread, at in rx.execute(query.where(*_by(forum, chunk))):
            found.setdefault(author, []).append(Step(post, thread, at))
    for steps in found.values():
        steps.sort(key=lambda step: step.at)
    return found


def _regions(
    rx: Connection, forum: str, authors: Collection[int], since: datetime, until: datetime
) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    query = select(replies.c.author_id, replies.c.region, func.count())
    query = query.where(replies.c.posted_at >= since, replies.c.posted_at < until, replies.c.region != "")
    query = query.group_by(replies.c.author_id, replies.c.region)
    for chunk in rows.chunks(sorted(authors)):
        for author, region, number in rx.execute(query.where(*_by(forum, chunk))):
            found.setdefault(author, {})[region] = number
    return found


def _seen(rx: Connection, forum: str, authors: Collection[int], before: datetime) -> set[int]:
    found: set[int] = set()
    query = select(replies.c.author_id).where(replies.c.posted_at < before).distinct()
    for chunk in rows.chunks(sorted(authors)):
        found |= set(rx.scalars(query.where(*_by(forum, chunk))))
    return found


def _by(forum: str, authors: Sequence[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return replies.c.forum == forum, replies.c.author_id.in_(authors)
