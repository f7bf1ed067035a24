"""The classifier as plain arrays: n-gram weights, and a linear stage over their sums.

The first stage weighs n-grams; the second weighs the first's mean over the text, its peaks
over windows and the named features, and a softmax makes probabilities of it.
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

from modbot.detection import context, manifest, scoring, windows
from modbot.detection.canonical import Index
from modbot.detection.grams import BUCKETS, Grams
from modbot.detection.manifest import Manifest
from modbot.detection.scoring import Weighed, Weights
from modbot.errors import ModelError

Floats = NDArray[np.float64]
Weighing = Callable[[Weights, Grams], Weighed]


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


TEXT = ("text_low_effort", "text_spam", *(f"peak_{width}" for width in windows.WIDTHS))
"""What the second stage reads of the n-grams' weights: both means, and spam's peaks."""
INPUTS = (*TEXT, *context.NAMES)


@dataclass(frozen=True, slots=True)
class Linear:
    """Two linear stages. ``weights`` is complex64 ``[BUCKETS + 1]``: low_effort − ham as the
    real part, spam − ham as the imaginary one; the last entry is zero. ``stage`` is float64
    ``[4, INPUTS]``: center, scale, low_effort − ham, spam − ham; ``bias`` its two offsets.
    ``temperature`` divides the logits; ``shift`` is added to them.
    """

    weights: NDArray[np.complex64]
    stage: Floats
    bias: tuple[float, float]
    temperature: float
    shift: tuple[float, float]

    @property
    def context(self) -> Floats:
        """The part of ``stage`` that reads ``context.NAMES``."""
        return self.stage[:, len(TEXT) :]

    @property
    def offsets(self) -> Floats:
        """What every text has, by label, before the temperature."""
        center, scale, *slopes = self.stage[:, : len(TEXT)]
        found: Floats = np.array(self.bias) + np.array(self.shift) - np.array(slopes) @ (center / scale)
        return found

    def logits(self, grams: Grams, features: Floats, weigh: Weighing = scoring.weigh) -> Floats:
        """``[text, 2]``: log-odds of low_effort and spam against ham, uncalibrated; ``weigh``
        is whatever does what ``scoring.weigh`` does."""
        return combine(self.stage, self.bias, np.column_stack([self.read(grams, weigh), features]))

    def read(self, grams: Grams, weigh: Weighing = scoring.weigh) -> Floats:
        """``[text, TEXT]``: what the second stage reads of the n-grams."""
        weighed = weigh(self.weights, grams)
        means = weighed.sums / np.sqrt(grams.counts)[:, np.newaxis]
        return np.column_stack([means, weighed.peaks])

    def contributions(self, grams: Grams, features: Floats, row: int, label: int) -> Contributions:
        """The parts of the log-odds of ``label`` (a position in ``LABELS``, ham excluded) of
        text ``row`` of a batch; ``features`` is the batch's ``Context.values``."""
        center, scale, *slopes = self.context
        scaled = np.nan_to_num((features[row] - center) / scale, nan=0.0)
        rows, spam = np.array([row]), np.array([label - 1])
        return Contributions(
            self.letters(grams, rows, spam),
            self.marks(grams, rows, spam),
            slopes[label - 1] * scaled / self.temperature,
            float(self.offsets[label - 1]) / self.temperature,
        )

    def letters(self, grams: Grams, rows: Index, spam: Index) -> Floats:
        """``[order, position]``: what each n-gram of ``rows`` adds to the log-odds, of spam
        where ``spam`` is 1 and of low_effort where it is 0, by the means over the text and by
        the windows that hold it."""
        chosen, begins = _ranges(grams.starts, grams.letters.shape[1], rows)
        taken = self.weights[grams.letters[:, chosen]]
        slopes = self._slopes[spam]
        means = slopes[:, :2] / np.sqrt(grams.counts[rows])[:, np.newaxis]
        sizes = np.diff(begins, append=len(chosen))
        shares = np.repeat(means[:, 1], sizes)
        peaks = windows.heaviest(taken.imag.sum(axis=0, dtype=np.float32), begins)
        for slope, window in zip(slopes[:, 2:].T, peaks, strict=False):
            steps = np.zeros(len(chosen) + 1)
            steps[window.starts] += slope * window.shares
            steps[window.ends] -= slope * window.shares
            shares += np.cumsum(steps)[:-1]
        found: Floats = taken.real * np.repeat(means[:, 0], sizes) + taken.imag * shares
        return found

    def marks(self, grams: Grams, rows: Index, spam: Index) -> Floats:
        """``[mark]``: what each mark of ``rows`` adds likewise (borders add nothing)."""
        chosen, begins = _ranges(grams.mark_starts, len(grams.marks), rows)
        taken = self.weights[grams.marks[chosen]]
        means = self._slopes[spam, :2] / np.sqrt(grams.counts[rows])[:, np.newaxis]
        each = np.repeat(means, np.diff(begins, append=len(chosen)), axis=0)
        found: Floats = taken.real * each[:, 0] + taken.imag * each[:, 1]
        return found

    @property
    def _slopes(self) -> Floats:
        """``[label, TEXT]``: log-odds for one unit of each of ``TEXT``."""
        return np.asarray(self.stage[2:, : len(TEXT)] / (self.stage[1, : len(TEXT)] * self.temperature))

    def probabilities(self, logits: Floats) -> Floats:
        """``[text, 3]`` calibrated, in the order of the labels."""
        return softmax((logits + self.shift) / self.temperature)


def _ranges(starts: Index, end: int, rows: Index) -> tuple[Index, Index]:
    """The positions of ``rows``, one row after another, and where each row's begin."""
    sizes = np.append(starts[1:], end)[rows] - starts[rows]
    begins = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) + np.repeat(starts[rows] - begins, sizes), begins


def combine(stage: Floats, bias: tuple[float, float], inputs: Floats) -> Floats:
    """The second stage: ``[text, 2]`` logits of ``[text, INPUTS]``, NaN being no evidence."""
    center, scale, *slopes = stage
    scaled = (inputs - center) / scale
    np.copyto(scaled, 0.0, where=np.isnan(scaled))
    scores: Floats = scaled @ np.array(slopes).T + np.array(bias)
    return scores


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
    rows = np.array(_array(folder / manifest.STAGE), dtype=np.float64)
    if stored.shape != (BUCKETS, 2) or rows.shape != (4, len(INPUTS) + 1):
        raise ModelError(code="model.features", path=folder)
    if tuple(facts.features.get("inputs", ())) != INPUTS:
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
