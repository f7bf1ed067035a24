"""What the near-duplicate benchmark measures with, and how it counts."""

import random

import pytest
from rapidfuzz.distance import Levenshtein

from modbot.benchmarking import duplicates, peers, variants
from modbot.benchmarking.duplicates import Truth


@pytest.fixture(scope="module")
def material():
    return duplicates.material(3_000, queries=400, truths=120)


def grams(text):
    return {text[at : at + 3] for at in range(len(text) - 2)}


def true_matches(text, indexed):
    """By few edits, and by either; without any shortcut."""
    edited = {
        place
        for place, other in enumerate(indexed)
        if other != text and 5 * Levenshtein.distance(text, other) <= max(len(text), len(other))
    }
    overlapping = {
        place
        for place, other in enumerate(indexed)
        if other != text and 10 * len(grams(text) & grams(other)) >= 7 * len(grams(text) | grams(other)) > 0
    }
    return Truth(frozenset(edited), frozenset(edited | overlapping))


def test_the_bounds_of_brute_force_lose_nothing(material):
    indexed = material.indexed[:1_000]
    asked = [query.text for query in material.queries] + [f"{text}a" for text in indexed[:20]]
    found = duplicates.brute_force(indexed, asked[-40:])
    assert found == [true_matches(text, indexed) for text in asked[-40:]]
    assert sum(bool(truth.either) for truth in found) > 15


def test_half_of_the_queries_are_mutated_texts_and_all_are_new_to_the_index(material):
    assert sum(query.kind == "unseen" for query in material.queries) == len(material.queries) // 2
    assert {query.kind for query in material.queries} == {"unseen", *variants.mutations()}
    assert not {query.text for query in material.queries} & set(material.indexed)
    assert all(5 <= len(query.text) <= 60 for query in material.queries)


def test_material_is_the_same_for_the_same_seed(material):
    again = duplicates.material(3_000, queries=400, truths=0)
    assert again.indexed == material.indexed
    assert again.queries == material.queries
    assert duplicates.material(3_000, seed=2, queries=2, truths=0).indexed != material.indexed


def test_texts_have_the_lengths_of_a_board_and_are_not_near_each_other():
    texts = [text for part in variants.varied(20_000, seed=3) for text in part]
    lengths = sorted(map(len, texts))
    assert 22 <= lengths[len(lengths) // 2] <= 28
    assert 35 <= sum(lengths) / len(lengths) <= 45
    asked = [text for text in texts[:400] if 5 <= len(text) <= 60]
    alone = [truth for truth in duplicates.brute_force(texts, asked) if not truth.either]
    assert len(alone) >= 0.97 * len(asked)


@pytest.mark.parametrize("name", sorted(variants.mutations()))
def test_mutations_change_a_text(name):
    chance = random.Random(1)  # noqa: S311
    text = "今天路过三号楼看见2个人在修电梯据说要到周五才能用"
    changed = variants.mutations()[name](text, chance)
    assert changed != text
    assert len(text) - 5 <= len(changed) <= 1.3 * len(text)


def test_counts_are_shares_of_queries_and_of_answers():
    truths = [
        Truth(frozenset({1}), frozenset({1, 2})),
        Truth(frozenset(), frozenset({3})),
        Truth(frozenset({4}), frozenset({4})),
        Truth(frozenset(), frozenset()),
    ]
    recall, edit_recall, precision = duplicates.scored(truths, [[2], [], [5], [6]])
    assert (recall, edit_recall, precision) == (1 / 3, 1 / 2, 1 / 3)


def test_a_measured_index_finds_what_is_true(material):
    found = duplicates.measure(material, accelerate=False)
    assert found.n == len(material.indexed)
    assert found.recall >= 0.97
    assert found.precision == 1.0
    assert min(found.lookups_per_s, found.inserts_per_s) > 0
    assert found.bytes_per_reply < 400


def test_a_corpus_takes_the_place_of_the_grammar(material):
    given = duplicates.material(500, corpus=material.indexed, truths=5)
    assert given.indexed == material.indexed[:500]
    assert {query.text for query in given.queries if query.kind == "unseen"} <= set(material.indexed[2_000:])


@pytest.mark.parametrize("package", ["datasketch", "rensa"])
def test_peers_are_measured_on_the_same_material(material, package):
    pytest.importorskip(package, reason="only needed for comparison")
    small = duplicates.Material(material.indexed[:300], material.queries[:20], material.truths[:20])
    make = [make for name, make in peers.peers() if name.startswith(package)]
    assert len(make) == 2
    found = peers.measured(package, make[-1](), small)
    assert 0 <= found.precision <= found.verified_precision <= 1
    assert found.n == 300
