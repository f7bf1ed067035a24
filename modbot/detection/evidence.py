"""Evidence in the author's own characters: where in the original text something stands.

Spans are code-point offsets into ``reply.text``, sorted and disjoint, flat as they are
kept in a signal's details: start, end, start, end, …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from modbot.detection import canonical
from modbot.detection.canonical import RUN_LIMIT, Folded, Letters
from modbot.detection.stretches import Stretches
from modbot.detection.tables.characters import Codes, Index
from modbot.detection.tables.layout import BORDER, CODE_MASK, FIRST_LETTER, KIND_SHIFT, Kind
from modbot.domain import SignalValue

Details = dict[str, SignalValue]
Place = tuple[int, int, str]
"""Start and end in the original, and how modbot reads what stands there."""

SHOWN = 80
"""Characters of a piece of evidence that are kept; its span tells the whole."""
_LONG_RUN = re.compile(rf"(.)\1{{{RUN_LIMIT},}}", re.DOTALL)
_FIRST_MARK = (Kind.SPACE + 1) << KIND_SHIFT


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
    pieces = tuple([text[start:end][:SHOWN] for start, end in spans])
    found: Details = {
        "evidence": " … ".join(pieces),
        "pieces": pieces,
        "spans": tuple([offset for span in spans for offset in span]),
    }
    disguised = [not _stands_so(piece, read) for piece, read in zip(pieces, reads, strict=True)]
    if any(disguised):
        found["reads_as"] = tuple(
            [read[:SHOWN] * shown for read, shown in zip(reads, disguised, strict=True)]
        )
    return found


def read_as(pieces: Sequence[str]) -> tuple[str, ...]:
    """How pieces of a text read; empty for one that reads as it stands."""
    reads = canonical.canonicalise(pieces)
    return tuple("" if _stands_so(piece, read) else read for piece, read in zip(pieces, reads, strict=True))


def _stands_so(piece: str, read: str) -> bool:
    """Whether a piece reads as it stands: case, marks, spaces and cut runs aside."""
    lowered, read = piece.lower(), read[:SHOWN]
    if lowered == read:
        return True
    said, wanted = _said(lowered), read if read.isalnum() else _said(read)
    return wanted in said or wanted in _LONG_RUN.sub(lambda run: run[1] * RUN_LIMIT, said)


def _said(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the letters of a batch stand in ``Folded.packed``.

    ``whole`` are the places of ``Letters.whole``, ``kept`` which of those are in
    ``Letters.packed``, ``shown`` all places that were not dropped.
    """

    whole: Index
    kept: Index
    shown: Index

    def order(self, letters: Index) -> Index:
        """Positions in ``Letters.packed`` as positions among all that was not dropped: two
        letters stand side by side where these differ by one."""
        return np.searchsorted(self.shown, self.whole[self.kept[letters]])


def standing(folded: Folded, letters: Letters) -> Standing:
    whole, kept = letters.whole, np.ones(len(letters.whole), dtype=bool)
    if len(letters.packed) != len(whole):
        alike = (whole[1:] == whole[:-1]) & (whole[1:] != BORDER)
        kept[RUN_LIMIT:] = ~(alike[2:] & alike[1:-1] & alike[:-2])
    places = np.flatnonzero(folded.packed >= FIRST_LETTER)
    return Standing(places, np.flatnonzero(kept), np.flatnonzero(folded.packed))


def spans(folded: Folded, letters: Letters, at: Standing, stretches: Stretches) -> tuple[Index, Index]:
    """``canonical.span`` of many stretches at once: their starts and their ends."""
    begins = letters.borders[stretches.rows] + 1
    starts = at.whole[at.kept[begins + stretches.firsts]]
    stops = at.whole[at.kept[begins + stretches.lasts] - 1]
    if len(folded.pairs):
        pair = np.searchsorted(folded.pairs[:, 0], stops).clip(max=len(folded.pairs) - 1)
        stops = np.where(folded.pairs[pair, 0] == stops, folded.pairs[pair, 1], stops)
    # Accents and other dropped characters behind the last letter belong to it.
    stops = at.shown[np.searchsorted(at.shown, stops, side="right")] - 1
    if folded.sources is not None:
        starts, stops = folded.sources[starts], folded.sources[stops]
    offsets = folded.text_starts[stretches.rows]
    return starts - offsets, stops + 1 - offsets


def whole(folded: Folded, letters: Letters, row: int, read: str) -> list[Place]:
    """The place of all that a text says; none when it has no letters."""
    return [(*canonical.span(folded, letters, row, 0, len(read)), read)] if read else []


def found_in(folded: Folded, row: int, sought: Sequence[str]) -> list[Place]:
    """Where each sought piece of a folded text first stands, blanks aside; pieces that are
    not in it have no place."""
    packed, origins = _row(folded, row)
    solid = np.flatnonzero(packed >= _FIRST_MARK)
    written = "".join(map(chr, (packed[solid] & CODE_MASK).tolist()))
    places = []
    for piece in sought:
        compact = piece.replace(" ", "")
        at = written.find(compact)
        if compact and at >= 0:
            first, last = solid.item(at), solid.item(at + len(compact) - 1)
            places.append((origins.item(first), origins.item(last) + 1, piece))
    return places


def longest_run(folded: Folded, row: int) -> list[Place]:
    """The place of the longest run of one letter, as it stood before runs were cut."""
    packed, origins = _row(folded, row)
    places = np.flatnonzero(packed >= FIRST_LETTER)
    codes = packed[places]
    begins = np.flatnonzero(np.diff(codes, prepend=0))
    sizes = np.diff(begins, append=len(codes))
    at = int(sizes.argmax())
    first, size = begins.item(at), sizes.item(at)
    letter = chr(codes.item(first) & CODE_MASK)
    last = places.item(first + size - 1)
    return [(origins.item(places.item(first)), origins.item(last) + 1, letter * min(size, RUN_LIMIT))]


def dressed(folded: Folded, row: int, most: int) -> list[Place]:
    """Where Latin letters and digits are written with other characters: at most ``most`` places."""
    packed, origins = _row(folded, row)
    codes = packed & np.uint32(CODE_MASK)
    raw = folded.raw[origins + folded.text_starts[row]]
    chosen = np.flatnonzero((packed >= FIRST_LETTER) & (codes < 0x80) & (raw > canonical.PLAIN))
    breaks = np.flatnonzero(np.diff(chosen) > 1)
    begins, ends = chosen[np.append(0, breaks + 1)], chosen[np.append(breaks, len(chosen) - 1)]
    return [
        (origins.item(first), origins.item(last) + 1, "".join(map(chr, codes[first : last + 1].tolist())))
        for first, last in zip(begins.tolist()[:most], ends.tolist()[:most], strict=True)
    ]


def _row(folded: Folded, row: int) -> tuple[Codes, Index]:
    """The folded characters of one text, and where in the original each stood."""
    begin, end = folded.borders.item(row) + 1, folded.borders.item(row + 1)
    origins = np.arange(begin, end) if folded.sources is None else folded.sources[begin:end]
    return folded.packed[begin:end], origins - folded.text_starts.item(row)
