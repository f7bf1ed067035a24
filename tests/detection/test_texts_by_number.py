"""The texts of a forum: found when equal, when nearly the same, and by their number."""

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rapidfuzz.distance import Levenshtein

from modbot.detection.duplicates.flat import CLIP, flatten, strings
from modbot.detection.duplicates.near import comparable
from modbot.detection.duplicates.texts import Texts

PRAISE = "我们这座城市建设得真好希望越来越好"
VARIED = "我们这座城市建设得真漂亮希望越来越好"
OTHER = "昨天路过体育馆门口看见新开了一家书店"
HASHES = ["e220a8397b1dcdaf", "892476134bed6b34", "ca3553d12ef6751c", "563eba0bed4467da"]
FEW = st.text(alphabet="天地玄黄宇宙洪荒日月", max_size=40)
ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)


def holding(*texts, filed=True, accelerate=False):
    made = Texts(64, accelerate=accelerate)
    made.add(texts, np.full(len(texts), filed))
    return made


def near(texts, text):
    """``(number, similarity)`` of the nearest text."""
    numbers, similarity = texts.near([text])
    return int(numbers[0]), round(float(similarity[0]), 3)


def truly_near(one, other):
    grams = [{text[at : at + 3] for at in range(len(text) - 2)} for text in (one, other)]
    overlap = 10 * len(grams[0] & grams[1]) >= 7 * len(grams[0] | grams[1]) > 0
    return 5 * Levenshtein.distance(one, other) <= max(len(one), len(other)) or overlap


# Equal texts


def test_an_equal_text_has_the_number_it_was_given_and_no_other_has():
    texts = Texts(8)
    numbers = texts.add([PRAISE, OTHER], np.array([True, False]))
    assert texts.find([OTHER, VARIED, PRAISE]).tolist() == [numbers[1], -1, numbers[0]]


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("天地", "天"),
        ("天", "天天"),
        ("天地玄黄", "玄黄天地"),
        ("天", "地"),
        ("天" * CLIP + "地玄", "天" * CLIP + "玄地"),
        ("天" * CLIP, "天" * (CLIP + 1)),
        ("\U00020000", "\U00020000\U00020000"),
        ("\U00020000", "\U00020001"),
        ("\U00020000", "\U00020000\0"),
    ],
)
def test_what_differs_anywhere_is_not_equal(held, asked):
    assert holding(held).find([asked, held]).tolist() == [-1, 0]


def test_two_texts_of_one_hash_are_told_apart_by_their_characters():
    texts = holding("天地玄黄", "宇宙洪荒")
    texts._arena.flat.hashes[:2] = flatten(["天地玄黄"]).hashes[0]
    texts = Texts.restore(texts.arrays(), 64)
    assert texts.find(["天地玄黄"]).tolist() == [0]


def test_hashes_are_the_same_for_ever():
    assert [f"{value:016x}" for value in Texts(1).hashes(["", "天", PRAISE, "\U00020000" * 300])] == HASHES


@given(st.lists(ANY, unique=True, max_size=30))
def test_whatever_is_added_is_found_again(several):
    texts = Texts(1)
    numbers = texts.add(several, np.zeros(len(several), dtype=np.bool_))
    assert len(texts) == len(several) == len(set(numbers.tolist()))
    assert texts.find(several).tolist() == numbers.tolist()
    assert [texts.hash(number) for number in numbers] == texts.hashes(several).tolist()


def test_a_text_added_twice_keeps_its_number():
    texts = Texts(8)
    first = texts.add([PRAISE, OTHER, PRAISE], np.ones(3, dtype=np.bool_))
    again = texts.add([OTHER, PRAISE], np.ones(2, dtype=np.bool_))
    assert first.tolist() == [0, 1, 0]
    assert again.tolist() == [1, 0]
    assert len(texts) == 2


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)), max_size=300))
def test_a_text_is_stored_as_it_was_up_to_the_clip(text):
    texts = holding(text)
    assert texts.text(0) == text[:CLIP]


