"""The brake per forum, and what makes policy pull it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, or_, select

from modbot.domain import ActionKind, FlagState, OutboxState
from modbot.store import audit, dialect
from modbot.store.schema import brakes, decisions, flags, outbox, replies

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Brake:
    """``why`` is a code, ``details`` its facts; ``since`` when it was pulled or lifted."""

    pulled: bool
    since: datetime | None = None
    why: str = ""
    details: Mapping[str, Any] | None = None
    who: str = ""


@dataclass(frozen=True, slots=True)
class Recent:
    """Unasked hiding within the last hour and since the brake was last lifted, that by
    standing decisions aside (300 copies at three in the morning are one text).

    ``texts``: what was hidden or is about to be, a campaign counted as one text;
    ``established``: ids of the authors with standing among them; ``overturned``: of the
    last ``overturned_of`` hides that took effect, how many were restored or overturned.
    """

    texts: frozenset[str]
    established: frozenset[int]
    overturned: int


def state(rx: Connection, forum: str) -> Brake:
    row = rx.execute(select(brakes).where(brakes.c.forum == forum)).mappings().one_or_none()
    return Brake(pulled=False) if row is None else _brake(row)


def states(rx: Connection) -> dict[str, Brake]:
    """The brakes of all forums that ever had one pulled, by the forum's name."""
    return {row["forum"]: _brake(row) for row in rx.execute(select(brakes)).mappings()}


def pull(
    tx: Connection,
    forum: str,
    why: str,
    *,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    who: str = "modbot",
) -> bool:
    """Stop unasked hiding; answers False when it is stopped already (the first cause is kept)."""
    if state(tx, forum).pulled:
        return False
    _write(tx, forum, Brake(True, at, why, details, who))
    return True


def lift(tx: Connection, forum: str, *, who: str, at: datetime) -> bool:
    """A human lets unasked hiding go on; counting starts anew. False when it was not stopped."""
    if not state(tx, forum).pulled:
        return False
    _write(tx, forum, Brake(False, at, "lifted", None, who))
    return True


def recent(rx: Connection, forum: str, *, now: datetime, overturned_of: int = 20) -> Recent:
    """What the brake is judged by, at ``now``."""
    lifted = state(rx, forum)
    since = now - HOUR
    if not lifted.pulled and lifted.since is not None:
        since = max(since, lifted.since)
    found = rx.execute(_unasked_since(forum, since)).all()
    return Recent(
        texts=frozenset(text for text, _, _ in found),
        established=frozenset(author for _, author, established in found if established),
        overturned=_overturned(rx, forum, lifted, overturned_of),
    )


def _brake(row: RowMapping) -> Brake:
    return Brake(**{name: row[name] for name in Brake.__slots__})


def _unasked_since(forum: str, since: datetime) -> Select[str, int, bool]:
    in_vain = (OutboxState.CANCELLED, OutboxState.REFUSED, OutboxState.GONE, OutboxState.ALREADY)
    author = func.coalesce(replies.c.author_id, 0 - replies.c.id)
    return (
        select(func.coalesce(decisions.c.campaign, decisions.c.canonical), author, decisions.c.established)
        .distinct()
        .select_from(outbox)
        .join(flags, flags.c.id == outbox.c.flag_id)
        .join(decisions, decisions.c.id == flags.c.decision_id)
        .join(replies, replies.c.id == outbox.c.reply_id)
        .where(
            outbox.c.forum == forum,
            outbox.c.kind == ActionKind.HIDE,
            outbox.c.unasked,
            outbox.c.standing_id.is_(None),
            outbox.c.state.not_in(in_vain),
            outbox.c.created_at > since,
        )
    )


def _overturned(rx: Connection, forum: str, brake: Brake, last: int) -> int:
    hides = select(flags.c.state, flags.c.restored_at).where(
        flags.c.forum == forum, flags.c.hidden_at.is_not(None)
    )
    if not brake.pulled and brake.since is not None:
        hides = hides.where(flags.c.hidden_at > brake.since)
    recent = hides.order_by(flags.c.hidden_at.desc()).limit(last).subquery()
    undone = or_(recent.c.state == FlagState.OVERTURNED, recent.c.restored_at.is_not(None))
    return rx.scalar(select(func.count()).select_from(recent).where(undone)) or 0


def _write(tx: Connection, forum: str, brake: Brake) -> None:
    row = {
        "forum": forum,
        "pulled": brake.pulled,
        "since": brake.since,
        "why": brake.why,
        "details": dict(brake.details or {}),
        "who": brake.who,
    }
    dialect.upsert(tx, brakes, [row], keys=["forum"], update=["pulled", "since", "why", "details", "who"])
    what = "brake.pulled" if brake.pulled else "brake.lifted"
    details = {"why": brake.why, **(brake.details or {})}
    assert brake.since is not None  # noqa: S101 - told to the type checker; both callers set it
    audit.add(tx, audit.Entry(brake.since, brake.who, what, forum, details=details))
