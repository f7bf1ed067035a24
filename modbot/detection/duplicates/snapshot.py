"""An index as one file of plain arrays: nothing in it is executed, each array has a checksum.

The file is a zip of ``.npy`` (numpy.savez, uncompressed): a cut or damaged one fails the
zip's own directory or an array's CRC-32.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from modbot.detection.duplicates.columns import Array

FORMAT = 2


class UnusableSnapshot(Exception):
    """The file is damaged, or of another format, or was made for other settings."""


def write(path: Path, arrays: Mapping[str, Array]) -> None:
    """Put the file in its place whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, format=np.array(FORMAT), **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> dict[str, Array]:
    """Every array. Raises UnusableSnapshot, OSError where there is no file."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if file["format"].tolist() != FORMAT:
                raise UnusableSnapshot("another format")
            return {name: file[name] for name in file.files}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as problem:
        raise UnusableSnapshot(str(problem)) from problem


def part(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The arrays of one part, by their names within it."""
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in arrays.items() if name.startswith(start)}


def joined(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """The arrays of several parts, named ``part.name``."""
    return {f"{prefix}.{name}": value for prefix, arrays in parts.items() for name, value in arrays.items()}
