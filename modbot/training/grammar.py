"""Sentences made of our own words (``phrases.toml``, ``trades.toml``): reproducible by their seed."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from modbot.domain import Label

_SLOT = re.compile(r"\{([a-z]+[0-9]?)\}")
_DEPTH = 3
"""Slots within slots within slots."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HOSTS = ("top", "xyz", "vip", "cc", "com", "club")
_HIDDEN = "\u200b\u200c\u200d\u2060\ufeff"

_SHARED: Mapping[str, Sequence[str]] = {
    "contact": (
        "加V",
        "加v",
        "微信",
        "加微",
        "薇",
        "VX",
        "vx",
        "V信",
        "加薇",
        "扣扣",
        "QQ",
        "+V",
        "联系",
        "TG",
        "私信",
    ),
    "sep": ("", ":", "：", " ", ": ", "号"),
    "emoji": ("🔥", "💰", "❤", "✅", "👉", "🌹", ""),
}
"""Lists that a voice need not bring."""

Lists = Mapping[str, Sequence[str]]


def sentences(label: Label, count: int, *, seed: int) -> list[str]:
    """About ``count`` distinct sentences of one label, drawn from its voices alike often."""
    chance = random.Random(f"{label.value}:{seed}")  # noqa: S311
    made = dict.fromkeys(_made(_voices(label), count, chance, disguise=label is Label.SPAM))
    return list(made)


def _voices(label: Label) -> list[Lists]:
    return [_read("phrases.toml")[label.value]] + [
        lists for lists in _read("trades.toml").values() if lists["label"] == label.value
    ]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("modbot.training") / name).read_text(encoding="utf-8"))


def _made(voices: Sequence[Lists], count: int, chance: random.Random, *, disguise: bool) -> Iterator[str]:
    for _ in range(count):
        lists = chance.choice(voices)
        sentence = _filled(chance.choice(lists["patterns"]), lists, chance)
        yield _strewn(sentence, chance) if disguise and chance.random() < 0.2 else sentence


def _filled(pattern: str, lists: Lists, chance: random.Random) -> str:
    same: dict[str, str] = {}

    def fill(slot: re.Match[str]) -> str:
        return _fill(slot[1], lists, chance, same)

    for _ in range(_DEPTH):
        pattern = _SLOT.sub(fill, pattern)
    return pattern


def _fill(slot: str, lists: Lists, chance: random.Random, same: dict[str, str]) -> str:
    if slot in _MADE:
        return _MADE[slot](chance)
    words = lists[slot] if slot in lists else _SHARED[slot]
    return same.setdefault(slot, chance.choice(words)) if slot == "char" else chance.choice(words)


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


def _phone(chance: random.Random) -> str:
    return "1" + chance.choice("3578") + _digits(chance, 9)


def _qq(chance: random.Random) -> str:
    return chance.choice("123456789") + _digits(chance, chance.randint(5, 9))


def _url(chance: random.Random) -> str:
    return f"http://{_word(chance)}{_digits(chance, chance.randint(0, 3))}.{chance.choice(_HOSTS)}"


_MADE: Mapping[str, Callable[[random.Random], str]] = {
    "id": _account,
    "phone": _phone,
    "qq": _qq,
    "url": _url,
}