def test_a_number_not_in_use_has_no_text():
    assert Texts(8).text(3) == ""
    assert Texts(8).text(900) == ""


# Nearness


@pytest.mark.parametrize(
    ("held", "asked", "similarity"),
    [
        (PRAISE, PRAISE, 1.0),
        (PRAISE, VARIED, 0.889),
        (PRAISE, OTHER, 0.0),
        ("天地玄黄", "天地玄荒", 0.0),
        ("天地玄黄", "天地玄黄宇", 0.8),
        ("天地玄黄宇", "天地玄黄", 0.8),
        ("天地玄黄宇", "天地玄荒宇", 0.8),
        ("天地玄黄宇", "天地荒荒宇", 0.0),
        ("天地玄黄宇宙洪荒日", "天地玄黄宇宙洪荒月", 0.889),
        ("天地玄黄宇宙洪荒日", "天地玄黄宇宙洪荒日月", 0.9),
        ("天地玄黄宇宙洪荒日月", "天地玄黄宇宙洪荒日", 0.9),
        ("天地玄黄宇宙洪荒日月", "天地玄寒宇宙洪寒日月", 0.8),
        ("天地玄黄宇宙洪荒日月", "天地玄寒宇寒洪寒日月", 0.0),
        (PRAISE + OTHER, OTHER + PRAISE, 0.886),
        (PRAISE, PRAISE + "大家说对不", 0.75),
        (PRAISE, PRAISE + PRAISE, 0.0),
        (PRAISE, "", 0.0),
    ],
)
def test_near_is_a_fifth_of_edits_or_the_same_pieces_in_another_order(held, asked, similarity, accelerate):
    assert near(holding(held, accelerate=accelerate), asked) == (0 if similarity else -1, similarity)


@pytest.fixture(params=[False, True], ids=["numpy", "numba"])
def accelerate(request):
    if request.param:
        pytest.importorskip("numba", reason="the accelerator is optional")
    return request.param


def test_the_most_similar_is_told_and_of_equally_similar_ones_the_smallest_number(accelerate):
    texts = holding(
        "天地玄黄宇宙洪荒日寒", "天地玄黄宇宙洪荒寒月", "寒地玄黄宇宙洪荒寒月", accelerate=accelerate
    )
    assert near(texts, "天地玄黄宇宙洪荒日月") == (0, 0.9)
    assert near(texts, "寒地玄黄宇宙洪荒日月") == (2, 0.9)


def test_few_edits_go_before_a_greater_overlap(accelerate):
    turned = OTHER + PRAISE
    changed = "寒" + (PRAISE + OTHER)[1:-4] + "暑来暑往"
    texts = holding(turned, changed, accelerate=accelerate)
    assert near(texts, PRAISE + OTHER)[0] == 1


def test_what_is_not_filed_is_not_near_until_it_is():
    texts = holding(PRAISE, filed=False)
    assert near(texts, VARIED) == (-1, 0.0)
    texts.file(np.array([0, 0]))
    assert near(texts, VARIED)[0] == 0


def test_what_is_removed_is_neither_equal_nor_near_and_its_number_serves_again():
    texts = holding(PRAISE, OTHER)
    texts.remove(np.array([0]))
    assert texts.find([PRAISE, OTHER]).tolist() == [-1, 1]
    assert near(texts, VARIED) == (-1, 0.0)
    assert (texts.text(0), len(texts)) == ("", 1)
    assert texts.add(["寒来暑往秋收冬藏闰余成岁"], np.array([False])).tolist() == [0]
    assert near(texts, VARIED) == (-1, 0.0)


@pytest.mark.parametrize(
    ("text", "is_comparable"),
    [
        ("httpswwwyoutubecomwatchvabcdefg1", False),
        ("看httpswwwyoutubecomwatchvabcdefg1", False),
        ("这里有一段我昨天录的视频大家看看httpswwwyoutubecomwatchvabcdefg1", True),
        ("wwwexamplecom我们昨天去的就是这一家店", True),
        ("天地玄", False),
        ("天地玄黄", True),
    ],
)
def test_a_bare_address_is_another_one_when_a_letter_differs(text, is_comparable):
    assert comparable(text) is is_comparable
    texts = holding(OTHER, text)
    assert near(texts, text + "2")[0] == (1 if is_comparable else -1)


