"""Sentences made of our own words (``phrases.toml``): reproducible by their seed."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

from modbot.domain import Label

_SLOT = re.compile(r"\{([a-z]+)\}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HOSTS = ("top", "xyz", "vip", "cc", "com", "club")
_HIDDEN = "\u200b\u200c\u200d\u2060\ufeff"

Lists = Mapping[str, Sequence[str]]


def sentences(label: Label, count: int, *, seed: int) -> list[str]:
    """About ``count`` distinct sentences of one label."""
    text = (resources.files("modbot.training") / "phrases.toml").read_text(encoding="utf-8")
    lists = tomllib.loads(text)[label.value]
    chance = random.Random(f"{label.value}:{seed}")  # noqa: S311
    made = dict.fromkeys(_made(lists, count, chance, disguise=label is Label.SPAM))
    return list(made)


def _made(lists: Lists, count: int, chance: random.Random, *, disguise: bool) -> Iterator[str]:
    for _ in range(count):
        same: dict[str, str] = {}

        def fill(slot: re.Match[str], same: dict[str, str] = same) -> str:
            return _fill(slot[1], lists, chance, same)

        sentence = _SLOT.sub(fill, chance.choice(lists["patterns"]))
        yield _strewn(sentence, chance) if disguise and chance.random() < 0.2 else sentence


def _fill(slot: str, lists: Lists, chance: random.Random, same: dict[str, str]) -> str:
    if slot == "id":
        return _account(chance)
    if slot == "phone":
        return "1" + chance.choice("3578") + _digits(chance, 9)
    if slot == "qq":
        return chance.choice("123456789") + _digits(chance, chance.randint(5, 9))
    if slot == "url":
        return f"http://{_word(chance)}{_digits(chance, chance.randint(0, 3))}.{chance.choice(_HOSTS)}"
    if slot == "char":
        return same.setdefault(slot, chance.choice(lists[slot]))
    return chance.choice(lists[slot])


def _account(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return chance.choice("123456789") + _digits(chance, chance.randint(5, 10))
    return _word(chance) + chance.choice(("", "_", "")) + _digits(chance, chance.randint(2, 6))


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_LETTERS, k=chance.randint(2, 6)))


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _strewn(sentence: str, chance: random.Random) -> str:
    """Spaces, marks or invisible characters between the letters, as evaders do."""
    filler = chance.choice((" ", ".", *_HIDDEN))
    return "".join(c + (filler if chance.random() < 0.4 else "") for c in sentence)
