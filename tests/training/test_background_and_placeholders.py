"""What the background model is made of, and what teaches nothing."""

import json

import numpy as np
import pytest

from modbot.detection.background import Background, information
from modbot.domain import Label, Reply
from modbot.errors import ModelError
from modbot.training import background
from modbot.training.examples import Example
from modbot.training.recipe import Recipe, canonicalise_all, weigh

REPLIES = [
    "桥下的修表匠搬走了",
    "桥下的修表匠还在",
    "修表匠搬到哪里去了",
    "昨天桥下没有人",
    "不知道搬走了没有",
] * 4
SECRET = "六单元老魏的备用钥匙压在花盆底下"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder as training reads it: a handful of our own replies in every file."""
    folder = tmp_path_factory.mktemp("data")
    for name in background.GENUINE:
        rows = [{"text": text, "label": "ham"} for text in [*REPLIES, SECRET]]
        rows.append({"text": "低价代购联系我", "label": "spam"})
        write(folder / f"{name}.jsonl", rows)
    write(
        folder / f"{background.STOCK}.jsonl",
        [{"text": "冲啊", "label": "low_effort", "n_occurrences": 5_000}],
    )
    return folder


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "background.npz"
    background.main(["--data", str(data), "--to", str(path)])
    return path


def bits(path, *texts):
    with np.load(path, allow_pickle=False) as arrays:
        model = Background(**{name: arrays[name] for name in Background.__slots__})
    return information(canonicalise_all(texts), model=model).tolist()


def test_what_the_corpus_says_often_costs_less_than_what_it_never_says(made):
    known, unknown = bits(made, "修表匠搬走了", "配钥匙收摊早")
    assert known < unknown / 2


def test_a_stock_reply_costs_what_its_frequency_says(made):
    assert bits(made, "冲啊")[0] == pytest.approx(np.log2(background.STOCK_POSTS / 5_000), abs=0.1)


def test_a_custom_of_the_list_costs_little_although_no_data_has_it(made):
    alone, together = bits(made, "节哀顺变", "节哀顺变，一路走好")
    assert alone == pytest.approx(11, abs=0.1)
    assert together < 40


def test_spam_teaches_nothing_of_what_is_common(made):
    advert, custom = bits(made, "低价代购联系我", "桥下的修表匠还在")
    assert advert > 2 * custom


def test_the_same_data_give_the_same_bytes(data, made, tmp_path):
    background.main(["--data", str(data), "--to", str(tmp_path / "again.npz")])
    assert (tmp_path / "again.npz").read_bytes() == made.read_bytes()


def test_no_sentence_is_stored(made):
    with np.load(made, allow_pickle=False) as arrays:
        stored = b"".join(arrays[name].tobytes() for name in arrays.files)
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        assert SECRET[:4].encode(encoding) not in stored


def test_probabilities_of_one_letter_texts_sum_to_less_than_one(made):
    letters = sorted({letter for text in REPLIES for letter in text})
    assert 0 < np.exp2(-np.array(bits(made, *letters))).sum() < 1


def test_missing_data_is_told_by_name(tmp_path):
    with pytest.raises(ModelError, match="zh_discuz_s1_2022"):
        background.main(["--data", str(tmp_path), "--to", str(tmp_path / "none.npz")])


@pytest.mark.parametrize(
    "text",
    [
        "编辑",
        "删",
        "删除。",
        "风怒！！！",
        "【风怒】编辑",
        "删删删",
        "发重了",
        "手滑",
        "双黄蛋",
        "抽了",
        "Double post",
        "edit: deleted",
    ],
)
def test_what_authors_leave_in_a_blanked_post_is_no_lesson_in_low_effort(text):
    blanked = Example(Reply("training", 0, text), Label.LOW_EFFORT, "zh_lowef_s1", count=900)
    filler = Example(Reply("training", 0, "路过帮顶"), Label.LOW_EFFORT, "zh_lowef_s1")
    assert weigh([blanked, filler], Recipe(), seed=1).examples == [filler]


@pytest.mark.parametrize(
    "text", ["编辑部在三楼", "删了两张照片还是太大", "重复一遍太麻烦", "手滑点了取消订单"]
)
def test_a_sentence_that_begins_like_a_placeholder_is_a_sentence(text):
    example = Example(Reply("training", 0, text), Label.HAM, "zh_discuz_s1_2022")
    assert weigh([example], Recipe(), seed=1).examples == [example]
