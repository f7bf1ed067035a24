"""The model folder: plain arrays, a manifest that names and proves each file.

Reading it executes nothing: JSON and ``.npy`` without pickles. A folder whose files
do not match their sha256, or that another version of modbot must read, is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from modbot.errors import ModelError

FORMAT = 2
FILE = "manifest.json"
CARD = "MODEL_CARD.md"
WEIGHTS = "weights.npy"
STAGE = "stage.npy"
LABELS = ("ham", "low_effort", "spam")


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold and what it was measured at.

    ``false_positives`` among ``negatives`` genuine replies lie above it, so their rate
    is at most ``false_positive_bound`` with 95 % confidence; ``recall`` among
    ``positives`` and ``precision`` are those of the held-out rows named by ``measured_on``.
    """

    value: float
    negatives: int
    false_positives: int
    false_positive_bound: float
    positives: int
    recall: float
    precision: float
    measured_on: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model is, what it was made of and how well it did."""

    version: str
    created: str
    features: Mapping[str, Any]
    thresholds: Mapping[str, Threshold]
    calibration: Mapping[str, tuple[float, ...]]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    libraries: Mapping[str, str]
    files: Mapping[str, str]
    parent: str | None = None
    labels: tuple[str, ...] = LABELS
    format: int = field(default=FORMAT)

    def threshold(self, name: str) -> float:
        """The value of ``spam.hide``, ``spam.queue`` or ``low_effort.queue``."""
        return self.thresholds[name].value

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a model folder, its files not yet verified. Raises ModelError."""
    path = folder / FILE
    if not path.is_file():
        raise ModelError(code="model.missing", path=folder)
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(code="model.unreadable", path=path, detail=error) from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        found = facts.get("format") if isinstance(facts, dict) else None
        raise ModelError(code="model.format", path=folder, found=found, known=FORMAT)
    return _manifest(facts, path)


def _manifest(facts: dict[str, Any], path: Path) -> Manifest:
    try:
        thresholds = {name: Threshold(**values) for name, values in facts.pop("thresholds").items()}
        labels = tuple(facts.pop("labels"))
        calibration = {name: tuple(values) for name, values in facts.pop("calibration").items()}
        manifest = Manifest(thresholds=thresholds, labels=labels, calibration=calibration, **facts)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(code="model.unreadable", path=path, detail=error) from error
    if manifest.labels != LABELS:
        raise ModelError(code="model.labels", path=path, found=", ".join(manifest.labels))
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare each file with its sha256. Raises ModelError naming the first that differs."""
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelError(code="model.file_missing", path=folder, file=name)
        if sha256(path) != expected:
            raise ModelError(code="model.changed", path=folder, file=name)
    if not {WEIGHTS, STAGE} <= manifest.files.keys():
        raise ModelError(code="model.file_missing", path=folder, file=WEIGHTS)
