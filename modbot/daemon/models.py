"""Which model version is in use, and loading it."""

from __future__ import annotations

from pathlib import Path

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
