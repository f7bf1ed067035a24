"""Texts to the matrix that scikit-learn fits: the very features that serving computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse

from modbot.detection import contacts, context, grams, windows
from modbot.detection.detector import BATCH
from modbot.detection.grams import Grams
from modbot.detection.reading import NumpyReader
from modbot.domain import Reply

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matrix:
    """``hashed`` is ``[text, BUCKETS]`` with 1/√n for each n-gram; ``features`` may hold NaN.

    ``letters`` and ``starts`` are those of ``Grams``, for what depends on the order of n-grams.
    """

    hashed: sparse.csr_matrix
    features: Floats
    letters: NDArray[np.uint32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def read(self, weights: Floats) -> Floats:
        """``[text, TEXT]`` by ``[BUCKETS, 2]`` weights: ``Linear.read`` in matrix form."""
        means = np.asarray(self.hashed @ weights.astype(np.float64))
        spam = np.append(weights[:, 1].astype(np.float32), np.float32(0))
        positions = spam.take(self.letters[0])
        for order in self.letters[1:]:
            positions += spam.take(order)
        return np.column_stack([means, windows.peaks(positions, self.starts)])

    def inputs(self, weights: Floats) -> Floats:
        """``[text, INPUTS]``: what the second stage reads."""
        return np.column_stack([self.read(weights), self.features])


@dataclass(frozen=True, slots=True)
class Scaling:
    """``center`` and ``scale`` of each column; what is NaN has no part in them."""

    center: Floats
    scale: Floats

    @classmethod
    def of(cls, values: Floats) -> Scaling:
        known = ~np.isnan(values)
        counts = np.maximum(known.sum(axis=0), 1)
        center = np.where(known, values, 0).sum(axis=0) / counts
        spread = np.sqrt((np.where(known, values - center, 0) ** 2).sum(axis=0) / counts)
        return cls(center, np.where(spread > 1e-6, spread, 1.0))

    def apply(self, values: Floats) -> Floats:
        return np.nan_to_num((values - self.center) / self.scale, nan=0.0)


def rarity(hashed: sparse.csr_matrix) -> Floats:
    """The idf of each bucket, 1 on the average over all n-grams (it scales the penalty)."""
    texts, buckets = hashed.shape
    seen = np.bincount(hashed.indices, minlength=buckets)
    idf = np.log((1 + texts) / (1 + seen)) + 1
    return np.asarray(idf / max(float(np.average(idf, weights=np.maximum(seen, 1e-9))), 1e-9))


def reaching(matrix: Matrix) -> NDArray[np.bool_]:
    """Which texts hold a contact or a link."""
    names = [*(f"contact_{kind}" for kind in contacts.KINDS), "log_links"]
    columns = [context.COLUMNS[name] for name in names]
    return np.asarray((matrix.features[:, columns] > 0).any(axis=1))


def measure(replies: Sequence[Reply]) -> Matrix:
    """The features of replies, computed as serving does, batch by batch on every core.

    Threads serve: NumPy lets go of the interpreter, and nothing is copied between processes.
    """
    chunks = [replies[first : first + BATCH] for first in range(0, len(replies), BATCH)]
    parts = Parallel(n_jobs=-1, prefer="threads")(delayed(_measure)(chunk) for chunk in chunks)
    empty = np.empty((len(grams.ORDERS), 0), dtype=np.uint32)
    letters = np.concatenate([empty, *(part.grams.letters for part in parts)], axis=1)
    sizes = [part.grams.letters.shape[1] for part in parts]
    begins = np.cumsum([0, *sizes])[:-1].tolist()
    starts = [part.grams.starts + begin for part, begin in zip(parts, begins, strict=True)]
    hashed = sparse.vstack([part.hashed for part in parts], format="csr")
    features = np.concatenate([part.features for part in parts])
    return Matrix(hashed, features, letters, np.concatenate(starts))


@dataclass(frozen=True, slots=True)
class _Part:
    hashed: sparse.csr_matrix
    features: Floats
    grams: Grams


def _measure(chosen: Sequence[Reply]) -> _Part:
    reading = NumpyReader().read([reply.text for reply in chosen])
    found, bounds = grams.to_rows(reading.grams)
    values = np.repeat((1 / np.sqrt(reading.grams.counts)).astype(np.float32), np.diff(bounds))
    hashed = sparse.csr_matrix(
        (values, found.astype(np.int32), bounds.astype(np.int32)), shape=(len(chosen), grams.BUCKETS)
    )
    hashed.sum_duplicates()
    features = context.measure(chosen, reading, reading.letters.texts()).values
    return _Part(hashed, features, reading.grams)
