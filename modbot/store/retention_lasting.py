"""Policy exceptions are forgotten some time after they ended, and what is known of how well
modbot judged when it is old."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select

from modbot.store.retention import Key, Limits, Step
from modbot.store.schema import misses, policy_exceptions, spot_checks

Ended = Callable[[Limits], ColumnElement[bool]]


def _revoked_exception(limits: Limits) -> ColumnElement[bool]:
    return and_(policy_exceptions.c.revoked_at.is_not(None), policy_exceptions.c.revoked_at < limits.flags)


def _old_check(limits: Limits) -> ColumnElement[bool]:
    return spot_checks.c.drawn_at < limits.flags


def _old_miss(limits: Limits) -> ColumnElement[bool]:
    return misses.c.seen_at < limits.flags


def _step(name: str, table: Table, ended: Ended) -> Step:
    def find(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
        query = select(table.c.id).where(ended(limits), *([table.c.id > after[0]] if after else []))
        return [tuple(row) for row in rx.execute(query.order_by(table.c.id).limit(limit))]

    def forget(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
        chosen = table.c.id.in_([key[0] for key in keys])
        return tx.execute(delete(table).where(chosen, ended(limits))).rowcount

    return Step(name, find, forget)


STEPS = (
    _step("exceptions", policy_exceptions, _revoked_exception),
    _step("spot_checks", spot_checks, _old_check),
    _step("misses", misses, _old_miss),
)
