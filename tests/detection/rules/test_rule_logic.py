"""What is not known is neither true nor false, and so is its negation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.rules.logic import (
    FALSE,
    TRUE,
    UNKNOWN,
    Both,
    Either,
    Leaf,
    Negated,
    evaluate,
    leaves,
    supports,
)

VALUES = (TRUE, UNKNOWN, FALSE)
A, B, C = Leaf(0), Leaf(1), Leaf(2)


def value(node, *known):
    return evaluate(node, lambda number: known[number])


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (TRUE, TRUE, TRUE, TRUE),
        (TRUE, UNKNOWN, UNKNOWN, TRUE),
        (TRUE, FALSE, FALSE, TRUE),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, FALSE, FALSE, UNKNOWN),
        (FALSE, FALSE, FALSE, FALSE),
    ],
)
def test_all_is_the_least_and_any_the_greatest(a, b, both, either):
    assert value(Both((A, B)), a, b) == value(Both((B, A)), a, b) == both
    assert value(Either((A, B)), a, b) == value(Either((B, A)), a, b) == either


@pytest.mark.parametrize(("a", "negated"), [(TRUE, FALSE), (UNKNOWN, UNKNOWN), (FALSE, TRUE)])
def test_the_negation_of_the_unknown_is_unknown(a, negated):
    assert value(Negated(A), a) == negated


@pytest.mark.parametrize(
    ("a", "b", "fires"),
    [
        (TRUE, FALSE, True),
        (TRUE, TRUE, False),
        (TRUE, UNKNOWN, False),
        (FALSE, FALSE, False),
        (UNKNOWN, FALSE, False),
    ],
)
def test_a_and_not_b_looks_at_b(a, b, fires):
    assert bool(value(Both((A, Negated(B))), a, b) == TRUE) is fires


def test_nothing_at_all_is_true_and_none_of_nothing_is_false():
    assert value(Both(())) == TRUE
    assert value(Either(())) == FALSE


NODES = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: (
        st.builds(Negated, inner)
        | st.builds(Both, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Either, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=12,
)


def reference(node, known):
    """The same by counting: a formula is known when no way to fill in the unknown changes it.

    That is stronger than Kleene's logic, so it may know more, but never the opposite.
    """
    ways = [
        dict(enumerate(way))
        for way in product((True, False), repeat=3)
        if all(known[at] == UNKNOWN or (known[at] == TRUE) == way[at] for at in range(3))
    ]
    outcomes = {classical(node, way) for way in ways}
    return TRUE if outcomes == {True} else FALSE if outcomes == {False} else UNKNOWN


def classical(node, way):
    if isinstance(node, Leaf):
        return way[node.number]
    if isinstance(node, Negated):
        return not classical(node.part, way)
    parts = [classical(part, way) for part in node.parts]
    return all(parts) if isinstance(node, Both) else any(parts)


@given(node=NODES, known=st.tuples(*[st.sampled_from(VALUES)] * 3))
def test_what_is_called_true_or_false_is_so_whatever_the_unknown_turns_out_to_be(node, known):
    found = value(node, *known)
    if found != UNKNOWN:
        assert reference(node, known) == found
    if UNKNOWN not in known:
        assert found == (TRUE if classical(node, {at: known[at] == TRUE for at in range(3)}) else FALSE)


@given(node=NODES, columns=st.lists(st.tuples(*[st.sampled_from(VALUES)] * 3), min_size=1, max_size=5))
def test_a_batch_is_answered_as_each_of_its_rows(node, columns):
    table = np.array(columns, dtype=np.int8)
    whole = np.broadcast_to(evaluate(node, lambda number: table[:, number]), len(columns))
    assert whole.tolist() == [int(value(node, *row)) for row in table]


@given(node=NODES, known=st.tuples(*[st.sampled_from(VALUES)] * 3))
def test_what_supports_a_formula_is_true_and_asked_by_it(node, known):
    found = supports(node, lambda number: known[number])
    assert set(found) <= set(leaves(node))
    assert all(known[number] == TRUE for number in found)
    if value(node, *known) != TRUE:
        assert found == []


def test_a_part_that_fails_as_a_whole_supports_nothing():
    either = Either((Both((A, B)), C))
    assert supports(either, lambda number: (TRUE, FALSE, TRUE)[number]) == [2]
