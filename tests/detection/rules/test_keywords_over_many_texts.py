"""What keywords are found does not depend on how many texts are read at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.rules.keywords import Beginnings, Keywords

LETTERS = "加微信qv7群"
TEXTS = st.lists(st.text(alphabet=LETTERS, max_size=6), min_size=32, max_size=80)
WORDS = st.lists(st.text(alphabet=LETTERS, min_size=1, max_size=4), min_size=1, max_size=5, unique=True)


@given(TEXTS, WORDS)
def test_a_text_among_many_holds_what_it_holds_alone(texts: list[str], words: list[str]) -> None:
    keywords = Keywords(dict(enumerate([word] for word in words)))
    together = keywords.find(texts)

    for question in range(len(words)):
        alone = [row for row, text in enumerate(texts) if len(keywords.find([text]).of(question))]
        assert together.of(question).tolist() == alone


@given(TEXTS)
def test_places_are_told_within_each_text(texts: list[str]) -> None:
    found = Keywords({0: ["加微", "信"]}).find(texts)

    for row, start, end in zip(found.rows, found.starts, found.ends, strict=True):
        assert texts[row][start:end] in ("加微", "信")
    assert len(found.rows) == sum(text.count("加微") + text.count("信") for text in texts)


@pytest.mark.parametrize(
    ("keyword", "text", "may_hold"),
    [
        ("加微信", "请加微信", True),
        ("加微信", "加油微信", False),
        ("微", "微", True),
        ("微", "信", False),
        ("加微", "加", False),
        ("加微", "", False),
    ],
)
def test_the_first_two_characters_tell_which_texts_are_read(keyword: str, text: str, may_hold: bool) -> None:
    rows = Beginnings([keyword]).rows(["群", text, "群群"])

    assert rows.tolist() == ([1] if may_hold else [])


def test_no_keyword_goes_from_one_text_into_the_next() -> None:
    assert not len(Beginnings(["加微"]).rows(["加", "微"]))
