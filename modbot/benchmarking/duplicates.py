"""Near-duplicates measured: rates, recall and precision against brute force, memory.

Half of the queries are mutated texts of the index, half are texts it has never seen; all
have 5 to 60 characters and none is in the index itself. Truth is every pair of at most
20 % edits of the longer (Levenshtein) or of a 3-gram Jaccard similarity of at least 0.7.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from modbot.benchmarking import variants
from modbot.benchmarking.timing import batches
from modbot.detection.duplicates.flat import Flat, flatten
from modbot.detection.duplicates.texts import Texts

SHORTEST, LONGEST = 5, 60
QUERIES = 20_000
TRUTHS = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """``n`` texts indexed. ``recall``: the share of queries with a true match for which one came
    back; ``edit_recall`` the same of queries within 20 % edits of a text. ``precision``: the
    share of what came back that is true."""

    n: int
    lookups_per_s: float
    inserts_per_s: float
    recall: float
    edit_recall: float
    precision: float
    bytes_per_reply: float


@dataclass(frozen=True, slots=True)
class Query:
    """``kind`` is the mutation that made it, or ``unseen``."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The true matches of one query: index positions by few edits, and by either."""

    by_edits: frozenset[int]
    either: frozenset[int]


@dataclass(frozen=True, slots=True)
class Material:
    """What an implementation is measured with."""

    indexed: Sequence[str]
    queries: Sequence[Query]
    truths: Sequence[Truth]
    """Of the first queries."""


