"""The whole detector in its real surroundings: duplicates, rules, reasons, and the store."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from modbot.benchmarking import posts
from modbot.benchmarking.timing import BATCH, batches, latency, rate
from modbot.detection import Detector, DuplicateIndex, Observation, canonicalise, observation
from modbot.detection.rules import Rule, RuleBook, compile_rules, conditions
from modbot.domain import Assessment, Mode, Reply, ReplyKey, RuleOutcome
from modbot.policy import Circumstances, Policy, decide
from modbot.store import decisions, engine, inbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYWORDS = 20_000
_AUTHORS, _THREADS = 20_011, 9_973
_FIRST_NEW = 100_000_000
_SINGLES = 1_000
_STORED_PARTS = 3

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a detector works in. ``index`` holds as many replies as the run asked for."""

    detector: Detector
    index: DuplicateIndex
    rules: RuleBook


@dataclass(frozen=True, slots=True)
class Speed:
    """Posts per CPU second of one core, and milliseconds of one post at a time."""

    detector_posts_per_s: float
    stored_posts_per_s: float
    one_post_p50_ms: float
    one_post_p99_ms: float


def surroundings(texts: Sequence[str], *, accelerate: bool, progress: Progress) -> Surroundings:
    """The shipped model, rules of 20,000 keywords, and an index that holds these texts."""
    index = DuplicateIndex(capacity=2 * len(texts), accelerate=accelerate)
    for first in range(0, len(texts), BATCH):
        index.insert(list(_observations(texts[first : first + BATCH], first, len(texts))))
        progress("index", first / len(texts))
    return Surroundings(Detector.load(accelerate=accelerate), index, keyword_rules())


def _observations(texts: Sequence[str], first: int, total: int) -> Iterator[Observation]:
    step = timedelta(days=20) / total
    for at, canonical in enumerate(canonicalise(texts), start=first):
        yield Observation(
            key=ReplyKey(posts.FORUM, at), canonical=canonical, author_id=at % _AUTHORS, author_name="",
            established=at % 3 == 0, thread_id=at % _THREADS, board_id=None,
            posted_at=NOW - timedelta(days=21) + at * step,
        )  # fmt: skip


def keyword_rules(count: int = KEYWORDS) -> RuleBook:
    """Rules as operators have them: very many keywords, an exception, a pattern."""
    chance = random.Random(3)  # noqa: S311
    letters = [chr(code) for code in range(0x4E00, 0x9FA5)]
    keywords = tuple("".join(chance.choices(letters, k=chance.randint(2, 6))) for _ in range(count))
    elsewhere = conditions.Not(conditions.Domain(("example.com",)))
    return compile_rules(
        [
            Rule("keywords", conditions.Contains(keywords), RuleOutcome.QUEUE),
            Rule("links", conditions.All((conditions.HasLink(), elsewhere)), RuleOutcome.QUEUE),
            Rule("pattern", conditions.Regex(r"(?:加|联系)[^0-9]{0,6}[0-9]{6,11}"), RuleOutcome.QUEUE),
        ]
    )


def measure(around: Surroundings, texts: Sequence[str], *, progress: Progress) -> Speed:
    """A half of the texts is assessed, the other assessed and stored; some, one by one."""
    replies = posts.replies(texts, NOW, first=_FIRST_NEW, days=1)
    half = len(replies) // 2
    _assess(around, replies[:BATCH])
    progress("detector", 0.0)
    assessed = rate(lambda: [_assess(around, part) for part in batches(replies[:half])], half)
    progress("detector", 0.4)
    with tempfile.TemporaryDirectory() as folder:
        stored = _stored(around, replies[half:], Path(folder))
    progress("detector", 0.8)
    p50, p99 = latency(lambda reply: _assess(around, [reply]), replies[half : half + _SINGLES])
    return Speed(assessed, stored, p50, p99)


def _assess(around: Surroundings, replies: Sequence[Reply]) -> list[Assessment]:
    return around.detector.assess(replies, duplicates=around.index, now=NOW, rules=around.rules)


def _stored(around: Surroundings, replies: Sequence[Reply], folder: Path) -> float:
    """Assessed, decided, recorded and inserted into the index: the best part of some.

    The replies themselves are stored before: reading them is the poll's work.
    """
    with closing(engine.open(folder / "bench.db")) as store:
        known: dict[ReplyKey, tuple[int, int]] = {}
        for part in batches(replies):
            with store.write() as tx:
                recorded = inbox.record(tx, part, at=NOW).rows
            known |= {row.key: (row.reply_id, row.revision_id) for row in recorded}
        size = -(-len(replies) // _STORED_PARTS)
        rates = [
            rate(lambda part=part: _judge(around, store, part, known), len(part), runs=1)  # type: ignore[misc]
            for part in batches(replies, size)
        ]
        return max(rates)


def _judge(
    around: Surroundings,
    store: engine.Store,
    replies: Sequence[Reply],
    known: Mapping[ReplyKey, tuple[int, int]],
) -> None:
    policy, circumstances = Policy(mode=Mode.ENFORCE), Circumstances()
    for part in batches(replies):
        judged = [
            decisions.Judgement(
                *known[reply.key], assessed, decide(reply, assessed, policy, circumstances), established=False
            )
            for reply, assessed in zip(part, _assess(around, part), strict=True)
        ]
        with store.write() as tx:
            decisions.record(tx, judged, at=NOW)
        around.index.insert(
            [
                observation(reply, judgement.assessment, established=False)
                for reply, judgement in zip(part, judged, strict=True)
            ]
        )
