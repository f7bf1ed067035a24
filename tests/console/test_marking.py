"""Forum text on a page: what was found in it is marked, what nobody sees is shown, all is escaped."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.console.marking import marked, plain, seen

TAG = re.compile(r"<[^>]*>")
ODD = re.compile(r'<span class="odd">[^<]*</span>')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\u202eb", 'a<span class="odd">U+202E</span>b'),
        ("加\u200b\u200c微", '加<span class="odd">U+200B U+200C</span>微'),
        ("\u200b" * 300, f'<span class="odd">{"U+200B " * 8}… ×300</span>'),
        ("two\nlines\tand 全角　。", "two\nlines\tand 全角　。"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("a\u200db", 'a<span class="odd">U+200D</span>b'),
        ("ที่ é́ ❤️", "ที่ é́ ❤️"),
        ("Z" + "\u0301" * 6, "Z" + "\u0301" * 4 + '<span class="odd">U+0301 U+0301</span>'),
    ],
)
def test_what_nobody_sees_is_named(text: str, shown: str) -> None:
    assert str(seen(text)) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  two\n words ", "two words"),
        ("\u202eexe.jpg", "\\u202eexe.jpg"),
        ("\u200b" * 90, "\\u200b" * 8 + "…"),
        ("<b>", "<b>"),
        ("Z" + "\u0301" * 90, "Z" + "\u0301" * 4 + "\\u0301" * 8 + "…"),
    ],
)
def test_a_name_is_one_line_in_which_nothing_is_hidden(name: str, shown: str) -> None:
    assert plain(name) == shown


ANYTHING = st.text(st.characters() | st.sampled_from("<>&\"'\u202e\u200b\u200d\u0301👨a微\n"))
SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda span: (min(span), max(span))))


@given(ANYTHING, SPANS)
def test_marks_change_nothing_of_what_is_said(text: str, spans: list[tuple[int, int]]) -> None:
    shown = str(marked(text, spans))
    said = unescape(TAG.sub("", ODD.sub("", shown)))
    rest = iter(text)
    assert all(char in rest for char in said), "the same characters in the same order"
    assert set(TAG.findall(shown)) <= {'<span class="odd">', "</span>", '<mark class="found">', "</mark>"}


@given(ANYTHING)
def test_nothing_unseen_is_left_but_joiners_of_emoji(text: str) -> None:
    for shown in (TAG.sub("", str(seen(text))), plain(text)):
        unseen = {char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
        assert unseen <= {"\n", "\t", "\u200d"}


@given(ANYTHING, st.integers(0, 20))
def test_no_more_than_the_limit_is_shown(text: str, limit: int) -> None:
    assert str(marked(text, limit=limit)) == str(seen(text[:limit]))
