"""Why a reply was decided so, in pieces that a terminal and a page lay out each in its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from modbot import i18n
from modbot.domain import Decision
from modbot.moderation import wording

Spans = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Point:
    """One signal as a sentence, and what weighed for and against, a sentence each."""

    sentence: str
    weights: tuple[str, ...]


class Piece(NamedTuple):
    """A stretch of a text; ``marked`` when something points at it."""

    text: str
    marked: bool


def points(decision: Decision, words: i18n.Catalogue) -> tuple[Point, ...]:
    """What was seen, a point for each signal."""
    return tuple(
        Point(wording.signal(found, words), tuple(wording.weights(found, words)))
        for found in decision.signals
    )


def sentences(decision: Decision, words: i18n.Catalogue) -> tuple[str, ...]:
    """The same without what weighed how much."""
    return tuple(wording.signal(found, words) for found in decision.signals)


def conclusions(decision: Decision, words: i18n.Catalogue) -> tuple[str, ...]:
    """The limits passed and by how much, then what held the decision back."""
    limits = wording.limits(decision, words)
    return ((limits,) if limits else ()) + tuple(wording.holds(decision, words))


def evidence(decision: Decision) -> list[tuple[int, int]]:
    """The stretches of the original text that the signals point at, sorted and disjoint."""
    return merged(span for found in decision.signals for span in wording.spans(found))


def merged(spans: Spans) -> list[tuple[int, int]]:
    """The same stretches, sorted and disjoint."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def pieces(text: str, spans: Spans) -> tuple[Piece, ...]:
    """``text`` cut at the spans, which count its code points; together they are the text."""
    cut: list[Piece] = []
    at = 0
    for start, end in merged(spans):
        cut += [Piece(text[at:start], False), Piece(text[start:end], True)]
        at = max(at, end)
    return tuple(piece for piece in (*cut, Piece(text[at:], False)) if piece.text)
