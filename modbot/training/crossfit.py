"""Every row scored by models that have not seen it: cross-fitting in a few folds.

The second stage learns from what the first says of unseen texts, and thresholds rest on
every genuine row instead of the few that were held out (Stone 1974; van der Laan et al.,
Super Learner, 2007). Whole threads stay together, in blocks of time; so do copies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from modbot.training import fit
from modbot.training.examples import Example
from modbot.training.fit import Arrays, Lesson, Stage, Strength
from modbot.training.matrix import Matrix
from modbot.training.recipe import canonicalise_all
from modbot.training.split import COPIED_FROM, threads_in_time

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]

FOLDS = 3


@dataclass(frozen=True, slots=True)
class Folds:
    """``of`` is each row's fold; ``copied`` ``[fold, text]`` marks texts that the fold holds."""

    of: Index
    copied: Flags

    def unseen(self, fold: int) -> Flags:
        """The rows that a model which is to score this fold may learn from."""
        return np.asarray((self.of != fold) & ~self.copied[fold])


@dataclass(frozen=True, slots=True)
class Crossed:
    """Both stages fitted on everything, and what cross-fitted ones say of the rows:
    ``logits`` ``[text, 2]``."""

    arrays: Arrays
    stage: Stage
    logits: Floats


def folds(examples: Sequence[Example], parents: Index) -> Folds:
    """``parents`` is the row that each row is a changed copy of, or its own."""
    canonical = canonicalise_all([example.text for example in examples])
    blocks = threads_in_time(examples, FOLDS)
    of = [
        blocks[example.source, example.group]
        if (example.source, example.group) in blocks
        else _drawn(text if len(text) >= COPIED_FROM else f"{text} {example.source}")
        for example, text in zip(examples, canonical, strict=True)
    ]
    fold_of = np.array(of, dtype=np.int64)[parents]
    kept: dict[str, int] = {}
    for text, fold in zip(canonical, fold_of.tolist(), strict=True):
        if len(text) >= COPIED_FROM:
            kept[text] = kept.get(text, 0) | 1 << fold
    masks = np.array([kept.get(text, 0) for text in canonical], dtype=np.int64)
    return Folds(fold_of, np.array([masks >> fold & 1 == 1 for fold in range(FOLDS)]))


def _drawn(text: str) -> int:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()[0] % FOLDS


def fit_both(matrix: Matrix, lesson: Lesson, split: Folds, wording: Flags, strength: Strength) -> Crossed:
    """``wording`` marks the rows that teach n-grams; all teach the second stage."""
    everything = np.ones(len(matrix), dtype=bool)
    chosen = [split.unseen(fold) & wording for fold in range(FOLDS)]
    with fit.quietly():
        *crossed, weights = Parallel(n_jobs=2, prefer="threads")(
            delayed(_text)(matrix, lesson, rows, strength) for rows in (*chosen, everything & wording)
        )
        inputs = np.empty((len(matrix), 0))
        for fold, guess in enumerate(crossed):
            found = matrix.inputs(guess)
            inputs = found if fold == 0 else np.where((split.of == fold)[:, np.newaxis], found, inputs)
        logits = np.empty((len(matrix), 2))
        for fold in range(FOLDS):
            rows = np.flatnonzero(split.unseen(fold))
            held = split.of == fold
            logits[held] = fit.fit_stage(inputs[rows], lesson.of(rows), strength.stage).logits(inputs[held])
        stage = fit.fit_stage(inputs, lesson, strength.stage)
    return Crossed(Arrays(weights, stage.arrays), stage, logits)


def _text(matrix: Matrix, lesson: Lesson, rows: Flags, strength: Strength) -> NDArray[np.float32]:
    at = np.flatnonzero(rows)
    _, weights = fit.fit_text(matrix.hashed[at], lesson.of(at), strength.text)
    return weights
