"""Which model version is in use, and loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modbot.detection import Detector
from modbot.errors import ModelError
from modbot.settings import Loaded, project_root

BASELINE = "baseline"
CURRENT = "current"


def load_detector(loaded: Loaded, version: str | None = None) -> Detector:
    """The detector of ``version`` (of the one in use without). Raises ModelError."""
    return Detector.load(model_folder(loaded, version))


def model_folder(loaded: Loaded, version: str | None = None) -> Path:
    """The folder of a version. Raises ModelError when there is none."""
    wanted = version or current_version(loaded.models_dir)
    for folder in (loaded.models_dir / wanted, shipped_models() / wanted):
        if Path(wanted).name == wanted and (folder / "manifest.json").is_file():
            return folder
    raise ModelError(code="error.model.unknown", version=wanted, path=str(loaded.models_dir))


def current_version(models_dir: Path) -> str:
    file = models_dir / CURRENT
    try:
        return file.read_text(encoding="utf-8").strip() or BASELINE
    except FileNotFoundError:
        return BASELINE
    except (OSError, UnicodeDecodeError) as problem:
        raise ModelError(code="error.model.current_unreadable", path=str(file)) from problem


def shipped_models() -> Path:
    return project_root() / "models"


@dataclass(frozen=True, slots=True)
class Version:
    version: str
    created: str
    folder: Path


def versions(loaded: Loaded) -> list[Version]:
    """The versions that are there, the baseline first, then by name (they begin with their date)."""
    folders = {}
    for root in (shipped_models(), loaded.models_dir):
        for manifest in sorted(root.glob("*/manifest.json")):
            folders[manifest.parent.name] = manifest.parent
    names = sorted(folders, key=lambda name: (name != BASELINE, name))
    return [
        Version(name, str(manifest_of(folders[name]).get("created", "")), folders[name]) for name in names
    ]


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest as it is written. Raises ModelError when it cannot be read."""
    file = folder / "manifest.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelError(code="error.model.no_manifest", path=str(file)) from problem
    if not isinstance(found, dict):
        raise ModelError(code="error.model.no_manifest", path=str(file))
    return found
