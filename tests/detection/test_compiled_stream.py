"""A forum's stream, judged by NumPy and by compiled functions: the same assessments all along."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from modbot.benchmarking import posts
from modbot.detection import Detector, DuplicateIndex, observation
from modbot.domain import Assessment, Reply, Slip

pytest.importorskip("numba", reason="the accelerator is optional")

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCH = 256


def a_stream(count: int) -> list[Reply]:
    """Ordinary replies; stock phrases of a few members, two who live on repeating, hands that
    slip, authors and threads that no page tells, and edits of what came before."""
    chance = random.Random(4)  # noqa: S311
    told = posts.replies(posts.made(count, seed=3), NOW, days=2)
    texts = [reply.text for reply in told[:60]]
    found: list[Reply] = []
    for reply in told:
        found.append(_instead_of(reply, found, texts, chance))
    return found


def _instead_of(  # noqa: PLR0911
    reply: Reply, before: list[Reply], texts: list[str], chance: random.Random
) -> Reply:
    lot, phrase = chance.random(), chance.choice(texts[:48])
    if lot < 0.2:
        return replace(reply, text=phrase, author=replace(reply.author, id=chance.randrange(30)))
    if lot < 0.24 and before:
        return replace(before[-1], post_id=reply.post_id)
    if lot < 0.28:
        filler = replace(reply.author, id=90_001 + chance.randrange(2), posts=3)
        return replace(reply, text=chance.choice(texts[48:]), author=filler)
    if lot < 0.31:
        return replace(reply, author=replace(reply.author, id=None, name=chance.choice(["", "某某"])))
    if lot < 0.33:
        return replace(reply, thread_id=None, posted_at=None)
    if lot < 0.35 and len(before) > BATCH:
        return replace(before[-BATCH], text=phrase)
    return reply


def assessed(stream: list[Reply], *, accelerate: bool) -> list[Assessment]:
    detector, index = Detector.load(accelerate=accelerate), DuplicateIndex(accelerate=accelerate)
    found: list[Assessment] = []
    for first in range(0, len(stream), BATCH):
        part = stream[first : first + BATCH]
        batch = detector.assess(part, duplicates=index, now=NOW)
        index.insert(
            [
                observation(reply, one, established=reply.post_id % 3 == 0, at=NOW)
                for reply, one in zip(part, batch, strict=True)
            ]
        )
        found += batch
    return found


def test_a_stream_is_assessed_alike_whoever_counts() -> None:
    stream = a_stream(3_000)
    plain, compiled = assessed(stream, accelerate=False), assessed(stream, accelerate=True)
    for one, other in zip(plain, compiled, strict=True):
        assert one.repetition == other.repetition
        assert one.canonical_text == other.canonical_text
        assert [signal.code for signal in one.signals] == [signal.code for signal in other.signals]
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
    repeated = [one.repetition for one in plain if one.repetition is not None]
    assert len(repeated) > 600
    assert {found.slip for found in repeated} >= {None, Slip.DOUBLE_CLICK}
    assert any(found.texts > 1 for found in repeated)
