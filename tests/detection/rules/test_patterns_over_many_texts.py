"""Expressions put to many texts at once answer for each what they answer for it alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.rules.patterns import Patterns

WANTED = {
    1: "^加",
    2: "号$",
    3: "^加.{0,3}号$",
    4: r"[^0-9]{2,}加",
    5: r"\bqq\b",
    6: "群(?s).号",
}
TEXTS = st.lists(st.text(alphabet="加号群qq 7", max_size=6), max_size=40)


def alone(patterns: Patterns, texts: list[str]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, text in enumerate(texts):
        for question in patterns.find(text):
            rows.setdefault(question, []).append(row)
    return rows


@given(TEXTS)
def test_every_text_is_answered_for_as_if_it_were_alone(texts: list[str]) -> None:
    patterns = Patterns(WANTED, is_folded=True)

    assert patterns.find_all(texts) == alone(patterns, texts)


@pytest.mark.parametrize("pattern", [r"\A加", r"号\z", "(?m)^加(?-m:号)$"])
def test_what_asks_for_the_ends_of_a_whole_text_finds_it_among_others(pattern: str) -> None:
    patterns = Patterns({1: pattern}, is_folded=True)

    assert patterns.find_all(["群", "加号", "群群"]) == alone(patterns, ["群", "加号", "群群"])
    assert 1 in patterns.find_all(["群", "加号", "群群"])


def test_a_text_as_written_may_have_lines_of_its_own() -> None:
    patterns = Patterns({1: "^second"}, is_folded=False)

    assert patterns.find_all(["first\nsecond", "second"]) == {1: [1]}
