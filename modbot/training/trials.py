"""Trials of the classifier: communities never seen, evasions, genuine replies.

``benchmarks/quality.py`` runs them. The peer in all of them is what everybody tries
first: scikit-learn's TF-IDF of character 1–3-grams and logistic regression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from modbot.domain import Label
from modbot.training import fit as fitting
from modbot.training import matrix
from modbot.training.attacks import ATTACKS, SIDES, padded
from modbot.training.evaluate import HeldOut, average_precision
from modbot.training.examples import Example
from modbot.training.recipe import ORDER, Recipe, Weighted, weigh
from modbot.training.split import without
from modbot.training.train import Fitted, Held, fit_rows, own_sentences

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Scorer = Callable[[Sequence[str]], Floats]

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "zh_sms_80w_subset": ("zh_sms_80w_subset", "zh_sms_6class"),
    "zh_chat_spam10k": ("zh_chat_spam10k",),
    "zh_gamechat_ads": ("zh_gamechat_ads",),
    "zh_email_spam_trec06c": ("zh_email_spam_trec06c",),
    "en_youtube_uci": ("en_youtube_uci",),
    "en_sms_uci": ("en_sms_uci",),
    "en_spamassassin": ("en_spamassassin",),
    "multi_tgspam": ("multi_tgspam",),
}
"""Sources of spam with all that is of the same origin; each is a community by itself."""

_READ = 10_000
_BOOTSTRAPS = 400
_SPAM = ORDER.index(Label.SPAM)


@dataclass(frozen=True, slots=True)
class Transfer:
    """A community left out of training: PR-AUC of modbot and of its peer on all its rows,
    and the 95 % bounds of their difference (paired bootstrap)."""

    rows: int
    spam: int
    ours: float
    peer: float
    low: float
    high: float


def transfer(
    examples: Sequence[Example], family: str, others: Sequence[Example], recipe: Recipe, *, seed: int
) -> Transfer:
    """Leave a family out and score its judged rows; ``others`` are genuine texts that stand
    in where the family has no ham of its own."""
    sources = FAMILIES[family]
    test = [example for example in examples if example.source in sources and example.label is not None]
    if all(example.label is Label.SPAM for example in test):
        test = [*test, *others]
    rest = without([example for example in examples if example.source not in sources], test)
    real = weigh(rest, recipe, seed=seed)
    truth = np.array([example.label is Label.SPAM for example in test])
    peer = tfidf([example.text for example in real.examples], real.labels == _SPAM)
    theirs = peer([example.text for example in test])
    fitted = learn(rest, recipe, seed=seed)
    ours = judge(fitted, test).probabilities[:, _SPAM]
    low, high = bootstrap(truth, ours, theirs, seed=seed)
    return Transfer(
        len(test),
        int(truth.sum()),
        average_precision(truth, ours),
        average_precision(truth, theirs),
        low,
        high,
    )


def learn(examples: Sequence[Example], recipe: Recipe, *, seed: int) -> Fitted:
    """The classifier fitted on all of the examples and modbot's own sentences."""
    rows = weigh([*examples, *own_sentences(recipe, seed)], recipe, seed=seed)
    return fit_rows(rows, recipe, seed=seed)


def judge(fitted: Fitted, examples: Sequence[Example]) -> HeldOut:
    """What a fitted classifier says of any examples."""
    labels = [-1 if example.label is None else ORDER.index(example.label) for example in examples]
    rows = Weighted(list(examples), np.array(labels, dtype=np.int64), np.ones(len(examples)))
    return fitted.judge(Held(rows, matrix.measure([example.reply for example in examples])))


def tfidf(texts: Sequence[str], truth: Flags) -> Scorer:
    """The peer, fitted on the same rows."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, dtype=np.float32)
    with fitting.quietly():
        found = vectors.fit_transform([text[:_READ] for text in texts])
        estimator = LogisticRegression(max_iter=200).fit(found, truth)

    def score(others: Sequence[str]) -> Floats:
        scores: Floats = estimator.decision_function(vectors.transform([text[:_READ] for text in others]))
        return scores

    return score


def gap_closed(pairs: Sequence[tuple[float, float]]) -> float:
    """How much of the gap to 1 that the peer leaves on the average is closed, of
    ``(ours, peer)`` each."""
    ours, peer = np.array(pairs).mean(axis=0)
    return float((ours - peer) / (1 - peer))


def bootstrap(truth: Flags, ours: Floats, theirs: Floats, *, seed: int) -> tuple[float, float]:
    """The 95 % bounds of the difference in average precision, both on the same resamples."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(_BOOTSTRAPS):
        rows = chance.integers(0, len(truth), len(truth))
        if truth[rows].any():
            found.append(
                average_precision(truth[rows], ours[rows]) - average_precision(truth[rows], theirs[rows])
            )
    low, high = np.quantile(found, (0.025, 0.975)) if found else (0.0, 0.0)
    return float(low), float(high)


def evasions(
    examples: Sequence[Example], benign: Sequence[str], *, seed: int
) -> Iterator[tuple[str, list[Example]]]:
    """Each evasion by name, and the examples as it leaves them."""
    for name, attack in ATTACKS.items():
        chance = Random(f"{name}:{seed}")  # noqa: S311
        yield name, [_changed(example, attack(example.text, chance)) for example in examples]
    for side in SIDES:
        for times in (1.0, 2.0):
            name = f"benign_{side}_x{times:g}"
            chance = Random(f"{name}:{seed}")  # noqa: S311
            texts = [padded(one.text, benign, chance, side=side, times=times) for one in examples]
            yield name, [_changed(one, text) for one, text in zip(examples, texts, strict=True)]


def _changed(example: Example, text: str) -> Example:
    return replace(example, reply=replace(example.reply, text=text))
