"""Settings that were changed in the console. The latest change of a key lies over files and
environment; one without a value leaves the key to these again. Nothing is ever removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, inspect, select

from modbot.errors import Conflict, StoreError
from modbot.store import audit, engine
from modbot.store.schema import settings_changes as table


@dataclass(frozen=True, slots=True)
class Change:
    """``value`` None: as files and environment say. ``former`` is what was in force before;
    ``reverts``: the change that this one takes back."""

    id: int
    at: datetime
    who: str
    key: str
    value: Any
    former: Any
    reverts: int | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A key's new ``value`` (None: as files and environment say) and what it replaces."""

    value: Any
    former: Any


def in_force(rx: Connection) -> dict[str, Any]:
    """What lies over files and environment, by key, in the order of changing."""
    latest = select(func.max(table.c.id)).group_by(table.c.key)
    query = select(table.c.key, table.c.value).where(table.c.id.in_(latest)).order_by(table.c.id)
    return {row.key: row.value for row in rx.execute(query) if row.value is not None}


def mark(rx: Connection) -> int:
    """The id of the last change of all; 0 before the first."""
    return rx.scalar(select(func.max(table.c.id))) or 0


def peek(url: str) -> dict[str, Any]:
    """What is in force in the database at ``url``, which is neither made nor migrated for it.
    Raises StoreError when it cannot be read."""
    with engine.look(url) as rx:
        if rx is None or not inspect(rx).has_table(table.name):
            return {}
        return in_force(rx)


def change(
    tx: Connection,
    wishes: Mapping[str, Wish],
    *,
    who: str,
    at: datetime,
    seen: int | None = None,
    reverts: int | None = None,
) -> list[int]:
    """Record changes; answers their ids. Raises Conflict when something was changed after the
    change ``seen``."""
    last = mark(tx)
    if seen is not None and last != seen:
        found = get(tx, last)
        raise Conflict(code="error.settings.changed_meanwhile", key=found.key, who=found.who)
    ids = []
    for key, wish in wishes.items():
        row = {"at": at, "who": who, "key": key, "value": wish.value, "former": wish.former}
        made = tx.execute(table.insert().values({**row, "reverts": reverts})).inserted_primary_key
        ids.append(made[0])  # type: ignore[index]
    told = [
        {"change": made, "key": key, "value": wish.value, "former": wish.former, "reverts": reverts}
        for made, (key, wish) in zip(ids, wishes.items(), strict=True)
    ]
    audit.add(tx, *(audit.Entry(at, who, "setting.changed", details=details) for details in told))
    return ids


def get(rx: Connection, change_id: int) -> Change:
    """Raises StoreError when there is none of that number."""
    row = rx.execute(select(table).where(table.c.id == change_id)).mappings().one_or_none()
    if row is None:
        raise StoreError(code="error.settings.change_unknown", number=change_id)
    return Change(**row)


def before(rx: Connection, change_id: int) -> Any:
    """The value that the change's key had in the overlay before it: what taking it back brings.
    Raises Conflict when the key was changed again since, StoreError as :func:`get`."""
    found = get(rx, change_id)
    same = select(table).where(table.c.key == found.key)
    later = rx.execute(same.where(table.c.id > change_id).order_by(table.c.id.desc()).limit(1)).first()
    if later is not None:
        raise Conflict(code="error.settings.changed_since", key=found.key, who=later.who, number=later.id)
    earlier = rx.execute(same.where(table.c.id < change_id).order_by(table.c.id.desc()).limit(1)).first()
    return None if earlier is None else earlier.value


def listing(rx: Connection, *, limit: int = 200, key: str | None = None) -> Sequence[Change]:
    """The latest changes first."""
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if key is not None:
        query = query.where(table.c.key == key)
    return [Change(**row) for row in rx.execute(query).mappings()]
