"""What was seen is told in the reader's words, with the pieces of text that carried it."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from modbot import i18n
from modbot.detection import contacts, weighing
from modbot.domain import Decision, DecisionKind, Label, Limit, Reason, Signal, Slip
from modbot.moderation import wording
from modbot.policy import RepeatedRule

CONTACT = Signal(
    "contact",
    1.0,
    {
        "kind": "wechat",
        "evidence": "ⓥ❤：abc123",
        "pieces": ("ⓥ❤：abc123",),
        "spans": (4, 12),
        "reads_as": ("v❤:abc123",),
        "weight": 2.1,
        "toward": "spam",
    },
)
SPAM = Signal(
    "spam_text",
    0.97,
    {
        "percent": 97,
        "evidence": "代开 … 发票 … 代开",
        "pieces": ("代开", "发票", "代开"),
        "spans": (0, 2, 5, 7, 9, 11),
        "toward": "spam",
        "weight": 4.0,
        "features": ("contact_wechat", "author_posts", "length"),
        "feature_values": (1, 300, 6),
        "feature_weights": (2.1, -1.3, 0.5),
        "rest": -0.1,
        "base": -2.4,
    },
)
REPEATED = Signal(
    "repeated", 1.0, {"size": 3, "authors": 3, "threads": 2, "similarity": 1.0, "campaign": "c1"}
)
EN, ZH = i18n.catalogue("en"), i18n.catalogue("zh")


def a_decision(*limits: Limit, held_by: tuple[str, ...] = ()) -> Decision:
    queue = DecisionKind.QUEUE
    return Decision(queue, queue, Reason.SPAM, Label.SPAM, 0.97, 0.5, (SPAM,), held_by, "p1", "m1", limits)


@pytest.mark.parametrize(
    ("found", "chinese", "english"),
    [
        (
            CONTACT,
            "含联系方式（微信）：“ⓥ❤：abc123”（读作“v❤:abc123”）",
            "It gives a contact (WeChat): “ⓥ❤：abc123” (reads as “v❤:abc123”)",
        ),
        (
            SPAM,
            "用语与广告相近（97%）：“代开”、“发票”",
            "The wording resembles adverts (97 %): “代开”, “发票”",
        ),
        (
            Signal("run", 0.4, {"length": 90, "pieces": ("好" * 80,), "spans": (0, 90)}),
            "同一个字连写 90 次：“" + "好" * 80 + "……”",
            "One character is repeated 90 times: “" + "好" * 80 + "…”",
        ),
        (
            Signal("slip", 1.0, {"why": "blanked", "pieces": ("编辑",), "spans": (0, 2)}),
            "手滑，不算刷帖：作者自己清空了内容：“编辑”",
            "A slip, no campaign: the author blanked this post: “编辑”",
        ),
        (
            Signal(
                "rule",
                1.0,
                {"name": "赌", "reason": "赌博", "pieces": ("時ⓢ彩", "开奖"), "spans": (0, 3, 5, 7)},
            ),
            "自定义规则 赌：赌博：“時ⓢ彩”（读作“时s彩”）、“开奖”",
            "Your own rule 赌: 赌博: “時ⓢ彩” (reads as “时s彩”), “开奖”",
        ),
        (
            Signal("repeated", 1.0, {"size": 60, "authors": 2, "threads": 40, "texts": 33}),
            "2 个账号轮流重复 33 种内容：40 个主题内共 60 条",
            "2 accounts repeat 33 texts among them: 60 posts in 40 threads",
        ),
        (
            Signal("link", 0.5, {"domains": ("a.example", "b.example"), "evidence": "http://a.example/1"}),
            "含链接（a.example、b.example）：“http://a.example/1”",
            "It links to a.example, b.example: “http://a.example/1”",
        ),
    ],
)
def test_a_signal_says_what_it_saw_and_where(found, chinese, english):
    assert wording.signal(found, ZH) == chinese
    assert wording.signal(found, EN) == english


@pytest.mark.parametrize(
    ("found", "chinese"),
    [
        (
            Signal("slip", 1.0, {"evidence": "编辑"}),
            "手滑，不算刷帖：重复发送了同一条，或作者清空了内容：“编辑”",
        ),
        (Signal("contact", 1.0, {"kind": "qq", "evidence": "扣12345"}), "含联系方式（QQ 号）：“扣12345”"),
        (
            Signal("spam_text", 1.0, {"percent": 90, "evidence": "代开 发票", "pieces": ("代开", "发票")}),
            "用语与广告相近（90%）：“代开”、“发票”",
        ),
        (
            Signal("dressed", 1.0, {"count": 9, "pieces": ("ⓥ",), "spans": (0, 1, 4, 6)}),
            "有 9 个字母或数字用其他字符伪装：“ⓥ”",
        ),
    ],
)
def test_what_an_earlier_release_or_a_rule_noted_is_told_as_far_as_it_goes(found, chinese):
    assert wording.signal(found, ZH) == chinese
    assert wording.weights(found, ZH) == []


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_what_held_a_decision_back_is_told(words):
    told = wording.holds(a_decision(held_by=("mode_shadow", "standing")), words)
    assert told == [words.text("held.mode_shadow"), words.text("held.standing")]


def test_what_weighed_is_told_strongest_first_for_and_against_with_its_number():
    assert wording.weights(SPAM, ZH) == [
        "像广告的地方：用语（很明显，+4.0）、含微信号（很明显，+2.1）、字数 6（略有，+0.5）。",
        "不像的地方：作者已发 300 帖（较明显，−1.3）。",
        "加上其余各项（−0.1）和每帖相同的起点（−2.4），合计 +2.8：大于 0 表示更像广告，而不是正常帖。",
    ]
    assert wording.weights(SPAM, EN)[0] == (
        "Speaks for an advert: its wording (strongly, +4.0), a WeChat id (strongly, +2.1), "
        "its length of 6 characters (somewhat, +0.5)."
    )
    assert wording.weights(CONTACT, EN) == []


def test_what_is_too_light_to_be_named_is_in_the_rest():
    found = Signal(
        SPAM.code, SPAM.score, {**SPAM.details, "weight": -0.2, "feature_weights": (2.1, -1.3, 0.1)}
    )
    *named, total = wording.weights(found, EN)
    assert named == [
        "Speaks for an advert: a WeChat id (strongly, +2.1).",
        "Speaks against it: posts by the author so far: 300 (clearly, −1.3).",
    ]
    assert total.startswith("Together with all the rest (−0.2)")
    assert "makes −1.8" in total


@pytest.mark.parametrize(
    ("limit", "chinese"),
    [
        (Limit("spam.queue", 0.931, 0.5), "广告把握 93.1%，人工处理线 50.0%，高出 43.1 个百分点"),
        (Limit("repeated.hide_authors", 5, 3), "5 个账号（满 3 个即算，多 2 个）"),
        (Limit("repeated.hide_threads", 2, 2), "2 个主题（满 2 个即算，多 0 个）"),
        (
            Limit("repeated.hide_newcomers", 1.0, 0.66),
            "其中新会员占 100.0%（满 66.0% 即算，高出 34.0 个百分点）",
        ),
    ],
)
def test_a_limit_tells_what_reached_it_and_by_how_much(limit, chinese):
    assert wording.limit(limit, ZH) == chinese
    assert chinese in wording.limits(a_decision(limit), ZH)


def test_a_decision_without_limits_tells_none():
    assert wording.limits(a_decision(), ZH) == ""


def test_for_programs_the_same_is_told_in_numbers():
    (told,) = wording.reasons([SPAM], EN)
    assert told["evidence"] == ["代开", "发票", "代开"]
    assert told["spans"] == [(0, 2), (5, 7), (9, 11)]
    assert (told["weight"], told["toward"]) == (4.0, "spam")
    assert told["weights"]["total"] == pytest.approx(2.8)
    assert told["weights"]["features"][1] == {"name": "author_posts", "value": 300, "weight": -1.3}
    assert wording.reasons([REPEATED], EN)[0] == {
        "code": "repeated",
        "message": "3 posts by 3 accounts in 2 threads say nearly the same (similarity 1.00)",
        "evidence": [],
        "spans": [],
        "weight": None,
        "toward": None,
        "weights": None,
    }
    passed = wording.passed(a_decision(Limit("spam.queue", 0.97, 0.5), held_by=("brake",)), EN)
    assert (passed["threshold"], passed["margin"], passed["held_by"]) == (0.5, 0.47, ["brake"])
    assert passed["limits"][0]["name"] == "spam.queue"


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize(
    "code",
    [
        *(f"contact.{kind}" for kind in contacts.KINDS),
        *(f"feature.{name}" for name in ("words", *weighing.groups().names)),
        *(f"slip.{slip}" for slip in Slip),
        *(f"limit.{name}" for name in ("spam.hide", "spam.queue", "low_effort.queue", "title_echo")),
        *(f"limit.repeated.{field.name}" for field in fields(RepeatedRule)),
    ],
)
def test_whatever_may_be_told_has_its_words(code, words):
    assert code in words.templates


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_authors_are_never_told_a_matched_word_or_a_score(words):
    notices = {code: text for code, text in words.templates.items() if code.startswith("notice.")}
    assert notices
    assert not any(re.search(r"[{}%]|\\d", text) for text in notices.values())
