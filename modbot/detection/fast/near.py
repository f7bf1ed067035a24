"""``duplicates/near.py`` compiled: the same functions, the same answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modbot.detection.duplicates.exact import Slots
from modbot.detection.duplicates.flat import Flat, Index, Keys, code_points
from modbot.detection.duplicates.proof import Pairs, ranked
from modbot.detection.duplicates.table import SignatureTable, length_classes
from modbot.detection.fast.kernels import proof as proof_kernels
from modbot.detection.fast.kernels import table as table_kernels
from modbot.detection.fast.kernels import texts as text_kernels


def flatten(texts: Sequence[str]) -> Flat:
    """A batch of texts as arrays."""
    raw, starts = code_points(texts)
    codes, offsets, lengths, sketches, hashes = text_kernels.flatten(raw, starts)
    return Flat(codes, offsets, lengths, sketches, hashes)


def find(slots: Slots, asked: Flat, held: Flat) -> Index:
    """The number of the equal text among ``held``, or -1, for each text asked for."""
    found: Index = text_kernels.find(
        slots,
        (asked.codes, asked.offsets, asked.lengths, asked.hashes),
        (held.codes, held.offsets, held.lengths, held.hashes),
    )
    return found


def place(slots: Slots, numbers: Index, hashes: Keys) -> int:
    """Put numbers into the first free slots; answers how many of these had been empty."""
    return int(text_kernels.place(slots, numbers, hashes))


def file(table: SignatureTable, numbers: Index, texts: Flat) -> None:
    """File texts under their numbers, the last ones being the newest."""
    table_kernels.file(
        table.slots,
        table.heads,
        length_classes().of,
        np.ascontiguousarray(numbers),
        texts.codes,
        texts.offsets,
        texts.lengths,
    )


def nearest(
    table: SignatureTable, asked: Flat, held: Flat, filed: NDArray[np.bool_], *, earlier: bool = False
) -> Pairs:
    """Which filed texts of ``held`` are near each text asked for; see ``duplicates.near``."""
    classes = length_classes()
    rows, numbers = table_kernels.candidates(
        table.slots,
        (classes.least, classes.most),
        (asked.codes, asked.offsets, asked.lengths, asked.sketches),
        (held.lengths, held.sketches),
        filed,
        earlier,
    )
    one, other = (asked.codes, asked.offsets, asked.lengths), (held.codes, held.offsets, held.lengths)
    return ranked(*proof_kernels.proved(rows, numbers, one, other))
