"""What the text alone costs: canonicalise, featurise, score; and scikit-learn beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from modbot.benchmarking.timing import BATCH, batches, latency, rate
from modbot.detection import canonicalise, context, model
from modbot.detection.reading import reader_of

SCORED = "score"

_FITTED_ON = 600
_SINGLES = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, all before it included: posts per CPU second in batches, and the median
    milliseconds of one post at a time."""

    name: str
    posts_per_s: float
    one_post_ms: float


def stage(name: str, work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> Stage:
    work(texts[:BATCH])
    parts = batches(texts)
    median, _ = latency(work, [[text] for text in texts[:_SINGLES]])
    return Stage(name, rate(lambda: [work(part) for part in parts], len(texts)), median)


def stages(texts: Sequence[str], *, accelerate: bool) -> list[Stage]:
    """Canonicalise; and featurise (hash n-grams); and score: each with what is before it."""
    reader = reader_of(accelerate=accelerate)
    linear, _ = model.load(model.shipped_baseline())
    unknown = np.full((BATCH, len(context.NAMES)), np.nan)

    def score(part: Sequence[str]) -> None:
        hashed = reader.read(part).grams
        linear.probabilities(linear.logits(hashed, unknown[: len(part)], reader.weigh))

    return [
        stage("canonicalise", canonicalise, texts),
        stage("featurise", reader.read, texts),
        stage(SCORED, score, texts),
    ]


def scikit_learn(texts: Sequence[str]) -> Stage:
    """HashingVectorizer(char, 1–3, 2^18) and a three-class logistic regression."""
    vectorizer = HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=1 << 18)
    estimator = LogisticRegression(tol=1.0)
    few = texts[:_FITTED_ON]
    estimator.fit(vectorizer.transform(few), np.arange(len(few)) % 3)
    return stage("scikit-learn", lambda part: estimator.predict_proba(vectorizer.transform(part)), texts)
