"""Bring a database to the schema of this code, or say why not.

Alembic is loaded only when there is something to migrate: a command that opens an
up-to-date database does not pay for it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from modbot.errors import StoreError
from modbot.store import snapshot
from modbot.store.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

    from modbot.store.engine import Store

KEPT_COPIES = 3
_SCRIPTS = Path(__file__).with_name("migrations")


def bring_up_to_date(store: Store, path: Path | None) -> None:
    """Create or migrate under the write lock; refuse what is newer or not ours.

    The file ``path`` is copied beside itself first, the copy proved; None makes no copy.
    """
    with store.read() as rx:
        if revision_of(rx) == REVISION:
            return
    with store.write() as tx:
        found = revision_of(tx)  # another process may have migrated meanwhile
        if found == REVISION:
            return
        _refuse_foreign(tx, store.url, found)
        if found is not None and path is not None:
            _keep_copy(path, found)
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


def _refuse_foreign(tx: Connection, url: str, found: str | None) -> None:
    if found is None:
        if sa.inspect(tx).get_table_names():
            raise StoreError(code="error.store.foreign", url=url)
    elif found not in known_revisions():
        raise StoreError(code="error.store.newer", url=url, found=found, known=REVISION)


def _keep_copy(path: Path, found: str) -> None:
    """A proved copy beside the database. Of those made so the last KEPT_COPIES stay."""
    needed = snapshot.size(path)
    snapshot.require_room(path.parent, 2 * needed)  # the copy, and what migrating writes
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    copy = path.with_name(f"{path.name}.before-{REVISION}-from-{found}-{stamp}.bak")
    draft = copy.with_name(f"{copy.name}.draft")
    try:
        snapshot.copy(path, draft)
        snapshot.check(draft)
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)
    snapshot.to_disk(copy.parent)
    for old in _copies(path)[:-KEPT_COPIES]:
        old.unlink()


def _copies(path: Path) -> list[Path]:
    """The copies that were made before migrating this database, oldest first."""
    name = re.compile(re.escape(path.name) + r"\.before-\w+-from-\w+-(\d{8}T\d{12}Z)\.bak")
    found = [(name.fullmatch(file.name), file) for file in path.parent.iterdir()]
    return [file for _, file in sorted((match[1], file) for match, file in found if match)]


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see the module's docstring

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
