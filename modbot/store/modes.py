"""Since when every board is under its mode: what was read before that is nobody's but people's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from modbot.store import audit, dialect, inbox
from modbot.store.schema import decisions, modes

DEFAULT = 0
"""In place of a board: the mode of all that have none of their own."""


@dataclass(frozen=True, slots=True)
class Since:
    """``mode`` by day, and by night where that is another (``queue``, ``shadow/enforce``)."""

    mode: str
    since: datetime


def load(rx: Connection, forum: str) -> dict[int, Since]:
    """By board; DEFAULT speaks for those that are not named."""
    query = select(modes.c.board_id, modes.c.mode, modes.c.since).where(modes.c.forum == forum)
    return {row.board_id: Since(row.mode, row.since) for row in rx.execute(query)}


def load_all(rx: Connection) -> dict[str, dict[int, Since]]:
    """The same of every forum, by its name."""
    found: dict[str, dict[int, Since]] = {}
    for row in rx.execute(select(modes)):
        found.setdefault(row.forum, {})[row.board_id] = Since(row.mode, row.since)
    return found


def follow(tx: Connection, forum: str, present: Mapping[int, str], *, at: datetime) -> bool:
    """Note the modes that are in force now (``present`` names DEFAULT, and every board that
    has, or had, one of its own); answers whether any is another than before.

    A forum that nothing was ever decided in is under its first mode from the beginning on.
    """
    known = load(tx, forum)
    former = known.get(DEFAULT)
    if former is None:
        former = Since(present[DEFAULT], _beginning(tx, forum, at))
    changed = {
        board: mode for board, mode in present.items() if board not in known or known[board].mode != mode
    }
    rows = [
        {
            "forum": forum,
            "board_id": board,
            "mode": mode,
            "since": former.since if board not in known and former.mode == mode else at,
        }
        for board, mode in changed.items()
    ]
    dialect.upsert(tx, modes, rows, keys=["forum", "board_id"], update=["mode", "since"])
    told = {str(board): mode for board, mode in changed.items()}
    if told:
        audit.add(tx, audit.Entry(at, "modbot", "modes.changed", forum, details=told))
    return bool(rows)


def _beginning(tx: Connection, forum: str, at: datetime) -> datetime:
    decided = tx.scalar(select(exists().where(decisions.c.forum == forum)))
    return at if decided else inbox.began(tx, forum) or at
