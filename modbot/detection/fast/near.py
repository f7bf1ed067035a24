"""``duplicates/near.py`` compiled: the same functions, the same answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.flat import Flat, Index
from modbot.detection.duplicates.proof import Pairs, ranked
from modbot.detection.duplicates.table import SignatureTable, length_classes
from modbot.detection.fast.kernels import near as kernels


def file(table: SignatureTable, numbers: Index, texts: Flat) -> None:
    """File texts under their numbers, the last ones being the newest."""
    kernels.file(
        table.slots, table.heads, length_classes().of, numbers, texts.codes, texts.offsets, texts.lengths
    )


def nearest(
    table: SignatureTable, asked: Flat, held: Flat, filed: NDArray[np.bool_], *, earlier: bool = False
) -> Pairs:
    """Which filed texts of ``held`` are near each text asked for; see ``duplicates.near``."""
    classes = length_classes()
    rows, numbers, similarity = kernels.search(
        table.slots, (classes.least, classes.most), _columns(asked), _columns(held), filed, earlier
    )
    return ranked(rows, numbers, similarity)


def _columns(flat: Flat) -> tuple[NDArray[np.generic], ...]:
    return flat.codes, flat.offsets, flat.lengths, flat.sketches
