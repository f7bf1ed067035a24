"""Model versions in the models folder: list, verify, promote, roll back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modbot.detection import manifest
from modbot.detection.manifest import Manifest, Threshold
from modbot.detection.model import shipped_baseline
from modbot.errors import ModelError

BASELINE = "baseline"
CURRENT = "current"
BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class Version:
    """One model folder. ``problem`` is the error of one that cannot be used."""

    name: str
    folder: Path
    manifest: Manifest | None
    problem: ModelError | None
    is_current: bool


def in_use(models: Path) -> str:
    """The name of the version in use: what ``current`` says, else the baseline."""
    pointer = models / CURRENT
    try:
        return pointer.read_text(encoding="utf-8").strip() or BASELINE
    except FileNotFoundError:
        return BASELINE
    except (OSError, UnicodeDecodeError) as problem:
        raise ModelError(code="model.current_unreadable", path=pointer) from problem


def current(models: Path) -> Path:
    """The folder of the model in use."""
    return folder_of(models, in_use(models))


def thresholds(models: Path) -> Mapping[str, Threshold]:
    """Those of the model in use. Raises ModelError."""
    return manifest.read(current(models)).thresholds


def folder_of(models: Path, name: str) -> Path:
    """The folder of a version; the baseline is also found where it was shipped.

    Raises ModelError when there is none of that name.
    """
    folder = models / name
    if name == BASELINE and not (folder / manifest.FILE).is_file():
        folder = shipped_baseline()
    if Path(name).name != name or not (folder / manifest.FILE).is_file():
        raise ModelError(code="model.unknown_version", version=name, path=models)
    return folder


def listing(models: Path) -> list[Version]:
    """All versions, the newest first; damaged ones are listed with their problem."""
    used = in_use(models)
    folders = {BASELINE: shipped_baseline()}
    if models.is_dir():
        own = (entry for entry in models.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        folders |= {folder.name: folder for folder in own}
    versions = [_version(folder, used) for folder in folders.values()]
    return sorted(
        versions, key=lambda version: version.manifest.created if version.manifest else "", reverse=True
    )


def verify(models: Path, name: str) -> Manifest:
    """Check every file of a version. Raises ModelError naming the first that differs."""
    folder = folder_of(models, name)
    facts = manifest.read(folder)
    manifest.verify(folder, facts)
    return facts


def promote(models: Path, name: str) -> Manifest:
    """Make a verified version the one in use (replaced in one step)."""
    facts = verify(models, name)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=models, prefix=".current-", delete=False
    ) as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(models / CURRENT)
    return facts


def _version(folder: Path, used: str) -> Version:
    try:
        facts = manifest.read(folder)
        manifest.verify(folder, facts)
    except ModelError as error:
        return Version(folder.name, folder, None, error, folder.name == used)
    return Version(folder.name, folder, facts, None, folder.name == used)
