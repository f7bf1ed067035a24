"""Texts read by compiled functions: the answers of ``reading.NumpyReader``, sooner.

Importing this imports numba.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modbot.detection import canonical, irregular, windows
from modbot.detection.canonical import Folded, Letters
from modbot.detection.fast.kernels import text as kernels
from modbot.detection.grams import Grams
from modbot.detection.reading import Reading
from modbot.detection.scoring import Weighed, Weights
from modbot.detection.shape import Shape
from modbot.detection.tables.characters import table
from modbot.detection.tables.layout import SEPARATOR


class CompiledReader:
    """Reads with numba. Has no state; lets go of the interpreter while it reads."""

    def read(self, texts: Sequence[str]) -> Reading:
        folded = _fold(texts)
        written = folded.raw if folded.sources is None else folded.raw[folded.sources]
        written.flags.writeable = False
        whole, packed, marks, borders, mark_borders, counts = kernels.sift(
            folded.packed, folded.borders, written
        )
        marked, pictures, readable, dressed, run = counts
        sequence, (lengths, digits, latin, code), sketch = kernels.spell(packed, borders)
        shape = Shape(lengths, digits, latin, marked, pictures, readable, dressed, run, code, sketch)
        buckets, hashed = kernels.hash_grams(sequence, borders, marks, mark_borders)
        real = 3.0 * lengths + np.diff(mark_borders)
        grams = Grams(buckets, borders[:-1], hashed, mark_borders[:-1], real)
        return Reading(folded, Letters(packed, borders, whole, folded), grams, lambda: shape)

    def weigh(self, weights: Weights, grams: Grams) -> Weighed:
        pairs = weights.view(np.float32).reshape(-1, 2)
        widths = np.array(windows.WIDTHS)
        found = kernels.weigh(pairs, grams.letters, grams.starts, grams.marks, grams.mark_starts, widths)
        return Weighed(*found)


def _fold(texts: Sequence[str]) -> Folded:
    """As ``canonical.fold``, which has what is irregular."""
    joined = SEPARATOR.join(("", *texts, ""))
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    packed, borders, regular = kernels.fold(raw, table().fold, len(texts))
    if not regular:
        return canonical.fold(texts)
    if "[" in joined:
        irregular.replace_smilies(joined, packed)
    return Folded(packed, borders, raw, borders + 1, None, np.zeros((0, 2), dtype=np.int64))
