"""What humans decided about reasons that may hide unasked, per board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from modbot.domain import Reason
from modbot.store import audit
from modbot.store.schema import autonomy


@dataclass(frozen=True, slots=True)
class Ruling:
    """``granted`` or withdrawn. ``board_id`` None: wherever no board has a ruling of its own."""

    board_id: int | None
    reason: Reason
    granted: bool
    who: str
    since: datetime


def rule(tx: Connection, forum: str, ruling: Ruling, *, why: str = "") -> None:
    """Grant or withdraw; what was ruled before for this board and reason counts no more."""
    row = {
        "forum": forum,
        "board_id": ruling.board_id,
        "reason": ruling.reason,
        "granted": ruling.granted,
        "who": ruling.who,
        "since": ruling.since,
    }
    tx.execute(autonomy.insert().values(row))
    what = "autonomy.granted" if ruling.granted else "autonomy.withdrawn"
    details = {"board": ruling.board_id, "reason": ruling.reason, "why": why}
    audit.add(tx, audit.Entry(ruling.since, ruling.who, what, forum, details=details))


def in_force(rx: Connection, forum: str) -> list[Ruling]:
    """The latest ruling of every board and reason, forum-wide ones first."""
    latest = (
        select(func.max(autonomy.c.id))
        .where(autonomy.c.forum == forum)
        .group_by(autonomy.c.board_id, autonomy.c.reason)
    )
    columns = [autonomy.c[name] for name in Ruling.__slots__]
    query = select(*columns).where(autonomy.c.id.in_(latest))
    found = [Ruling(row.board_id, Reason(row.reason), *row[2:]) for row in rx.execute(query)]
    return sorted(found, key=lambda one: (one.board_id or 0, one.reason))


def of_board(rulings: Sequence[Ruling], board_id: int | None) -> dict[Reason, Ruling]:
    """What holds on one board: its own rulings over those of the whole forum."""
    forum_wide = {one.reason: one for one in rulings if one.board_id is None}
    own = {one.reason: one for one in rulings if board_id is not None and one.board_id == board_id}
    return {**forum_wide, **own}
