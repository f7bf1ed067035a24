"""One run of the benchmark, from posts to the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from modbot import garbage
from modbot.benchmarking import duplicates, posts, start, text, whole
from modbot.benchmarking.report import Report, Side
from modbot.benchmarking.whole import Progress
from modbot.detection import fast

_SEEDS = (1, 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. ``corpus``: JSONL files of posts instead of the grammar's."""

    posts: int
    indexed: int
    corpus: tuple[Path, ...] = ()
    numpy_only: bool = False


def measure(plan: Plan, progress: Progress) -> Report:
    """Measure everything. Takes minutes; ``progress`` is told the part and its share done."""
    progress("posts", 0.0)
    asked, indexed = _texts(plan)
    progress("duplicates", 0.0)
    material = duplicates.material(plan.indexed, corpus=indexed if plan.corpus else ())
    baseline = text.scikit_learn(asked)
    sides = {}
    for name in _sides(plan):
        accelerate = name == "numba"
        progress("start", 0.0)
        began = start.measure(accelerate=accelerate)
        progress("text", 0.0)
        stages = text.stages(asked, accelerate=accelerate)
        progress("duplicates", 0.5)
        found = duplicates.measure(material, accelerate=accelerate)
        around = whole.surroundings(indexed, accelerate=accelerate, progress=progress)
        with garbage.kept_out():  # as where modbot serves
            speed = whole.measure(around, asked, progress=progress)
            baseline = max(baseline, text.scikit_learn(asked), key=lambda stage: stage.posts_per_s)
        sides[name] = Side(stages, found, speed, began, start.resident_mb())
    return Report(len(asked), len(indexed), baseline, sides)


def _sides(plan: Plan) -> list[str]:
    return ["numpy"] if plan.numpy_only or not fast.is_installed() else ["numpy", "numba"]


def _texts(plan: Plan) -> tuple[list[str], list[str]]:
    """What is asked and what is indexed before: different posts, as a forum's are."""
    if not plan.corpus:
        return posts.made(plan.posts, seed=_SEEDS[0]), posts.made(plan.indexed, seed=_SEEDS[1])
    found = posts.read(plan.corpus, plan.posts + plan.indexed)
    return found[: plan.posts], found[plan.posts :]
