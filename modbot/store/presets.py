"""The reasons that a forum itself offers for hiding, as its dialog told them last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from modbot.store import dialect
from modbot.store.schema import presets


def load(rx: Connection, forum: str) -> tuple[str, ...]:
    return tuple(rx.scalar(select(presets.c.reasons).where(presets.c.forum == forum)) or ())


def asked_at(rx: Connection, forum: str) -> datetime | None:
    found: datetime | None = rx.scalar(select(presets.c.asked_at).where(presets.c.forum == forum))
    return found


def ask(tx: Connection, forum: str, *, at: datetime) -> None:
    """Note that the forum is asked now, whatever it will answer."""
    row = {"forum": forum, "reasons": [], "asked_at": at}
    dialect.upsert(tx, presets, [row], keys=["forum"], update=["asked_at"])


def keep(tx: Connection, forum: str, reasons: Sequence[str]) -> None:
    """What the forum answered when it was asked."""
    tx.execute(update(presets).where(presets.c.forum == forum).values(reasons=list(reasons)))
