"""An index written to a file and read again is the same index; a damaged file is none."""

import random
from datetime import timedelta

import numpy as np
import pytest

from modbot.detection import DuplicateIndex, canonicalise, observation
from modbot.detection.duplicates import UnusableSnapshot
from modbot.domain import Assessment, Author, Probabilities, is_of_few_authors

STOCK = ("谢谢楼主分享", "顶一下再说", "支持支持楼主", "路过看看热闹", "前排围观中", "收藏起来慢慢看")
NEWS = "第{0}号桥今晚八点开始封闭施工{0}"


def stream(make_reply, count, *, first=1):
    """Members who say something, two accounts that repeat, and copies with small changes."""
    chance = random.Random(first)  # noqa: S311
    for post in range(first, first + count):
        kind = chance.random()
        if kind < 0.4:
            text, by = chance.choice(STOCK), chance.choice((8, 9))
        elif kind < 0.6:
            text, by = "我们这座城市建设得真好希望越来越" + chance.choice("好美棒"), 20 + post % 9
        else:
            text, by = NEWS.format(post * 7919), 40 + post % 31
        yield make_reply(text, post=post, by=by, thread=post % 53, minutes=post)


def feed(index, replies, now, *, size=40):
    found = []
    for first in range(0, len(replies), size):
        batch = replies[first : first + size]
        texts = canonicalise([reply.text for reply in batch])
        answers = index.match(batch, texts, now)
        index.insert(
            [
                observation(
                    r, Assessment(r.key, Probabilities(1, 0, 0), (), one, text, "m"), established=False
                )
                for r, text, one in zip(batch, texts, answers, strict=True)
            ]
        )
        found += answers
    return found


@pytest.fixture
def filled(make_reply, now):
    index = DuplicateIndex(capacity=1000)
    feed(index, list(stream(make_reply, 600)), now)
    index.forget([reply.key for reply in stream(make_reply, 40, first=60)])
    return index


def test_a_reloaded_index_answers_as_the_one_that_was_saved(filled, make_reply, now, tmp_path):
    filled.save(tmp_path / "index.npz", mark="17")
    loaded = DuplicateIndex(capacity=1000)
    assert loaded.load(tmp_path / "index.npz") == "17"
    assert loaded.size == filled.size
    more = list(stream(make_reply, 300, first=1_000))
    found = feed(filled, more, now)
    assert feed(loaded, more, now) == found
    assert any(one is not None and is_of_few_authors(one.campaign) for one in found)
    for index in (filled, loaded):
        index.expire(now + timedelta(days=30, minutes=700))
    assert loaded.size == filled.size > 0
    late = list(stream(make_reply, 80, first=2_000))
    assert feed(loaded, late, now) == feed(filled, late, now)


def test_an_empty_index_and_several_forums_are_kept(make_reply, now, tmp_path):
    path = tmp_path / "deep" / "index.npz"
    DuplicateIndex().save(path)
    index = DuplicateIndex()
    assert (index.load(path), index.size) == ("", 0)
    feed(index, [make_reply(STOCK[0], post=at, by=at, forum=f"town{at % 2}") for at in range(4)], now)
    index.save(path)
    again = DuplicateIndex()
    again.load(path)
    asked = [make_reply(STOCK[0], post=9, by=9, forum="town1")]
    assert again.match(asked, canonicalise([STOCK[0]]), now)[0].size == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: b"nothing of ours",
        lambda whole: whole[:3000] + bytes([whole[3000] ^ 255]) + whole[3001:],
        lambda whole: whole[:-30_000] + whole[-30_000:-20_000][::-1] + whole[-20_000:],
    ],
    ids=["a byte short", "half", "empty", "foreign", "one byte changed", "turned round"],
)
def test_a_damaged_file_is_refused_and_changes_nothing(filled, make_reply, now, tmp_path, damage):
    path = tmp_path / "index.npz"
    filled.save(path)
    path.write_bytes(damage(path.read_bytes()))
    index = DuplicateIndex(capacity=1000)
    feed(index, [make_reply(STOCK[0], post=1)], now)
    with pytest.raises(UnusableSnapshot):
        index.load(path)
    assert index.size == 1


@pytest.mark.parametrize(
    "other", [{"capacity": 999}, {"window": timedelta(days=29)}, {"burst": timedelta(days=6)}]
)
def test_a_file_made_for_other_settings_is_refused(filled, tmp_path, other):
    filled.save(tmp_path / "index.npz")
    with pytest.raises(UnusableSnapshot, match="settings"):
        DuplicateIndex(**{"capacity": 1000, **other}).load(tmp_path / "index.npz")


def test_another_format_is_refused(filled, tmp_path):
    path = tmp_path / "index.npz"
    filled.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "format": np.array(99)})
    with pytest.raises(UnusableSnapshot, match="format"):
        DuplicateIndex(capacity=1000).load(path)
    np.savez(path, **{name: value for name, value in arrays.items() if name != "f0.members.post_id"})
    with pytest.raises(UnusableSnapshot):
        DuplicateIndex(capacity=1000).load(path)


def test_nothing_in_the_file_is_executed(filled, tmp_path):
    path = tmp_path / "index.npz"
    filled.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "mark": np.array([Author()], dtype=object)})
    with pytest.raises(UnusableSnapshot):
        DuplicateIndex(capacity=1000).load(path)


def test_a_save_that_fails_leaves_the_earlier_file(filled, tmp_path):
    path = tmp_path / "index.npz"
    filled.save(path, mark="first")
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(FileExistsError):
        filled.save(blocked / "index.npz")
    assert DuplicateIndex(capacity=1000).load(path) == "first"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []
