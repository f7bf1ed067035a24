"""Work of the house that belongs to no forum (purge, backup, digest): when it was done last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from modbot.store import dialect
from modbot.store.schema import chores


@dataclass(frozen=True, slots=True)
class Chore:
    """``problem`` is empty unless the last time failed; ``details`` are those of the last success."""

    name: str
    began_at: datetime
    succeeded_at: datetime | None
    problem: str
    details: Mapping[str, Any]


def began(tx: Connection, name: str, *, at: datetime) -> None:
    row = {"name": name, "began_at": at, "succeeded_at": None, "problem": "", "details": {}}
    dialect.upsert(tx, chores, [row], keys=["name"], update=["began_at"])


def succeeded(tx: Connection, name: str, *, at: datetime, details: Mapping[str, Any]) -> None:
    values = {"succeeded_at": at, "problem": "", "details": dict(details)}
    tx.execute(update(chores).where(chores.c.name == name).values(values))


def failed(tx: Connection, name: str, *, problem: str) -> None:
    tx.execute(update(chores).where(chores.c.name == name).values(problem=problem))


def load(rx: Connection, name: str) -> Chore | None:
    return next((chore for chore in listing(rx) if chore.name == name), None)


def listing(rx: Connection) -> list[Chore]:
    query = select(*(chores.c[name] for name in Chore.__slots__)).order_by(chores.c.name)
    return [Chore(**row) for row in rx.execute(query).mappings()]
