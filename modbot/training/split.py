"""Hold rows out: whole threads, the latest ones; elsewhere by text, so copies stay together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from modbot.training.examples import Example
from modbot.training.recipe import canonicalise_all

COPIED_FROM = 6
"""Canonical characters from which an equal text is a copy. Shorter ones (“顶”, “没有”) are
said again by everybody, held-out or not: taking them out of the fit would unteach them."""

_DATED = re.compile(r"[12][0-9]{3}-")
_NUMBER = re.compile(r"[0-9]+")
Groups = dict[str, tuple[tuple[int, ...], int]]


def split(examples: Sequence[Example], share: float) -> tuple[list[Example], list[Example]]:
    """``(to fit, held out)``; no canonical text of ``COPIED_FROM`` characters lies on both sides."""
    late = _late_groups(examples, share)
    canonical = canonicalise_all([example.text for example in examples])
    out = [
        example.group in late[example.source]
        if example.source in late and example.group
        else _drawn(text, share)
        for example, text in zip(examples, canonical, strict=True)
    ]
    held = {text for text, is_out in zip(canonical, out, strict=True) if is_out and len(text) >= COPIED_FROM}
    fit = [
        example
        for example, text, is_out in zip(examples, canonical, out, strict=True)
        if not is_out and text not in held
    ]
    return fit, [example for example, is_out in zip(examples, out, strict=True) if is_out]


def without(examples: Sequence[Example], others: Sequence[Example]) -> list[Example]:
    """The examples of which none of the others is a copy."""
    known = {
        text for text in canonicalise_all([example.text for example in others]) if len(text) >= COPIED_FROM
    }
    canonical = canonicalise_all([example.text for example in examples])
    return [example for example, text in zip(examples, canonical, strict=True) if text not in known]


def threads_in_time(examples: Sequence[Example], count: int) -> dict[tuple[str, str], int]:
    """The block, of ``count`` equal ones, that each (source, group) begins in, where the
    source tells times."""
    blocks: dict[tuple[str, str], int] = {}
    for source, groups in _dated_groups(examples).items():
        total, passed = sum(size for _, size in groups.values()), 0
        for name, (_, size) in sorted(groups.items(), key=lambda item: (item[1][0], item[0])):
            blocks[source, name] = min(count * passed // total, count - 1)
            passed += size
    return blocks


def _late_groups(examples: Sequence[Example], share: float) -> dict[str, set[str]]:
    """For each source that tells group and time, its latest groups with ``share`` of its rows."""
    return {source: _latest(groups, share) for source, groups in _dated_groups(examples).items()}


def _dated_groups(examples: Sequence[Example]) -> dict[str, Groups]:
    """For each source that tells them, when each group began and how many rows it has."""
    begun: dict[str, Groups] = {}
    for example in examples:
        if not (example.group and _DATED.match(example.time)):
            continue
        time = tuple(int(number) for number in _NUMBER.findall(example.time))
        groups = begun.setdefault(example.source, {})
        first, count = groups.get(example.group, (time, 0))
        groups[example.group] = (min(first, time), count + 1)
    return begun


def _latest(groups: Groups, share: float) -> set[str]:
    wanted = share * sum(count for _, count in groups.values())
    late: set[str] = set()
    taken = 0
    for name, (_, count) in sorted(groups.items(), key=lambda item: (item[1][0], item[0]), reverse=True):
        if taken + count > wanted and late:
            break
        late.add(name)
        taken += count
    return late


def _drawn(canonical: str, share: float) -> bool:
    if len(canonical) < COPIED_FROM:
        return False
    digest = hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32