def material(
    count: int, *, seed: int = 1, corpus: Sequence[str] = (), queries: int = QUERIES, truths: int = TRUTHS
) -> Material:
    """``count`` distinct canonical texts, ``queries`` for them, and the truth of the first.

    ``corpus``: canonical texts to use in place of generated ones; its last tenth is unseen.
    """
    if corpus:
        known = list(dict.fromkeys(corpus))
        indexed, unseen = known[: min(count, len(known) * 9 // 10)], known[len(known) * 9 // 10 :]
    else:
        indexed = list(dict.fromkeys(_chained(variants.with_campaigns(count, seed=seed))))
        unseen = list(_chained(variants.varied(2 * queries, seed=seed + 99)))
    made = _queries(indexed, unseen, queries, random.Random(seed))  # noqa: S311
    return Material(indexed, made, brute_force(indexed, [query.text for query in made[:truths]]))


def measure(given: Material, *, accelerate: bool) -> Found:
    """``Texts`` on this material."""
    texts = Texts(len(given.indexed), accelerate=accelerate)
    _warm(accelerate=accelerate)
    inserts = insert_rate(texts, given.indexed)
    asked = [query.text for query in given.queries]
    begun = time.process_time()
    answers = [texts.near(batch) for batch in batches(asked)]
    lookups = len(asked) / (time.process_time() - begun)
    numbers = np.concatenate([numbers for numbers, _ in answers])[: len(given.truths)]
    recall, edit_recall, precision = scored(given.truths, [[n] if n >= 0 else [] for n in numbers.tolist()])
    return Found(
        len(texts), lookups, inserts, recall, edit_recall, precision, texts.nbytes / max(len(texts), 1)
    )


def insert_rate(texts: Texts, indexed: Sequence[str]) -> float:
    """Texts kept and filed per CPU second, in batches. Numbers are positions afterwards."""
    spent = 0.0
    for batch in batches(indexed):
        filed = np.ones(len(batch), dtype=np.bool_)
        begun = time.process_time()
        texts.add(batch, filed)
        spent += time.process_time() - begun
    return len(indexed) / max(spent, 1e-9)


def scored(truths: Sequence[Truth], found: Sequence[Iterable[int]]) -> tuple[float, float, float]:
    """``(recall, recall by edits, precision)`` of the positions found for each query."""
    asked = [(truth, set(positions)) for truth, positions in zip(truths, found, strict=True)]
    either = [bool(truth.either & positions) for truth, positions in asked if truth.either]
    edited = [bool(truth.either & positions) for truth, positions in asked if truth.by_edits]
    returned = sum(len(positions) for _, positions in asked)
    right = sum(len(positions & truth.either) for truth, positions in asked)
    return (
        sum(either) / max(len(either), 1), sum(edited) / max(len(edited), 1), right / max(returned, 1)
    )  # fmt: skip


def brute_force(indexed: Sequence[str], asked: Sequence[str]) -> list[Truth]:
    """Every true match of each query but equal texts.

    Two bounds spare most comparisons: lengths within seven tenths, and how many of 64 classes
    of characters occur in one of the texts only. They lose nothing but texts that repeat
    their own 3-grams.
    """
    columns = [
        (part.lengths.astype(np.int64), part.sketches) for part in map(flatten, batches(indexed, 65_536))
    ]
    lengths, sketches = (np.concatenate(column) for column in zip(*columns, strict=True))
    return [
        _truth(text, indexed, _possible(one, lengths, sketches))
        for text, one in zip(asked, _singly(flatten(asked)), strict=True)
    ]


def _possible(one: Flat, lengths: NDArray[np.int64], sketches: NDArray[np.uint64]) -> NDArray[np.int64]:
    own = int(one.lengths[0])
    like = np.flatnonzero((10 * lengths >= 7 * own) & (7 * lengths <= 10 * own))
    differing = np.bitwise_count(sketches[like] ^ one.sketches[0])
    possible: NDArray[np.int64] = like[10 * differing.astype(int) <= 4 * np.maximum(lengths[like], own)]
    return possible


def _truth(text: str, indexed: Sequence[str], places: NDArray[np.int64]) -> Truth:
    others = [indexed[place] for place in places.tolist()]
    distances = cdist([text], others, scorer=Levenshtein.distance, dtype=np.int32)[0] if others else []
    own = _grams(text)
    telling = sorted(own)[: 3 * len(own) // 10 + 1]  # overlap leaves out too few to miss them all
    edited, either = set(), set()
    for place, other, distance in zip(places.tolist(), others, distances, strict=True):
        if other == text:
            continue
        if 5 * distance <= max(len(text), len(other)):
            edited.add(place)
        elif any(gram in other for gram in telling) and _overlap(own, _grams(other)):
            either.add(place)
    return Truth(frozenset(edited), frozenset(either | edited))


def _overlap(own: set[str], theirs: set[str]) -> bool:
    return 10 * len(own & theirs) >= 7 * len(own | theirs)


def _grams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


def _singly(flat: Flat) -> Iterator[Flat]:
    return (flat.taken(np.array([place])) for place in range(len(flat)))


def _queries(indexed: Sequence[str], unseen: Sequence[str], count: int, chance: random.Random) -> list[Query]:
    """Mutated and unseen texts by turns."""
    held = set(indexed)
    kinds = list(variants.mutations().items())
    fresh = iter(text for text in unseen if SHORTEST <= len(text) <= LONGEST and text not in held)
    made: list[Query] = []
    for text in fresh:
        made.append(Query(text, "unseen"))
        while len(made) % 2:
            name, mutate = kinds[len(made) // 2 % len(kinds)]
            source = chance.choice(indexed)
            changed = mutate(source, chance) if len(source) >= SHORTEST else ""
            if SHORTEST <= len(changed) <= LONGEST and changed not in held:
                made.append(Query(changed, name))
        if len(made) >= count:
            break
    return made


def _warm(*, accelerate: bool) -> None:
    """Compile or load what is compiled, on texts of every length class."""
    texts = Texts(8, accelerate=accelerate)
    texts.add(["天地玄黄宇宙洪荒", "日月盈昃辰宿列张寒来暑往秋收冬藏"], np.ones(2, dtype=np.bool_))
    texts.near(["天地玄黄宇宙洪慌"])


def _chained(parts: Iterable[list[str]]) -> Iterator[str]:
    return (text for part in parts for text in part)
