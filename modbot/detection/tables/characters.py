"""The shipped character table, as serving reads it. ``build.py`` wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from modbot.detection.tables.layout import FILE

Codes = NDArray[np.uint32]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """``fold`` is the packed fold of every code point (see ``layout.py``).

    What folds to several characters is number ``n`` there and ``values[starts[n]:starts[n + 1]]``
    here. ``halves`` are sorted keys ``first << 32 | second`` of characters written in two,
    ``wholes`` what they are together. ``smilies`` are names between brackets that show a picture.
    """

    fold: Codes
    starts: Index
    values: Codes
    halves: Index
    wholes: Codes
    smilies: frozenset[str]


@cache
def table() -> Table:
    """The shipped character table, read once."""
    folder = resources.files("modbot.detection.tables")
    with resources.as_file(folder / FILE) as path, np.load(path, allow_pickle=False) as arrays:
        fold, starts, values = arrays["table"], arrays["starts"].astype(np.int64), arrays["values"]
        halves, wholes = arrays["halves"], arrays["wholes"]
    names = (folder / "smilies.txt").read_text(encoding="utf-8").splitlines()
    smilies = frozenset(name for name in names if name and name[0] != "#")
    return Table(fold, starts, values, halves, wholes, smilies)
