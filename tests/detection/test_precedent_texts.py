"""Texts that were decided about are found by equal ones and nearly equal ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection import fast
from modbot.detection.precedents import PrecedentTexts

TEXT = "这家店的师傅手艺很好价格也公道推荐大家来试试看"
NEAR = "这家店的师傅手艺真好价格也公道推荐大家来试试看"
OTHER = "停水通知请各位邻居提前储水以备不时之需谢谢配合"
LETTERS = st.text("甲乙丙丁戊己庚辛壬癸子丑寅卯", min_size=1, max_size=30)
SIDES = [False, pytest.param(True, marks=pytest.mark.skipif(not fast.is_installed(), reason="no numba"))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (TEXT, {TEXT: 1.0, NEAR: 1 - 1 / 23}),
        (TEXT[:-1], {TEXT: 1 - 1 / 23, NEAR: 1 - 2 / 23}),
        (OTHER, {}),
        ("", {}),
    ],
    ids=["equal to one, near another", "near both", "like none", "nothing"],
)
def test_every_text_that_is_near_is_found_with_its_similarity(asked: str, found: dict[str, float]) -> None:
    [told] = PrecedentTexts([TEXT, NEAR]).match([asked])
    assert dict(told) == pytest.approx(found)


def test_texts_too_short_for_an_edit_are_found_when_they_are_equal() -> None:
    known = PrecedentTexts(["顶", "路过"])
    assert [dict(found) for found in known.match(["顶", "顶顶", "路过"])] == [{"顶": 1.0}, {}, {"路过": 1.0}]


def test_of_no_texts_none_is_found() -> None:
    assert [dict(found) for found in PrecedentTexts(()).match([TEXT, ""])] == [{}, {}]


@pytest.mark.parametrize("accelerate", SIDES)
def test_among_many_each_is_found_by_itself(accelerate: bool) -> None:
    many = [f"第{number:05}号公告：本月{number % 28}日起物业服务时间有所调整" for number in range(3000)]
    known = PrecedentTexts(many, accelerate=accelerate)
    assert len(known) == 3000
    assert all(found[text] == 1.0 for text, found in zip(many, known.match(many), strict=True))


@given(st.lists(LETTERS, max_size=12, unique=True), st.lists(LETTERS, max_size=12))
def test_equal_texts_are_always_found_and_nothing_is_found_that_is_not_known(
    texts: list[str], asked: list[str]
) -> None:
    for text, found in zip([*asked, *texts], PrecedentTexts(texts).match([*asked, *texts]), strict=True):
        assert set(found) <= set(texts)
        assert (found.get(text) == 1.0) is (text in texts)
        assert all(0.5 < similarity <= 1.0 for similarity in found.values())
