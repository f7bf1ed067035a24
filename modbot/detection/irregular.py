"""What one look-up in the character table cannot fold: pictures written as names,
characters that become several, characters written in two halves. All are rare; a batch
without them passes none of this.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from modbot.detection.tables.characters import Codes, Index, table
from modbot.detection.tables.layout import CODE_MASK, FIRST_LETTER, HALF, KIND_SHIFT, Kind

_SMILEY: Final = re.compile(r"\[([^\[\]\s]{1,6})\]")
_SMILEY_CODE: Final = (Kind.PICTURE << KIND_SHIFT) | 0x1F642


def replace_smilies(joined: str, packed: Codes) -> None:
    """Make one picture of each ``[name]`` of a smiley, in place.

    A name holds no blank, so none reaches across the separator of two texts.
    """
    names = table().smilies
    for match in _SMILEY.finditer(joined):
        if match[1].lower() in names:
            packed[match.start()] = _SMILEY_CODE
            packed[match.start() + 1 : match.end()] = 0


def expand(packed: Codes) -> tuple[Codes, Index | None]:
    """Replace what folds to several characters; also where each came from (``None``: unmoved)."""
    several = np.flatnonzero(packed >> KIND_SHIFT == Kind.EXPANDED)
    if not len(several):
        return packed, None
    known = table()
    which = (packed[several] & CODE_MASK).astype(np.int64)
    sizes = known.starts[which + 1] - known.starts[which]
    counts = np.ones(len(packed), dtype=np.int64)
    counts[several] = sizes
    sources = np.repeat(np.arange(len(packed)), counts)
    grown = packed.take(sources)
    before = np.cumsum(sizes) - sizes
    steps = np.arange(sizes.sum()) - np.repeat(before, sizes)
    first_places = several + before - np.arange(len(several))
    grown[np.repeat(first_places, sizes) + steps] = known.values[
        np.repeat(known.starts[which], sizes) + steps
    ]
    return grown, sources


def join_halves(packed: Codes) -> tuple[Codes, Index]:
    """Join characters written in two, whatever stands between the halves that is no letter.

    Also where they stood: ``[pair, 2]`` positions of both halves; the second is dropped.
    """
    marked = packed >= HALF
    plain: Codes = packed & np.uint32(HALF - 1)
    places = np.flatnonzero(plain >= FIRST_LETTER)
    # A border is the last of them and never marked, so each first half has a follower.
    ahead = np.flatnonzero(marked[places])
    pairs = np.stack([places[ahead], places[ahead + 1]], axis=1)
    codes = (plain[pairs] & CODE_MASK).astype(np.int64)
    keys = codes[:, 0] << 32 | codes[:, 1]
    known = table()
    found = np.searchsorted(known.halves, keys).clip(max=len(known.halves) - 1)
    whole = known.halves[found] == keys
    pairs = pairs[whole]
    plain[pairs[:, 0]], plain[pairs[:, 1]] = known.wholes[found[whole]], 0
    return plain, pairs
