"""Compiled reading answers what NumPy answers."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection.grams import BUCKETS
from modbot.detection.reading import NumpyReader

pytest.importorskip("numba", reason="the compiled functions are optional")

from modbot.detection.fast.text import CompiledReader

TEXTS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.text(st.sampled_from("加 v①12345哈aA㎏😀,。[doge]\u200b\x1f亻言🇨🇳вжé\n"), max_size=40),
    ),
    max_size=8,
)
TABLE = [
    [],
    [""],
    ["", "", ""],
    ["加V❤: abc12345", "哈哈哈哈哈哈", "[doge] ok", "a\x1fb", "1" * 9 + "a" * 9, "好 a  b 1 ，c"],
    ["甲乙" * 6_000, "短"],
    ["x" * 10_000, "x" * 10_001],
]


def arrays_of(reading):
    folded, letters, grams = reading.folded, reading.letters, reading.grams
    yield from ((name, getattr(folded, name)) for name in ("packed", "borders", "raw", "text_starts"))
    yield from ((name, getattr(folded, name)) for name in ("codes", "kinds", "origins", "dressed", "pairs"))
    yield from ((name, getattr(letters, name)) for name in ("packed", "borders", "whole", "places"))
    yield from ((field.name, getattr(reading.shape, field.name)) for field in fields(reading.shape))
    yield from ((field.name, getattr(grams, field.name)) for field in fields(grams))


def assert_same(texts):
    expected, found = NumpyReader().read(texts), CompiledReader().read(texts)
    assert found.letters.texts() == expected.letters.texts()
    for (name, wanted), (_, got) in zip(arrays_of(expected), arrays_of(found), strict=True):
        np.testing.assert_array_equal(got, wanted, err_msg=name)
        assert got.dtype == wanted.dtype, name


@pytest.mark.parametrize("texts", TABLE)
def test_chosen_texts_are_read_alike(texts):
    assert_same(texts)


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_any_texts_are_read_alike(texts):
    assert_same(texts)


@settings(deadline=None)
@given(TEXTS)
def test_texts_are_weighed_alike(texts):
    numbers = np.random.default_rng(1).normal(size=(BUCKETS + 1, 2)).astype(np.float32)
    numbers[BUCKETS] = 0
    weights = numbers.view(np.complex64)[:, 0]
    numpy, compiled = NumpyReader(), CompiledReader()
    grams = numpy.read(texts).grams
    expected, found = numpy.weigh(weights, grams), compiled.weigh(weights, grams)
    np.testing.assert_allclose(found.sums, expected.sums, atol=1e-4)
    np.testing.assert_allclose(found.peaks, expected.peaks, atol=1e-4)
