"""The one statement that SQL dialects spell differently: insert, or update when there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    tx: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    update: Sequence[str] = (),
    computed: Mapping[str, ColumnElement[Any]] | None = None,
) -> None:
    """Insert ``rows``; where ``keys`` are there already, overwrite the columns ``update``
    and set those of ``computed``."""
    if not rows:
        return
    build = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = build(table)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in update}
    changes.update(computed or {})
    tx.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes), list(rows))
