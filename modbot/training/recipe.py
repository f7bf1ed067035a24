"""How much each source weighs: what is like a forum's replies counts most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modbot.detection import canonicalise
from modbot.detection.duplicates import is_placeholder
from modbot.domain import Label
from modbot.training.examples import Example
from modbot.training.fit import Strength

_WEIGHTS = {
    "verdicts": 3.0,
    "grammar": 1.0,
    "zh_discuz_s1_2022": 1.0,
    "zh_discuz_s1_hardham": 1.0,
    "zh_lowef_s1": 1.5,
    "zh_lowef_botpool": 4.0,
    "zh_chat_spam10k": 1.0,
    "zh_gamechat_ads": 1.2,
    "zh_sms_80w_subset": 0.4,
    "zh_sms_6class": 0.3,
    "zh_sms_nus": 0.2,
    "zh_cold_zhihu_weibo": 0.3,
    "zh_email_spam_trec06c": 0.5,
    "en_sms_uci": 0.4,
    "en_spamassassin": 0.2,
}
_UNLABELED = {"zh_discuz_s1_2022": 0.5, "zh_bilibili": 0.3, "zh_weibo_2020": 0.3}
_SHARES = {("zh_sms_80w_subset", Label.HAM): 0.15}
_GENUINE = (
    "zh_discuz_s1_2022",
    "zh_discuz_s1_hardham",
    "zh_cold_zhihu_weibo",
    "zh_bilibili",
    "zh_weibo_2020",
    "verdicts",
)
"""Replies of real communities: what thresholds must leave alone."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Weights by source; ``unlabeled`` sources count as ham with that weight, the
    others' unlabeled rows are left out; ``shares`` samples a (source, label)."""

    weights: Mapping[str, float] = field(default_factory=lambda: dict(_WEIGHTS))
    unlabeled: Mapping[str, float] = field(default_factory=lambda: dict(_UNLABELED))
    shares: Mapping[tuple[str, Label], float] = field(default_factory=lambda: dict(_SHARES))
    genuine: tuple[str, ...] = _GENUINE
    grammar: int = 12_000
    strength: Strength = field(default_factory=Strength)
    held_out: float = 0.1


@dataclass(frozen=True, slots=True)
class Weighted:
    """Examples with what they count as: ``labels`` are positions in LABELS."""

    examples: list[Example]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


ORDER = (Label.HAM, Label.LOW_EFFORT, Label.SPAM)


def domains(rows: Weighted) -> NDArray[np.int64]:
    """A number for each source that holds both spam and other texts, −1 for the others."""
    names = np.array([example.source for example in rows.examples])
    found = np.full(len(names), -1, dtype=np.int64)
    spam = rows.labels == ORDER.index(Label.SPAM)
    mixed = sorted(set(names[spam].tolist()) & set(names[~spam].tolist()))
    for number, name in enumerate(mixed):
        found[names == name] = number
    return found


def weigh(examples: Sequence[Example], recipe: Recipe, *, seed: int) -> Weighted:
    """Keep and weigh examples; posts that their authors blanked teach nothing."""
    chance = np.random.default_rng(seed)
    canonical = canonicalise_all([example.text for example in examples])
    draws = chance.random(len(examples))
    kept, labels, weights = [], [], []
    for example, text, draw in zip(examples, canonical, draws.tolist(), strict=True):
        label, weight = _count_as(example, recipe)
        if weight == 0 or is_placeholder(text):
            continue
        if draw < recipe.shares.get((example.source, label), 1.0):
            kept.append(example)
            labels.append(ORDER.index(label))
            weights.append(weight)
    return Weighted(kept, np.array(labels, dtype=np.int64), np.array(weights))


def _count_as(example: Example, recipe: Recipe) -> tuple[Label, float]:
    weight = recipe.weights.get(example.source, 1.0)
    if example.label is None:
        return Label.HAM, recipe.unlabeled.get(example.source, 0.0)
    if example.label is Label.LOW_EFFORT:
        weight = max(weight, 1.0) if example.source != "grammar" else weight
        return example.label, weight * (1 + 0.3 * float(np.log(max(example.count, 1))))
    return example.label, weight


def canonicalise_all(texts: Sequence[str]) -> list[str]:
    """``canonicalise`` in batches of the size that is fastest."""
    found: list[str] = []
    for first in range(0, len(texts), 1024):
        found += canonicalise(texts[first : first + 1024])
    return found
