"""Rows, keys and chains that everything in the duplicate index stands on."""

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection.duplicates.columns import NONE, Addresses, Columns, pair_key, push, unlink, walk


class Rows(Columns):
    TYPES: ClassVar = {"key": np.uint64}


keys = st.integers(0, 40) | st.integers(0, 2**64 - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("put", "put many", "drop")), st.lists(keys, max_size=9))))
def test_addresses_answer_as_a_dictionary_does(script):
    rows, addresses, known = Rows(), Addresses(), {}
    for what, some in script:
        fresh = [key for key in dict.fromkeys(some) if key not in known]
        if what == "drop":
            for key in some:
                addresses.drop_one(rows.key, key)
                if key in known:
                    rows.give_back(np.array([known.pop(key)], dtype=np.int32))
            continue
        taken = rows.take(len(fresh))
        rows.key[taken] = fresh
        if what == "put many":
            addresses.put(rows.key, taken)
        else:
            for row in taken.tolist():
                addresses.put_one(rows.key, row)
        known.update(zip(fresh, taken.tolist(), strict=True))
    asked = [*known, 7, 2**63]
    expected = [known.get(key, NONE) for key in asked]
    assert addresses.find(rows.key, np.array(asked, dtype=np.uint64)).tolist() == expected
    assert [addresses.find_one(rows.key, key) for key in asked] == expected
    assert len(rows) == len(known)


def test_addresses_find_a_hundred_thousand_keys_after_many_were_dropped():
    rows, addresses = Rows(), Addresses()
    for wave in range(3):
        taken = rows.take(100_000)
        rows.key[taken] = np.arange(100_000, dtype=np.uint64) * np.uint64(3) + np.uint64(wave * 10**9)
        addresses.put(rows.key, taken)
        found = addresses.find(rows.key, rows.key[taken].copy())
        assert np.array_equal(found, taken)
        for key in rows.key[taken[:50_000]].tolist():
            addresses.drop_one(rows.key, key)
    assert addresses.nbytes <= 64 * 150_000


def test_rows_given_back_are_used_again_and_keep_their_number():
    rows = Rows(room=4)
    first = rows.take(3)
    rows.give_back(first[:2])
    again = rows.take(5)
    assert set(first[:2].tolist()) <= set(again.tolist())
    assert (len(rows), rows.end) == (6, 6)
    restored = Rows()
    rows.give_back(again[:1])
    restored.restore(rows.arrays())
    assert (len(restored), restored.end) == (5, 6)
    with pytest.raises(KeyError):
        restored.restore({})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), unique=True, min_size=1), st.data())
def test_a_chain_holds_its_items_newest_first_whatever_is_taken_out(items, data):
    older, newer = (np.full(10, NONE, dtype=np.int32) for _ in range(2))
    head = NONE
    for item in items:
        push(older, newer, head, item)
        head = item
    left = items[::-1]
    for item in data.draw(st.lists(st.sampled_from(items), unique=True)):
        before, after = unlink(older, newer, item)
        if after == NONE:
            head = before
        left.remove(item)
        assert walk(older, head, 99) == left
    assert walk(older, head, 2) == left[:2]


def test_pairs_of_small_numbers_have_keys_of_their_own():
    pairs = {pair_key(campaign, other) for campaign in range(300) for other in range(-2, 300)}
    assert len(pairs) == 300 * 302
    assert all(0 <= key < 2**64 for key in pairs)
