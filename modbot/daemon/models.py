"""The detector of the model version in use, and letting another one judge."""

from __future__ import annotations

from datetime import datetime

from modbot.detection import Detector
from modbot.errors import ModelError
from modbot.settings import Loaded
from modbot.store import audit
from modbot.store.engine import Store
from modbot.training import versions


def load_detector(loaded: Loaded, version: str | None = None) -> Detector:
    """The detector of ``version`` (of the one in use without). Raises ModelError."""
    name = version or versions.in_use(loaded.models_dir)
    folder = versions.folder_of(loaded.models_dir, name)
    return Detector.load(folder, accelerate=loaded.settings.detection.accelerate)


def promote(loaded: Loaded, store: Store, version: str, *, who: str, at: datetime) -> None:
    """Make a version the one in use; a daemon takes it up when it is told to. Raises ModelError
    when it cannot be used."""
    former = versions.in_use(loaded.models_dir)
    Detector.load(versions.folder_of(loaded.models_dir, version))
    try:
        versions.promote(loaded.models_dir, version)
    except OSError as problem:
        detail = problem.strerror or type(problem).__name__
        raise ModelError(code="model.not_writable", path=loaded.models_dir, detail=detail) from problem
    with store.write() as tx:
        details = {"version": version, "former": former}
        audit.add(tx, audit.Entry(at, who, "model.promoted", details=details))
