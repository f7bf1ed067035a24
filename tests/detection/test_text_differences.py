"""What a text has that a like one has not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.differences import differences


@pytest.mark.parametrize(
    ("text", "other", "marked"),
    [
        ("小城真美", "小城真美", []),
        ("小城真美呀", "小城真美", ["呀"]),
        ("小城真美", "小城真美呀", []),
        ("加微信abc123", "加薇信abc999", ["微", "123"]),
        ("小城的夜景真美", "小镇的夜色真美", ["城", "景"]),
        ("甲乙丙丁", "甲子丙丑", ["乙丙丁"]),
        ("", "什么都有", []),
        ("什么都有", "", ["什么都有"]),
    ],
)
def test_the_differing_stretches_are_marked(text, other, marked):
    assert [text[start:end] for start, end in differences(text, other)] == marked


@given(st.text("甲乙丙丁 ab", max_size=30), st.text("甲乙丙丁 ab", max_size=30))
def test_what_is_left_unmarked_stands_in_both_in_the_same_order(text, other):
    spans = differences(text, other)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    marked = {at for start, end in spans for at in range(start, end)}
    rest = iter(other)
    assert all(char in rest for at, char in enumerate(text) if at not in marked)


def test_long_texts_are_compared_by_their_beginning():
    assert differences("甲" * 5_000 + "乙", "甲" * 5_000 + "丙") == ()
