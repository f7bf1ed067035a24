"""The shipped character table is what its script builds, and folding it again changes nothing."""

import numpy as np
import pytest

from modbot.detection.canonical import table
from modbot.detection.tables import build
from modbot.detection.tables.layout import CODE_MASK, HALF, KIND_SHIFT, LIMIT, Kind

pytest.importorskip("opencc", reason="the script reads OpenCC's dictionary (development only)")


@pytest.fixture(scope="module")
def built():
    return build.build()


def test_the_shipped_table_is_up_to_date_for_assigned_characters(built):
    fold, starts, values = built["table"], built["starts"], built["values"]
    shipped = table()
    # A newer Unicode in the running Python may know characters that the builder's did not.
    assert np.mean(fold == shipped.fold) > 0.99
    common = np.arange(0x3000, 0xA000)
    assert (fold[common] >> KIND_SHIFT == shipped.fold[common] >> KIND_SHIFT).mean() > 0.999
    assert starts[-1] == len(values)


def test_what_a_character_folds_to_folds_to_itself():
    shipped = table()
    single = shipped.fold[(shipped.fold != 0) & (shipped.fold >> KIND_SHIFT != Kind.EXPANDED)]
    targets = np.unique(np.concatenate([single, shipped.values]))
    codes = targets & CODE_MASK
    assert codes.max() < LIMIT
    assert (shipped.fold[codes] & (HALF - 1) == targets & (HALF - 1)).all()


@pytest.mark.parametrize(
    ("character", "folded"),
    [
        ("薇", "微"),
        ("伩", "信"),
        ("釦", "扣"),
        ("Ⓥ", "v"),
        ("𝟙", "1"),
        ("❽", "8"),
        ("В", "b"),
        ("臺", "台"),
        ("\u200b", ""),
    ],
)
def test_single_folds(character, folded):
    rules = {"variants": build.read_variants(), "simplified": build.read_simplified()}
    assert build.fold(character, **rules) == folded


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("a", Kind.LETTER),
        ("7", Kind.DIGIT),
        ("城", Kind.CJK),
        ("!", Kind.PUNCTUATION),
        ("😀", Kind.PICTURE),
        ("\n", Kind.SPACE),
        ("\x00", Kind.DROPPED),
        ("★", Kind.PICTURE),
    ],
)
def test_kinds(character, kind):
    assert build.kind_of(character) is kind


def test_folds_that_go_in_a_circle_are_refused():
    with pytest.raises(ValueError, match="circle"):
        build.fold("甲", variants={"甲": "乙", "乙": "甲"}, simplified={})
