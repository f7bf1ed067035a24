"""How fast detection is, beside scikit-learn on the same texts in the same run.

    python benchmarks/detection.py [--posts 20000] [--corpus FILE.jsonl …] [--json]

Rates are posts per CPU second of one core, the best of three runs. Without ``--corpus``
a seeded grammar makes the posts: three in ten are adverts and empty praise, which cost
more (evidence is looked for), so forums are faster than this.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from modbot.detection import (
    Detector,
    DuplicateIndex,
    canonical,
    canonicalise,
    context,
    grams,
    model,
    observation,
)
from modbot.domain import Author, Label, Reply
from modbot.training.grammar import sentences

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BASELINE = Path(__file__).parents[1] / "models" / "baseline"
PARTS = (
    ("昨天", "上个月", "听邻居说", "今早路过", "我记得", "网上看到", "物业通知"),
    ("东门那条路", "三号线", "学校旁边的菜场", "小区地下车库", "办事大厅", "河边步道", "老厂房"),
    ("又在修", "终于开通了", "停了半天电", "收费涨了", "排队要一个钟头", "换了新牌子", "没人打扫"),
    (
        "，有人知道什么时候好吗",
        "，希望能快一点",
        "，拍了几张照片",
        "，打电话也没人接",
        "。",
        "，跟去年一样",
        "，不过态度挺好",
    ),
)
COMMON = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里"
)


def genuine(count: int, chance: random.Random) -> list[str]:
    """Posts of members: they differ from each other by more than a word."""
    texts = [
        "".join(chance.choice(part) for part in PARTS) * chance.choice((1, 1, 1, 2)) for _ in range(count)
    ]
    return [text + "".join(chance.choices(COMMON, k=chance.randint(4, 30))) for text in texts]


def made(count: int) -> list[str]:
    """Posts of the seeded grammar, shuffled."""
    chance = random.Random(1)  # noqa: S311
    texts = genuine(count * 7 // 10, chance)
    for label in (Label.LOW_EFFORT, Label.SPAM):
        pool = sentences(label, 5_000, seed=1)
        texts += [
            chance.choice(pool) for _ in range((count - len(texts)) // (1 if label is Label.SPAM else 2))
        ]
    chance.shuffle(texts)
    return texts[:count]


def read(paths: Sequence[Path], count: int) -> list[str]:
    texts = [json.loads(line)["text"] for path in paths for line in path.open(encoding="utf-8")]
    random.Random(1).shuffle(texts)  # noqa: S311
    return texts[:count]


def rate(work: Callable[[], object], posts: int, runs: int = 3) -> float:
    best = float("inf")
    for _ in range(runs):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return posts / best


def batches(items: Sequence[Reply], size: int = 1024) -> list[Sequence[Reply]]:
    return [items[first : first + size] for first in range(0, len(items), size)]


def scikit_learn(texts: Sequence[str]) -> float:
    """HashingVectorizer(char, 1–3, 2^18) and a three-class logistic regression."""
    vectorizer = HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=1 << 18)
    estimator = LogisticRegression(tol=1.0)
    few = texts[:600]
    estimator.fit(vectorizer.transform(few), np.arange(len(few)) % 3)
    parts = [texts[first : first + 1024] for first in range(0, len(texts), 1024)]
    return rate(lambda: [estimator.predict_proba(vectorizer.transform(part)) for part in parts], len(texts))


def text_path(texts: Sequence[str]) -> float:
    """Canonicalise, hash and score: what scikit-learn does above, and context features apart."""
    linear, _ = model.load(BASELINE)
    blank = np.full((1024, len(context.NAMES)), np.nan)

    def work() -> None:
        for first in range(0, len(texts), 1024):
            folded = canonical.fold(texts[first : first + 1024])
            hashed = grams.hash_grams(folded, canonical.letters(folded))
            linear.probabilities(linear.logits(hashed, blank[: len(hashed)]))

    return rate(work, len(texts))


def with_duplicates(detector: Detector, replies: Sequence[Reply], index: DuplicateIndex) -> float:
    def work() -> None:
        for batch in batches(replies):
            found = detector.assess(batch, duplicates=index, now=NOW)
            index.insert([observation(r, a, established=False) for r, a in zip(batch, found, strict=True)])

    return rate(work, len(replies), runs=1)


def latency(detector: Detector, replies: Sequence[Reply], index: DuplicateIndex) -> tuple[float, float]:
    times = []
    for reply in replies[:1_000]:
        begun = time.perf_counter()
        detector.assess([reply], duplicates=index, now=NOW)
        times.append(1_000 * (time.perf_counter() - begun))
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def measure(texts: Sequence[str]) -> dict[str, float]:
    begun = time.perf_counter()
    detector = Detector.load(BASELINE)
    load = time.perf_counter() - begun
    replies = [
        Reply(
            "bench", at, text, thread_id=at % 997, author=Author(at % 2_003, "m", posts=at % 90),
            posted_at=NOW - timedelta(seconds=len(texts) - at),
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip
    index = DuplicateIndex(capacity=max(200_000, len(texts)))
    facts = {"posts": float(len(texts)), "load_s": load}
    facts["sklearn_posts_per_s"] = scikit_learn(texts)
    parts = [texts[first : first + 1024] for first in range(0, len(texts), 1024)]
    facts["canonicalise_posts_per_s"] = rate(lambda: [canonicalise(part) for part in parts], len(texts))
    facts["text_posts_per_s"] = text_path(texts)
    facts["assess_posts_per_s"] = rate(
        lambda: [detector.assess(batch, duplicates=None, now=NOW) for batch in batches(replies)], len(texts)
    )
    facts["detector_posts_per_s"] = with_duplicates(detector, replies, index)
    facts["one_post_p50_ms"], facts["one_post_p99_ms"] = latency(detector, replies, index)
    facts["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    facts = measure(read(asked.corpus, asked.posts) if asked.corpus else made(asked.posts))
    if asked.json:
        print(json.dumps({name: round(value, 4) for name, value in facts.items()}))
        return
    base = facts["sklearn_posts_per_s"]
    for name, value in facts.items():
        ratio = f"{value / base:6.2f} × scikit-learn" if name.endswith("_per_s") else ""
        print(f"{name:26} {value:12,.2f} {ratio}")


if __name__ == "__main__":
    main()
