"""Authors muted with a decision for many, and letting them speak again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from modbot.domain import ActionKind, OutboxState
from modbot.store import outbox
from modbot.store.candidates import Candidate
from modbot.store.schema import outbox as table
from modbot.store.schema import verdicts


@dataclass(frozen=True, slots=True)
class Mute:
    """``bulk`` names the decision that it belongs to."""

    days: int
    reason: str
    notify: bool
    bulk: str


def mute(
    tx: Connection, latest: Candidate, wanted: Mute, *, not_before: datetime, who: str, at: datetime
) -> int | None:
    """Queue the mute of the author of ``latest``."""
    return outbox.enqueue(
        tx,
        forum=latest.forum,
        kind=ActionKind.MUTE,
        reply_id=latest.reply_id,
        revision_id=latest.revision_id,
        at=at,
        reason=wanted.reason,
        notify=wanted.notify,
        not_before=not_before,
        details={"days": wanted.days, "bulk": wanted.bulk},
        who=who,
    )


def unmute(tx: Connection, bulk: str, *, who: str, at: datetime) -> int | None:
    """Cancel the mute of that decision if it has not begun, else queue its opposite; answers
    that one's id. Done twice, it does nothing more."""
    found = _of_bulk(tx, bulk)
    if found is None or outbox.cancel(tx, found.id, who=who, at=at):
        return None
    begun = (OutboxState.DONE, OutboxState.CLAIMED, OutboxState.UNKNOWN)
    lifted = tx.scalar(select(table.c.id).where(table.c.undoes == found.id).limit(1))
    if found.state not in begun or lifted is not None:
        return None
    return outbox.enqueue(
        tx,
        forum=found.forum,
        kind=ActionKind.UNMUTE,
        reply_id=found.reply_id,
        revision_id=found.revision_id,
        at=at,
        undoes=found.id,
        details={"bulk": bulk},
        who=who,
    )


def _of_bulk(tx: Connection, bulk: str) -> outbox.Action | None:
    of_these = select(verdicts.c.reply_id).where(verdicts.c.bulk == bulk)
    query = select(table.c.id, table.c.details).where(
        table.c.kind == ActionKind.MUTE, table.c.reply_id.in_(of_these)
    )
    ids = [row.id for row in tx.execute(query) if (row.details or {}).get("bulk") == bulk]
    return outbox.get(tx, ids[-1]) if ids else None
