"""Make ``tables/background.npz``, the model of ordinary replies, from genuine texts.

A development script, run by hand: ``python -m modbot.training.background --data DIR``
with the folder of JSONL files that training reads too. The same files give the same
bytes. Only hashes and rounded costs are written.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modbot.detection import background
from modbot.detection.background import CODE_BITS, START, STEPS_PER_BIT, Background, Bits, Bytes, Keys
from modbot.domain import Label
from modbot.training.examples import read
from modbot.training.recipe import canonicalise_all

GENUINE = (
    "zh_discuz_s1_2022",
    "zh_discuz_s1_hardham",
    "zh_sms_nus",
    "zh_bilibili",
    "zh_weibo_movie",
    "zh_weibo_2020",
    "zh_cold_zhihu_weibo",
    "zh_tieba_sxc",
    "en_sms_uci",
    "en_youtube_uci",
    "multi_tgspam",
)
STOCK = "zh_lowef_s1"
STOCK_POSTS = 5_300_000
"""Replies among which the stock replies of ``STOCK`` were counted."""
DISCOUNT = 0.75
ALPHABET = 30_000
CUSTOM_RATE = 2.0**-11
"""The share of replies that a custom is taken to be: on its board, one in two thousand."""
CUSTOM_WEIGHT, PAIR_WEIGHT = 16, 4
"""How often a custom, and one custom after another, count in what n-grams are learned from."""
LEAST = 3
"""2- and 3-grams seen less often are left to their back-off."""
_LEAST_SHARE = 1e-4
_MOST_STEPS = 255


@dataclass(frozen=True, slots=True)
class Corpus:
    """Canonical texts, how often each counts, and the share of replies that are one text."""

    texts: Sequence[str]
    weights: NDArray[np.int64]
    rates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Grams:
    """Distinct n-grams of one order. ``totals`` counts what followed each one's history,
    ``followers`` how many different characters did."""

    keys: Keys
    counts: Bits
    totals: Bits
    followers: Bits
    order: int

    def only(self, chosen: NDArray[np.bool_]) -> _Grams:
        return _Grams(
            self.keys[chosen], self.counts[chosen], self.totals[chosen], self.followers[chosen], self.order
        )

    @property
    def histories(self) -> Keys:
        return self.keys >> np.uint64(CODE_BITS)

    @property
    def tails(self) -> Keys:
        return self.keys & np.uint64((1 << (CODE_BITS * (self.order - 1))) - 1)


@dataclass(frozen=True, slots=True)
class _Table:
    """Probabilities of n-grams by sorted key, with the factor for what they don't list."""

    keys: Keys
    shares: Bits
    backoffs: Bits
    order: int
    shorter: _Table | None = None

    def of(self, keys: Keys) -> Bits:
        """The probability of any n-gram of this order."""
        at, found = self._find(keys)
        if self.shorter is None:
            return np.where(found, self.shares[at], 2.0**-background.UNSEEN)
        tails = keys & np.uint64((1 << (CODE_BITS * (self.order - 1))) - 1)
        below = self.shorter.backoff(keys >> np.uint64(CODE_BITS)) * self.shorter.of(tails)
        return np.where(found, self.shares[at], below)

    def backoff(self, keys: Keys) -> Bits:
        at, found = self._find(keys)
        return np.where(found, self.backoffs[at], 1.0)

    def with_backoffs(self, keys: Keys, backoffs: Bits) -> _Table:
        given = self.backoffs.copy()
        given[np.searchsorted(self.keys, keys)] = backoffs
        return replace(self, backoffs=given)

    def _find(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return at, self.keys[at] == keys


def gather(folder: Path) -> Corpus:
    """The genuine texts of a data folder. Raises ModelError naming what is unreadable."""
    genuine = [
        example.text
        for name in GENUINE
        for example in read(folder / f"{name}.jsonl")
        if example.label is not Label.SPAM
    ]
    stock = list(read(folder / f"{STOCK}.jsonl"))
    counts: Counter[str] = Counter()
    for text, example in zip(canonicalise_all([one.text for one in stock]), stock, strict=True):
        counts[text] += example.count
    texts, customs = canonicalise_all(genuine), _customs()
    pairs = [one + other for occasion in customs for one, other in permutations(occasion, 2)]
    alone = [custom for occasion in customs for custom in occasion]
    weights = [1] * len(texts) + [count.bit_length() for count in counts.values()]
    weights += [CUSTOM_WEIGHT] * len(alone) + [PAIR_WEIGHT] * len(pairs)
    rates = {custom: CUSTOM_RATE for custom in alone if len(custom) <= background.STOCK_LENGTH}
    rates |= {text: max(rate, rates.get(text, 0.0)) for text, rate in _rates(texts, counts).items()}
    return Corpus([*texts, *counts, *alone, *pairs], np.array(weights, dtype=np.int64), rates)


def _customs() -> list[list[str]]:
    """The customs of each occasion, canonical (``customs.txt``)."""
    text = (resources.files("modbot.training") / "customs.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    paragraphs = "\n".join(lines).split("\n\n")
    occasions = [canonicalise_all([word.replace("_", " ") for word in one.split()]) for one in paragraphs]
    return [list(dict.fromkeys(text for text in occasion if text)) for occasion in occasions if occasion]


def fit(corpus: Corpus) -> Background:
    """The model of a corpus: interpolated absolute discounting, pruned, in back-off form."""
    sequence, starts = background.bordered(corpus.texts)
    weights = np.repeat(corpus.weights, np.diff(np.append(starts, len(sequence))))
    weights[starts] = 0  # the border before a text is given, not predicted
    counted = [
        _counted(keys, weights, order)
        for order, keys in enumerate(background.keys(sequence, starts), start=1)
    ]
    one, two, three = _with_room([counted[0], *(grams.only(grams.counts >= LEAST) for grams in counted[1:])])
    letters, pairs = _lengthened(two, _of_letters(one))
    pairs, triples = _lengthened(three, pairs)
    return _hashed([letters, pairs, triples], corpus.rates)


def _rates(texts: Sequence[str], stock: Mapping[str, int]) -> dict[str, float]:
    """The share of replies that are one short text: seen at least twice, or stock."""
    seen = Counter(text for text in texts if len(text) <= background.STOCK_LENGTH)
    rates = {text: count / len(texts) for text, count in seen.items() if count >= 2}
    for text, count in stock.items():
        if len(text) <= background.STOCK_LENGTH:
            rates[text] = max(rates.get(text, 0.0), count / STOCK_POSTS)
    return rates


def _counted(keys: Keys, weights: NDArray[np.int64], order: int) -> _Grams:
    """The n-grams of one order, without those that a text's beginning cuts short."""
    whole = (weights > 0) & (keys >> np.uint64(CODE_BITS * (order - 1)) > 0)
    distinct, inverse = np.unique(keys[whole], return_inverse=True)
    counts = np.bincount(inverse, weights=weights[whole])
    _, owners = np.unique(distinct >> np.uint64(CODE_BITS), return_inverse=True)
    totals = np.bincount(owners, weights=counts).astype(np.float64)
    followers = np.bincount(owners).astype(np.float64)
    return _Grams(distinct, counts.astype(np.float64), totals[owners], followers[owners], order)


def _with_room(orders: Sequence[_Grams]) -> list[_Grams]:
    """Those whose slot no shorter or more frequent n-gram takes, and whose history stays."""
    border = np.array([START], dtype=np.uint64)
    keys = np.concatenate([border, *(grams.keys for grams in orders)])
    order = np.concatenate([[0], *(np.full(len(grams.keys), grams.order) for grams in orders)])
    counts = np.concatenate([[0.0], *(grams.counts for grams in orders)])
    ranked = np.lexsort((keys, -counts, order))
    _, firsts = np.unique(background.places(keys[ranked])[0], return_index=True)
    kept = np.zeros(len(keys), dtype=bool)
    kept[ranked[firsts]] = True
    chosen: list[_Grams] = []
    histories = border
    for grams in orders:
        placed = kept[order == grams.order]
        if chosen:
            histories = np.union1d(chosen[-1].keys, border)
            placed &= np.isin(grams.histories, histories)
        chosen.append(grams.only(placed))
    return chosen


def _of_letters(grams: _Grams) -> _Table:
    """Characters by themselves, a share left to unseen ones; the border as a history only."""
    shares = (grams.counts - DISCOUNT + DISCOUNT * len(grams.keys) / ALPHABET) / grams.counts.sum()
    keys = np.concatenate([np.array([START], dtype=np.uint64), grams.keys])
    return _Table(keys, np.concatenate([[0.0], shares]), np.ones(len(keys)), grams.order)


def _lengthened(grams: _Grams, shorter: _Table) -> tuple[_Table, _Table]:
    """``shorter`` with its back-offs, and the table for one more character of history.

    ``p(w | uv) = (c(uvw) - D) / c(uv) + D N(uv) / c(uv) p(w | v)``, where ``N`` counts the
    different characters after ``uv``; the back-off of ``uv`` makes its sum 1.
    """
    below = shorter.of(grams.tails)
    shares = (grams.counts - DISCOUNT + DISCOUNT * grams.followers * below) / grams.totals
    histories, owners = np.unique(grams.histories, return_inverse=True)
    left = 1 - np.bincount(owners, weights=shares)
    spare = 1 - np.bincount(owners, weights=below)
    factors = np.clip(left, _LEAST_SHARE, 1) / np.clip(spare, _LEAST_SHARE, 1)
    shorter = shorter.with_backoffs(histories, factors)
    return shorter, _Table(grams.keys, shares, np.ones(len(grams.keys)), grams.order, shorter)


def _hashed(tables: Sequence[_Table], rates: Mapping[str, float]) -> Background:
    size = 1 << background.SLOT_BITS
    tags, costs, backoffs = (np.zeros(size, dtype=np.uint8) for _ in range(3))
    for table in tables:
        slots, marks = background.places(table.keys)
        tags[slots], costs[slots], backoffs[slots] = marks, _steps(table.shares), _steps(table.backoffs)
    texts = sorted(text for text in rates if text)
    hashes = background.stock_hashes(texts)
    hashes, firsts = np.unique(hashes, return_index=True)
    stock_costs = _steps(np.array([rates[texts[at]] for at in firsts.tolist()]))
    return Background(tags, costs, backoffs, hashes, stock_costs)


def _steps(shares: Bits) -> Bytes:
    """Costs in stored steps: a probability of 1 is 0."""
    bits = -np.log2(np.clip(shares, 2.0**-31, 1))
    steps: Bytes = np.minimum(np.rint(STEPS_PER_BIT * bits), _MOST_STEPS).astype(np.uint8)
    return steps


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the model. Raises ModelError naming what of the data is unreadable."""
    shipped = Path(str(resources.files("modbot.detection.tables"))) / background.FILE
    parser = argparse.ArgumentParser(description="Make the model of ordinary replies.")
    parser.add_argument("--data", type=Path, required=True, help="folder of JSONL files")
    parser.add_argument("--to", type=Path, default=shipped, help="the file to write")
    chosen = parser.parse_args(arguments)
    made = fit(gather(chosen.data))
    np.savez_compressed(chosen.to, **{name: getattr(made, name) for name in Background.__slots__})
    size, filled = chosen.to.stat().st_size, np.count_nonzero(made.tags)
    sys.stdout.write(f"{chosen.to}: {size} bytes, {filled} n-grams, {len(made.stock)} stock replies\n")


if __name__ == "__main__":
    main()
