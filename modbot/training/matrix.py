"""Texts to the matrix that scikit-learn fits: the very features that serving computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse

from modbot.detection import contacts, context, grams
from modbot.detection.detector import BATCH
from modbot.detection.reading import NumpyReader
from modbot.domain import Reply

Floats = NDArray[np.float64]
CONTEXT_SCALE = 0.3
"""Spread of a context feature beside n-grams, whose squares sum to about one."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """``hashed`` is ``[text, BUCKETS]`` with 1/√n for each n-gram; ``features`` may hold NaN."""

    hashed: sparse.csr_matrix
    features: Floats


@dataclass(frozen=True, slots=True)
class Scaling:
    """``idf`` of each bucket; ``center`` and ``scale`` of each context feature."""

    idf: Floats
    center: Floats
    scale: Floats

    @classmethod
    def of(cls, matrix: Matrix) -> Scaling:
        texts, buckets = matrix.hashed.shape
        seen = np.bincount(matrix.hashed.indices, minlength=buckets)
        idf = np.log((1 + texts) / (1 + seen)) + 1
        idf /= max(float(np.average(idf, weights=seen)), 1e-9)
        known = ~np.isnan(matrix.features)
        counts = np.maximum(known.sum(axis=0), 1)
        center = np.where(known, matrix.features, 0).sum(axis=0) / counts
        spread = np.sqrt((np.where(known, matrix.features - center, 0) ** 2).sum(axis=0) / counts)
        return cls(idf, center, np.where(spread > 1e-6, spread, 1.0) / CONTEXT_SCALE)

    def apply(self, matrix: Matrix) -> sparse.csr_matrix:
        """One sparse float32 matrix: weighted buckets, then context features (NaN: 0)."""
        scaled = np.nan_to_num((matrix.features - self.center) / self.scale, nan=0.0)
        hashed = matrix.hashed @ sparse.diags(self.idf)
        return sparse.csr_matrix(sparse.hstack([hashed, sparse.csr_matrix(scaled)]), dtype=np.float32)


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
    buckets, lengths, values, features = zip(*parts, strict=True) if parts else ((), (), (), ())
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), *lengths]).cumsum()
    arrays = (np.concatenate(values), np.concatenate(buckets), bounds)
    matrix = sparse.csr_matrix(arrays, shape=(len(replies), grams.BUCKETS))
    matrix.sum_duplicates()
    return Matrix(matrix, np.concatenate(features))


def _measure(
    chosen: Sequence[Reply],
) -> tuple[NDArray[np.int32], NDArray[np.int64], Floats, Floats]:
    """Buckets of all n-grams, how many each text has, their values, the context features."""
    reading = NumpyReader().read([reply.text for reply in chosen])
    found, ends = grams.to_rows(reading.grams)
    lengths = np.diff(ends)
    values = np.repeat(1 / np.sqrt(reading.grams.counts), lengths)
    features = context.measure(chosen, reading, reading.letters.texts()).values
    return found.astype(np.int32), lengths, values, features
