"""Prove a backup as far as one can without restoring it, and say what is in it."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from modbot.daemon.upkeep import archive
from modbot.daemon.upkeep.archive import Manifest, Progress
from modbot.daemon.upkeep.backup import quiet
from modbot.detection import Detector
from modbot.errors import BackupError
from modbot.settings import Loaded
from modbot.store import migrate, snapshot
from modbot.store.schema import REVISION
from modbot.training import versions

_COUNTED = ("replies", "flags", "labels")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a proved backup holds. ``unsettled``: actions that waited for a forum."""

    manifest: Manifest
    model: str
    replies: int
    flags: int
    labels: int
    unsettled: int

    def as_object(self) -> dict[str, object]:
        return {
            "created_at": self.manifest.created_at.isoformat(),
            "modbot": self.manifest.modbot,
            "schema": self.manifest.schema,
            "model": self.model,
            "settings": self.manifest.holds(archive.SETTINGS),
            "unpacked_bytes": self.manifest.size,
            "replies": self.replies,
            "flags": self.flags,
            "labels": self.labels,
            "unsettled": self.unsettled,
        }


def verify(loaded: Loaded, file: Path, *, progress: Progress = quiet) -> Contents:
    """Unpack a backup into a folder that is gone afterwards, and prove all of it.

    Raises BackupError, StoreError or ModelError with the first thing that is wrong.
    """
    try:
        loaded.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".verifying-", dir=loaded.state_dir) as name:
            return unpacked(file, Path(name), progress=progress)
    except OSError as problem:
        where = str(problem.filename or file)
        raise BackupError(code="error.backup.io", path=where, problem=problem.strerror) from problem


def unpacked(file: Path, into: Path, *, progress: Progress) -> Contents:
    """Unpack a backup into the folder ``into`` to stay there, and prove all of it."""
    manifest = archive.unpack(file, into, progress=progress)
    database = into / archive.DATABASE
    if not database.is_file():
        raise BackupError(code="error.backup.incomplete", path=str(file), member=archive.DATABASE)
    snapshot.check(database)
    found = snapshot.revision(database)
    if found not in migrate.known_revisions():
        raise BackupError(code="error.backup.newer", path=str(file), found=found, known=REVISION)
    models = into / archive.MODELS
    model = versions.in_use(models)
    Detector.load(versions.folder_of(models, model))
    return Contents(manifest, model, *_counts(database))


def _counts(database: Path) -> tuple[int, int, int, int]:
    waiting = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'claimed', 'unknown')"
    with closing(snapshot.open_still(database)) as raw:
        replies, flags, labels = (
            int(raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names
            for table in _COUNTED
        )
        return replies, flags, labels, int(raw.execute(waiting).fetchone()[0])
