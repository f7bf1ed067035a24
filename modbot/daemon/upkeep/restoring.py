"""Put a backup in the place of what is there, wholly or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from modbot import settings
from modbot.daemon import lock
from modbot.daemon.upkeep import archive, verifying
from modbot.daemon.upkeep.archive import Progress
from modbot.daemon.upkeep.backup import quiet
from modbot.daemon.upkeep.verifying import Contents
from modbot.detection import manifest as model_manifest
from modbot.errors import BackupError, StoreError
from modbot.settings import Loaded
from modbot.store import engine, leases, restored, snapshot, swap
from modbot.store.swap import Step
from modbot.training import versions

Owning = Callable[[Path], AbstractContextManager[None]]
"""Holds a state folder against daemons while inside; raises when one works there."""

_LOGS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Plan:
    """A proved backup, unpacked beside what it will replace."""

    contents: Contents
    database: Path
    steps: tuple[Step, ...]

    @property
    def set_aside(self) -> tuple[Step, ...]:
        """What is there now and will be kept under another name."""
        return tuple(step for step in self.steps if step.target.exists())

    def carry_out(self) -> None:
        """Exchange the files. Whatever interrupts this, all are the old ones or all the new."""
        swap.swap(self.database, self.steps)

    def as_object(self) -> dict[str, object]:
        aside = {str(step.target): str(step.aside) for step in self.set_aside}
        return {**self.contents.as_object(), "database": str(self.database), "set_aside": aside}


@contextmanager
def prepared(
    loaded: Loaded,
    file: Path,
    *,
    now: datetime,
    who: str,
    keep_settings: bool = False,
    own: Owning = lock.owning,
    progress: Progress = quiet,
) -> Iterator[Plan]:
    """Everything about a restore but the exchange itself; left undone, it leaves nothing behind.

    While inside, no daemon can start. Files go where the settings that will be in force
    afterwards say: those of the backup, or the present ones (``keep_settings``, or a backup
    without any). Raises what ``own`` raises when a daemon works, BackupError, StoreError,
    ModelError, SettingsError.
    """
    try:
        with ExitStack() as stack:
            stack.enter_context(own(loaded.state_dir))
            present = _database_of(loaded)
            _finish_earlier(present)
            lock.refuse_another_machine(leases.peek(present), now=now, path=present)
            staging = _Staging(stack, f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
            folder = staging.beside(present.with_name(f"{present.name}.unpacked"))
            folder.mkdir(mode=0o700)
            contents = verifying.unpacked(file, folder, progress=progress)
            _take_up(folder / archive.DATABASE, contents, who, now)
            after = loaded
            steps = []
            if contents.manifest.holds(archive.SETTINGS) and not keep_settings:
                after = _settings_of(loaded, folder / archive.SETTINGS)
                if after.state_dir != loaded.state_dir:
                    stack.enter_context(own(after.state_dir))
                _finish_earlier(_database_of(after))
                steps.append(staging.step(folder / archive.SETTINGS, _operator_file(loaded)))
            steps += staging.models(folder / archive.MODELS, after.models_dir)
            steps += staging.database(folder / archive.DATABASE, _database_of(after))
            yield Plan(contents, _database_of(after), tuple(steps))
    except OSError as problem:
        where = str(problem.filename or file)
        raise BackupError(code="error.backup.io", path=where, problem=problem.strerror) from problem


class _Staging:
    """Brings what was unpacked beside what it will replace, onto the disk of that."""

    def __init__(self, stack: ExitStack, stamp: str) -> None:
        self._stack = stack
        self._stamp = stamp

    def beside(self, target: Path) -> Path:
        """A free name beside ``target``. What lies there at the end goes, as does what an
        earlier restore left that was interrupted before anything had moved."""
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in target.parent.glob(f".{target.name}.restoring-*"):
            _remove(left)
        staged = target.with_name(f".{target.name}.restoring-{self._stamp}")
        self._stack.callback(_remove, staged)
        return staged

    def step(self, staged: Path, target: Path, *, hidden: bool = False) -> Step:
        beside = self.beside(target)
        shutil.move(staged, beside)
        for path in [beside, *beside.rglob("*")]:
            snapshot.to_disk(path)
        return Step(target, self.aside(target, hidden=hidden), beside)

    def aside(self, target: Path, *, hidden: bool = False) -> Path:
        return _free(target.with_name(f"{'.' * hidden}{target.name}.before-restore-{self._stamp}"))

    def models(self, staged: Path, models: Path) -> Iterator[Step]:
        """The versions that are not there already just so, then the pointer to the one in use.

        Versions that the backup does not know stay where they are.
        """
        found = sorted(staged.iterdir()) if staged.is_dir() else []
        for version in found:
            if version.is_dir() and not _is_same(version, models / version.name):
                yield self.step(version, models / version.name, hidden=True)
        pointer, target = staged / versions.CURRENT, models / versions.CURRENT
        if pointer.is_file():
            yield self.step(pointer, target, hidden=True)
        elif target.exists():
            yield Step(target, self.aside(target, hidden=True), None)

    def database(self, staged: Path, target: Path) -> Iterator[Step]:
        """The log goes first: never may an old log lie beside a new database."""
        main = self.step(staged, target)
        for end in _LOGS:
            yield Step(target.with_name(target.name + end), main.aside.with_name(main.aside.name + end), None)
        yield main


def _database_of(loaded: Loaded) -> Path:
    path = engine.file_of(loaded.store_url)
    if path is None:
        raise BackupError(code="error.backup.server")
    return path


def _finish_earlier(database: Path) -> None:
    """An earlier restore that was interrupted is finished first, and that is all for now."""
    if swap.finish(database):
        raise StoreError(code="error.store.restored_now", url=str(database))


def _operator_file(loaded: Loaded) -> Path:
    return (loaded.operator_file or Path(settings.OPERATOR_FILE)).absolute()


def _settings_of(loaded: Loaded, staged: Path) -> Loaded:
    """The backup's settings as they will be read once they lie where the operator's file does."""
    target = _operator_file(loaded)
    return replace(settings.load(staged), base=target.resolve().parent, operator_file=target)


def _take_up(database: Path, contents: Contents, who: str, now: datetime) -> None:
    """Migrate the unpacked database if it is older, and make it fit to work on."""
    with closing(engine.open(database, create=False, keep_copy=False)) as store, store.write() as tx:
        restored.take_up(tx, made_at=contents.manifest.created_at, who=who, at=now)
    snapshot.check(database)
    snapshot.to_disk(database)


def _is_same(version: Path, present: Path) -> bool:
    """Whether every file of the version is there already, byte for byte."""
    pairs = [(path, present / path.name) for path in version.iterdir()]
    return all(
        there.is_file() and model_manifest.sha256(there) == model_manifest.sha256(path)
        for path, there in pairs
    )


def _free(path: Path) -> Path:
    """``path``, or another name like it that nothing has."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
