"""Standing decisions: what looking for their copies costs.

    python benchmarks/standing.py [--posts 4096] [--known 0 10 1000 10000] [--corpus FILE.jsonl …] [--json]

Posts per CPU second of one core, the best of several runs, by how many texts are in force: the
matcher alone in the judge's batches, and judging from the inbox to flags and audit in a store on
disk, as a ratio to the same run without any. One post in a hundred is a copy. Without ``--corpus``
a seeded grammar makes posts and texts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from modbot.benchmarking import posts
from modbot.benchmarking.timing import batches, rate
from modbot.daemon.flagging import JudgingRules
from modbot.daemon.judging import BATCH, Judge
from modbot.detection import Detector, DuplicateIndex, canonicalise
from modbot.detection.precedents import PrecedentTexts
from modbot.domain import Label, Mode, Reason, Reply, StandingKind
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import engine, inbox, schema
from modbot.store.types import text_digest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNS = 3
HITS = 0.01


@dataclass(frozen=True, slots=True)
class Cost:
    """``load_ms``: reading all texts into the matcher, once after each change."""

    known: int
    load_ms: float
    matched_per_s: float
    judged_per_s: float
    judged_ratio: float


def texts_of(paths: Sequence[Path], count: int) -> list[str]:
    """Different canonical texts of ten characters and more."""
    read = posts.read(paths, 4 * count) if paths else posts.made(4 * count, seed=2)
    canonical = (text for part in batches(read) for text in canonicalise(part))
    return [text for text in dict.fromkeys(canonical) if len(text) >= 10][:count]


def replies_of(paths: Sequence[Path], known: Sequence[str], count: int) -> list[Reply]:
    written = posts.read(paths, count) if paths else posts.made(count)
    copies = int(HITS * count) if known else 0
    step = len(written) // max(copies, 1)
    for number in range(copies):
        written[number * step] = known[number % len(known)]
    return list(posts.replies(written, NOW - timedelta(days=1), first=1, days=1))


def matched(matcher: PrecedentTexts, replies: Sequence[Reply]) -> float:
    parts = [canonicalise([reply.text for reply in part]) for part in batches(replies, BATCH)]
    return rate(lambda: [matcher.match(part) for part in parts], len(replies), runs=RUNS)


def judged(detector: Detector, replies: Sequence[Reply], known: Sequence[str]) -> float:
    """Posts per second of CPU, the best of several new stores."""
    return max(_judged_once(detector, replies, known) for _ in range(RUNS))


def _judged_once(detector: Detector, replies: Sequence[Reply], known: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as folder, closing(engine.open(Path(folder) / "new.db")) as store:
        with store.write() as tx:
            inbox.record(tx, replies, at=NOW)
            _condemn(tx, known)
        judge = Judge(
            forum=posts.FORUM,
            store=store,
            detector=detector,
            duplicates=DuplicateIndex(capacity=len(replies)),
            rules=_rules(),
            clock=lambda: NOW,
        )
        begun = time.process_time()
        judge.judge_waiting()
        return len(replies) / (time.process_time() - begun)


def _condemn(tx: engine.Connection, known: Sequence[str]) -> None:
    """One decision for each text, as verdicts would have made them."""
    if not known:
        return
    facts = {"forum": posts.FORUM, "kind": StandingKind.CONDEMNED, "label": Label.SPAM}
    said = {"reason": Reason.SPAM, "who": "bench", "note": "", "made_at": NOW, "last_copy_at": NOW, "hits": 0}
    numbered = list(enumerate(known, 1))
    tx.execute(
        schema.standing_decisions.insert(), [{**facts, **said, "id": number} for number, _ in numbered]
    )
    rows = [
        {"standing_id": number, "digest": text_digest(text), "canonical": text} for number, text in numbered
    ]
    tx.execute(schema.standing_texts.insert(), rows)
    tx.execute(schema.standing_changes.insert(), [{"forum": posts.FORUM, "number": 1}])


def _rules() -> JudgingRules:
    return JudgingRules(
        book=PolicyBook(Policy(mode=Mode.ENFORCE)),
        brake=BrakeLimits(),
        budget=QueueBudget(),
        reasons=dict.fromkeys(Reason, ""),
    )


def measure(paths: Sequence[Path], counts: Sequence[int], number: int) -> list[Cost]:
    texts = texts_of(paths, max(counts))
    detector = Detector.load()
    found: list[Cost] = []
    for count in counts:
        known = texts[:count]
        replies = replies_of(paths, known, number)
        begun = time.process_time()
        matcher = PrecedentTexts(known)
        loaded = 1000 * (time.process_time() - begun)
        speed = judged(detector, replies, known)
        without = found[0].judged_per_s if found else speed
        found.append(Cost(len(known), loaded, matched(matcher, replies), speed, speed / without))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--posts", type=int, default=4096)
    parser.add_argument("--known", type=int, nargs="+", default=[0, 10, 1_000, 10_000])
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    found = measure(asked.corpus, sorted({0, *asked.known}), asked.posts)
    if asked.json:
        print(json.dumps([asdict(cost) for cost in found]))
        return 0
    print("texts in force   loaded, ms   matched/s   judged/s   beside none")
    for cost in found:
        print(
            f"{cost.known:>14,} {cost.load_ms:>12.1f} {cost.matched_per_s:>11,.0f}"
            f" {cost.judged_per_s:>10,.0f} {cost.judged_ratio:>12.0%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
