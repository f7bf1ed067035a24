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
from itertools import islice
from pathlib import Path

from modbot.benchmarking import variants
from modbot.domain import Author, Label, Reply
from modbot.training.grammar import sentences

FORUM = "bench"
STOCK = 0.12
ADVERTS = 0.02
_MARKS = ("，", "。", "！", "？", "…", "", "", "、")


def made(count: int, *, seed: int = 1) -> list[str]:
    """``count`` posts of the grammar; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311
    stock, adverts = (sentences(label, 5_000, seed=seed) for label in (Label.LOW_EFFORT, Label.SPAM))
    ordinary = _ordinary(count, seed)
    posts = []
    for _ in range(count):
        lot = chance.random()
        if lot < STOCK:
            posts.append(stock[min(int(chance.paretovariate(0.6)) - 1, len(stock) - 1)])
        else:
            posts.append(chance.choice(adverts) if lot < STOCK + ADVERTS else next(ordinary))
    return posts


def _ordinary(count: int, seed: int) -> Iterator[str]:
    """Varied texts as members punctuate them."""
    chance = random.Random(seed)  # noqa: S311
    for part in variants.varied(count, seed=seed):
        yield from (_punctuated(text, chance) for text in part)


def _punctuated(text: str, chance: random.Random) -> str:
    middle = len(text) // 2
    return f"{text[:middle]}{chance.choice(_MARKS)}{text[middle:]}{chance.choice(_MARKS)}"


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
