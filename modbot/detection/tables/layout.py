"""What the packed character table means. Shared by the script and by serving."""

from __future__ import annotations

from enum import IntEnum

FILE = "characters.npz"
LIMIT = 0x323B0
"""Code points from here on (tags, private planes, variation selectors) are dropped."""

KIND_SHIFT = 21
CODE_MASK = (1 << KIND_SHIFT) - 1
SEPARATOR = "\x1f"
"""Stands between the texts of a batch; no folded text holds it."""


class Kind(IntEnum):
    """What a folded character is. The numbers are stored in the table.

    Their order serves: letters of all sorts and the borders between texts are what is at
    least ``DIGIT``, so that one comparison finds the canonical text of a batch.
    """

    DROPPED = 0
    SPACE = 1
    PUNCTUATION = 2
    PICTURE = 3
    DIGIT = 4
    LETTER = 5
    CJK = 6
    BORDER = 7
    EXPANDED = 8


FIRST_LETTER = Kind.DIGIT << KIND_SHIFT
BORDER = (Kind.BORDER << KIND_SHIFT) | ord(SEPARATOR)
"""The packed border; what is greater needs more than the table (``irregular.py``)."""
HALF = 1 << (KIND_SHIFT + 4)
"""Set on a letter that may be the first half of a character written in two."""
