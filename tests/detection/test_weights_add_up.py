"""What is told of a score is what the score was made of."""

from __future__ import annotations

import numpy as np
import pytest
from test_detector_judgement import GENUINE, LOW_EFFORT, SPAM

from modbot.detection import context, model, weighing
from modbot.detection.explaining import explain
from modbot.domain import Label, Signal

LABELS = (Label.LOW_EFFORT, Label.SPAM)
OWN = [*LOW_EFFORT, *SPAM, *GENUINE, "", "！！！", "👍", "好", "a1", "加微信abc12345" * 40]


@pytest.fixture(scope="module")
def linear(baseline):
    return model.load(baseline)[0]


@pytest.fixture(scope="module")
def batch(linear, make_reply, read_batch):
    return read_batch(linear, [make_reply(text, post=at) for at, text in enumerate(OWN)])


@pytest.fixture(scope="module")
def weighed(linear, batch):
    """Every text, for both labels."""
    rows = np.repeat(np.arange(len(OWN)), 2)
    spam = np.tile([0, 1], len(OWN))
    return weighing.weigh(
        linear, batch.reading.grams, batch.reading.letters, batch.context.values, rows, spam
    )


def test_the_parts_add_up_to_the_log_odds_that_are_served(batch, weighed):
    told = weighed.words + weighed.features.sum(axis=1) + weighed.offsets
    served = np.log(batch.probabilities[:, 1:] / batch.probabilities[:, :1]).ravel()
    assert told == pytest.approx(served, rel=1e-6, abs=1e-6)


def test_they_are_those_that_the_model_tells_of_one_text(linear, batch, weighed):
    for at, row in enumerate(weighed.rows.tolist()):
        one = linear.contributions(batch.reading.grams, batch.context.values, row, 1 + at % 2)
        assert weighed.words[at] == pytest.approx(one.letters.sum() + one.marks.sum(), abs=1e-9)
        assert weighed.features[at] == pytest.approx(one.features @ weighing.groups().members, abs=1e-9)
        assert weighed.offsets[at] == pytest.approx(one.offset)
        shares = weighed.characters[weighed.bounds[at] : weighed.bounds[at + 1]]
        if len(shares):
            assert shares.sum() == pytest.approx(one.letters.sum(), abs=1e-9)


def test_every_named_feature_belongs_to_one_group():
    known = weighing.groups()
    assert known.members.shape == (len(context.NAMES), len(known.names))
    assert (known.members.sum(axis=1) == 1).all()
    assert (known.columns >= 0).all()


@pytest.mark.parametrize("text", [*SPAM, *LOW_EFFORT])
def test_what_a_signal_tells_adds_up_too(detector, now, make_reply, text):
    found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
    ham = found.probabilities.ham
    for signal in found.signals:
        if "features" in signal.details:
            told = [signal.details[part] for part in ("weight", "base", "rest")]
            told += signal.details["feature_weights"]
            likely = found.probabilities.of(Label(signal.details["toward"]))
            assert sum(told) == pytest.approx(np.log(likely / ham), abs=2e-3)


def test_the_features_told_are_those_that_weigh_most(detector, now, make_reply):
    found = detector.assess([make_reply("加微信：abc12345 低价代购", posts=300)], duplicates=None, now=now)[0]
    text = next(signal for signal in found.signals if signal.code == "spam_text")
    contact = next(signal for signal in found.signals if signal.code == "contact")
    sizes = [abs(weight) for weight in text.details["feature_weights"]]
    assert sizes == sorted(sizes, reverse=True)
    assert "contact_wechat" in text.details["features"]
    place = text.details["features"].index("contact_wechat")
    assert contact.details["weight"] == text.details["feature_weights"][place]
    assert contact.details["toward"] == "spam"


def test_only_what_may_matter_is_explained(linear, batch):
    rows = np.arange(len(OWN))
    found = explain(linear, batch.reading, batch.context.values, batch.probabilities, rows)
    told = [label for label in LABELS for row in rows.tolist() if (row, label) in found.index]
    assert len(rows) <= len(told) < 2 * len(rows)


def without(text: str, spans: list[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def pointed(signals: tuple[Signal, ...]) -> list[tuple[int, int]]:
    """All stretches that a moderator sees marked, sorted and disjoint."""
    flat = [signal.details.get("spans", ()) for signal in signals]
    marked = {at for spans in flat for start, end in batched(spans) for at in range(start, end)}
    begins = sorted(at for at in marked if at - 1 not in marked)
    ends = sorted(at + 1 for at in marked if at + 1 not in marked)
    return list(zip(begins, ends, strict=True))


def batched(spans: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(zip(spans[::2], spans[1::2], strict=True))


MIXED = [
    "周末在河边散步看到新开的书店，环境不错。另外全网最低价高仿名表，质量保证。书店二楼还有儿童区",
    "昨天去看了新房，采光很好。顺便说一句，低价代购质量保证，需要的私聊。下午又去了趟公园",
    "这两天降温了大家多穿点。办理无抵押贷款当天放款，利息低。晚上河边风大，骑车慢一些",
    "孩子报了游泳班，教练挺负责。兼职刷单日结，加微信abc12345。更衣室有点小，其他都还行",
    "代开发票 13800138000，另外问一下东门那条路修好没有",
    "感谢分享，学习了，楼上说的是河西那家店吗",
    "谢谢楼主分享，支持一下，我家也在这个小区",
    "支持支持，给力，小城的路灯换了新的",
]
LEFT_OVER = 4
"""Letters that must be left, or what falls is the score of an empty text."""


def log_odds(detector, now, make_reply, texts: list[str], label: Label) -> np.ndarray:
    replies = [make_reply(text, post=at) for at, text in enumerate(texts)]
    found = [one.probabilities for one in detector.assess(replies, duplicates=None, now=now)]
    return np.log([one.of(label) for one in found]) - np.log([one.ham for one in found])


def test_without_what_is_pointed_at_a_score_falls_further_than_without_as_much_elsewhere(
    detector, now, make_reply
):
    falls = []
    for text in [*MIXED, *SPAM, *LOW_EFFORT]:
        found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
        spans, likely = pointed(found.signals), found.probabilities
        label = Label.SPAM if likely.spam > likely.low_effort else Label.LOW_EFFORT
        size = sum(end - start for start, end in spans)
        rest = without(text, spans)
        if spans and sum(map(str.isalnum, rest)) >= LEFT_OVER:
            elsewhere = [without(text, [(at, at + size)]) for at in range(len(text) - size + 1)]
            whole, cut, *others = log_odds(detector, now, make_reply, [text, rest, *elsewhere], label)
            falls.append((whole - cut, whole - float(np.mean(others))))
    assert len(falls) >= 8
    assert all(there > elsewhere for there, elsewhere in falls)
