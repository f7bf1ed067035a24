"""The earlier replies that a judged one is like: who wrote them, where and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from modbot.domain import Duplicate, ReplyKey, Visibility
from modbot.store import decisions, rows
from modbot.store.schema import boards, replies, revisions


@dataclass(frozen=True, slots=True)
class Nearest:
    """A duplicate as it is kept now. ``board`` is empty while its name is not known; without
    ``text`` the reply is not kept any more."""

    duplicate: Duplicate
    author_name: str = ""
    thread_title: str = ""
    board_id: int | None = None
    board: str = ""
    text: str = ""
    visibility: Visibility = Visibility.UNKNOWN


def find(rx: Connection, judged: Iterable[decisions.Judged]) -> dict[int, tuple[Nearest, ...]]:
    """The nearest duplicates of each judgement, best first, by decision id."""
    named = {
        one.id: one.assessment.repetition.duplicates
        for one in judged
        if one.assessment.repetition is not None
    }
    wanted = {duplicate.key for duplicates in named.values() for duplicate in duplicates}
    kept: dict[ReplyKey, tuple[str, str, int | None, str, str, Visibility]] = {}
    for forum in {key.forum for key in wanted}:
        kept |= _kept(rx, forum, [key.post_id for key in wanted if key.forum == forum])
    return {
        decision_id: tuple(Nearest(one, *kept.get(one.key, ())) for one in duplicates)
        for decision_id, duplicates in named.items()
    }


def _kept(
    rx: Connection, forum: str, post_ids: list[int]
) -> dict[ReplyKey, tuple[str, str, int | None, str, str, Visibility]]:
    board = and_(boards.c.forum == replies.c.forum, boards.c.board_id == replies.c.board_id)
    query = (
        select(
            replies.c.post_id,
            replies.c.author_name,
            replies.c.thread_title,
            replies.c.board_id,
            boards.c.name,
            revisions.c.text,
            replies.c.visibility,
        )
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .outerjoin(boards, board)
        .where(replies.c.forum == forum)
    )
    return {
        ReplyKey(forum, row.post_id): (
            row.author_name,
            row.thread_title,
            row.board_id,
            row.name or "",
            row.text,
            Visibility(row.visibility),
        )
        for chunk in rows.chunks(sorted(post_ids))
        for row in rx.execute(query.where(replies.c.post_id.in_(chunk)))
    }
