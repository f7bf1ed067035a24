"""Evidence in the author's own characters: where in the original text something stands.

Spans are code-point offsets into ``reply.text``, sorted and disjoint, flat as they are
kept in a signal's details: start, end, start, end, …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from modbot.detection import canonical
from modbot.detection.canonical import RUN_LIMIT, Folded, Letters
from modbot.detection.tables.layout import Kind
from modbot.domain import SignalValue

Details = dict[str, SignalValue]
Place = tuple[int, int, str]
"""Start and end in the original, and how modbot reads what stands there."""

SHOWN = 80
"""Characters of a piece of evidence that are kept; its span tells the whole."""
_LONG_RUN = re.compile(rf"(.)\1{{{RUN_LIMIT},}}", re.DOTALL)


def details(text: str, places: Iterable[Place]) -> Details:
    """``spans`` of the places, ``evidence`` and ``pieces`` as they stand in the original,
    and ``reads_as`` for each piece (empty where it reads as it stands) if any differs.
    Nothing of it without a place."""
    spans: list[tuple[int, int]] = []
    reads: list[str] = []
    for start, end, read in sorted(places):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            reads[-1] += read
        else:
            spans.append((start, end))
            reads.append(read)
    if not spans:
        return {}
    pieces = tuple(text[start:end][:SHOWN] for start, end in spans)
    found: Details = {
        "evidence": " … ".join(pieces),
        "pieces": pieces,
        "spans": tuple(offset for span in spans for offset in span),
    }
    read_as = tuple(
        "" if _stands_so(piece, read) else read for piece, read in zip(pieces, reads, strict=True)
    )
    return found | {"reads_as": tuple(read[:SHOWN] for read in read_as)} if any(read_as) else found


def _stands_so(piece: str, read: str) -> bool:
    """Whether a piece reads as it stands: case, marks, spaces and cut runs aside."""
    lowered = piece.lower()
    return lowered == read or _plain(lowered).startswith(_plain(read[:SHOWN]))


def _plain(text: str) -> str:
    return _LONG_RUN.sub(lambda run: run[1] * RUN_LIMIT, "".join(filter(str.isalnum, text)))


def stretch(folded: Folded, letters: Letters, row: int, first: int, last: int) -> tuple[int, int]:
    """``canonical.span``, quicker where the last letter is followed by another at once."""
    at = letters.starts.item(row) + last - 1
    place = letters.places.item(at)
    origin = folded.origins.item(place)
    follows = at + 1 < letters.starts.item(row + 1) and letters.places.item(at + 1) == place + 1
    if not follows or folded.origins.item(place + 1) != origin + 1:
        return canonical.span(folded, letters, row, first, last)
    offset = folded.text_starts.item(row)
    start = folded.origins.item(letters.places.item(letters.starts.item(row) + first))
    return start - offset, origin + 1 - offset


def whole(folded: Folded, letters: Letters, row: int, read: str) -> list[Place]:
    """The place of all that a text says; none when it has no letters."""
    return [(*canonical.span(folded, letters, row, 0, len(read)), read)] if read else []


def found_in(folded: Folded, row: int, sought: Sequence[str]) -> list[Place]:
    """Where each sought piece of a folded text first stands; pieces not in it have no place."""
    first, last = folded.starts.item(row), folded.starts.item(row + 1)
    (written,) = canonical.strings(folded.codes[first:last], np.array([0, last - first]))
    offset = folded.text_starts.item(row)
    places = []
    for piece in filter(None, sought):
        at = written.find(piece)
        if at >= 0:
            origins = folded.origins[[first + at, first + at + len(piece) - 1]] - offset
            places.append((int(origins[0]), int(origins[1]) + 1, piece))
    return places


def longest_run(folded: Folded, row: int) -> list[Place]:
    """The place of the longest run of one letter, as it stood before runs were cut."""
    first, last = folded.starts.item(row), folded.starts.item(row + 1)
    places = first + np.flatnonzero(folded.kinds[first:last] >= Kind.DIGIT)
    codes = folded.codes[places]
    begins = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    sizes = np.diff(np.append(begins, len(codes)))
    at = int(sizes.argmax())
    ends = folded.origins[places[[begins[at], begins[at] + sizes[at] - 1]]] - folded.text_starts.item(row)
    return [(int(ends[0]), int(ends[1]) + 1, chr(int(codes[begins[at]])) * min(int(sizes[at]), RUN_LIMIT))]


def dressed(folded: Folded, row: int, most: int) -> list[Place]:
    """Where Latin letters and digits are written with other characters: at most ``most`` places."""
    first, last = folded.starts.item(row), folded.starts.item(row + 1)
    codes, kinds, origins = folded.codes[first:last], folded.kinds[first:last], folded.origins[first:last]
    chosen = np.flatnonzero((codes < 0x80) & (kinds >= Kind.DIGIT) & (folded.raw[origins] > 0x7F))
    breaks = np.flatnonzero(np.diff(chosen) > 1)
    begins, ends = chosen[np.append(0, breaks + 1)], chosen[np.append(breaks, len(chosen) - 1)]
    offset = folded.text_starts.item(row)
    return [
        (origins.item(a) - offset, origins.item(b) - offset + 1, "".join(map(chr, codes[a : b + 1].tolist())))
        for a, b in zip(begins.tolist()[:most], ends.tolist()[:most], strict=True)
    ]
