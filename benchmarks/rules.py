"""Operators' rules: microseconds a post, in batches of 1,024.

    python benchmarks/rules.py [--posts 20480] [--keywords 20000] [--corpus FILE.jsonl …] [--json]

CPU time of one core, the best of several runs; reading the texts is not counted, pointing at
what was found is. Beside the rules stands the automaton alone, and what a plain ``keyword in
text`` costs for every keyword, measured on a few posts. Without ``--corpus`` a seeded grammar
makes the posts. The keywords are sequences of the posts' own characters, 3 to 8 long.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from modbot.benchmarking import posts
from modbot.benchmarking.timing import batches, rate
from modbot.detection.rules import Facts, Rule, RuleBook, compile_rules, conditions, facts
from modbot.detection.rules.keywords import Keywords
from modbot.domain import RuleOutcome

PLAIN = 64
RUNS = 7


def keywords_like(texts: Sequence[str], count: int) -> tuple[str, ...]:
    """Words that could be in these texts and mostly are not."""
    chance = random.Random(1)  # noqa: S311
    letters = sorted({letter for text in texts for letter in text if letter.isalpha()})
    made: set[str] = set()
    while len(made) < count:
        made.add("".join(chance.choices(letters, k=chance.choice((3, 3, 4, 4, 5, 6, 8)))))
    return tuple(sorted(made))


def books(keywords: Sequence[str]) -> dict[str, RuleBook]:
    def queue(*whens: conditions.Condition) -> RuleBook:
        return compile_rules([Rule(str(at), when, RuleOutcome.QUEUE) for at, when in enumerate(whens)])

    few = conditions.AuthorPosts(conditions.Bounds(at_most=5))
    elsewhere = conditions.Not(conditions.Domain(("example.com",)))
    numbers = [conditions.Regex(f"(?:加|联系).{{0,{most}}}[0-9]{{6,}}") for most in range(20)]
    return {
        "one rule of all keywords": queue(conditions.Contains(tuple(keywords))),
        "the same, and not a domain, of a newcomer": queue(
            conditions.All((conditions.Contains(tuple(keywords)), elsewhere, few))
        ),
        "20 rules that share the keywords": queue(
            *(conditions.Contains(tuple(keywords[at::20])) for at in range(20))
        ),
        "1,000 rules that share the keywords": queue(
            *(conditions.Contains(tuple(keywords[at::1000])) for at in range(1000))
        ),
        "20 expressions": queue(*numbers),
    }


def microseconds(work: Callable[[], object], items: int) -> float:
    return 1e6 / rate(work, items, runs=RUNS)


def measure(texts: Sequence[str], keywords: Sequence[str]) -> dict[str, float]:
    replies = posts.replies(texts, datetime(2026, 3, 1, tzinfo=UTC), first=1, days=1)
    parts: list[Facts] = [facts.of_replies(part) for part in batches(replies)]
    automaton = Keywords({0: keywords})
    found = {"the automaton alone": lambda: [automaton.find(part.texts) for part in parts]}
    for name, book in books(keywords).items():
        # replace: what was derived from the facts of the last run is not at hand in the next
        found[name] = lambda book=book: [book.match(replace(part)) for part in parts]
    told = {name: microseconds(work, len(texts)) for name, work in found.items()}
    some = [text for part in parts for text in part.texts][:PLAIN]
    plain = microseconds(lambda: [[word in text for word in keywords] for text in some], len(some))
    return told | {"keyword in text, one by one": plain}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--posts", type=int, default=20_480)
    parser.add_argument("--keywords", type=int, default=20_000)
    parser.add_argument("--corpus", type=Path, nargs="+", default=[])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    texts = posts.read(chosen.corpus, chosen.posts) if chosen.corpus else posts.made(chosen.posts)
    told = measure(texts, keywords_like(texts[:2_000], chosen.keywords))
    if chosen.json:
        print(json.dumps({name: round(value, 3) for name, value in told.items()}))
    else:
        for name, value in told.items():
            print(f"{value:10.2f} µs  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
