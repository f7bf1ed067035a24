"""What a score is made of, for many texts at once: the parts add up to the log-odds.

The same sums as ``Linear.contributions`` (a test compares them), but vectorised over the
texts worth explaining, and with the n-grams' weights shared out to single characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from modbot.detection.canonical import Letters
from modbot.detection.context import COLUMNS, NAMES
from modbot.detection.grams import ORDERS, Grams
from modbot.detection.model import Linear
from modbot.detection.tables.characters import Index

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The calibrated log-odds against ham of ``pairs`` of a text and a label, in parts.

    ``rows`` are the pairs' texts. ``characters`` are the shares of their canonical
    characters, those of pair ``i`` at ``bounds[i]:bounds[i + 1]``, and ``places`` their
    positions in ``Letters.packed``. ``words`` is what all n-grams and marks of the text
    weigh together, ``features`` ``[pair, group]`` what the groups of named features weigh,
    ``offsets`` what every text has: ``words + features.sum(axis=1) + offsets`` is the
    log-odds.
    """

    rows: Index
    characters: Floats
    places: Index
    bounds: Index
    words: Floats
    features: Floats
    offsets: Floats


@dataclass(frozen=True, slots=True)
class Groups:
    """Named features that a reader takes for one: all that is length, for instance.

    ``members`` is ``[name, group]`` of zeros and ones; the column of ``columns`` holds each
    group's value, as a logarithm of 1 + it or as a ratio where these say so.
    """

    names: tuple[str, ...]
    members: Floats
    columns: Index
    logarithms: NDArray[np.bool_]
    ratios: NDArray[np.bool_]


@cache
def groups() -> Groups:
    """The groups of ``context.NAMES``: steps and logarithms of one measure are one."""
    named = [_group(name) for name in NAMES]
    names = tuple(dict.fromkeys(named))
    members = np.array([[float(of == name) for name in names] for of in named])
    columns = [COLUMNS.get(f"log_{name}", COLUMNS.get(name, -1)) for name in names]
    logarithms = np.array([f"log_{name}" in COLUMNS for name in names])
    ratios = np.array([name.endswith(("_ratio", "_echo")) for name in names])
    return Groups(names, members, np.array(columns), logarithms, ratios)


def _group(name: str) -> str:
    if name == "only_pictures":
        return "length"  # it is there to undo what having no letters weighs
    measure, step, _ = name.partition("_from_")
    return measure if step else name.removeprefix("log_")


def weigh(
    linear: Linear, grams: Grams, letters: Letters, values: Floats, rows: Index, spam: Index
) -> Weighed:
    """The parts of ``rows`` (of the batch that ``grams``, ``letters`` and ``values``
    describe), for spam where ``spam`` is 1 and for low_effort where it is 0."""
    center, scale, *slopes = linear.context
    scaled = (values[rows] - center) / scale
    scaled[np.isnan(scaled)] = 0.0
    features = scaled * np.array(slopes)[spam] @ groups().members
    sizes = letters.lengths[rows] + 1
    weights = linear.letters(grams, rows, spam)
    begins = np.cumsum(sizes) - sizes
    words = _sums(weights.sum(axis=0), sizes) + _sums(
        linear.marks(grams, rows, spam), np.diff(grams.mark_starts, append=len(grams.marks))[rows]
    )
    inside = np.ones(weights.shape[1], dtype=bool)
    inside[begins] = False
    counts = letters.lengths[rows]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    places = np.arange(bounds[-1]) + np.repeat(letters.borders[rows] + 1 - bounds[:-1], counts)
    cooled = 1.0 / linear.temperature
    characters = _shared_out(weights, begins, sizes)[inside]
    return Weighed(rows, characters, places, bounds, words, features * cooled, linear.offsets[spam] * cooled)


def _sums(parts: Floats, sizes: Index) -> Floats:
    """The sums of consecutive stretches of ``sizes`` (none of them empty)."""
    return np.add.reduceat(parts, np.cumsum(sizes) - sizes) if len(sizes) else np.zeros(0)


def _shared_out(weights: Floats, begins: Index, sizes: Index) -> Floats:
    """Each n-gram's weight in equal parts on its characters, the borders taking none.

    Position 0 of a text is its border; the n-gram at position p covers the characters p to
    p + n − 1, and what reaches beyond the text is the next border.
    """
    ends = begins + sizes - 1
    several = ends > begins
    parts = weights / np.array([[size] for size in ORDERS])
    parts[1, begins] *= 2
    parts[1, ends[several]] *= 2
    parts[2, begins] *= np.where(sizes > 2, 1.5, 3.0)
    longer = sizes > 2
    parts[2, ends[longer] - 1] *= 1.5
    shared = parts.sum(axis=0)
    shared[1:] += parts[1, :-1] + parts[2, :-1]
    shared[2:] += parts[2, :-2]
    return np.asarray(shared)
