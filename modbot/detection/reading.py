"""How a batch of texts is read: folded, cut to letters, counted, hashed. Two ways do it with
the same answers: NumPy here, compiled in ``fast/text.py``; who reads is handed one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from modbot.detection import canonical, fast, grams, scoring, shape
from modbot.detection.canonical import Folded, Letters
from modbot.detection.grams import Grams
from modbot.detection.scoring import Weighed, Weights
from modbot.detection.shape import Shape


@dataclass(frozen=True, eq=False)
class Reading:
    """All that is known of the texts of a batch by themselves."""

    folded: Folded
    letters: Letters
    grams: Grams
    _measure: Callable[[], Shape]

    @cached_property
    def shape(self) -> Shape:
        """What the texts are made of, counted when first asked for."""
        return self._measure()

    def __len__(self) -> int:
        return len(self.folded)


class Reader(Protocol):
    """A way to read texts and to weigh their n-grams."""

    def read(self, texts: Sequence[str]) -> Reading:
        """Read a batch; ``canonical.fold`` states what of a text is read."""
        ...

    def weigh(self, weights: Weights, grams: Grams) -> Weighed:
        """As ``scoring.weigh``."""
        ...


class NumpyReader:
    """Reads with NumPy alone. Has no state."""

    def read(self, texts: Sequence[str]) -> Reading:
        folded = canonical.fold(texts)
        letters = canonical.letters(folded)
        hashed = grams.hash_grams(folded, letters)
        return Reading(folded, letters, hashed, lambda: shape.measure(folded, letters))

    def weigh(self, weights: Weights, grams: Grams) -> Weighed:
        return scoring.weigh(weights, grams)


def reader_of(*, accelerate: bool) -> Reader:
    """The reader asked for. Raises SettingsError when numba is not installed."""
    if not accelerate:
        return NumpyReader()
    fast.require()
    from modbot.detection.fast.text import CompiledReader  # noqa: PLC0415 - numba takes time and memory

    return CompiledReader()
