"""The detector of the model version in use."""

from __future__ import annotations

from modbot.detection import Detector
from modbot.settings import Loaded
from modbot.training import versions


def load_detector(loaded: Loaded, version: str | None = None) -> Detector:
    """The detector of ``version`` (of the one in use without). Raises ModelError."""
    name = version or versions.in_use(loaded.models_dir)
    folder = versions.folder_of(loaded.models_dir, name)
    return Detector.load(folder, accelerate=loaded.settings.detection.accelerate)
