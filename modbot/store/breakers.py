"""The circuit breaker per forum, kept so that a restart does not ask a forum that refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from modbot.store import audit, dialect
from modbot.store.schema import breakers


class BreakerState(StrEnum):
    """``stopped``: only a human's act lets it be tried again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Breaker:
    """``failures`` in a row; ``probe_at`` when an open one is tried again; ``code`` and
    ``facts`` the error that changed it last (of the catalogues)."""

    state: BreakerState
    since: datetime
    failures: int = 0
    probe_at: datetime | None = None
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def load(rx: Connection, forum: str) -> Breaker | None:
    """None for a forum that was never tried."""
    query = select(*(breakers.c[name] for name in Breaker.__slots__)).where(breakers.c.forum == forum)
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else Breaker(**{**row, "state": BreakerState(row["state"])})


def save(tx: Connection, forum: str, breaker: Breaker) -> None:
    row = {"forum": forum, **{name: getattr(breaker, name) for name in Breaker.__slots__}}
    dialect.upsert(tx, breakers, [row], keys=["forum"], update=list(Breaker.__slots__))


def resume(tx: Connection, forum: str, *, who: str, at: datetime) -> bool:
    """A human says that the cause is gone: the next round is a probe. False when there is
    nothing to resume."""
    found = load(tx, forum)
    if found is None or found.state is BreakerState.CLOSED:
        return False
    probe = replace(found, state=BreakerState.OPEN, probe_at=at)
    save(tx, forum, probe)
    audit.add(tx, audit.Entry(at, who, "forum.resumed", forum, details={"code": found.code}))
    return True
