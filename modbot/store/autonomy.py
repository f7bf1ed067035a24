"""What humans decided about reasons that may hide unasked, per board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from modbot.domain import ActionKind, OutboxState, Reason
from modbot.store import audit
from modbot.store.schema import autonomy, flags, outbox, replies


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


@dataclass(frozen=True, slots=True)
class WaitingHide:
    """An unasked hide that nobody has begun; ``standing``: a standing decision asked for it."""

    reply_id: int
    board_id: int | None
    reason: Reason
    standing: bool


def waiting_hides(rx: Connection, forum: str) -> list[WaitingHide]:
    query = (
        select(outbox.c.reply_id, replies.c.board_id, flags.c.reason, outbox.c.standing_id)
        .join(flags, flags.c.id == outbox.c.flag_id)
        .join(replies, replies.c.id == outbox.c.reply_id)
        .where(
            outbox.c.forum == forum,
            outbox.c.state == OutboxState.QUEUED,
            outbox.c.kind == ActionKind.HIDE,
            outbox.c.unasked,
        )
    )
    return [
        WaitingHide(row.reply_id, row.board_id, Reason(row.reason), row.standing_id is not None)
        for row in rx.execute(query)
    ]


def of_board(rulings: Sequence[Ruling], board_id: int | None) -> dict[Reason, Ruling]:
    """What holds on one board: its own rulings over those of the whole forum."""
    forum_wide = {one.reason: one for one in rulings if one.board_id is None}
    own = {one.reason: one for one in rulings if board_id is not None and one.board_id == board_id}
    return {**forum_wide, **own}
