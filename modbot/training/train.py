"""Train a candidate, measure it beside the model in use, promote the better one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modbot.detection import manifest, model
from modbot.detection.manifest import LABELS, Manifest
from modbot.domain import Label, Reply
from modbot.errors import ModelError
from modbot.training import crossfit, evaluate, examples, export, matrix, versions
from modbot.training import fit as fitting
from modbot.training.augment import augment
from modbot.training.evaluate import HeldOut
from modbot.training.examples import Example, Verdict
from modbot.training.fit import Arrays, Lesson
from modbot.training.grammar import sentences
from modbot.training.matrix import Matrix
from modbot.training.recipe import ORDER, Recipe, Weighted, domains, weigh
from modbot.training.split import split, without

LOSS_MARGIN = 1.05
"""How much worse a challenger's log-loss may be: less than this is noise."""

LEAST_GENUINE = 300
"""Genuine held-out replies without which no model is promoted: no error among so few
proves a false-positive rate of no less than 1 %."""
GRAMMAR = "grammar"
"""The source of modbot's own sentences: they teach, they prove nothing."""
LEAST_HELD_OUT = 30
"""Judged texts without which a comparison means nothing."""

Floats = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Champion and challenger on the same held-out rows."""

    champion: str
    champion_loss: float
    challenger_loss: float
    champion_bound: float
    challenger_bound: float
    genuine: int

    @property
    def is_proved(self) -> bool:
        """Enough genuine replies were held out for the bounds to mean something."""
        return self.genuine >= LEAST_GENUINE

    @property
    def is_better(self) -> bool:
        """Not worse in log-loss beyond the margin, and no surer to hide the genuine."""
        if not self.is_proved:
            return False
        calm = self.challenger_bound <= self.champion_bound
        return calm and self.challenger_loss <= self.champion_loss * LOSS_MARGIN


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained version. ``comparison`` is None when there was no model to compare with."""

    folder: Path
    manifest: Manifest
    comparison: Comparison | None

    @property
    def deserves_promotion(self) -> bool:
        return self.comparison is None or self.comparison.is_better


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training run was asked to do."""

    recipe: Recipe
    now: datetime
    champion: Path | None
    paths: tuple[Path, ...]
    seed: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is stored of a fit, and the ``rows`` that people wrote with what cross-fitted
    stages that have not seen them say of them; ``reaching`` marks texts that hold a contact
    or a link."""

    arrays: Arrays
    temperature: float
    shift: tuple[float, float]
    rows: Weighted
    logits: Floats
    reaching: NDArray[np.bool_]

    def judged(self) -> HeldOut:
        return _judged(self, self.rows, self.logits, self.reaching)

    def judge(self, held: Held) -> HeldOut:
        """What the model as it is stored says of rows that no fit has seen."""
        logits = self.arrays.rounded().logits(held.matrix)
        return _judged(self, held.weighted, logits, matrix.reaching(held.matrix))


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out examples with their features, measured once."""

    weighted: Weighted
    matrix: Matrix


def train(
    data: Sequence[Path],
    *,
    models: Path,
    now: datetime,
    held_out: Sequence[Path] = (),
    verdicts: Iterable[Verdict] = (),
    recipe: Recipe | None = None,
    seed: int = 0,
    name: str | None = None,
    progress: Progress | None = None,
) -> Candidate:
    """Fit a model from files and verdicts into ``models/<version>``; promotes nothing.

    ``held_out`` files are measured beside the share that is split off ``data``.
    ``name`` names the folder (``baseline`` for the one that ships).
    Raises ModelError for unreadable data, a missing label, or too few texts to measure by.
    """
    chosen, say = recipe or Recipe(), progress or _silent
    say("reading")
    fit_on, held = _divide(data, held_out, verdicts, chosen, seed)
    say("measuring")
    held_rows = Held(held, matrix.measure([example.reply for example in held.examples]))
    say("fitting")
    fitted = fit_rows(fit_on, chosen, seed=seed)
    say("evaluating")
    champion = _champion(models)
    plan = Plan(chosen, now, champion, (*data, *held_out), seed, name)
    facts = _facts(fitted, fit_on, held_rows, plan)
    folder = export.write(models, fitted.arrays, facts, name=name)
    described = manifest.read(folder)
    comparison = compare(champion, folder, held_rows, chosen.genuine) if champion else None
    return Candidate(folder, described, comparison)


def fit_rows(rows: Weighted, recipe: Recipe, *, seed: int) -> Fitted:
    """Both stages, fitted on the rows and on changed copies of them, and calibrated on what
    cross-fitted stages say of the unchanged ones."""
    taught = augment(rows, recipe.genuine, seed=seed)
    measured = matrix.measure([example.reply for example in taught.rows.examples])
    lesson = Lesson(taught.rows.labels, taught.rows.weights, domains(taught.rows))
    split = crossfit.folds(taught.rows.examples, taught.parents)
    crossed = crossfit.fit_both(measured, lesson, split, taught.wording, recipe.strength)
    real = np.flatnonzero([example.source != GRAMMAR for example in rows.examples])
    logits = crossed.logits[real]
    kept = Weighted([rows.examples[at] for at in real.tolist()], rows.labels[real], rows.weights[real])
    warmth, shift = fitting.calibration(logits, kept.labels, kept.weights)
    return Fitted(crossed.arrays, warmth, shift, kept, logits, matrix.reaching(measured)[real])


def promote_if_better(models: Path, candidate: Candidate) -> bool:
    """Make the candidate the model in use when it deserves it; whether it did."""
    if candidate.deserves_promotion:
        versions.promote(models, candidate.manifest.version)
    return candidate.deserves_promotion


def compare(champion: Path, challenger: Path, held: Held, genuine: Sequence[str]) -> Comparison:
    """Both models on the same rows: log-loss, and the bound of genuine replies hidden."""
    own = _genuine(held, genuine)
    name, champion_loss, champion_bound = _standing(champion, held, own)
    _, loss, bound = _standing(challenger, held, own)
    return Comparison(name, champion_loss, loss, champion_bound, bound, int(own.sum()))


def _genuine(held: Held, sources: Sequence[str]) -> NDArray[np.bool_]:
    """Which held-out rows are replies of real forums that nobody called spam; of the sources
    that the recipe does not know (the operator's own files) those that were called ham."""
    names = np.array([example.source for example in held.weighted.examples])
    labels = held.weighted.labels
    known = np.isin(names, [*sources, *Recipe().weights])
    real = np.isin(names, sources) & (labels != LABELS.index(Label.SPAM))
    chosen: NDArray[np.bool_] = real | (~known & (labels == LABELS.index(Label.HAM)))
    return chosen


def _standing(folder: Path, held: Held, own: NDArray[np.bool_]) -> tuple[str, float, float]:
    linear, facts = model.load(folder)
    probabilities = linear.probabilities(_served(linear, held.matrix))
    judged = held.weighted.labels >= 0
    loss = fitting.log_loss(
        probabilities[judged], held.weighted.labels[judged], held.weighted.weights[judged]
    )
    reaching = own & matrix.reaching(held.matrix)
    hidden = int((probabilities[reaching, 2] >= facts.threshold("spam.hide")).sum())
    return facts.version, loss, evaluate.upper_bound(hidden, int(own.sum()))


def _served(linear: model.Linear, measured: Matrix) -> Floats:
    weights = linear.weights[:-1]
    stored = np.column_stack([weights.real, weights.imag]).astype(np.float64)
    return model.combine(linear.stage, linear.bias, measured.inputs(stored))


def _judged(fitted: Fitted, rows: Weighted, logits: Floats, reaching: NDArray[np.bool_]) -> HeldOut:
    probabilities = model.softmax((logits + fitted.shift) / fitted.temperature)
    sources = [example.source for example in rows.examples]
    return HeldOut(probabilities, rows.labels, rows.weights, sources, reaching)


def _silent(stage: str) -> None:
    del stage


def _divide(
    data: Sequence[Path], held_out: Sequence[Path], verdicts: Iterable[Verdict], recipe: Recipe, seed: int
) -> tuple[Weighted, Weighted]:
    read = [example for path in data for example in examples.read(path)]
    read += examples.of_verdicts(verdicts)
    fit_rows, held_rows = split(read, recipe.held_out)
    extra = [example for path in held_out for example in examples.read(path)]
    fit_rows = without(fit_rows, extra) + own_sentences(recipe, seed)
    fit_on = weigh(fit_rows, recipe, seed=seed)
    missing = [label for at, label in enumerate(LABELS) if not (fit_on.labels == at).any()]
    if missing:
        raise ModelError(code="model.no_data", detail=f"no text labelled {', '.join(missing)}")
    held = weigh(held_rows + extra, recipe, seed=seed)
    judged = int((held.labels >= 0).sum())
    if judged < LEAST_HELD_OUT:
        raise ModelError(code="model.too_few", given=len(read), held=judged, least=LEAST_HELD_OUT)
    return fit_on, held


def own_sentences(recipe: Recipe, seed: int) -> list[Example]:
    """Examples made by the grammar, as many as the recipe wants."""
    made = []
    for label, count in (
        (Label.HAM, recipe.grammar // 2),
        (Label.LOW_EFFORT, recipe.grammar),
        (Label.SPAM, recipe.grammar),
    ):
        for text in sentences(label, count, seed=seed) if count else ():
            made.append(Example(Reply("training", 0, text), label, GRAMMAR))
    return made


def _champion(models: Path) -> Path | None:
    """The model in use; the shipped baseline where that one cannot be loaded (training anew
    is the way out of a damaged model); None while the baseline itself is made."""
    for name in (versions.in_use(models), versions.BASELINE):
        try:
            folder = versions.folder_of(models, name)
            model.load(folder)
        except ModelError:
            continue
        return folder
    return None


def _facts(fitted: Fitted, fit_on: Weighted, held: Held, plan: Plan) -> export.Facts:
    latest = fitted.judge(held)
    evidence = fitted.judged().beside(latest)
    limits = evaluate.thresholds(evidence, plan.recipe.genuine)
    losses = {"log_loss": fitting.log_loss(latest.probabilities, latest.labels, latest.weights)}
    return export.Facts(
        created=plan.now,
        temperature=fitted.temperature,
        shift=fitted.shift,
        thresholds=limits,
        training=_origin(fit_on, plan),
        metrics={**losses, "by_source": evaluate.metrics(evidence, limits)},
        parent=_parent(plan),
    )


def _parent(plan: Plan) -> str | None:
    """The version that was in use, unless this run takes its very place."""
    if plan.champion is None or plan.champion.name == plan.name:
        return None
    return manifest.read(plan.champion).version


def _origin(fit_on: Weighted, plan: Plan) -> dict[str, Any]:
    counts: dict[str, Counter[str]] = {}
    weights: Counter[str] = Counter()
    for example, label, weight in zip(fit_on.examples, fit_on.labels, fit_on.weights.tolist(), strict=True):
        counts.setdefault(example.source, Counter())[ORDER[label].value] += 1
        weights[example.source] += weight
    return {
        "digest": examples.digest(plan.paths),
        "files": sorted(path.name for path in plan.paths),
        "rows": len(fit_on.examples),
        "seed": plan.seed,
        "strength": asdict(plan.recipe.strength),
        "folds": crossfit.FOLDS,
        "sources": {name: {**counts[name], "weight": round(weights[name], 1)} for name in sorted(counts)},
    }
