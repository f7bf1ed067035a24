"""Every signal has its sentence in both languages, and its details fill it."""

import pytest

from modbot import i18n
from modbot.detection import DuplicateIndex, observation
from modbot.detection.rules import Rule, compile_rules, conditions
from modbot.domain import Link, RuleOutcome


@pytest.fixture(scope="module")
def raised(detector, now, make_reply):
    index = DuplicateIndex()
    title = "求推荐市区修手表的老师傅"
    texts = [
        ("加ⓥⓧ：abc12345 低价代购 http://t.cn/abc", {}),
        ("顶顶顶顶顶顶顶顶", {}),
        (title, {"thread_title": title, "floor": 4}),
        ("表停了两天想找人看看机芯", {"opening": "表停了两天，想找人看看机芯", "floor": 3}),
        ("👍👍", {"links": (Link("https://a.example.com"),)}),
        ("编辑", {}),
        ("我们这座城市建设得真好希望越来越好", {}),
        ("我们这座城市建设得真好，希望越来越好！", {}),
    ]
    replies = [make_reply(text, post=at, by=at, thread=at, **more) for at, (text, more) in enumerate(texts)]
    own = compile_rules([Rule("praise", conditions.Contains(("建设得真好",)), RuleOutcome.QUEUE)])
    found = detector.assess(replies, duplicates=index, now=now, rules=own)
    index.insert([observation(r, a, established=False) for r, a in zip(replies, found, strict=True)])
    return [signal for assessment in found for signal in assessment.signals]


CODES = {
    "spam_text", "low_effort_text", "contact", "link", "repeated", "title_echo", "opening_echo", "run",
    "emoji_only", "dressed", "slip", "rule",
}  # fmt: skip


def test_all_kinds_of_signals_are_raised(raised):
    assert {signal.code for signal in raised} == CODES


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_each_has_a_sentence_filled_by_its_details(raised, language):
    catalogue = i18n.catalogue(language)
    assert {f"signal.{code}" for code in CODES} <= set(catalogue.templates)
    for signal in raised:
        sentence = catalogue.text(f"signal.{signal.code}", **signal.details)
        assert sentence
        assert "{" not in sentence


def test_what_points_at_text_says_where(raised):
    """The pictures say nothing that could be pointed at; their link stands in no text."""
    assert {signal.code for signal in raised if "spans" in signal.details} == CODES - {
        "repeated",
        "emoji_only",
    }


def test_scores_lie_between_nought_and_one(raised):
    assert all(0 <= signal.score <= 1 for signal in raised)


def test_a_shortened_address_weighs_more(raised):
    links = {signal.details["shortened"]: signal.score for signal in raised if signal.code == "link"}
    assert links[True] > links[False]
