"""What a score is made of adds up to the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection import context, model
from modbot.detection.reading import NumpyReader
from modbot.domain import Author, Reply

TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def linear(baseline):
    return model.load(baseline)[0]


def measured(replies):
    reading = NumpyReader().read([reply.text for reply in replies])
    return reading.grams, context.measure(replies, reading, reading.letters.texts()).values


def assert_whole(linear, replies):
    hashed, values = measured(replies)
    probabilities = linear.probabilities(linear.logits(hashed, values))
    for row in range(len(replies)):
        for label in (1, 2):
            parts = linear.contributions(hashed, values, row, label)
            expected = np.log(probabilities[row, label] / probabilities[row, 0])
            assert parts.total == pytest.approx(expected, abs=1e-4)
            assert parts.features.shape == (len(context.NAMES),)


@given(TEXTS)
def test_the_parts_of_a_score_add_up_to_it(linear, texts):
    assert_whole(linear, [Reply("f", at, text) for at, text in enumerate(texts)])


def test_so_they_do_with_all_that_a_forum_tells(linear):
    author = Author(id=1, name="m", posts=3)
    known = Reply(
        "f", 1, "加微信 abc12345 ✨✨ 谢谢分享！！", thread_title="好看的照片", opening="如图", author=author
    )
    assert_whole(linear, [known, Reply("f", 2, ""), Reply("f", 3, "顶" * 30, author=author, images=2)])


def test_what_is_not_known_contributes_nothing(linear):
    hashed, values = measured([Reply("f", 1, "昨天去过，人很多")])
    parts = linear.contributions(hashed, values, 0, 2)
    assert not parts.features[np.isnan(values[0])].any()
