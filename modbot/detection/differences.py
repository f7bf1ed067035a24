"""What one text has that a like one has not, so that a near-duplicate's disguise is seen."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

COMPARED = 2_000
"""Characters of each text that are compared; what follows counts as equal."""
_ISLAND = 1


def differences(text: str, other: str) -> tuple[tuple[int, int], ...]:
    """Spans ``(start, end)`` of ``text``, sorted and disjoint, that ``other`` lacks or has otherwise.

    Code points of the fewest edits (Levenshtein) from one text to the other. A single
    equal character between two differences counts to them: it is equal by chance.
    """
    spans: list[tuple[int, int]] = []
    for change in Levenshtein.opcodes(text[:COMPARED], other[:COMPARED]):
        start, end = change.src_start, change.src_end
        if change.tag == "equal" or start == end:
            continue
        if spans and start - spans[-1][1] <= _ISLAND:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)
