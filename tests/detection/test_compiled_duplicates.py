"""Compiled and NumPy near-duplicates give the same answers."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection.duplicates.texts import Texts

pytest.importorskip("numba", reason="the accelerator is optional")

PIECES = (
    "天地玄黄",
    "宇宙洪荒",
    "日月盈昃",
    "辰宿列张",
    "寒",
    "来暑往",
    "秋",
    "abc",
    "12",
    "\U00020000",
    "啊啊啊",
)
TEXT = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def both(capacity=4):
    return Texts(capacity), Texts(capacity, accelerate=True)


def answers(texts, asked):
    return [part.tolist() for part in (*texts.near(asked), *texts.near_among(asked))]


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXT, max_size=12), st.lists(TEXT, max_size=8), st.data())
def test_the_same_texts_lead_to_the_same_tables_and_the_same_matches(held, asked, data):
    plain, compiled = both()
    for texts in (plain, compiled):
        texts.add(held, np.arange(len(held)) % 3 > 0)
    assert (plain._table.slots == compiled._table.slots).all()
    assert (plain._table.heads == compiled._table.heads).all()
    assert answers(plain, asked) == answers(compiled, asked)
    gone = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(plain), max_size=len(plain))))
    for texts in (plain, compiled):
        texts.remove(gone)
        texts.add(asked, np.ones(len(asked), dtype=np.bool_))
    assert answers(plain, held + asked) == answers(compiled, held + asked)


def varied(text, chance):
    for _ in range(chance.randint(0, 2 + len(text) // 5)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(("", "寒", "暑往")) + text[place + chance.randint(0, 1) :]
    middle = chance.randint(0, len(text)) if chance.random() < 0.2 else 0
    return text[middle:] + text[:middle]


def test_on_thousands_of_variants_of_every_length_too():
    chance = random.Random(5)  # noqa: S311
    held = ["".join(chance.choices("".join(PIECES), k=chance.randint(1, 200))) for _ in range(2_000)]
    asked = [varied(chance.choice(held), chance) for _ in range(2_000)]
    plain, compiled = both(1_000)
    for texts in (plain, compiled):
        texts.add(held, np.ones(len(held), dtype=np.bool_))
    assert (plain._table.slots == compiled._table.slots).all()
    assert answers(plain, asked) == answers(compiled, asked)
    assert np.count_nonzero(plain.near(asked)[0] >= 0) > 400


def test_a_snapshot_of_one_serves_the_other():
    plain = Texts(100)
    plain.add([PIECES[0] * 3 + PIECES[1], PIECES[2] * 4], np.ones(2, dtype=np.bool_))
    compiled = Texts.restore(plain.arrays(), 100, accelerate=True)
    asked = [PIECES[0] * 3 + PIECES[1] + "寒", PIECES[2] * 4]
    assert answers(plain, asked) == answers(compiled, asked)
