"""Posts to measure with: of a seeded grammar, or of a corpus that is given.

The grammar's lengths are those of real boards (half of the posts have up to 25
characters, the mean is about 40), one post in eight repeats a stock reply, one in
fifty is an advert; no two others are nearly the same but by chance.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np

from modbot.domain import Author, Label, Reply
from modbot.training.grammar import sentences

FORUM = "bench"
STOCK = 0.12
ADVERTS = 0.02
_AT_ONCE = 1 << 15
_MEDIAN = 31
_CHARACTERS_OF_A_WORD = 1.85
_MARKS = ("，", "。", "！", "？", "…", "，", "、", "，")


def made(count: int, *, seed: int = 1) -> list[str]:
    """``count`` posts of the grammar; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311
    stock, adverts = (sentences(label, 5_000, seed=seed) for label in (Label.LOW_EFFORT, Label.SPAM))
    ordinary = varied(count, seed=seed)
    posts = []
    for _ in range(count):
        lot = chance.random()
        if lot < STOCK:
            posts.append(stock[min(int(chance.paretovariate(0.6)) - 1, len(stock) - 1)])
        else:
            posts.append(chance.choice(adverts) if lot < STOCK + ADVERTS else next(ordinary))
    return posts


def varied(count: int, *, seed: int) -> Iterator[str]:
    """Up to ``count`` posts of members: words drawn by Zipf's law, lengths log-normal."""
    words = np.array(_words())
    weights = 1.0 / np.arange(3, len(words) + 3)
    weights /= weights.sum()
    draw = np.random.default_rng(seed)
    for first in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - first)
        lengths = np.clip(np.exp(draw.normal(np.log(_MEDIAN), 0.95, size)) / _CHARACTERS_OF_A_WORD, 2, 200)
        ends = np.cumsum(lengths.astype(np.int64))
        drawn = words[draw.choice(len(words), ends[-1], p=weights)].tolist()
        marks = draw.integers(0, 5 * len(_MARKS), ends[-1]).tolist()
        drawn = [word + _MARKS[mark] if mark < len(_MARKS) else word for word, mark in zip(drawn, marks)]  # noqa: B905
        begin = 0
        for end in ends.tolist():
            yield "".join(drawn[begin:end])
            begin = end


def read(paths: Sequence[Path], count: int) -> list[str]:
    """Up to ``count`` texts of JSONL files (objects with ``text``), in order."""

    def texts() -> Iterator[str]:
        for path in paths:
            with path.open(encoding="utf-8") as file:
                yield from (json.loads(line)["text"] for line in file if line.strip())

    return list(islice(texts(), count))


def replies(texts: Sequence[str], now: datetime, *, first: int = 0, days: float = 20) -> list[Reply]:
    """The texts as replies of 2,003 members in 997 threads over the last ``days``."""
    step = timedelta(days=days) / max(len(texts), 1)
    begun = now - timedelta(days=days)
    return [
        Reply(
            FORUM, first + at, text, thread_id=at % 997, board_id=at % 13,
            author=Author(at % 2_003, f"member{at % 2_003}", posts=at % 90),
            posted_at=begun + at * step,
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip


def _words() -> list[str]:
    text = (resources.files("modbot.benchmarking") / "words.txt").read_text(encoding="utf-8")
    return [word for line in text.splitlines() if line[:1] != "#" for word in line.split()]
