"""The classifier as plain arrays: softmax over summed n-gram weights and features.

Weights are kept as differences to ham (a softmax does not see a shift), so a text's
score is two sums. They are read from 16-bit floats and widened once.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modbot.detection import context, manifest, scoring
from modbot.detection.grams import BUCKETS, Grams
from modbot.detection.manifest import LABELS, Manifest
from modbot.detection.scoring import Sums, Weights
from modbot.errors import ModelError

Floats = NDArray[np.float64]
Summing = Callable[[Weights, Grams], Sums]


@dataclass(frozen=True, slots=True)
class Contributions:
    """What one text's calibrated log-odds of one label against ham are the sum of.

    ``letters`` is float64 ``[order, position]``: the n-grams that start at each position of
    the text in ``Grams.letters`` (position 0 is the border before the text); ``marks`` one
    number for each mark of the text in ``Grams.marks``; ``features`` one for each name in
    ``context.NAMES`` (0 where the value is missing); ``offset`` what every text has.
    """

    letters: Floats
    marks: Floats
    features: Floats
    offset: float

    @property
    def total(self) -> float:
        """``log(probability of the label / probability of ham)``."""
        return float(self.letters.sum() + self.marks.sum() + self.features.sum() + self.offset)


@dataclass(frozen=True, slots=True)
class Linear:
    """``weights`` is complex64 ``[BUCKETS + 1]``: low_effort − ham as the real part,
    spam − ham as the imaginary one; the last entry is zero. ``context`` is float64
    ``[4, features]``: center, scale, low_effort − ham, spam − ham; ``bias`` its two
    offsets. ``temperature`` divides the logits; ``shift`` is added to them.
    """

    weights: NDArray[np.complex64]
    context: Floats
    bias: tuple[float, float]
    temperature: float
    shift: tuple[float, float]

    def logits(self, grams: Grams, features: Floats, sums: Summing = scoring.sums) -> Floats:
        """``[text, 2]``: log-odds of low_effort and spam against ham, uncalibrated; ``sums``
        is whatever does what ``scoring.sums`` does."""
        center, scale, *weights = self.context
        scaled = np.nan_to_num((features - center) / scale, nan=0.0)
        scores: Floats = scaled @ np.array(weights).T + np.array(self.bias)
        scores += sums(self.weights, grams) / np.sqrt(grams.counts)[:, np.newaxis]
        return scores

    def contributions(self, grams: Grams, features: Floats, row: int, label: int) -> Contributions:
        """The parts of the log-odds of ``label`` (a position in ``LABELS``, ham excluded) of
        text ``row`` of a batch; ``features`` is the batch's ``Context.values``."""
        center, scale, *weights = self.context
        end = grams.starts[row + 1] if row + 1 < len(grams) else grams.letters.shape[1]
        share = 1.0 / (np.sqrt(grams.counts[row]) * self.temperature)
        scaled = np.nan_to_num((features[row] - center) / scale, nan=0.0)
        return Contributions(
            self._weights(grams.letters[:, grams.starts[row] : end], label) * share,
            self._weights(grams.marks[grams.mark_rows == row], label) * share,
            weights[label - 1] * scaled / self.temperature,
            (self.bias[label - 1] + self.shift[label - 1]) / self.temperature,
        )

    def _weights(self, buckets: NDArray[np.uint32], label: int) -> Floats:
        taken = self.weights[buckets]
        return (taken.real if label == LABELS.index("low_effort") else taken.imag).astype(np.float64)

    def probabilities(self, logits: Floats) -> Floats:
        """``[text, 3]`` calibrated, in the order of the labels."""
        return softmax((logits + self.shift) / self.temperature)


def softmax(logits: Floats) -> Floats:
    """Probabilities of ``[text, 2]`` logits against a third class (first column) at zero."""
    full = np.concatenate([np.zeros((len(logits), 1)), logits], axis=1)
    full -= full.max(axis=1, keepdims=True)
    powers = np.exp(full)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def widen(stored: NDArray[np.float16] | NDArray[np.float32]) -> NDArray[np.complex64]:
    """Stored ``[BUCKETS, 2]`` weights as one complex number each, and a zero at the end."""
    pairs = np.zeros((BUCKETS + 1, 2), dtype=np.float32)
    pairs[:BUCKETS] = stored
    return pairs.view(np.complex64)[:, 0]


def shipped_baseline() -> Path:
    """The folder of the model that comes with modbot: in a checkout, or where pip put it."""
    checkout = Path(__file__).resolve().parents[2] / "models" / "baseline"
    if checkout.is_dir():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "modbot" / "models" / "baseline"


def load(folder: Path) -> tuple[Linear, Manifest]:
    """Read and verify a model folder. Raises ModelError; executes nothing."""
    facts = manifest.read(folder)
    manifest.verify(folder, facts)
    stored = _array(folder / manifest.WEIGHTS)
    rows = np.array(_array(folder / manifest.CONTEXT), dtype=np.float64)
    if stored.shape != (BUCKETS, 2) or rows.shape != (4, len(context.NAMES) + 1):
        raise ModelError(code="model.features", path=folder)
    if tuple(facts.features.get("context", ())) != context.NAMES:
        raise ModelError(code="model.features", path=folder)
    bias = (float(rows[2, -1]), float(rows[3, -1]))
    shift = facts.calibration["shift"]
    return (
        Linear(widen(stored), rows[:, :-1], bias, facts.calibration["temperature"][0], (shift[0], shift[1])),
        facts,
    )


def _array(path: Path) -> NDArray[np.float16]:
    try:
        array: NDArray[np.float16] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(code="model.unreadable", path=path, detail=error) from error
    return array
