"""Write a model folder: built beside its place, then renamed, so none is ever half there."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np

from modbot.detection import grams, manifest
from modbot.detection.manifest import Manifest, Threshold
from modbot.detection.model import INPUTS
from modbot.training.card import card
from modbot.training.fit import Arrays
from modbot.training.versions import BUILDING

LIBRARIES = ("numpy", "scipy", "scikit-learn", "rapidfuzz")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a fit besides its arrays."""

    created: datetime
    temperature: float
    shift: tuple[float, float]
    thresholds: Mapping[str, Threshold]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    parent: str | None


def write(models: Path, arrays: Arrays, facts: Facts, *, name: str | None = None) -> Path:
    """The new folder ``models/<version>``; ``name`` overrides the version's folder name
    (an existing one of that name is replaced)."""
    models.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=models))
    try:
        described = _describe(building, arrays, facts, name)
        (building / manifest.FILE).write_text(described.to_json(), encoding="utf-8")
        building.chmod(0o755)
        return _put(building, models / described.version)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _put(building: Path, folder: Path) -> Path:
    if folder.exists():
        aside = folder.with_name(f"{BUILDING}{folder.name}-old")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        building.rename(folder)
        shutil.rmtree(aside)
    else:
        building.rename(folder)
    return folder


def _describe(building: Path, arrays: Arrays, facts: Facts, name: str | None) -> Manifest:
    np.save(building / manifest.WEIGHTS, arrays.weights.astype(np.float16), allow_pickle=False)
    np.save(building / manifest.STAGE, arrays.stage, allow_pickle=False)
    weights = manifest.sha256(building / manifest.WEIGHTS)
    described = Manifest(
        version=name or f"{facts.created:%Y%m%dT%H%M%SZ}-{weights[:8]}",
        created=facts.created.isoformat(timespec="seconds"),
        features={
            "hash_bits": grams.BITS,
            "orders": list(grams.ORDERS),
            "inputs": list(INPUTS),
            "weights": "float16 [buckets, (low_effort, spam)], differences to ham",
        },
        thresholds=facts.thresholds,
        calibration={"temperature": (facts.temperature,), "shift": facts.shift},
        training=facts.training,
        metrics=facts.metrics,
        libraries={"python": platform.python_version()} | {name: version_of(name) for name in LIBRARIES},
        files={},
        parent=facts.parent,
    )
    (building / manifest.CARD).write_text(card(described), encoding="utf-8")
    names = (manifest.WEIGHTS, manifest.STAGE, manifest.CARD)
    return replace(described, files={file: manifest.sha256(building / file) for file in names})
