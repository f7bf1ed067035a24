"""The background model: how many bits a text is worth before anybody repeats it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection import background, canonicalise
from modbot.detection.background import information

STOCK = ["谢谢", "谢谢分享", "感谢楼主分享", "生日快乐", "好人一生平安", "来了来了", "前排", "666", "+1"]
ORDINARY = ["今天天气真好", "我也是这么想的", "昨天去看了还可以", "楼上说的对啊"]
PECULIAR = [
    "昨天路过体育馆门口看见新开了一家书店",
    "桥下的修表匠搬到粮油市场二楼去了",
    "代购渔具联系水库管理员老周",
]


def bits(*texts):
    return information(canonicalise(texts))


@pytest.mark.parametrize("text", STOCK)
def test_a_stock_reply_costs_little(text):
    assert bits(text)[0] < 25


def test_the_more_there_is_to_say_the_rarer_it_is():
    assert bits(*STOCK).max() < bits(*ORDINARY).min() < bits(*ORDINARY).max() < bits(*PECULIAR).min()


def test_ordinary_words_cost_less_than_the_same_characters_in_disorder():
    for text in ORDINARY + PECULIAR:
        assert bits(text)[0] < bits(text[::-1])[0]


def test_a_whole_reply_is_measured_with_its_beginning_and_its_end():
    sequence, starts = background.bordered(["甲乙", ""])
    assert [chr(code) for code in sequence[1:3]] == ["甲", "乙"]
    assert starts.tolist() == [0, 4]


def test_nothing_asked_is_nothing_answered():
    assert information([]).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_any_text_has_a_finite_cost_and_neighbours_change_nothing(texts):
    together = information(texts)
    assert np.isfinite(together).all()
    assert (together >= 0).all()
    assert together.tolist() == pytest.approx([information([text])[0] for text in texts])


@settings(max_examples=60, deadline=None)
@given(st.text("的一是不了人我在有他", min_size=1, max_size=20), st.sampled_from("甲乙丙"))
def test_a_longer_text_is_never_much_likelier(text, more):
    assert information([text + more * 3])[0] > information([text])[0] - 20
