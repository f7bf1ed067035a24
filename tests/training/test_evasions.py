"""What evaders do to a text, and what canonical text and windows make of it."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection import canonicalise, windows
from modbot.detection.model import softmax
from modbot.domain import Label, Reply
from modbot.training import augment, crossfit, fit, matrix
from modbot.training.attacks import ATTACKS, SIDES, padded
from modbot.training.examples import Example
from modbot.training.recipe import Weighted

ADVERT = "加微信abc12345看片免费领红包，联系taobao598"
BENIGN = ("昨天又停水了大家还有别的办法吗", "三号窗口让带户口本过去", "楼下新开的面馆味道不错")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_depends_on_its_chance_alone(name):
    once, again = (ATTACKS[name](ADVERT, Random(5)) for _ in range(2))  # noqa: S311
    assert once == again != ADVERT


@given(st.text(max_size=60), st.integers(0, 9))
def test_invisible_characters_are_gone_from_the_canonical_text(text, seed):
    assert canonicalise([ATTACKS["zero_width"](text, Random(seed))]) == canonicalise([text])  # noqa: S311


@pytest.mark.parametrize("name", ["zero_width", "spacing", "emoji_padding", "traditional"])
def test_what_only_dresses_up_a_text_leaves_its_canonical_text(name):
    assert canonicalise([ATTACKS[name](ADVERT, Random(1))]) == canonicalise([ADVERT])  # noqa: S311


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_padding_surrounds_the_whole_text_with_about_so_much(side, times):
    text = padded(ADVERT, BENIGN, Random(2), side=side, times=times)  # noqa: S311
    before, after = (len(part) for part in text.split(ADVERT))
    assert (before > 1, after > 1) == (side != "after", side != "before")
    assert before + after <= max(times * len(ADVERT), 8) + 2


@given(
    st.lists(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=70), min_size=1, max_size=4),
)
def test_a_peak_is_the_greatest_window_of_its_text(texts):
    scores = np.concatenate([np.array(text, dtype=np.float32) for text in texts])
    starts = np.cumsum([0, *(len(text) for text in texts)])[:-1]
    found = windows.peaks(scores, starts)
    for row, text in enumerate(texts):
        for column, width in enumerate(windows.WIDTHS):
            best = max(sum(text[at : at + width]) for at in range(len(text)))
            assert found[row, column] == pytest.approx(best / (3 * min(width, len(text))) ** 0.5, abs=1e-4)


@given(st.lists(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=70), min_size=1, max_size=4))
def test_the_heaviest_windows_sum_up_to_the_peaks(texts):
    scores = np.concatenate([np.array(text, dtype=np.float32) for text in texts])
    starts = np.cumsum([0, *(len(text) for text in texts)])[:-1]
    found = windows.peaks(scores, starts)
    for column, window in enumerate(windows.heaviest(scores, starts)):
        for row in range(len(texts)):
            total = scores[window.starts[row] : window.ends[row]].sum(dtype=np.float64)
            assert total * window.shares[row] == pytest.approx(found[row, column], abs=1e-4)


def test_padding_thins_out_the_mean_and_leaves_the_peak():
    advert, genuine = np.full(20, 2.0, dtype=np.float32), np.full(60, -0.5, dtype=np.float32)
    alone, inside = (
        windows.peaks(scores, np.zeros(1, dtype=np.int64))[0]
        for scores in (advert, np.concatenate([genuine, advert, genuine]))
    )
    assert inside[0] == alone[0]
    assert inside[1] > 0.7 * alone[1]


def rows(count):
    """Threads of a forum in time, adverts, and one advert twice."""
    threads = [
        Example(
            Reply("f", at, f"{BENIGN[at % 3]}第{at}次"),
            Label.HAM,
            "forum",
            f"t{at // 10}",
            f"2025-{1 + at // 10}-1",
        )
        for at in range(count)
    ]
    adverts = [Example(Reply("f", at, f"{ADVERT}第{at}批货"), Label.SPAM, "adverts") for at in range(count)]
    examples = [*threads, *adverts, adverts[0]]
    labels = np.array([0] * count + [2] * (count + 1))
    return Weighted(examples, labels, np.ones(len(examples)))


def test_changed_copies_keep_their_label_and_the_fold_of_their_original():
    taught = augment.augment(rows(40), ("forum",), seed=3)
    assert len(taught.rows.examples) > 90
    assert (taught.rows.labels == taught.rows.labels[taught.parents]).all()
    assert not taught.wording.all()
    split = crossfit.folds(taught.rows.examples, taught.parents)
    assert (split.of == split.of[taught.parents]).all()
    again = augment.augment(rows(40), ("forum",), seed=3)
    assert [one.text for one in again.rows.examples] == [one.text for one in taught.rows.examples]


def test_threads_stay_whole_in_blocks_of_time_and_copies_are_never_learned_from():
    given_rows = rows(80)
    split = crossfit.folds(given_rows.examples, np.arange(161))
    blocks = split.of[:80].reshape(8, 10)
    assert (blocks == blocks[:, :1]).all()
    assert blocks[:, 0].tolist() == sorted(blocks[:, 0].tolist())
    assert split.of[80] == split.of[160]
    assert not split.unseen(int(split.of[80]))[[80, 160]].any()


def test_no_row_is_scored_by_a_model_that_has_seen_it():
    """Labels without a pattern can be learned by heart only: cross-fitting must not know them."""
    chance = np.random.default_rng(0)
    texts = ["".join(chr(c) for c in chance.integers(0x4E00, 0x9000, 12)) for _ in range(300)]
    labels = chance.integers(0, 3, 300)
    examples = [Example(Reply("f", at, text), None, "noise") for at, text in enumerate(texts)]
    measured = matrix.measure([example.reply for example in examples])
    lesson = fit.Lesson(labels, np.ones(300), np.full(300, -1))
    split = crossfit.folds(examples, np.arange(300))
    crossed = crossfit.fit_both(measured, lesson, split, np.ones(300, dtype=bool), fit.Strength())
    guessed = np.column_stack([np.zeros(300), crossed.logits]).argmax(axis=1)
    assert (guessed == labels).mean() < 0.5
    by_heart = softmax(measured.read(crossed.arrays.weights)[:, :2]).argmax(axis=1)
    assert (by_heart == labels).mean() > 0.9
