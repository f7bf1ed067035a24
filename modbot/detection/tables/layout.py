"""What the packed character table means. Shared by the script and by serving."""

from __future__ import annotations

from enum import IntEnum

FILE = "characters.npz"
LIMIT = 0x323B0
"""Code points from here on (tags, private planes, variation selectors) are dropped."""

KIND_SHIFT = 21
CODE_MASK = (1 << KIND_SHIFT) - 1


class Kind(IntEnum):
    """What a folded character is. The numbers are stored in the table."""

    DROPPED = 0
    SPACE = 1
    PUNCTUATION = 2
    PICTURE = 3
    DIGIT = 4
    LETTER = 5
    CJK = 6
    EXPANDED = 7
