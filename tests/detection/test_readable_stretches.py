"""The stretches that carried a score are cut for readers, not for machines."""

from __future__ import annotations

import pytest
from test_detector_judgement import LOW_EFFORT, SPAM

from modbot.detection.stretches import MOST
from modbot.domain import Label

CARRIED = [
    ("spam_text", "周末去爬山了，风景很好。低价代购质量保证，假一赔十我。", "低价代购质量保证"),
    ("spam_text", "孩子作业太多了。兼职刷单日结，一天两三百，名额有限。", "兼职刷单日结"),
    ("low_effort_text", "谢谢楼主分享", "谢谢楼主分享"),
    ("low_effort_text", "路过，帮顶一下", "帮顶一下"),
    ("low_effort_text", "顶", "顶"),
]


def carried(detector, now, make_reply, text, code):
    found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
    return list(next(signal.details.get("pieces", ()) for signal in found.signals if signal.code == code))


@pytest.mark.parametrize(("code", "text", "words"), CARRIED)
def test_the_words_that_say_it_are_in_one_stretch(detector, now, make_reply, code, text, words):
    pieces = carried(detector, now, make_reply, text, code)
    assert any(words in piece for piece in pieces)
    assert len(pieces) <= MOST


@pytest.mark.parametrize("text", [*SPAM, *LOW_EFFORT])
def test_characters_do_not_stand_about_alone(detector, now, make_reply, text):
    found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
    label = found.probabilities.label
    code = "spam_text" if label is Label.SPAM else "low_effort_text"
    pieces = carried(detector, now, make_reply, text, code)
    single = [piece for piece in pieces if len(piece) == 1]
    assert len(pieces) <= MOST
    assert len(single) <= 1 or len(text) <= 2 * len(single)


def test_a_word_or_number_is_taken_whole(detector, now, make_reply):
    text = "详情加微信daigou2023咨询"
    for piece in carried(detector, now, make_reply, text, "spam_text"):
        at = text.index(piece)
        for edge in (at, at + len(piece)):
            beside = text[edge - 1 : edge + 1] if 0 < edge < len(text) else ""
            assert not (len(beside) == 2 and beside.isascii())


def test_zero_width_characters_cut_no_stretch(detector, now, make_reply):
    text = "\u200b".join("兼职刷单日结")
    assert carried(detector, now, make_reply, text, "spam_text") == [text]
