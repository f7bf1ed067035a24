"""Build ``characters.npz`` from Unicode, OpenCC's dictionary and ``variants.toml``.

A development script (``python -m modbot.detection.tables.build``): serving reads only
what it wrote. Each code point below ``LIMIT`` gets one ``uint32``: the folded code
point in the low 21 bits and its ``Kind`` above them. A code point that folds to
several characters points into ``expansions``. The fold is a fixed point: folding what
was folded changes nothing.
"""

from __future__ import annotations

import sys
import tomllib
import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modbot.detection.tables.layout import (
    BORDER,
    FILE,
    HALF,
    KIND_SHIFT,
    LIMIT,
    SEPARATOR,
    Kind,
)

_HERE = Path(__file__).parent
_MARKS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x302A, 0x302F),
    (0x3099, 0x309A),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xFFF9, 0xFFFD),
    (0x17B4, 0x17B5),
    (0x1F3FB, 0x1F3FF),
    (0x115F, 0x1160),
    (0x3164, 0x3164),
)
_PICTURES = (0x1F000, 0x1FAFF)
_CJK = (
    (0x1100, 0x11FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3040, 0x30FF),
    (0x3105, 0x318F),
    (0x31A0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x323AF),
)
_HALVES = "halves"
_REGIONAL = 0x1F1E6
_LETTER_FORMS = {_REGIONAL: "a", 0x1F150: "a", 0x1F170: "a"}


def _within(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _groups() -> dict[str, dict[str, str]]:
    return tomllib.loads((_HERE / "variants.toml").read_text(encoding="utf-8"))


def read_variants() -> dict[str, str]:
    """Character → what it is folded into, upper-case look-alikes included."""
    groups = _groups()
    groups.pop(_HALVES)
    folds: dict[str, str] = {}
    for targets in groups.values():
        for target, characters in targets.items():
            folds |= {character: target for character in characters if character != target}
    for start in _LETTER_FORMS:
        folds |= {chr(start + n): chr(ord("a") + n) for n in range(26)}
    return folds


def read_halves(folds: Callable[[str], str]) -> dict[tuple[str, str], str]:
    """Two halves → the character that they stand for.

    Raises ValueError where joining could make a pair anew, or where a half is no folded letter.
    """
    pairs = {
        (pair[0], pair[1]): whole for whole, written in _groups()[_HALVES].items() for pair in written.split()
    }
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    if firsts & seconds or (firsts | seconds) & set(pairs.values()):
        raise ValueError("a half may not be another pair's other half, nor a whole")
    for character in (*firsts, *seconds, *pairs.values()):
        if folds(character) != character or kind_of(character) < Kind.DIGIT:
            raise ValueError(f"{character!r} is folded into something else or is no letter")
    return pairs


def read_simplified() -> dict[str, str]:
    """Traditional → Simplified, first candidate, from OpenCC's character dictionary."""
    spec = find_spec("opencc")
    if spec is None or spec.origin is None:
        raise SystemExit("the table needs opencc-python-reimplemented (dependency group dev)")
    text = (Path(spec.origin).parent / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {old: new.split(" ")[0] for old, new in pairs if old != new.split(" ")[0]}


def _digits(character: str) -> str:
    """ASCII digits of a character that stands for a number without a decomposition."""
    if unicodedata.category(character) == "Lo":
        return character
    value = unicodedata.numeric(character, -1.0)
    return str(int(value)) if value >= 0 and value == int(value) and value <= 20 else character


def _once(text: str, *, variants: Mapping[str, str], simplified: Mapping[str, str]) -> str:
    out = []
    for raw in unicodedata.normalize("NFKC", text).casefold():
        code = ord(raw)
        if _within(code, _MARKS) or unicodedata.category(raw) in {"Cf", "Cs", "Co"}:
            continue
        hangul = 0xAC00 <= code <= 0xD7A3
        parts = raw if hangul else unicodedata.normalize("NFD", raw)
        kept = [part for part in parts if not _within(ord(part), _MARKS)]
        out += [variants.get(part) or simplified.get(part) or _digits(part) for part in kept]
    return "".join(out)


def fold(character: str, *, variants: Mapping[str, str], simplified: Mapping[str, str]) -> str:
    """What one character is folded into, applied until nothing changes."""
    step = partial(_once, variants=variants, simplified=simplified)
    text = variants.get(character, character)
    for _ in range(8):
        folded = step(text)
        if folded == text:
            return text
        text = folded
    raise ValueError(f"the folds of {character!r} go round in a circle")


def kind_of(character: str) -> Kind:
    """The kind of a folded character."""
    code, category = ord(character), unicodedata.category(character)
    if character in "\t\n\r\v\f\x85" or category[0] == "Z" or code == 0x2800:
        return Kind.SPACE
    if _within(code, [_PICTURES]):
        return Kind.PICTURE
    if category[0] == "C":
        return Kind.DROPPED
    if "0" <= character <= "9":
        return Kind.DIGIT
    return Kind.CJK if _within(code, _CJK) else _other_kind(category)


def _other_kind(category: str) -> Kind:
    if category == "So":
        return Kind.PICTURE
    return Kind.LETTER if category[0] in "LMN" else Kind.PUNCTUATION


def build() -> dict[str, NDArray[np.generic]]:
    """The arrays of the table, as ``characters.Table`` names them."""
    whole = partial(fold, variants=read_variants(), simplified=read_simplified())
    pairs = read_halves(whole)
    firsts = {first for first, _ in pairs}
    table = np.zeros(LIMIT + 1, dtype=np.uint32)
    starts, values = [0], list[int]()
    for code in range(LIMIT):
        packed = _pack(whole(chr(code)), firsts)
        if len(packed) == 1:
            table[code] = packed[0]
        elif packed:
            table[code] = (Kind.EXPANDED << KIND_SHIFT) | (len(starts) - 1)
            values += packed
            starts.append(len(values))
    table[ord(SEPARATOR)] = BORDER
    # Two of them may be a flag: marked, so that somebody looks.
    table[_REGIONAL : _REGIONAL + 26] |= HALF
    keyed = sorted((ord(first) << 32 | ord(second), joined) for (first, second), joined in pairs.items())
    return {
        "table": table,
        "starts": np.array(starts, dtype=np.uint32),
        "values": np.array(values, dtype=np.uint32),
        "halves": np.array([key for key, _ in keyed], dtype=np.int64),
        "wholes": np.array([_pack(joined, set())[0] for _, joined in keyed], dtype=np.uint32),
    }


def _pack(folded: str, firsts: Container[str]) -> list[int]:
    """Kind and code of each folded character, marked where it may be a first half."""
    packed = []
    for character in folded:
        kind = kind_of(character)
        code = 0x20 if kind is Kind.SPACE else ord(character)
        if kind is not Kind.DROPPED:
            packed.append((HALF if character in firsts else 0) | (kind << KIND_SHIFT) | code)
    return packed


def main() -> None:
    arrays = build()
    with resources.as_file(resources.files(__package__) / FILE) as path:
        np.savez_compressed(path, allow_pickle=False, **arrays)
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
