"""What the authors of a batch did before it: a query or two for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

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


def steps(rx: Connection, forum: str, batch: Sequence[Reply], *, at_least: int) -> dict[int, list[Step]]:
    """By author id: what the authors of ``batch`` wrote within the hour before it and during it, in
    time order; of those who wrote ``at_least`` so often."""
    span = _span(batch)
    if span is None:
        return {}
    known = select(replies.c.author_id, replies.c.post_id, replies.c.thread_id, replies.c.posted_at)
    within = (replies.c.posted_at > span.first - RECENT, replies.c.posted_at <= span.last)
    found: dict[int, list[Step]] = {}
    for chunk in rows.chunks(_busy(rx, forum, _ids(batch), within, at_least)):
        for author, post, thread, at in rx.execute(known.where(*_by(forum, chunk), *within)):
            found.setdefault(author, []).append(Step(post, thread, at))
    for taken in found.values():
        taken.sort(key=lambda step: step.at)
    return found


def _busy(
    rx: Connection,
    forum: str,
    authors: Sequence[int],
    within: tuple[ColumnElement[bool], ...],
    at_least: int,
) -> list[int]:
    """Answered by the index alone, which spares reading what most authors did."""
    query = select(replies.c.author_id).where(*within).group_by(replies.c.author_id)
    query = query.having(func.count() >= at_least)
    found: list[int] = []
    for chunk in rows.chunks(authors):
        found += rx.scalars(query.where(*_by(forum, chunk)))
    return found


def regions(rx: Connection, forum: str, batch: Sequence[Reply]) -> dict[int, dict[str, int]]:
    """By author id: from where the authors of ``batch`` wrote in the 90 days before it, each region
    with how often; of those whose region is shown now."""
    shown = [reply for reply in batch if reply.region]
    span = _span(shown)
    if span is None:
        return {}
    query = select(replies.c.author_id, replies.c.region, func.count())
    query = query.where(replies.c.posted_at >= span.first - USUAL, replies.c.posted_at < span.first)
    query = query.where(replies.c.region != "").group_by(replies.c.author_id, replies.c.region)
    found: dict[int, dict[str, int]] = {}
    for chunk in rows.chunks(_ids(shown)):
        for author, region, number in rx.execute(query.where(*_by(forum, chunk))):
            found.setdefault(author, {})[region] = number
    return found


def strangers(rx: Connection, forum: str, batch: Sequence[Reply]) -> frozenset[int]:
    """The authors of ``batch`` whose posts no page counts, and of whom none was read before."""
    silent = [reply for reply in batch if reply.author.posts is None]
    span = _span(silent)
    if span is None:
        return frozenset()
    query = select(replies.c.author_id).where(replies.c.posted_at < span.first).distinct()
    seen: set[int] = set()
    for chunk in rows.chunks(_ids(silent)):
        seen.update(rx.scalars(query.where(*_by(forum, chunk))))
    return frozenset(set(_ids(silent)) - seen)


class _Span(NamedTuple):
    first: datetime
    last: datetime


def _span(batch: Sequence[Reply]) -> _Span | None:
    """When the replies of known authors were posted; None where there are none."""
    times = [
        reply.posted_at for reply in batch if reply.author.id is not None and reply.posted_at is not None
    ]
    return _Span(min(times), max(times)) if times else None


def _ids(batch: Sequence[Reply]) -> list[int]:
    return sorted({reply.author.id for reply in batch if reply.author.id is not None})


def _by(forum: str, authors: Sequence[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return replies.c.forum == forum, replies.c.author_id.in_(authors)
