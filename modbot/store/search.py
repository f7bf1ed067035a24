"""Replies by what they say, the latest read first.

Looked for are *canonical* texts, so that what an evader disguised is found by its plain words.
What the index (see search_index) answers is read once more and compared; what it does not hold
yet is compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import ColumnElement, Connection, exists, func, select, text

from modbot.domain import EVERYWHERE, Scope, Visibility
from modbot.store import candidates, search_index
from modbot.store.candidates import Candidate
from modbot.store.flag_filter import in_scope
from modbot.store.flags import SET_ASIDE
from modbot.store.identities import Identity
from modbot.store.schema import decisions, flags, replies

MOST_READ = 6_000
"""Texts that one page of results reads at most: filters may leave out nearly all of them."""
MOST_UNINDEXED = 20_000
"""Of those that are not in the index yet, so many of the latest are looked through."""
_FIRST_READ = 100
_INDEX = "SELECT rowid FROM search_pairs WHERE search_pairs MATCH :pairs AND rowid < :top"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which replies: those whose present text holds all ``terms`` (canonical, none empty), posted
    from ``since`` to before ``until``. ``flagged``: whether they were ever flagged, by
    whomever. None leaves a filter out; ``within`` are the places of whoever asks."""

    terms: tuple[str, ...]
    forum: str | None = None
    board_id: int | None = None
    author: Identity | None = None
    since: datetime | None = None
    until: datetime | None = None
    visibility: Visibility | None = None
    flagged: bool | None = None
    within: Scope = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Page:
    """``after`` asks for the next page, None when there is none. A page may hold few hits, or
    none, and still have a next one."""

    hits: tuple[Candidate, ...]
    after: int | None


def find(rx: Connection, wanted: Wanted, *, after: int | None = None, limit: int = 30) -> Page:
    """Up to ``limit`` replies, those behind the page that answered ``after``."""
    found: dict[int, int] = {}
    read, last = 0, None
    for ids in _read(rx, wanted, after):
        found |= _meeting(rx, wanted, ids)
        read, last = read + len(ids), ids[-1]
        if len(found) > limit or read >= MOST_READ:
            break
    else:
        last = None
    shown = list(found.items())[:limit]
    if len(found) > limit:
        last = shown[-1][0]
    known = {one.reply_id: one for one in candidates.of_replies(rx, [reply for _, reply in shown])}
    return Page(tuple(known[reply] for _, reply in shown), last)


def _read(rx: Connection, wanted: Wanted, after: int | None) -> Iterator[list[int]]:
    """Decisions that may be meant, the latest first; more and more at once."""
    state = search_index.progress(rx)
    top = after if after is not None else state.upto + state.waiting + 1
    sizes = (min(_FIRST_READ * 4**step, MOST_READ) for step in count())
    if wanted.author is not None and wanted.author.id is not None:
        yield from _of_author(rx, wanted.author, top, sizes)
        return
    floor = 0
    if search_index.is_there(rx):
        floor = max(state.upto, state.upto + state.waiting - MOST_UNINDEXED)
    for size in sizes:
        query = select(decisions.c.id).where(decisions.c.id < top, decisions.c.id > floor, *_says(wanted))
        ids = list(rx.scalars(query.order_by(decisions.c.id.desc()).limit(size)))
        if not ids:
            break
        yield ids
        top = ids[-1]
    if search_index.is_there(rx):
        yield from _indexed(rx, wanted, min(top, state.upto + 1), sizes)


def _indexed(rx: Connection, wanted: Wanted, top: int, sizes: Iterator[int]) -> Iterator[list[int]]:
    asked = {"pairs": search_index.matching(wanted.terms)}
    for size in sizes:
        query = text(f"{_INDEX} ORDER BY rowid DESC LIMIT :size")
        ids = list(rx.scalars(query, {**asked, "top": top, "size": size}))
        if not ids:
            return
        yield ids
        top = ids[-1]


def _of_author(rx: Connection, author: Identity, top: int, sizes: Iterator[int]) -> Iterator[list[int]]:
    own = (replies.c.forum == author.forum, replies.c.author_id == author.id)
    for size in sizes:
        query = select(replies.c.decision_id).where(*own, replies.c.decision_id.between(1, top - 1))
        ids = list(rx.scalars(query.order_by(replies.c.decision_id.desc()).limit(size)))
        if not ids:
            return
        yield ids
        top = ids[-1]


def _meeting(rx: Connection, wanted: Wanted, ids: Sequence[int]) -> dict[int, int]:
    """Those of the decisions that are of present texts and meet the filter, and their replies;
    the latest first."""
    query = (
        select(decisions.c.id, decisions.c.reply_id)
        .join(replies, replies.c.id == decisions.c.reply_id)
        .where(
            decisions.c.id.in_(ids),
            replies.c.decision_id == decisions.c.id,
            *_says(wanted),
            *_conditions(wanted),
        )
    )
    return {row.id: row.reply_id for row in rx.execute(query.order_by(decisions.c.id.desc()))}


def _says(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [decisions.c.canonical.contains(term, autoescape=True) for term in wanted.terms]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    met: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (replies.c.forum, wanted.forum),
            (replies.c.board_id, wanted.board_id),
            (replies.c.visibility, wanted.visibility),
        )
        if value is not None
    ]
    if wanted.author is not None:
        met += [
            replies.c.forum == wanted.author.forum,
            replies.c.author_id.is_not_distinct_from(wanted.author.id),
        ]
        if wanted.author.id is None:
            met.append(replies.c.author_name == wanted.author.name)
    at = func.coalesce(replies.c.posted_at, replies.c.first_seen, type_=replies.c.posted_at.type)
    if wanted.since is not None:
        met.append(at >= wanted.since)
    if wanted.until is not None:
        met.append(at < wanted.until)
    if wanted.flagged is not None:
        flagged = exists().where(flags.c.reply_id == replies.c.id)
        met.append(flagged if wanted.flagged else ~flagged)
    return [*met, replies.c.forum.not_like(f"%{SET_ASIDE}%"), in_scope(wanted.within, replies.c.forum)]
