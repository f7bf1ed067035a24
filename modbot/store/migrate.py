"""Bring a database to the schema of this code, or say why not.

Alembic is loaded only when there is something to migrate: a command that opens an
up-to-date database does not pay for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from modbot.errors import StoreError
from modbot.store.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

    from modbot.store.engine import Store

_SCRIPTS = Path(__file__).with_name("migrations")


def bring_up_to_date(store: Store, path: Path | None) -> None:
    """Create or migrate under the write lock; refuse what is newer or not ours."""
    with store.read() as rx:
        if revision_of(rx) == REVISION:
            return
    with store.write() as tx:
        found = revision_of(tx)  # another process may have migrated meanwhile
        if found == REVISION:
            return
        _refuse_foreign(tx, store.url, found)
        if found is not None and path is not None:
            backup(path, _backup_path(path, found))
        upgrade(tx)


def revision_of(tx: Connection) -> str | None:
    """The migration that the database stands at; None for a database without any."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def known_revisions() -> list[str]:
    """All migrations that ship with this code, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see the module's docstring

    script = ScriptDirectory.from_config(_config())
    return [step.revision for step in reversed(list(script.walk_revisions()))]


def upgrade(tx: Connection, revision: str = "head") -> None:
    """Run the migrations up to ``revision`` within the given transaction."""
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    config = _config()
    config.attributes["connection"] = tx
    command.upgrade(config, revision)


def backup(source: Path, target: Path) -> None:
    """A consistent copy of a live SQLite database (SQLite's own online backup), 0600."""
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)


def _refuse_foreign(tx: Connection, url: str, found: str | None) -> None:
    if found is None:
        if sa.inspect(tx).get_table_names():
            raise StoreError(code="error.store.foreign", url=url)
    elif found not in known_revisions():
        raise StoreError(code="error.store.newer", url=url, found=found, known=REVISION)


def _backup_path(path: Path, found: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return path.with_name(f"{path.name}.before-{REVISION}-from-{found}-{stamp}.bak")


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see the module's docstring

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
