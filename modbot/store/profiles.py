"""What the page of an author, or of a campaign, tells: who, where and when, and what was written
again and again. Each function is one statement, and sees only what whoever asks may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from modbot.domain import EVERYWHERE, Author, FlagState, Scope
from modbot.store import verdicts
from modbot.store.flag_filter import in_scope
from modbot.store.schema import boards, flags, replies, revisions

MOST = 20
"""Of authors, threads, texts: the most frequent."""
MOMENTS = 5000


@dataclass(frozen=True, slots=True)
class Subject:
    """The replies of a campaign (by its present name), or of an author: a guest (without an
    id) by name. ``within``: the places of whoever asks."""

    forum: str
    campaign: str | None = None
    author_id: int | None = None
    author_name: str = ""
    within: Scope = EVERYWHERE

    def conditions(self) -> list[ColumnElement[bool]]:
        met = [replies.c.forum == self.forum, in_scope(self.within, replies.c.forum)]
        if self.campaign is not None:
            return [*met, replies.c.campaign == self.campaign]
        if self.author_id is not None:
            return [*met, replies.c.author_id == self.author_id]
        return [*met, replies.c.author_id.is_(None), replies.c.author_name == self.author_name]


class Extent(NamedTuple):
    """``authors`` and ``threads`` count different ones; times are when modbot saw the replies."""

    replies: int
    authors: int
    threads: int
    first_seen: datetime | None
    last_seen: datetime | None


class Writer(NamedTuple):
    id: int | None
    name: str
    replies: int
    posts: int | None


class Thread(NamedTuple):
    id: int | None
    title: str
    board: str
    replies: int


class Repeated(NamedTuple):
    """One text, word by word, and how often."""

    text: str
    replies: int
    threads: int


def extent(rx: Connection, subject: Subject) -> Extent:
    writer = func.coalesce(replies.c.author_id, 0 - replies.c.id)
    query = select(
        func.count(),
        func.count(writer.distinct()),
        func.count(replies.c.thread_id.distinct()),
        func.min(replies.c.first_seen, type_=replies.c.first_seen.type),
        func.max(replies.c.last_seen, type_=replies.c.last_seen.type),
    )
    return Extent(*rx.execute(query.where(*subject.conditions())).one())


def reply_ids(
    rx: Connection, subject: Subject, *, limit: int, offset: int = 0, earliest_first: bool = False
) -> list[int]:
    """The latest posted first, unless told."""
    order = (_at(), replies.c.id)
    query = select(replies.c.id).where(*subject.conditions())
    query = query.order_by(*(order if earliest_first else (column.desc() for column in order)))
    return list(rx.scalars(query.limit(limit).offset(offset)))


def latest_author(rx: Connection, subject: Subject) -> Author:
    """As the reply that was read last shows them; nobody when there is none."""
    query = select(replies).where(*subject.conditions()).order_by(replies.c.last_seen.desc(), _at().desc())
    row = rx.execute(query.limit(1)).mappings().one_or_none()
    if row is None:
        return Author()
    return Author(
        id=row["author_id"],
        name=row["author_name"],
        group_id=row["author_group"],
        posts=row["author_posts"],
        credits=row["author_credits"],
        registered=row["author_registered"],
    )


def names(rx: Connection, subject: Subject) -> list[str]:
    """All that were borne, the latest first."""
    query = select(replies.c.author_name).where(*subject.conditions()).group_by(replies.c.author_name)
    return list(rx.scalars(query.order_by(func.max(replies.c.last_seen).desc()).limit(MOST)))


def writers(rx: Connection, subject: Subject) -> list[Writer]:
    number = func.count().label("number")
    guest = func.coalesce(replies.c.author_id, 0 - replies.c.id)
    query = select(
        replies.c.author_id, func.max(replies.c.author_name), number, func.max(replies.c.author_posts)
    )
    found = query.where(*subject.conditions()).group_by(guest, replies.c.author_id)
    return [Writer(*row) for row in rx.execute(found.order_by(number.desc(), guest).limit(MOST))]


def threads(rx: Connection, subject: Subject) -> list[Thread]:
    number = func.count().label("number")
    board = (boards.c.forum == replies.c.forum) & (boards.c.board_id == replies.c.board_id)
    query = (
        select(
            replies.c.thread_id,
            func.max(replies.c.thread_title),
            func.coalesce(func.max(boards.c.name), ""),
            number,
        )
        .outerjoin(boards, board)
        .where(*subject.conditions())
        .group_by(replies.c.thread_id)
        .order_by(number.desc(), replies.c.thread_id)
    )
    return [Thread(*row) for row in rx.execute(query.limit(MOST))]


def regions(rx: Connection, subject: Subject) -> list[tuple[str, int]]:
    """From where the forum says they wrote, and how often."""
    number = func.count().label("number")
    query = select(replies.c.region, number).where(*subject.conditions(), replies.c.region != "")
    found = query.group_by(replies.c.region).order_by(number.desc(), replies.c.region).limit(MOST)
    return [(row.region, row.number) for row in rx.execute(found)]


def repeated(rx: Connection, subject: Subject) -> list[Repeated]:
    """The texts that were written more than once."""
    number = func.count().label("number")
    query = (
        select(func.max(revisions.c.text), number, func.count(replies.c.thread_id.distinct()))
        .select_from(replies.join(revisions, revisions.c.id == replies.c.revision_id))
        .where(*subject.conditions(), replies.c.forgotten_at.is_(None))
        .group_by(revisions.c.digest)
        .having(func.count() > 1)
        .order_by(number.desc(), revisions.c.digest)
    )
    return [Repeated(*row) for row in rx.execute(query.limit(MOST))]


def moments(rx: Connection, subject: Subject, since: datetime | None = None) -> list[datetime]:
    """When the latest of the replies were posted, or else first seen."""
    at = _at()
    query = select(at).where(*subject.conditions()).order_by(at.desc()).limit(MOMENTS)
    return list(rx.scalars(query if since is None else query.where(at >= since)))


def flag_states(rx: Connection, subject: Subject) -> dict[FlagState, int]:
    """How many flags there are of them, by state; those that a later one replaced aside."""
    query = select(flags.c.state, func.count()).join(replies, replies.c.id == flags.c.reply_id)
    found = query.where(*subject.conditions(), flags.c.superseded_by.is_(None)).group_by(flags.c.state)
    return {FlagState(state): number for state, number in rx.execute(found)}


def verdicts_on(rx: Connection, subject: Subject) -> list[verdicts.Verdict]:
    """Standing ones, latest first."""
    return verdicts.on_replies(rx, *subject.conditions(), limit=MOST)


def _at() -> Any:
    return func.coalesce(replies.c.posted_at, replies.c.first_seen, type_=replies.c.first_seen.type)
