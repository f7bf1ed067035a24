"""Changed copies of training texts: what evaders do to them, done beforehand.

Genuine texts are changed in the same ways as adverts, lest a trick itself pass for proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from modbot.domain import Label
from modbot.training.attacks import ATTACKS, SIDES, padded
from modbot.training.examples import Example
from modbot.training.recipe import ORDER, Weighted

ATTACKED = 0.15
"""Share of the texts of each label that teach n-grams in a changed copy too."""
PADDED = 0.4
"""Share of adverts and of genuine texts that teach the second stage inside genuine text."""
_LONGEST = 200
"""Characters above which a text is not padded: it pads itself."""


@dataclass(frozen=True, slots=True)
class Augmented:
    """``rows`` are the originals and then their copies; ``parents`` each row's original;
    ``wording`` marks the rows that teach n-grams."""

    rows: Weighted
    parents: NDArray[np.int64]
    wording: NDArray[np.bool_]


def augment(rows: Weighted, genuine: Sequence[str], *, seed: int) -> Augmented:
    """Add changed copies. ``genuine`` names the sources whose sentences pad others."""
    chance = Random(seed)  # noqa: S311
    benign = [
        example.text
        for example, label in zip(rows.examples, rows.labels.tolist(), strict=True)
        if label == 0 and example.source in genuine and 4 <= len(example.text) <= _LONGEST
    ]
    copies: list[tuple[int, str, bool]] = []
    for at, (example, label) in enumerate(zip(rows.examples, rows.labels.tolist(), strict=True)):
        draw = chance.random()
        if draw < ATTACKED:
            attack = ATTACKS[chance.choice(tuple(ATTACKS))]
            copies.append((at, attack(example.text, chance), True))
        elif draw < ATTACKED + PADDED and _can_be_padded(example, label, benign):
            side = chance.choice(SIDES)
            times = chance.uniform(0.5, 2.5)
            copies.append((at, padded(example.text, benign, chance, side=side, times=times), False))
    return _with(rows, copies)


def _can_be_padded(example: Example, label: int, benign: Sequence[str]) -> bool:
    return ORDER[label] is not Label.LOW_EFFORT and bool(benign) and len(example.text) <= _LONGEST


def _with(rows: Weighted, copies: Sequence[tuple[int, str, bool]]) -> Augmented:
    own = len(rows.examples)
    parents = np.array([*range(own), *(at for at, _, _ in copies)], dtype=np.int64)
    changed = [_copy(rows.examples[at], text) for at, text, _ in copies]
    wording = np.array([True] * own + [teaches for _, _, teaches in copies])
    every = Weighted([*rows.examples, *changed], rows.labels[parents], rows.weights[parents])
    return Augmented(every, parents, wording)


def _copy(example: Example, text: str) -> Example:
    return replace(example, reply=replace(example.reply, text=text))
