"""Canonical text undoes what evaders do, and does so for good."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.canonical import GROWTH, MAX_CHARACTERS, canonicalise, fold, letters, span, strings

DISGUISES = [
    ("加V❤: abc12345", "加vabc12345"),
    ("加ⓥ❤️：ａｂｃ①②③④⑤", "加vabc12345"),
    ("加 \u200bV\u200d \ufeff信", "加v信"),
    ("薇伩 葳芯 徽訫", "微信微信微信"),
    ("叩釦 裙", "扣扣群"),
    ("𝐇𝕌𝐗④⑤⑦", "hux457"),
    ("НЕLLО", "hello"),
    ("αβс ᴠx", "abcvx"),
    ("⑽ ❶❷ ٣ ๓ ⒈", "1012331"),
    ("繁體字與簡體字", "繁体字与简体字"),
    ("Ｈｅｌｌｏ，Ｗｏｒｌｄ！", "helloworld"),
    ("㎏ ½", "kg12"),
    ("é e\u0301 が", "eeか"),
    ("🅰🅱 🇻", "abv"),
    ("🇻🇽 🇨🇳🇺🇸加油🇨", "vx加油c"),
    ("文\u202e明\u2066城", "文明城"),
    ("[表情]好[doge]！👍", "好"),
    ("[微信]abc", "微信abc"),
    ("赞" * 22, "赞赞赞"),
    ("赞，赞。赞！ 赞", "赞赞赞"),
    ("10000000", "1000"),
    ("❤👍🎉", ""),
    ("ꓦꓫ₳₫ ᏙⲬ", "vxadvx"),
    ("壹貳叁 一二三", "一二三一二三"),
    ("窛蔻 咔 箹 ➕巍", "扣扣卡约微"),
    ("亻言 亻❤言 扌 口 钅戋", "信信扣钱"),
    ("君、子", "君子"),
    ("甲\x1f乙", "甲乙"),
    ("", ""),
    ("\x00\x07", ""),
]


@pytest.mark.parametrize(("text", "expected"), DISGUISES)
def test_a_disguise_is_undone(text, expected):
    assert canonicalise([text]) == [expected]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_canonical_text_of_canonical_text_is_itself(texts):
    once = canonicalise(texts)
    assert canonicalise(once) == once


@given(st.lists(st.text(max_size=60), max_size=8))
def test_a_batch_gives_what_each_text_gives_alone(texts):
    assert canonicalise(texts) == [canonicalise([text])[0] for text in texts]


@given(st.text(max_size=200))
def test_canonical_text_is_never_longer_than_stated(text):
    assert len(canonicalise([text])[0]) <= GROWTH * len(text)


INVISIBLE = st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u202e\u00ad\u200e\ufe0f")
PLAIN = st.text(st.sampled_from("今天去办证窗口排队abcXYZ0123的人很多"), max_size=40)


@given(PLAIN, st.data())
def test_invisible_characters_change_nothing(text, data):
    strewn = "".join(character + data.draw(st.text(INVISIBLE, max_size=2)) for character in text)
    assert canonicalise([strewn]) == canonicalise([text])


@given(PLAIN, st.data())
def test_spaces_marks_and_emoji_change_nothing(text, data):
    strewn = "".join(
        character + data.draw(st.sampled_from(["", " ", "，", "❤", "\n", "."])) for character in text
    )
    assert canonicalise([strewn]) == canonicalise([text])


@given(PLAIN)
def test_case_and_width_change_nothing(text):
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert canonicalise([text.upper(), wide, text.lower()]) == canonicalise([text]) * 3


@given(st.text(st.characters(blacklist_categories=["Cs", "Cn", "Co"], max_codepoint=0x2FFF), max_size=40))
def test_compatibility_forms_change_nothing(text):
    if any(0x1100 <= ord(c) <= 0x11FF for c in text):
        return  # Hangul jamo are composed by Unicode and left alone here.
    assert canonicalise([unicodedata.normalize("NFKC", text)])[0] == canonicalise([text])[0]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_origins_point_at_the_character_that_was_folded(texts):
    folded = fold(texts)
    assert list(folded.origins) == sorted(folded.origins)
    for row, origin in zip(folded.rows.tolist(), folded.origins.tolist(), strict=True):
        assert 0 <= origin - folded.text_starts[row] < len(texts[row])


@given(st.lists(st.text(st.sampled_from("加 v①哈哈哈哈哈，㎏😀\u200b亻言🇨🇳"), max_size=30), max_size=6))
def test_places_are_where_the_letters_stand_among_the_readable_characters(texts):
    folded = fold(texts)
    found = letters(folded)
    assert folded.codes[found.places].tolist() == found.codes.tolist()
    assert folded.rows[found.places].tolist() == found.rows.tolist()
    assert folded.texts() == strings(folded.codes, folded.starts)
    assert found.texts() == strings(found.codes, found.starts)


def test_spaces_stay_between_latin_words_only():
    folded = fold(["  Hello   World 你 好 , ok  "])
    assert strings(folded.codes, folded.starts) == ["hello world你好,ok"]


def test_the_longest_run_is_measured_before_it_is_cut():
    assert letters(fold(["哈" * 9, "abc", "", "好 好 好 好"])).longest_run.tolist() == [9, 1, 0, 4]


@pytest.mark.parametrize(
    ("text", "dressed"),
    [("加ⓥⓧ", 2), ("加vx", 0), ("加ѵх", 2), ("Привет, как дела у вас", 0), ("Où est le café", 0), ("🇨🇳", 0)],
)
def test_disguised_letters_are_counted(text, dressed):
    assert fold([text]).dressed.tolist() == [dressed]


def test_a_huge_text_is_read_by_its_beginning():
    assert len(canonicalise(["甲乙" * 600_000])[0]) == MAX_CHARACTERS


def test_lone_surrogates_and_planes_beyond_unicode_tables_vanish():
    assert canonicalise(["a\ud800b\U000e0101c\U0010fffdd"]) == ["abcd"]


DRESSED = st.text(
    st.one_of(
        st.sampled_from("微薇信①ⅷ㎏½…[doge] 亻言🇨🇳加 vＶ❤️\u200b\u0301éﬁ哈ａA1１,。\n"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)


def stretches(text):
    folded = fold(["before 前 ㎏", text, "behind 后"])
    found = letters(folded)
    canonical = strings(found.codes, found.starts)[1]
    return canonical, lambda first, last: span(folded, found, 1, first, last)


@given(DRESSED, st.data())
def test_a_stretch_is_found_again_in_the_original(text, data):
    canonical, span_of = stretches(text)
    if not canonical:
        return
    first = data.draw(st.integers(0, len(canonical) - 1))
    last = data.draw(st.integers(first + 1, len(canonical)))
    start, end = span_of(first, last)
    assert 0 <= start < end <= len(text)
    assert canonical[first:last] in canonicalise([text[start:end]])[0]


@given(DRESSED)
def test_the_whole_canonical_text_spans_the_letters_of_the_original(text):
    canonical, span_of = stretches(text)
    if canonical:
        start, end = span_of(0, len(canonical))
        assert canonicalise([text[start:end], text[:start] + text[end:]]) == [canonical, ""]


@pytest.mark.parametrize(
    ("text", "stretch", "quoted"),
    [
        ("看 加 ⓥ❤️：ａｂｃ 好", "vabc", "ⓥ❤️：ａｂｃ"),
        ("重 5㎏ 左右", "kg", "㎏"),
        ("好哈哈哈哈哈哈吧", "哈哈哈", "哈哈哈哈哈哈"),
        ("好哈 哈，哈哈 吧", "哈哈", "哈，哈哈"),
        ("cafe\u0301 au lait", "cafe", "cafe\u0301"),
        ("微\u200b信\u200d 吧", "微信", "微\u200b信\u200d"),
    ],
)
def test_the_span_of_a_stretch_quotes_what_was_written(text, stretch, quoted):
    canonical, span_of = stretches(text)
    first = canonical.index(stretch) if stretch != "哈哈" else canonical.index(stretch) + 1
    start, end = span_of(first, first + len(stretch))
    assert text[start:end] == quoted


@pytest.mark.parametrize(("first", "last"), [(0, 0), (2, 1), (0, 4), (-1, 1)])
def test_a_stretch_that_is_not_there_has_no_span(first, last):
    _, span_of = stretches("好的吧")
    with pytest.raises(ValueError, match="no canonical characters"):
        span_of(first, last)
