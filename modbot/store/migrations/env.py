"""Run by Alembic. The caller hands over the connection and owns its transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from modbot.store.schema import metadata
from modbot.store.types import Code, UtcTime, Words


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Name plain types in migrations: they must not change with the code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Code):
        return "sa.String()"
    if kind == "type" and isinstance(item, Words):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
)
context.run_migrations()
