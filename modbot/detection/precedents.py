"""Finding the texts that somebody decided about for good, equal ones and nearly equal ones.

The duplicate index forgets after weeks; these stay as long as they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modbot.detection.duplicates.texts import Texts


class PrecedentTexts:
    """A fixed set of canonical texts. What it costs to look up a text does not depend on how
    many there are. Not safe under threads."""

    def __init__(self, texts: Sequence[str], *, accelerate: bool = False) -> None:
        self._texts = Texts(max(len(texts), 1), accelerate=accelerate)
        self._known: dict[int, str] = {}
        if texts:
            numbers = self._texts.add(texts, np.ones(len(texts), dtype=np.bool_)).tolist()
            self._known = dict(zip(numbers, texts, strict=True))

    def __len__(self) -> int:
        return len(self._known)

    def match(self, canonical: Sequence[str]) -> list[Mapping[str, float]]:
        """Of each canonical text those of the set that it is equal to (1.0) or nearly so, with
        the similarity (as the duplicate index measures it)."""
        found: list[dict[str, float]] = [{} for _ in canonical]
        if not self._known or not canonical:
            return list(found)
        near = self._texts.every_near(canonical)
        pairs = zip(near.rows.tolist(), near.numbers.tolist(), near.similarity.tolist(), strict=True)
        for row, number, similarity in pairs:
            found[row][self._known[number]] = min(similarity, 1.0)
        for row, number in enumerate(self._texts.find(canonical).tolist()):
            if number >= 0:
                found[row][self._known[number]] = 1.0
        return list(found)
