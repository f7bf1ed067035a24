"""Logic with a third value: what is not known is neither true nor false.

Truths are int8 arrays over a batch, or one int8 for the whole of it: 1 true, 0 unknown,
−1 false. *All* is the least, *any* the greatest, *not* the negative (Kleene's strong
logic, Introduction to Metamathematics, 1952, §64), so that a rule fires only on what is
known: the negation of an unknown is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.int8] | np.int8

TRUE = np.int8(1)
UNKNOWN = np.int8(0)
FALSE = np.int8(-1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """The question with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class Both:
    """True when all of ``parts`` are."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True when one of ``parts`` is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    part: Node


Node = Leaf | Both | Either | Negated


def evaluate(node: Node, truth_of: Callable[[int], Truth]) -> Truth:
    """The truth of ``node`` over a batch; ``truth_of`` answers the questions, and is not asked
    those that can change nothing."""
    if isinstance(node, Leaf):
        return truth_of(node.number)
    if isinstance(node, Negated):
        return _negative(evaluate(node.part, truth_of))
    if isinstance(node, Both):
        return _joined(node.parts, truth_of, np.minimum, settled=FALSE)
    return _joined(node.parts, truth_of, np.maximum, settled=TRUE)


def supports(node: Node, truth_at: Callable[[int], np.int8]) -> list[int]:
    """The questions whose being true makes ``node`` true of one reply, in order. What holds only
    because something is absent has none."""
    if isinstance(node, Negated) or evaluate(node, truth_at) != TRUE:
        return []
    if isinstance(node, Leaf):
        return [node.number]
    found = [number for part in node.parts for number in supports(part, truth_at)]
    return list(dict.fromkeys(found))


def leaves(node: Node) -> list[int]:
    """Every question that ``node`` asks, in order."""
    if isinstance(node, Leaf):
        return [node.number]
    parts = (node.part,) if isinstance(node, Negated) else node.parts
    return list(dict.fromkeys(number for part in parts for number in leaves(part)))


def _joined(
    parts: Sequence[Node],
    truth_of: Callable[[int], Truth],
    join: Callable[[Truth, Truth], Truth],
    *,
    settled: np.int8,
) -> Truth:
    """``settled`` is the value that nothing further can change."""
    joined: Truth = np.int8(-settled)
    for part in parts:
        joined = join(joined, evaluate(part, truth_of))
        if not isinstance(joined, np.ndarray) and joined == settled:
            break
    return joined


def _negative(truth: Truth) -> Truth:
    return np.negative(truth)
