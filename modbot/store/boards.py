"""What is known of boards, so that pages and commands can show it without asking the forum."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from modbot.store import dialect
from modbot.store.schema import boards


@dataclass(frozen=True, slots=True)
class Board:
    id: int
    name: str
    posts: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """``recycles``: whether it has a recycle bin; None: nobody knows."""

    name: str = ""
    recycles: bool | None = None


def save(tx: Connection, forum: str, seen: Sequence[tuple[int, str, int | None]], *, at: datetime) -> None:
    """Keep ``(board id, name, posts or None)``; boards that are not named stay known."""
    rows = [
        {"forum": forum, "board_id": board_id, "name": name, "posts": posts, "seen_at": at}
        for board_id, name, posts in seen
    ]
    dialect.upsert(tx, boards, rows, keys=["forum", "board_id"], update=["name", "posts", "seen_at"])


def save_bins(tx: Connection, forum: str, bins: Mapping[int, bool | None]) -> None:
    """Keep which boards have a recycle bin (None: nobody knows)."""
    for board_id, recycles in bins.items():
        one = (boards.c.forum == forum) & (boards.c.board_id == board_id)
        tx.execute(update(boards).where(one).values(recycles=recycles))


def recycles(rx: Connection, forum: str, board_id: int | None) -> bool | None:
    """Whether what is deleted in a board goes to a recycle bin; None: nobody knows."""
    found: bool | None = rx.scalar(
        select(boards.c.recycles).where(boards.c.forum == forum, boards.c.board_id == board_id)
    )
    return found


def listing(rx: Connection, forum: str) -> list[Board]:
    query = select(boards.c.board_id, boards.c.name, boards.c.posts).where(boards.c.forum == forum)
    return [Board(*row) for row in rx.execute(query.order_by(boards.c.board_id))]


def names(rx: Connection, forum: str) -> dict[int, str]:
    return {board.id: board.name for board in listing(rx, forum)}


def known(rx: Connection, forums: Collection[str]) -> dict[tuple[str, int], Known]:
    """Every board of these forums, by forum and board id."""
    query = select(boards.c.forum, boards.c.board_id, boards.c.name, boards.c.recycles)
    rows = rx.execute(query.where(boards.c.forum.in_(sorted(forums))))
    return {(row.forum, row.board_id): Known(row.name, row.recycles) for row in rows}


def all_names(rx: Connection) -> dict[tuple[str, int], str]:
    """Of every forum, by forum and board."""
    query = select(boards.c.forum, boards.c.board_id, boards.c.name)
    return {(row.forum, row.board_id): row.name for row in rx.execute(query)}


def last_seen(rx: Connection, forum: str) -> datetime | None:
    """When the forum's boards were read last."""
    seen_at = boards.c.seen_at
    found: datetime | None = rx.scalar(
        select(func.max(seen_at, type_=seen_at.type)).where(boards.c.forum == forum)
    )
    return found
