"""Canonical texts for measuring near-duplicates: varied ones, campaigns, and their variants.

Words are made of a seeded choice of common characters and drawn by Zipf's law, so that
3- and 4-grams repeat about as often as on a real board; lengths are log-normal with those
of real boards (median 25, mean 40). Nothing of it means anything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

MEDIAN, SPREAD = 25.0, 0.97
CAMPAIGNS = 0.03
"""Share of an index that belongs to campaigns."""
_LONGEST = 400
_AT_ONCE = 1 << 15
_CHARACTERS = 3_000
_COMMONEST = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过"
    "家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从知使"
)
_WORDS = 40_000
_WORD_LENGTHS = (0.2, 0.5, 0.18, 0.12)
_CHARACTER_EXPONENT = 1.0
_WORD_EXPONENT = 1.05
_RANK_SHIFT = 6.0
_FREQUENT = 200
"""The most frequent words, which are short."""
_NUMBERS = 0.02

Mutation = Callable[[str, random.Random], str]


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Words side by side; word ``i`` is ``codes[starts[i]:starts[i + 1]]``."""

    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    chances: NDArray[np.float64]


def varied(count: int, *, seed: int) -> Iterator[list[str]]:
    """``count`` texts in lists of up to 32,768; the same for the same seed."""
    draw = np.random.default_rng(seed)
    for first in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - first)
        lengths = np.exp(draw.normal(np.log(MEDIAN), SPREAD, size)).astype(np.int64).clip(2, _LONGEST)
        ends = np.cumsum(lengths)
        stream = _stream(int(ends[-1]), draw)
        yield [
            stream[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        ]


def with_campaigns(count: int, *, seed: int) -> Iterator[list[str]]:
    """``varied`` texts, of which a few are variants of each other: adverts whose number, some
    words and an addition change. Sizes of campaigns follow Zipf's law."""
    chance = random.Random(seed)  # noqa: S311
    kinds = max(int(count * CAMPAIGNS / 12), 1)
    originals = [text for texts in varied(4 * kinds, seed=seed + 1) for text in texts if len(text) > 12]
    for texts in varied(count, seed=seed):
        for place in range(len(texts)):
            if chance.random() < CAMPAIGNS:
                rank = min(int(chance.paretovariate(0.7)) - 1, len(originals) - 1)
                texts[place] = advert(originals[rank][:48], chance)
        yield texts


def advert(original: str, chance: random.Random) -> str:
    """One variant of an advert."""
    text = one_edit(original, chance) if chance.random() < 0.5 else original
    return text + "".join(chance.choices("0123456789", k=8))


def one_edit(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text))
    other = _character(chance)
    return chance.choice(
        (
            text[:place] + other + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text[:place] + other + text[place:],
        )
    )


def edits(share: float) -> Mutation:
    """A mutation of so many edits for each character, at least one."""

    def mutate(text: str, chance: random.Random) -> str:
        for _ in range(max(int(share * len(text)), 1)):
            text = one_edit(text, chance)
        return text

    return mutate


def other_digits(text: str, chance: random.Random) -> str:
    """Every digit another; a text without digits has some put in."""
    changed = "".join(chance.choice("0123456789") if c.isdigit() else c for c in text)
    return changed if changed != text else fillers(text, chance)


def halves_swapped(text: str, chance: random.Random) -> str:
    middle = len(text) // 2 + chance.randint(-1, 1)
    return text[middle:] + text[:middle]


def suffix(text: str, chance: random.Random) -> str:
    """Three tenths more at the end."""
    return text + "".join(_character(chance) for _ in range(max(int(0.3 * len(text)), 1)))


def fillers(text: str, chance: random.Random) -> str:
    """One character in ten is followed by another that says nothing."""
    for _ in range(max(len(text) // 10, 1)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice("啊呀哦呢嘛吧0x") + text[place:]
    return text


def mutations() -> Mapping[str, Mutation]:
    return {
        "one edit": one_edit,
        "10 % edits": edits(0.1),
        "20 % edits": edits(0.2),
        "other digits": other_digits,
        "halves swapped": halves_swapped,
        "30 % suffix": suffix,
        "fillers": fillers,
    }


@cache
def _vocabulary() -> _Vocabulary:
    draw = np.random.default_rng(7)
    characters = _characters(draw)
    weights = _zipf(_CHARACTERS, _CHARACTER_EXPONENT)
    lengths = draw.choice((1, 2, 3, 4), _WORDS, p=_WORD_LENGTHS)
    lengths[:_FREQUENT] = np.minimum(lengths[:_FREQUENT], draw.choice((1, 2), _FREQUENT))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return _Vocabulary(
        characters[draw.choice(_CHARACTERS, starts[-1], p=weights)], starts, _zipf(_WORDS, _WORD_EXPONENT)
    )


def _characters(draw: np.random.Generator) -> NDArray[np.uint32]:
    """The most common ones first, then others of everyday use (GB 2312, level 1)."""
    everyday = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    others = [c for c in everyday.decode("gb2312", "ignore") if c not in _COMMONEST]
    drawn = draw.permutation(len(others))[: _CHARACTERS - len(_COMMONEST)].tolist()
    return np.array([ord(c) for c in _COMMONEST + "".join(others[at] for at in drawn)], dtype=np.uint32)


def _zipf(count: int, exponent: float) -> NDArray[np.float64]:
    weights = 1.0 / (np.arange(count) + _RANK_SHIFT) ** exponent
    return np.asarray(weights / weights.sum())


def _stream(length: int, draw: np.random.Generator) -> str:
    """At least so many characters of words, one after the other."""
    words = _vocabulary()
    bounds = np.cumsum(words.chances)
    drawn = np.searchsorted(bounds[:-1], draw.random(length), side="right")
    sizes = words.starts[drawn + 1] - words.starts[drawn]
    drawn = drawn[: int(np.searchsorted(np.cumsum(sizes), length)) + 1]
    sizes = sizes[: len(drawn)]
    steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    codes = words.codes[np.repeat(words.starts[drawn], sizes) + steps]
    digits = np.repeat(draw.random(len(drawn)) < _NUMBERS, sizes)
    codes[digits] = 0x30 + draw.integers(0, 10, int(digits.sum()))
    text: str = codes.astype("<u4").tobytes().decode("utf-32-le")
    return text


def _character(chance: random.Random) -> str:
    return chr(int(_vocabulary().codes[chance.randrange(len(_vocabulary().codes))]))
