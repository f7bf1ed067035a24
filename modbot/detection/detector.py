"""The detector: replies in, assessments out. Pure but for reading its model once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from modbot.detection import background, canonical, context, model, signals, surprise
from modbot.detection.duplicates import Repeats
from modbot.detection.manifest import Manifest
from modbot.detection.model import Linear
from modbot.detection.reading import NumpyReader, Reader, reader_of
from modbot.domain import Assessment, Probabilities, Repetition, Reply, ReplyKey, Signal

if TYPE_CHECKING:  # whoever brings rules has imported what they need
    from modbot.detection.rules import RuleBook

BATCH = 1024
"""Replies handled at once: larger arrays leave the allocator's fast path."""


class Detector:
    """Assesses replies with one model. Immutable, safe under threads."""

    def __init__(self, linear: Linear, manifest: Manifest, reader: Reader | None = None) -> None:
        self._linear = linear
        self._reader = reader or NumpyReader()
        self.manifest = manifest

    @classmethod
    def load(cls, model_dir: Path | None = None, *, accelerate: bool = False) -> Detector:
        """The detector of a model folder, of the shipped baseline without one.

        ``accelerate``: texts are read by compiled functions, with the same answers.
        Raises ModelError with the way out, SettingsError when numba is not installed.
        """
        linear, manifest = model.load(Path(model_dir or model.shipped_baseline()))
        canonical.table()
        background.background()
        return cls(linear, manifest, reader_of(accelerate=accelerate))

    @property
    def model(self) -> str:
        """The version of the model."""
        return self.manifest.version

    def assess(
        self,
        replies: Sequence[Reply],
        *,
        duplicates: Repeats | None,
        now: datetime,
        rules: RuleBook | None = None,
    ) -> list[Assessment]:
        """An assessment of each reply, in order; ``now`` is aware. What ``rules`` find becomes
        signals of their own, before the others.

        Repetition counts what ``duplicates`` holds and the earlier replies of this call.
        Nothing is inserted: that is for the caller, once the replies are stored.
        """
        if len(replies) <= BATCH:
            return self._chunk(replies, lambda texts: _match(duplicates, replies, texts, now), rules)
        found = _match(duplicates, replies, self._canonicals(replies), now)
        assessed: list[Assessment] = []
        for first in range(0, len(replies), BATCH):
            chosen = slice(first, first + BATCH)
            assessed += self._chunk(replies[chosen], partial(_already, found[chosen]), rules)
        return assessed

    def _canonicals(self, replies: Sequence[Reply]) -> list[str]:
        texts: list[str] = []
        for first in range(0, len(replies), BATCH):
            texts += canonical.canonicalise([reply.text for reply in replies[first : first + BATCH]])
        return texts

    def _chunk(
        self,
        replies: Sequence[Reply],
        repeated: Callable[[list[str]], Sequence[Repetition | None]],
        rules: RuleBook | None,
    ) -> list[Assessment]:
        if not replies:
            return []
        reading = self._reader.read([reply.text for reply in replies])
        texts = reading.letters.texts()
        repetitions = repeated(texts)
        found = context.measure(replies, reading, texts)
        probabilities = self._linear.probabilities(
            self._linear.logits(reading.grams, found.values, self._reader.weigh)
        )
        probabilities[_shown_not_said(replies, texts)] = (1.0, 0.0, 0.0)
        batch = signals.Batch(replies, reading, texts, found, probabilities, repetitions)
        raised = signals.raise_signals(batch, self._linear)
        if rules is not None:
            raised = _joined(rules.signals(replies, reading, texts, found, probabilities), raised)
        keys = [ReplyKey(reply.forum, reply.post_id) for reply in replies]
        scores = map(Probabilities._make, probabilities.tolist())
        return list(map(Assessment, keys, scores, raised, repetitions, texts, repeat(self.model)))


def _joined(
    first: Sequence[tuple[Signal, ...]], second: Sequence[tuple[Signal, ...]]
) -> list[tuple[Signal, ...]]:
    return [(*one, *other) if one else other for one, other in zip(first, second, strict=True)]


def _shown_not_said(replies: Sequence[Reply], texts: Sequence[str]) -> list[int]:
    """Rows whose pictures say what there is to say: no text to call empty or an advert."""
    return [row for row, text in enumerate(texts) if not text and replies[row].images > 0]


def _already(found: Sequence[Repetition | None], texts: list[str]) -> Sequence[Repetition | None]:
    del texts
    return found


def _match(
    duplicates: Repeats | None, replies: Sequence[Reply], texts: Sequence[str], now: datetime
) -> Sequence[Repetition | None]:
    if duplicates is None:
        return [None] * len(replies)
    return surprise.judged(duplicates.match(replies, texts, now), texts)
