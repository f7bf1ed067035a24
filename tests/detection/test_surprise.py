"""Surprise: what a repetition is worth beyond its counts."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.detection.surprise import judged, of_authors, of_one_author
from modbot.domain import Repetition, ReplyKey, Slip

SAYING, STOCK = 70.0, 12.0


def decades(bits=SAYING, *, authors=3, established=0, threads=2, days=1.0, population=100_000):
    columns = {
        "authors": authors,
        "established": established,
        "threads": threads,
        "days": days,
        "population": population,
    }
    arrays = {name: np.array([float(value)]) for name, value in columns.items()}
    return of_authors(np.array([float(bits)]), **arrays)[0]


@pytest.mark.parametrize(
    ("more", "than"),
    [
        ({"bits": 80}, {"bits": 60}),
        ({"bits": 240}, {"bits": 120}),
        ({"authors": 6, "threads": 6}, {"authors": 3, "threads": 3}),
        ({"bits": 60, "population": 20_000}, {"bits": 60, "population": 500_000}),
        ({"authors": 12, "established": 2}, {"authors": 12, "established": 9}),
        ({"authors": 4, "established": 2, "days": 0.1}, {"authors": 4, "established": 2, "days": 20}),
        ({"authors": 3, "threads": 3}, {"authors": 2, "threads": 2}),
    ],
)
def test_it_surprises_more(more, than):
    assert decades(**{"bits": 120} | more) > decades(**{"bits": 120} | than)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"authors": 40, "threads": 1}, {"authors": 3, "threads": 1}),
        ({"established": 1, "authors": 4}, {"established": 0, "authors": 4}),
        ({"population": 0}, {"population": 10_000}),
        ({"authors": 90, "established": 2, "threads": 9}, {"authors": 90, "established": 0, "threads": 9}),
    ],
    ids=[
        "echoes in a thread are one",
        "the first with standing may be copied",
        "a young index",
        "outweighed",
    ],
)
def test_it_surprises_just_as_much(one, other):
    assert decades(**one) == decades(**other)


def test_three_authors_of_a_peculiar_sentence_surprise_and_a_hundred_of_a_stock_reply_do_not():
    assert decades() >= 2.5
    assert decades(STOCK, authors=100, threads=60) < 1


def test_what_nobody_repeats_surprises_nobody():
    assert decades(authors=1, threads=1) == 0
    assert of_one_author(np.array([SAYING]), posts=np.ones(1), threads=np.ones(1)) == 0


def test_a_sentence_in_three_threads_by_one_author_surprises_and_a_daily_habit_does_not():
    three, daily = np.array([3.0]), np.array([7.0])
    assert of_one_author(np.array([SAYING]), posts=three, threads=three)[0] >= 2.5
    assert of_one_author(np.array([STOCK]), posts=daily, threads=daily)[0] < 2.5


@given(
    bits=st.floats(0, 5_000),
    authors=st.integers(1, 10_000),
    standing=st.floats(0, 1),
    threads=st.integers(1, 10_000),
    days=st.floats(0, 30),
    population=st.integers(0, 10_000_000),
)
def test_surprise_is_a_finite_number_from_zero(bits, authors, standing, threads, days, population):
    found = decades(
        bits,
        authors=authors,
        established=int(standing * authors),
        threads=threads,
        days=days,
        population=population,
    )
    assert 0 <= found < 30


@given(bits=st.floats(1, 400), authors=st.integers(2, 40), threads=st.integers(1, 60))
def test_one_more_author_with_standing_never_makes_it_more_surprising(bits, authors, threads):
    curve = [decades(bits, authors=authors, established=n, threads=threads) for n in range(authors + 1)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(curve))


def a_repetition(now, **changes):
    base = Repetition(
        campaign="c1",
        size=3,
        authors=3,
        newcomers=3,
        threads=3,
        similarity=1.0,
        canonical_length=18,
        is_first_author=False,
        author_posts=1,
        author_threads=1,
        author_texts=0,
        slip=None,
        first_post=ReplyKey("city", 1),
        first_seen=now - timedelta(days=1),
        last_seen=now,
        population=50_000,
    )
    return replace(base, **changes)


def test_the_repetitions_of_a_batch_get_their_surprise_in_one_call(now):
    slip = a_repetition(now, slip=Slip.BLANKED)
    undated = a_repetition(now, first_seen=None, last_seen=None)
    texts = [
        "桥下的修表匠搬到粮油市场二楼去了",
        "没人重复",
        "编辑",
        "谢谢分享",
        "桥下的修表匠搬到粮油市场二楼去了",
    ]
    found = judged([a_repetition(now), None, slip, a_repetition(now), undated], texts)
    assert found[1:3] == [None, slip]
    assert found[0].surprise > 2.5 > found[3].surprise
    assert found[0].author_surprise == 0
    assert found[4].surprise == found[0].surprise
    assert replace(found[0], surprise=None, author_surprise=None) == a_repetition(now)


def test_a_batch_that_repeats_nothing_is_left_alone():
    assert judged([None, None], ["甲", "乙"]) == [None, None]
    assert judged([], []) == []
