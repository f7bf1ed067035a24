"""Named features: what is not known is missing, what is known is a number."""

import numpy as np
import pytest

from modbot.detection import context, model
from modbot.detection.reading import NumpyReader
from modbot.domain import Author, Link, Reply
from modbot.training.fit import LOW_EFFORT_BLIND, SPAM_BLIND


def features(*replies):
    reading = NumpyReader().read([reply.text for reply in replies])
    values = context.measure(replies, reading, reading.letters.texts()).values
    return [dict(zip(context.NAMES, row, strict=True)) for row in values.tolist()]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("支持家乡支持家乡支持家乡", 3),
        ("好帖好帖", 2),
        ("abc abc abc abc", 4),
        ("这条路去年就修好了", 0),
        ("顶顶顶顶顶顶", 0),
        ("买菜买肉", 0),
        ("", 0),
    ],
)
def test_a_text_that_says_the_same_over_is_known_by_its_period(text, times):
    (found,) = features(Reply("f", 1, text))
    assert found["log_repeats"] == pytest.approx(np.log1p(times))


def test_a_period_is_found_in_its_own_text_only():
    found = features(Reply("f", 1, "好帖好"), Reply("f", 2, "帖好帖"), Reply("f", 3, "好帖好帖好帖"))
    assert [row["log_repeats"] > 0 for row in found] == [False, False, True]


def test_what_the_page_does_not_tell_is_missing_and_not_zero():
    (found,) = features(Reply("f", 1, "楼上说得对，我也这么想", quoted="原来如此"))
    told_by_the_page = ("log_images", "quote_ratio", "log_floor", "log_author_posts", "log_author_days")
    assert all(np.isnan(found[name]) for name in (*told_by_the_page, "is_thread_author", "title_echo"))


def test_what_the_page_tells_is_measured():
    author = Author(id=7, name="m", posts=9)
    (found,) = features(
        Reply("f", 1, "同意这个说法", quoted="同意这个说法", floor=3, images=1, author=author)
    )
    assert found["quote_ratio"] == 0.5
    assert found["log_floor"] == pytest.approx(np.log1p(3))
    assert found["log_author_posts"] == pytest.approx(np.log1p(9))
    assert np.isnan(found["log_author_days"])


def test_sites_are_counted_once_each():
    links = (Link("http://a.example.com/1"), Link("http://a.example.com/2"), Link("http://b.example.org"))
    (found,) = features(Reply("f", 1, "资料都在这里", links=links))
    assert found["log_links"] == pytest.approx(np.log1p(3))
    assert found["log_domains"] == pytest.approx(np.log1p(2))


@pytest.mark.parametrize(
    ("text", "ratio"), [("今天天气不错", 0), ("see you at noon", 0), ("加vx看片ok", 3 / 7)]
)
def test_scripts_are_mixed_where_both_are_written(text, ratio):
    (found,) = features(Reply("f", 1, text))
    assert found["mixed_ratio"] == pytest.approx(ratio, abs=0.01)


def test_what_a_label_is_blind_to_has_no_weight_in_the_shipped_model(baseline):
    linear, _ = model.load(baseline)
    for row, blind in ((2, LOW_EFFORT_BLIND), (3, SPAM_BLIND)):
        columns = [model.INPUTS.index(name) for name in blind]
        assert not linear.stage[row, columns].any()


def test_what_no_training_text_has_waits_for_verdicts(baseline):
    linear, _ = model.load(baseline)
    waiting = ("log_images", "quote_ratio", "log_floor", "log_author_posts", "log_author_days")
    columns = [model.INPUTS.index(name) for name in waiting]
    assert not linear.stage[2:, columns].any()
