"""Make a backup: the database, the models and the operator's settings in one file."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from modbot.daemon.upkeep import archive, sensitive
from modbot.daemon.upkeep.archive import Manifest, Member, Progress
from modbot.errors import BackupError, StoreError
from modbot.settings import Loaded
from modbot.store import engine, migrate, snapshot
from modbot.store.schema import REVISION
from modbot.training import versions

BUILDING = ".modbot-building-"
_DAILY = re.compile(r"modbot-daily-\d{8}T\d{6}Z\.tar\.gz")
_LEFT_OVER_SECONDS = 86_400
_ROOM = 1.5
"""Times the database: its copy, and the archive at the worst that was measured."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made and read back. ``pruned``: older daily ones that went."""

    path: Path
    size: int
    manifest: Manifest
    pruned: tuple[Path, ...] = ()

    def as_object(self) -> dict[str, object]:
        return {
            "path": str(self.path),
            "bytes": self.size,
            "unpacked_bytes": self.manifest.size,
            "schema": self.manifest.schema,
            "model": self.manifest.model,
            "secrets_left_out": list(self.manifest.secrets_left_out),
            "secrets_included": list(self.manifest.secrets_included),
            "pruned": [str(path) for path in self.pruned],
        }


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def create(
    loaded: Loaded,
    to: Path | None = None,
    *,
    now: datetime,
    daily: bool = False,
    progress: Progress = quiet,
) -> Made:
    """Back everything up while a daemon may go on writing.

    ``to`` is a file, or a folder; without it the file lies in [backup] folder. ``daily``
    names it as one of those of which [backup] keep stay. Under its name there is only ever
    a whole backup. Raises BackupError, and StoreError for a database that is damaged, of
    another version, or too big for the disk.
    """
    database = database_of(loaded)
    target = _target(loaded, to, now, daily=daily)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _building(target.parent, now) as work:
            snapshot.require_room(work, int(_ROOM * snapshot.size(database)))
            manifest = _build(loaded, database, work, target.name, now, progress)
            (work / target.name).replace(target)
        snapshot.to_disk(target.parent)
        pruned = _prune(target.parent, loaded.settings.backup.keep) if daily else ()
    except OSError as problem:
        where = str(problem.filename or target)
        raise BackupError(code="error.backup.io", path=where, problem=problem.strerror) from problem
    return Made(target, target.stat().st_size, manifest, pruned)


def database_of(loaded: Loaded) -> Path:
    """The database's file. Raises BackupError when it lies on a server, or is not there yet."""
    path = engine.file_of(loaded.store_url)
    if path is None:
        raise BackupError(code="error.backup.server")
    if not path.is_file():
        raise BackupError(code="error.backup.nothing", path=str(path))
    return path


def _target(loaded: Loaded, to: Path | None, now: datetime, *, daily: bool) -> Path:
    folder = loaded.path(loaded.settings.backup.folder)
    name = f"modbot-{'daily-' if daily else ''}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
    target = folder / name if to is None else to / name if to.is_dir() else to
    if target.exists():
        raise BackupError(code="error.backup.exists", path=str(target))
    return target.absolute()


def _build(
    loaded: Loaded, database: Path, work: Path, name: str, now: datetime, progress: Progress
) -> Manifest:
    copy = work / archive.DATABASE
    snapshot.copy(database, copy, progress=lambda done, total: progress("copy", done, total))
    snapshot.check(copy)
    revision = snapshot.revision(copy)
    if revision is None or (revision != REVISION and revision not in migrate.known_revisions()):
        raise StoreError(code="error.store.newer", url=str(database), found=revision, known=REVISION)
    files = {
        archive.DATABASE: copy,
        **_settings_file(loaded, work),
        **_model_files(loaded.models_dir, work),
    }
    members = tuple(_members(files, progress))
    manifest = Manifest(
        modbot=version("modbot"),
        schema=revision,
        created_at=now,
        model=versions.in_use(loaded.models_dir),
        members=members,
        secrets_left_out=sensitive.files_named(loaded),
        secrets_included=sensitive.written_in(loaded, loaded.operator_file) if loaded.operator_file else (),
    )
    archive.write(work / name, manifest, list(files.values()), progress=progress)
    archive.prove(work / name, manifest, progress=progress)
    return manifest


def _settings_file(loaded: Loaded, work: Path) -> dict[str, Path]:
    """A copy of the operator's file, so that an edit meanwhile does no harm."""
    if loaded.operator_file is None:
        return {}
    return {archive.SETTINGS: Path(shutil.copyfile(loaded.operator_file, work / archive.SETTINGS))}


def _model_files(models: Path, work: Path) -> dict[str, Path]:
    """Every version's files, which never change, and a copy of the pointer to the one in use."""
    named = {
        archive.MODELS + path.relative_to(models).as_posix(): path for path in sorted(models.glob("*/*"))
    }
    found = {name: path for name, path in named.items() if archive.is_member(name) and path.is_file()}
    if (models / versions.CURRENT).is_file():
        pointer = shutil.copyfile(models / versions.CURRENT, work / versions.CURRENT)
        found[archive.MODELS + versions.CURRENT] = Path(pointer)
    return found


def _members(files: dict[str, Path], progress: Progress) -> Iterator[Member]:
    for number, (name, path) in enumerate(files.items()):
        progress("digest", number, len(files))
        yield archive.member_of(name, path)


@contextmanager
def _building(folder: Path, now: datetime) -> Iterator[Path]:
    """A private folder beside the archive to be, gone at the end. What a crash left goes, too."""
    for left in folder.glob(f"{BUILDING}*"):
        if now.timestamp() - left.stat().st_mtime > _LEFT_OVER_SECONDS:
            shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=BUILDING, dir=folder) as name:
        yield Path(name)


def _prune(folder: Path, keep: int) -> tuple[Path, ...]:
    """Remove the oldest of the daily backups; others are never touched."""
    daily = sorted(path for path in folder.iterdir() if _DAILY.fullmatch(path.name))
    old = tuple(daily[:-keep])
    for path in old:
        path.unlink()
    return old
