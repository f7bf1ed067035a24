"""What a signal points at stands in the author's own text, character for character."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection import canonical, evidence
from modbot.detection.stretches import Stretches
from modbot.domain import Link, Signal

FRAGMENTS = (
    *("加ⓥ❤️：abc12345", "薇 信 wx20245", "低价代购", "低價代購", "兼职刷单日结", "加ＱＱ １２３４５６７８"),
    *("谢谢楼主分享", "顶顶顶顶顶顶顶顶", "帮顶！！", "三号线今早又停了", "ok ok", "www.example.com/a"),
    *("http://t.cn/ab", "㎏", "㍿", "ﷺ", "\u200b", "\u200d\ufe0f", "é", "e\u0301", "亻言", "亻\u200b言"),
    *("[赞]", "[鼓掌][", "😀", "👨\u200d👩", "\ud800", "\udc00", "\x1f", "\x00", "\u202e"),
    *(" ", "\n", "，", "。。。", "———", "的", "了", "q", "7"),
)
texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=14).map("".join)


def spans_of(signal: Signal) -> list[tuple[int, int]]:
    flat = signal.details.get("spans", ())
    assert isinstance(flat, tuple)
    return list(zip(flat[::2], flat[1::2], strict=True))


def check_spans(text: str, signal: Signal) -> None:
    spans = spans_of(signal)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    if spans:
        assert signal.details["pieces"] == tuple(text[start:end][: evidence.SHOWN] for start, end in spans)


def stretches_of(lengths: np.ndarray) -> Stretches:
    """Every stretch of up to four characters, and the whole of each text."""
    found = [
        (row, first, last)
        for row, length in enumerate(lengths.tolist())
        for first in range(length)
        for last in {first + 1, min(first + 4, length), length}
    ]
    rows, firsts, lasts = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return Stretches(np.arange(len(rows)), rows, firsts, lasts)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_the_slice_of_a_stretch_reads_as_the_stretch(batch):
    folded = canonical.fold(batch)
    letters = canonical.letters(folded)
    said = letters.texts()
    wanted = stretches_of(letters.lengths)
    starts, ends = evidence.spans(folded, letters, evidence.standing(folded, letters), wanted)
    slices = []
    for at, (row, first, last) in enumerate(zip(wanted.rows, wanted.firsts, wanted.lasts, strict=True)):
        assert (starts[at], ends[at]) == canonical.span(folded, letters, row, first, last)
        slices.append(batch[row][starts[at] : ends[at]])
    for read, row, first, last in zip(
        canonical.canonicalise(slices), wanted.rows, wanted.firsts, wanted.lasts, strict=True
    ):
        assert said[row][first:last] in read


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_every_span_is_in_order_and_within_its_text(detector, now, make_reply, batch):
    replies = [
        make_reply(text, post=at, thread_title="低价代购", floor=2, links=(Link("http://bit.ly/x", "代购"),))
        for at, text in enumerate(batch)
    ]
    for reply, found in zip(replies, detector.assess(replies, duplicates=None, now=now), strict=True):
        for signal in found.signals:
            check_spans(reply.text, signal)


@pytest.mark.parametrize(
    "text",
    [
        "加ⓥ❤️：abc12345 低价代购" * 900,
        "顶" * 12_000,
        "\u200b".join("兼职刷单日结加微信abc12345") * 800,
        "㎏" * 11_000 + "加微信abc12345",
    ],
    ids=["advert", "run", "zero-width", "expansions"],
)
def test_a_text_longer_than_is_read_is_pointed_into_as_well(detector, now, make_reply, text):
    found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
    assert found.signals
    for signal in found.signals:
        check_spans(text, signal)


CASES = [
    ("加ⓥ❤️：abc12345 低价代购", "contact", ["加ⓥ❤️：abc12345"], ["加v❤:abc12345"]),
    ("进ⓥⓧ群", "dressed", ["ⓥⓧ"], ["vx"]),
    ("请看 http://t.cn/abc 吧", "link", ["http://t.cn/abc"], []),
    ("老师傅好好好好好好好好！", "run", ["好好好好好好好好"], []),
    ("求推荐修手表的师傅！", "title_echo", ["求推荐修手表的师傅"], []),
    ("編輯", "slip", ["編輯"], ["编辑"]),
    ("棋牌平台註冊送彩金", "spam_text", ["棋牌平台註冊送彩金"], ["棋牌平台注册送彩金"]),
    ("加微亻言abc12345", "contact", ["加微亻言abc12345"], ["加微信abc12345"]),
    ("代 购 ＶＸ：abc12345", "contact", ["ＶＸ：abc12345"], ["vx:abc12345"]),
]


@pytest.mark.parametrize(("text", "code", "pieces", "reads"), CASES)
def test_the_evidence_is_what_the_author_wrote_and_how_it_reads(
    detector, now, make_reply, text, code, pieces, reads
):
    reply = make_reply(text, thread_title="求推荐修手表的师傅", floor=3)
    found = detector.assess([reply], duplicates=None, now=now)[0]
    details = next(signal.details for signal in found.signals if signal.code == code)
    assert list(details["pieces"]) == pieces
    assert list(details.get("reads_as", ())) == reads


def test_linked_words_are_pointed_at_where_the_address_is_not_in_the_text(detector, now, make_reply):
    reply = make_reply("点这里看房源", links=(Link("http://bit.ly/abc", "这里"),))
    found = detector.assess([reply], duplicates=None, now=now)[0]
    (link,) = [signal for signal in found.signals if signal.code == "link"]
    assert spans_of(link) == [(1, 3)]


def test_a_link_that_the_text_does_not_show_has_no_span(detector, now, make_reply):
    found = detector.assess(
        [make_reply("看图", links=(Link("http://bit.ly/abc"),))], duplicates=None, now=now
    )[0]
    (link,) = [signal for signal in found.signals if signal.code == "link"]
    assert spans_of(link) == []
    assert link.details["evidence"] == "http://bit.ly/abc"
