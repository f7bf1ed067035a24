"""Many rows at once: the driver's own ``executemany``, fed column by column.

SQLAlchemy's insert costs three times what the database does for wide rows; statement and
types are still the tables' own, so nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Float, Table, func, select

from modbot.store.types import Words, all_storable

Column = Sequence[Any]


def insert(tx: Connection, table: Table, columns: Mapping[str, Column]) -> list[int]:
    """Insert rows given as equally long columns (all but ``id``); answers their ids in order.

    Must run inside ``Store.write``: SQLite's ids are counted on under its write lock.
    """
    count = len(next(iter(columns.values())))
    if not count:
        return []
    ids = _new_ids(tx, table, count)
    named = {"id": ids, **columns}
    statement, names = _statement(tx.dialect, table, tuple(named))
    stored = {name: _stored(tx, table, name, values) for name, values in named.items()}
    rows = list(zip(*(stored[name] for name in names), strict=True))
    if tx.dialect.positional:
        tx.exec_driver_sql(statement, rows)
    else:
        tx.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in rows])
    return ids


@lru_cache(maxsize=16)
def _statement(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The insert as the driver takes it, and the columns in the order of its places."""
    compiled = table.insert().compile(dialect=dialect, column_keys=list(names))
    return str(compiled), tuple(getattr(compiled, "positiontup", None) or names)


def _new_ids(tx: Connection, table: Table, count: int) -> list[int]:
    if tx.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        numbered = select(func.nextval(sequence)).select_from(func.generate_series(1, count).alias())
        return sorted(tx.scalars(numbered))
    first = (tx.scalar(select(func.max(table.c.id))) or 0) + 1
    return list(range(first, first + count))


def _stored(tx: Connection, table: Table, name: str, values: Column) -> Column:
    """A column as its type hands it to the driver; what occurs again is converted once."""
    kind = table.c[name].type
    if isinstance(kind, Float):
        return values  # a driver takes Python's own
    if isinstance(kind, Words) and all_storable(values):
        return values
    convert: Callable[[Any], Any] | None = kind.dialect_impl(tx.dialect).bind_processor(tx.dialect)
    if convert is None:
        return values
    try:
        converted = {value: convert(value) for value in set(values)}
    except TypeError:  # lists and dicts, for JSON
        by_identity = {id(value): value for value in values}
        same = {key: convert(value) for key, value in by_identity.items()}
        return [same[id(value)] for value in values]
    return [converted[value] for value in values]
