"""What waits, and since when: for health, status and metrics.

Asked every few seconds beside a million replies, so every query here is answered by an
index that holds little more than what it counts (a test reads SQLite's plans).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from modbot.domain import ActionKind, OutboxState
from modbot.store import hides
from modbot.store.actions import UNSETTLED
from modbot.store.schema import flags, outbox, replies, revisions


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait; ``since`` the one that waits longest began to (None: nothing waits)."""

    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The action that ended last, and how."""

    kind: ActionKind
    state: OutboxState
    at: datetime


def unjudged(rx: Connection, forum: str) -> Waiting:
    """Texts that are stored and not judged; parked ones are left out."""
    query = (
        select(func.count(), func.min(revisions.c.seen_at))
        .select_from(replies)
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .where(replies.c.forum == forum, replies.c.decision_id.is_(None), replies.c.parked.is_(None))
    )
    return Waiting(*rx.execute(query).one())


def parked(rx: Connection, forum: str) -> int:
    """Replies that could not be judged and are set aside."""
    query = select(func.count()).where(replies.c.forum == forum, replies.c.parked.is_not(None))
    return rx.scalar(query) or 0


def pending_flags(rx: Connection, forum: str) -> tuple[Waiting, Waiting]:
    """The flags that wait for a human: those shown, and those that the budget keeps back."""
    kept_back = flags.c.shown_at.is_(None)
    query = (
        select(kept_back, func.count(), func.min(flags.c.opened_at))
        .where(flags.c.forum == forum, hides.waits_for_human())
        .group_by(kept_back)
    )
    found = {bool(kept): Waiting(number, since) for kept, number, since in rx.execute(query)}
    return found.get(False, Waiting()), found.get(True, Waiting())


def unfinished(rx: Connection, forum: str) -> dict[OutboxState, Waiting]:
    """The actions that have not ended, and the dead ones, by state; every such state is there."""
    states = (*UNSETTLED, OutboxState.DEAD)
    query = (
        select(outbox.c.state, func.count(), func.min(outbox.c.created_at))
        .where(outbox.c.forum == forum, outbox.c.state.in_(states))
        .group_by(outbox.c.state)
    )
    found = {OutboxState(state): Waiting(number, since) for state, number, since in rx.execute(query)}
    return {state: found.get(state, Waiting()) for state in states}


def last_settled(rx: Connection, forum: str) -> Settled | None:
    query = (
        select(outbox.c.kind, outbox.c.state, outbox.c.settled_at)
        .where(outbox.c.forum == forum, outbox.c.settled_at.is_not(None))
        .order_by(outbox.c.settled_at.desc())
        .limit(1)
    )
    row = rx.execute(query).one_or_none()
    return None if row is None else Settled(ActionKind(row.kind), OutboxState(row.state), row.settled_at)
