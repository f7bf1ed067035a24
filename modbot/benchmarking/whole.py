"""The whole detector in its real surroundings: duplicates, rules, reasons, and the store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from modbot.benchmarking import posts
from modbot.benchmarking.timing import BATCH, batches, latency, rate
from modbot.detection import Detector, DuplicateIndex, Observation, canonicalise, observation
from modbot.detection.rules import Rule, RuleBook, conditions
from modbot.domain import Assessment, Mode, Reply, ReplyKey
from modbot.policy import Circumstances, Policy, decide
from modbot.store import decisions, engine, inbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYWORDS = 20_000
_SINGLES = 1_000

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Speed:
    """Posts per CPU second of one core, and milliseconds of one post at a time."""

    detector_posts_per_s: float
    stored_posts_per_s: float
    one_post_p50_ms: float
    one_post_p99_ms: float


def filled_index(texts: Sequence[str], *, accelerate: bool, progress: Progress) -> DuplicateIndex:
    """An index that holds these texts as replies of the last days."""
    index = DuplicateIndex(capacity=2 * len(texts), accelerate=accelerate)
    step = timedelta(days=20) / max(len(texts), 1)
    for first in range(0, len(texts), BATCH):
        index.insert(list(_observations(texts[first : first + BATCH], first, step)))
        progress("index", first / len(texts))
    return index


def _observations(texts: Sequence[str], first: int, step: timedelta) -> Iterator[Observation]:
    for at, canonical in enumerate(canonicalise(texts), start=first):
        yield Observation(
            key=ReplyKey(posts.FORUM, at), canonical=canonical, author_id=at % 20_011, author_name="",
            established=at % 3 == 0, thread_id=at % 9_973, board_id=None,
            posted_at=NOW - timedelta(days=21) + at * step,
        )  # fmt: skip


def keyword_rules(count: int = KEYWORDS) -> RuleBook:
    """Rules as an operator has them: one of many keywords, one that excludes, one pattern."""
    raise NotImplementedError


def measure(
    detector: Detector, index: DuplicateIndex, texts: Sequence[str], folder: Path, *, progress: Progress
) -> Speed:
    """Thirds of the texts: assessed, assessed and stored, assessed one by one."""
    replies = posts.replies(texts, NOW, first=10_000_000, days=1)
    third = len(replies) // 3
    detector.assess(replies[:BATCH], duplicates=index, now=NOW)
    progress("detector", 0.0)
    assessed = rate(lambda: _assess(detector, index, replies[:third]), third, runs=1)
    progress("store", 0.3)
    stored = _stored(detector, index, replies[third : 2 * third], folder)
    progress("one", 0.8)
    singles = [[reply] for reply in replies[2 * third : 2 * third + _SINGLES]]
    p50, p99 = latency(lambda one: detector.assess(one, duplicates=index, now=NOW), singles)
    return Speed(assessed, stored, p50, p99)