@given(st.data(), st.text(alphabet="天地玄黄宇宙洪荒日月盈昃辰宿列张", min_size=10, max_size=60))
def test_a_fifth_of_edits_always_leads_back(data, text):
    changed = text
    for _ in range(data.draw(st.integers(1, len(text) // 5))):
        place = data.draw(st.integers(0, len(changed) - 1))
        kind = data.draw(st.sampled_from(["", "寒", changed[place] + "暑"]))
        changed = changed[:place] + kind + changed[place + 1 :]
    if 5 * Levenshtein.distance(text, changed) <= max(len(text), len(changed)) and len(changed) >= 9:
        assert near(holding(text, OTHER), changed)[0] == 0


def _edited(text, edits, chance):
    letters = list(text)
    for _ in range(edits):
        place = chance.randrange(len(letters))
        letters[place : place + chance.randint(0, 1)] = chance.choice(("", "的", PRAISE[edits]))
    return "".join(letters)


def test_among_thousands_of_every_length_nearly_all_are_found_again(accelerate):
    chance = random.Random(6)  # noqa: S311
    letters = [chr(0x4E00 + at) for at in range(200)]
    held = ["".join(chance.choices(letters, k=chance.randint(5, 60))) for _ in range(4_000)]
    asked = [_edited(text, max(1, int(len(text) * chance.uniform(0, 0.2))), chance) for text in held[:800]]
    texts = Texts(len(held), accelerate=accelerate)
    texts.add(held, np.ones(len(held), dtype=np.bool_))
    numbers = texts.near(asked)[0].tolist()
    true = [number for number, text in enumerate(asked) if truly_near(text, held[number])]
    assert len(true) > 600
    assert sum(numbers[number] == number for number in true) >= 0.98 * len(true)


@given(st.lists(FEW, unique=True, max_size=20), st.lists(FEW, max_size=20))
def test_nothing_is_called_near_that_is_not(held, asked):
    texts = holding(*held)
    numbers, similarity = texts.near(asked)
    for text, number, score in zip(asked, numbers.tolist(), similarity.tolist(), strict=True):
        assert (number >= 0) == (score > 0)
        if number >= 0:
            assert truly_near(text, held[number])


def test_of_a_long_text_the_beginning_and_the_length_are_compared():
    beginning = "".join(chr(0x4E00 + at) for at in range(CLIP))
    texts = holding(beginning + "天" * 30)
    assert near(texts, beginning + "地" * 30) == (0, 1.0)
    assert near(texts, beginning + "地" * 300) == (-1, 0.0)


# Within a batch


def test_within_a_batch_only_earlier_texts_are_near(accelerate):
    texts = Texts(8, accelerate=accelerate)
    later, earlier, similarity = texts.near_among(
        [PRAISE, OTHER, VARIED, PRAISE + "呀", "httpwwwexamplecom1", "httpwwwexamplecom2"]
    )
    assert list(zip(later.tolist(), earlier.tolist(), strict=True)) == [(2, 0), (3, 0), (3, 2)]
    assert similarity.round(2).tolist() == pytest.approx([0.89, 0.94, 0.83], abs=0.01)


@pytest.mark.parametrize("batch", [[], ["天"], [PRAISE]])
def test_a_batch_of_nothing_has_nothing_near(batch, accelerate):
    later, earlier, similarity = Texts(8, accelerate=accelerate).near_among(batch)
    assert len(later) == len(earlier) == len(similarity) == 0


def test_of_a_flood_in_one_batch_the_first_is_among_the_nearest(accelerate):
    flood = [PRAISE + f"{number:03}" for number in range(300)]
    later, earlier, _ = Texts(8, accelerate=accelerate).near_among(flood)
    assert {row for row, other in zip(later.tolist(), earlier.tolist(), strict=True) if other == 0} == set(
        range(1, 300)
    )


# Snapshots and room


@pytest.mark.parametrize("capacity", [64, 500])
def test_a_snapshot_has_the_same_texts_under_the_same_numbers(capacity):
    texts = holding(PRAISE, OTHER, "寒来暑往秋收冬藏闰余成岁", "天地\U00020000玄黄宇宙洪荒")
    texts.add(["日月盈昃辰宿列张"], np.array([False]))
    texts.remove(np.array([1]))
    file = io.BytesIO()
    np.savez(file, **texts.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = Texts.restore(arrays, capacity)
    asked = [PRAISE, OTHER, VARIED, "日月盈昃辰宿列张", "日月盈昃辰宿列长", "天地\U00020000玄黄宇宙洪荒"]
    assert again.find(asked).tolist() == texts.find(asked).tolist() == [0, -1, -1, 4, -1, 3]
    assert [part.tolist() for part in again.near(asked)] == [part.tolist() for part in texts.near(asked)]
    assert [again.text(number) for number in range(6)] == [texts.text(number) for number in range(6)]
    assert again.add([OTHER], np.array([True])).tolist() == [1]


def test_memory_stays_bounded_while_texts_come_and_go():
    chance = random.Random(3)  # noqa: S311
    texts, sizes = Texts(2_000), []
    held = np.zeros(0, dtype=np.int64)
    for _ in range(60):
        batch = ["".join(chance.choices(PRAISE + OTHER, k=60)) for _ in range(1_000)]
        held = np.concatenate((held, texts.add(batch, np.ones(1_000, dtype=np.bool_))))
        texts.remove(held[:-1_000])
        held = held[-1_000:]
        sizes.append(texts.nbytes)
    assert max(sizes[30:]) <= max(sizes[:30])
    assert [texts.text(number) for number in held.tolist()] == batch


def test_more_than_the_capacity_are_kept_and_found():
    chance = random.Random(4)  # noqa: S311
    several = ["".join(chance.choices(PRAISE + OTHER, k=90)) for _ in range(500)]
    texts = Texts(10)
    texts.add(several, np.ones(500, dtype=np.bool_))
    assert texts.find(several).tolist() == list(range(500))
    assert near(texts, several[499][:-3])[0] == 499


class AgainstADictionary(RuleBasedStateMachine):
    """Any order of adding, filing and removing leaves what a dictionary would hold."""

    def __init__(self):
        super().__init__()
        self.texts = Texts(2)
        self.known = {}

    @rule(several=st.lists(FEW, max_size=8), filed=st.booleans())
    def add(self, several, filed):
        numbers = self.texts.add(several, np.full(len(several), filed))
        self.known.update(zip(several, numbers.tolist(), strict=True))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def remove(self, data):
        gone = data.draw(st.lists(st.sampled_from(sorted(self.known)), unique=True))
        self.texts.remove(np.array([self.known.pop(text) for text in gone], dtype=np.int64))

    @rule()
    def snapshot(self):
        self.texts = Texts.restore(self.texts.arrays(), 2)

    @invariant()
    def holds_the_same(self):
        assert len(self.texts) == len(self.known) == len(set(self.known.values()))
        assert self.texts.find(list(self.known)).tolist() == list(self.known.values())
        assert {self.texts.text(number) for number in self.known.values()} == set(self.known)
        assert self.texts.find(["不在其中"]).tolist() == [-1]


TestAgainstADictionary = AgainstADictionary.TestCase
TestAgainstADictionary.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


# Flat arrays


@given(st.lists(st.text(alphabet=st.characters(max_codepoint=0xD7FF), max_size=200), max_size=10))
def test_flat_texts_are_strings_again(texts):
    assert strings(flatten(texts)) == [text[:CLIP] for text in texts]


@given(st.text(min_size=1), st.text(min_size=1))
def test_characters_that_one_text_lacks_are_no_more_than_its_sketch_lacks(one, other):
    left, right = flatten([one[:CLIP], other[:CLIP]]).sketches
    assert int(left ^ right).bit_count() <= len(set(one[:CLIP]) ^ set(other[:CLIP]))
