"""What evaders do to a text that was caught: pure functions of the text and a seeded chance.

Used to measure robustness (``benchmarks/quality.py``) and to teach it (``augment.py``).
The tables are our own and are no part of what serving folds away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

import numpy as np

from modbot.detection import canonical
from modbot.detection.tables.layout import CODE_MASK, KIND_SHIFT, Kind

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SPACES = (" ", " ", "  ", "\u3000", "\u00a0", ".", "·")
_EMOJI = "🔥💰👉✅⭐🌹❤😄👍🎉💎🚀📣🈵✨💋"
_LEET = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1!",
    "l": "1",
    "o": "0",
    "s": "5$",
    "t": "7",
    "z": "2",
}
_VARIANTS = {
    "微": "薇徽葳溦",
    "信": "伩芯訫",
    "扣": "釦叩",
    "群": "裙羣",
    "加": "茄嘉➕",
    "钱": "钅戋",
    "赚": "賺",
    "看": "着",
    "片": "爿",
    "号": "呺",
    "买": "買",
    "卖": "賣",
    "爱": "嬡",
    "福": "褔",
    "利": "莉",
    "网": "罔",
}
_DRESSES = (
    (0x1D400, 0x1D41A, None),
    (0x1D5A0, 0x1D5BA, 0x1D7E2),
    (0xFF21, 0xFF41, 0xFF10),
    (0x24B6, 0x24D0, None),
)
"""First capital, small letter and digit of alphabets that readers take for Latin."""

Attack = Callable[[str, Random], str]


def zero_width(text: str, chance: Random) -> str:
    """Invisible characters between half of the characters."""
    return "".join(c + (chance.choice(_ZERO_WIDTH) if chance.random() < 0.5 else "") for c in text)


def spacing(text: str, chance: Random) -> str:
    """One kind of gap after half of the characters."""
    gap = chance.choice(_SPACES)
    return "".join(c + (gap if chance.random() < 0.5 else "") for c in text)


def variants(text: str, chance: Random) -> str:
    """Look-alike and sound-alike characters; Latin letters and digits in another alphabet."""
    dress = chance.choice(_DRESSES)
    return "".join(_varied(c, dress, chance) if chance.random() < 0.7 else c for c in text)


def _varied(character: str, dress: tuple[int, int, int | None], chance: Random) -> str:
    if character in _VARIANTS:
        return chance.choice(_VARIANTS[character])
    capital, small, digit = dress
    for first, last, target in (("A", "Z", capital), ("a", "z", small), ("0", "9", digit)):
        if target is not None and first <= character <= last:
            return chr(target + ord(character) - ord(first))
    return character


def traditional(text: str, chance: Random) -> str:
    """Every character in a Traditional (or rare) form that has one."""
    forms = _other_forms()
    return "".join(chance.choice(forms[c]) if c in forms else c for c in text)


@cache
def _other_forms() -> Mapping[str, str]:
    """Chinese characters that the fold brings back to each common one."""
    fold = canonical.table().fold
    codes = np.arange(0x4E00, 0xA000)
    folded = fold[codes]
    other = (folded >> KIND_SHIFT == Kind.CJK) & ((folded & CODE_MASK) != codes)
    forms: dict[str, str] = {}
    for code, target in zip(codes[other].tolist(), (folded[other] & CODE_MASK).tolist(), strict=True):
        forms[chr(target)] = forms.get(chr(target), "") + chr(code)
    return forms


def leet(text: str, chance: Random) -> str:
    """Digits and signs for Latin letters that look alike."""
    return "".join(
        chance.choice(_LEET[c.lower()]) if c.lower() in _LEET and chance.random() < 0.5 else c for c in text
    )


def emoji_padding(text: str, chance: Random) -> str:
    """Emoji around the text and between some of its characters."""
    inner = "".join(c + (chance.choice(_EMOJI) if chance.random() < 0.2 else "") for c in text)
    return "".join(chance.choices(_EMOJI, k=3)) + inner + "".join(chance.choices(_EMOJI, k=3))


ATTACKS: Mapping[str, Attack] = {
    "zero_width": zero_width,
    "spacing": spacing,
    "variants": variants,
    "traditional": traditional,
    "leet": leet,
    "emoji_padding": emoji_padding,
}

SIDES = ("before", "after", "both")


def padded(text: str, benign: Sequence[str], chance: Random, *, side: str, times: float = 2.0) -> str:
    """The text with genuine sentences ``before``, ``after`` or on ``both`` sides of it, in all
    about ``times`` its length (at least one sentence; the last is cut)."""
    wanted = max(int(times * len(text)), 8)
    if side == "both":
        return (
            _sentences(benign, wanted // 2, chance)
            + "，"
            + text
            + "。"
            + _sentences(benign, wanted // 2, chance)
        )
    padding = _sentences(benign, wanted, chance)
    return padding + "，" + text if side == "before" else text + "。" + padding


def _sentences(benign: Sequence[str], wanted: int, chance: Random) -> str:
    found = ""
    while len(found) < wanted:
        found += chance.choice(benign) + "，"
    return found[:wanted]
