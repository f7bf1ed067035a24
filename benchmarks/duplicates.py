"""Near-duplicates of short texts: rates, recall and precision, memory.

    python benchmarks/duplicates.py [--texts 1000000] [--compare [100000]] [--corpus FILE.jsonl …] [--json]

Rates are per CPU second of one core, in batches of 1,024; truth is brute force for 1,000
queries. scikit-learn's HashingVectorizer with a linear model on the same texts in the same
run is the yardstick. Without ``--corpus`` a seeded grammar makes the texts. ``--compare``
measures datasketch and rensa on fewer texts, beside ours on as many.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from modbot.benchmarking import duplicates, peers, posts, text
from modbot.detection import canonicalise, fast

SAMPLE = 20_000


def corpus_of(paths: Sequence[Path], count: int) -> list[str]:
    """Canonical texts of a corpus, in order."""
    read = posts.read(paths, 2 * count)
    return [
        known for first in range(0, len(read), 1024) for known in canonicalise(read[first : first + 1024])
    ]


def sides() -> dict[str, bool]:
    """Whether to accelerate, by name."""
    return {"numpy": False, **({"numba": True} if fast.is_installed() else {})}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--compare", type=int, nargs="?", const=100_000)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.compare and peers.missing():
        print(f"--compare needs {' and '.join(peers.missing())}: pip install them", file=sys.stderr)
        return 2
    corpus = corpus_of(asked.corpus, asked.texts) if asked.corpus else ()
    given = duplicates.material(asked.texts, corpus=corpus)
    baseline = text.scikit_learn(given.indexed[:SAMPLE]).posts_per_s
    facts: dict[str, object] = {"sklearn_posts_per_s": baseline}
    for name, accelerate in sides().items():
        facts[name] = asdict(duplicates.measure(given, accelerate=accelerate))
    if asked.compare:
        fewer = duplicates.material(asked.compare, corpus=corpus)
        for name, accelerate in sides().items():
            facts[f"{name}, compared"] = asdict(duplicates.measure(fewer, accelerate=accelerate))
        facts |= {found.name: asdict(found) for found in peers.compare(fewer)}
    show(facts, baseline, as_json=asked.json)
    return 0


def show(facts: dict[str, object], baseline: float, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    for name, found in facts.items():
        print(name if isinstance(found, dict) else f"{name}: {found:,.0f}")
        for fact, value in found.items() if isinstance(found, dict) else ():
            ratio = f"{value / baseline:8.2f} × scikit-learn" if fact.endswith("_per_s") else ""
            print(f"    {fact:24} {value if isinstance(value, str) else f'{value:14,.3f}'} {ratio}")


if __name__ == "__main__":
    raise SystemExit(main())
