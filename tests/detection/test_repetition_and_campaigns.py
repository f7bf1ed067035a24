"""Campaigns: who says the same, however they vary it, and who only seems to."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from modbot.detection import DuplicateIndex, canonicalise, observation
from modbot.detection.duplicates.names import of_hash
from modbot.detection.duplicates.texts import Texts
from modbot.domain import Assessment, Author, Probabilities, ReplyKey, Slip

PRAISE = "我们这座城市建设得真好希望越来越好"
VARIED = "我们这座城市建设得真漂亮希望越来越好"
OTHER = "昨天路过体育馆门口看见新开了一家书店"


def campaign_id(canonical):
    """The name of the campaign that a canonical text represents."""
    return of_hash(int(Texts(1).hashes([canonical])[0]))


def store(index, replies, now):
    """Match and insert as the daemon does: assess, store, then insert."""
    texts = canonicalise([reply.text for reply in replies])
    found = index.match(replies, texts, now)
    index.insert(
        [
            observation(
                reply,
                Assessment(reply.key, Probabilities(1, 0, 0), (), repetition, text, "m"),
                established=(reply.author.posts or 0) >= 50,
            )
            for reply, text, repetition in zip(replies, texts, found, strict=True)
        ]
    )
    return found


@pytest.fixture
def index():
    return DuplicateIndex()


def test_the_same_text_by_three_newcomers_in_two_threads_is_a_campaign(index, make_reply, now):
    replies = [make_reply(PRAISE, post=at, by=at, thread=at % 2) for at in (1, 2, 3)]
    first, second, third = store(index, replies, now)
    assert first is None
    assert (second.size, second.authors, second.newcomers, second.threads) == (2, 2, 2, 2)
    assert (third.size, third.authors, third.threads, third.similarity) == (3, 3, 2, 1.0)
    assert third.campaign == campaign_id(canonicalise([PRAISE])[0])
    assert third.first_post == ReplyKey("city", 1)
    assert third.canonical_length == len(PRAISE)


def test_one_by_one_and_in_one_batch_count_alike(make_reply, now):
    replies = [
        make_reply(t, post=at, by=at % 3, thread=at)
        for at, t in enumerate([PRAISE, OTHER, VARIED, PRAISE, OTHER])
    ]
    together = store(DuplicateIndex(), replies, now)
    index = DuplicateIndex()
    apart = [store(index, [reply], now)[0] for reply in replies]
    assert together == apart


@pytest.mark.parametrize(
    "variant",
    [
        PRAISE + "！！！",
        " ".join(PRAISE),
        "\u200b".join(PRAISE),
        PRAISE.replace("设", "設").replace("们", "們"),
        VARIED,
        PRAISE[2:],
        PRAISE + "加油",
        PRAISE.replace("真好", "很好"),
    ],
)
def test_a_small_change_evades_nothing(index, make_reply, now, variant):
    store(index, [make_reply(PRAISE, post=1, by=1)], now)
    found = store(index, [make_reply(variant, post=2, by=2, thread=2)], now)[0]
    assert found is not None
    assert found.size == 2
    assert found.similarity >= 0.8


def test_another_text_is_no_repetition(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=1)], now)
    assert store(index, [make_reply(OTHER, post=2, by=2)], now) == [None]


def test_texts_are_compared_with_the_founder_only(index, make_reply, now):
    chain = [
        "一二三四五六七八九十甲乙丙丁戊",
        "一二三四五六七八九十甲乙丙辰巳",
        "一二三四五六七八九十甲午未辰巳",
    ]
    found = [
        store(index, [make_reply(text, post=at, by=at, thread=at)], now)[0] for at, text in enumerate(chain)
    ]
    assert found[1] is not None
    assert found[2] is None


def test_a_double_click_is_a_slip_and_does_not_count(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=1, by=1, thread=1)], now)
    slip = store(index, [make_reply(PRAISE, post=2, by=1, thread=1, minutes=2)], now)[0]
    assert slip.slip
    assert slip.size == 1
    later = store(index, [make_reply(PRAISE, post=3, by=1, thread=1, minutes=30)], now)[0]
    assert not later.slip
    assert later.size == 2
    elsewhere = store(index, [make_reply(PRAISE, post=4, by=1, thread=2, minutes=31)], now)[0]
    assert not elsewhere.slip


@pytest.mark.parametrize("text", ["编辑", "删", "删除。", "手滑了", "【已编辑】"])
def test_a_blanked_post_is_a_slip_however_often_it_is_seen(index, make_reply, now, text):
    replies = [make_reply(text, post=at, by=at, thread=at) for at in range(5)]
    found = store(index, replies, now)
    assert all(one.slip and one.size == 1 for one in found)
    assert index.size == 0


def test_an_edit_replaces_its_own_text_and_repeats_nothing_else(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=1, by=1)], now)
    edited = make_reply(PRAISE + "加油", post=1, by=1)
    found = store(index, [edited], now)[0]
    assert (found.slip, found.size, found.authors, found.duplicates) == (Slip.EDIT, 1, 1, ())
    assert index.size == 1
    assert store(index, [edited], now) == [None], "the same text again is no edit"
    store(index, [make_reply(OTHER, post=1, by=1)], now)
    assert store(index, [make_reply(PRAISE, post=2, by=2)], now) == [None]


def test_an_edit_that_repeats_others_is_a_repetition(index, make_reply, now):
    replies = [make_reply(PRAISE, post=1, by=1), make_reply(PRAISE, post=2, by=2, thread=2)]
    store(index, replies, now)
    found = store(index, [make_reply(PRAISE + "加油", post=1, by=1)], now)[0]
    assert (found.slip, found.size, found.authors) == (None, 2, 2)


def test_inserting_twice_counts_once(index, make_reply, now):
    replies = [make_reply(PRAISE, post=at, by=at, thread=at) for at in (1, 2)]
    store(index, replies, now)
    again = store(index, replies, now)
    assert index.size == 2
    assert again[1].size == 2


def test_a_burst_of_one_author_is_counted_over_seven_days(index, make_reply, now):
    week_ago = now - timedelta(days=8)
    store(index, [make_reply(PRAISE, post=1, by=1, thread=1, posted_at=week_ago)], now)
    replies = [make_reply(PRAISE, post=at, by=1, thread=at, minutes=at) for at in (2, 3, 4)]
    found = store(index, replies, now)[-1]
    assert (found.size, found.authors, found.author_posts, found.author_threads) == (4, 1, 3, 3)
    assert found.is_first_author


def test_an_author_of_several_repeated_texts_is_seen(index, make_reply, now):
    texts = [PRAISE, OTHER, "雨天请慢行注意桥面积水路段", "顶"]
    posts = [
        make_reply(text, post=10 * at + copy, by=7, thread=10 * at + copy, minutes=at)
        for at, text in enumerate(texts)
        for copy in (1, 2)
    ]
    assert store(index, posts, now)[-1].author_texts == 4


def test_authors_with_standing_are_no_newcomers(index, make_reply, now):
    replies = [make_reply(PRAISE, post=at, by=at, posts=at * 40, thread=at) for at in (0, 1, 2, 3)]
    assert store(index, replies, now)[-1].newcomers == 2


def test_standing_may_be_a_set_of_ids(make_reply, now):
    index = DuplicateIndex(is_established={1, 2})
    replies = [make_reply(PRAISE, post=at, by=at, thread=at) for at in (1, 2, 3)]
    texts = canonicalise([reply.text for reply in replies])
    assert index.match(replies, texts, now)[-1].newcomers == 1


def test_the_first_author_is_remembered_when_others_were_read_first(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=9, by=9, thread=9, minutes=50)], now)
    found = store(index, [make_reply(PRAISE, post=1, by=1, thread=1, minutes=1)], now)[0]
    assert found.is_first_author
    assert found.first_post == ReplyKey("city", 1)


def test_two_addresses_of_one_site_are_two_texts(index, make_reply, now):
    first, second = (
        "看 https://video.example.com/watch/BV1a2b3c4d",
        "看 https://video.example.com/watch/BV1a2b3c9z",
    )
    store(index, [make_reply(first, post=1, by=1)], now)
    assert store(index, [make_reply(second, post=2, by=2)], now) == [None]
    assert store(index, [make_reply(first, post=3, by=3)], now)[0].size == 2


def test_unknown_authors_and_threads_are_one_at_most(index, make_reply, now):
    replies = [make_reply(PRAISE, post=at, author=Author(), thread=None, minutes=at) for at in range(5)]
    found = store(index, replies, now)[-1]
    assert (found.size, found.authors, found.threads, found.author_posts, found.author_texts) == (
        5,
        1,
        1,
        1,
        0,
    )
    assert not found.slip


def test_members_expire_and_old_campaigns_are_forgotten(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=1, by=1, posted_at=now - timedelta(days=31))], now)
    assert store(index, [make_reply(PRAISE, post=2, by=2)], now)[0] is None
    index.expire(now)
    assert index.size == 1
    index.expire(now + timedelta(days=40))
    assert index.size == 0
    assert store(index, [make_reply(VARIED, post=3, by=3)], now) == [None]


def test_a_forgotten_reply_counts_no_more(index, make_reply, now):
    replies = [make_reply(PRAISE, post=at, by=at, thread=at) for at in (1, 2)]
    store(index, replies, now)
    index.forget([ReplyKey("city", 1), ReplyKey("city", 1), ReplyKey("city", 77), ReplyKey("else", 1)])
    assert store(index, [make_reply(PRAISE, post=3, by=3, thread=3)], now)[0].size == 2


def test_a_campaign_keeps_its_name_when_its_founder_is_not_rebuilt(make_reply, now):
    first = DuplicateIndex()
    replies = [
        make_reply(text, post=at, by=at, thread=at) for at, text in enumerate([PRAISE, VARIED, VARIED])
    ]
    canonical = canonicalise([reply.text for reply in replies])
    found = first.match(replies, canonical, now)
    kept = [
        observation(r, Assessment(r.key, Probabilities(1, 0, 0), (), f, c, "m"), established=False)
        for r, c, f in zip(replies, canonical, found, strict=True)
    ]
    index = DuplicateIndex()
    index.insert(kept[1:])
    again = index.match([make_reply(VARIED, post=9, by=9, thread=9)], canonical[1:2], now)[0]
    assert again.campaign == campaign_id(canonical[0])
    assert again.size == 3


def test_a_campaign_name_of_another_maker_is_kept(make_reply, now):
    index = DuplicateIndex()
    reply = make_reply(PRAISE, post=1)
    text = canonicalise([PRAISE])[0]
    seen = observation(
        reply, Assessment(reply.key, Probabilities(1, 0, 0), (), None, text, "m"), established=False
    )
    index.insert([replace(seen, campaign="handmade")])
    assert index.match([make_reply(PRAISE, post=2, by=2)], [text], now)[0].campaign == "handmade"
    index.forget([reply.key])
    assert index.size == 0


def test_authors_without_an_id_are_told_apart_by_name(index, make_reply, now):
    replies = [
        make_reply(PRAISE, post=at, author=Author(name=name), thread=at) for at, name in enumerate("甲乙甲")
    ]
    found = store(index, replies, now)[-1]
    assert (found.authors, found.author_posts) == (2, 2)


def test_a_reply_of_unknown_time_takes_the_time_it_is_given(make_reply, now):
    reply = make_reply(PRAISE, posted_at=None)
    judged = Assessment(reply.key, Probabilities(1, 0, 0), (), None, "x", "m")
    assert observation(reply, judged, established=False, at=now).posted_at == now
    assert observation(reply, judged, established=False).posted_at.year == 1970


def test_forums_do_not_see_each_other(index, make_reply, now):
    store(index, [make_reply(PRAISE, post=1, by=1, forum="one")], now)
    assert store(index, [make_reply(PRAISE, post=1, by=2, forum="two")], now) == [None]


def test_the_oldest_are_let_go_beyond_the_capacity(make_reply, now):
    index = DuplicateIndex(capacity=100)
    replies = [
        make_reply(f"第{at}号楼{at * 7919}单元停水通知", post=at, by=at, thread=at, minutes=at)
        for at in range(150)
    ]
    store(index, replies, now)
    assert index.size <= 100
    assert store(index, [make_reply(replies[149].text, post=900, by=900, thread=900)], now)[0] is not None
    assert store(index, [make_reply(replies[0].text, post=901, by=901, thread=901)], now)[0] is None


def test_a_rebuilt_index_says_what_the_first_one_said(make_reply, now):
    texts = [PRAISE, OTHER, VARIED, PRAISE + "！", "顶", "顶"]
    replies = [make_reply(text, post=at, by=at, thread=at, minutes=at) for at, text in enumerate(texts)]
    canonical = canonicalise(texts)
    first = DuplicateIndex()
    found = first.match(replies, canonical, now)
    kept = [
        observation(r, Assessment(r.key, Probabilities(1, 0, 0), (), f, c, "m"), established=False)
        for r, c, f in zip(replies, canonical, found, strict=True)
    ]
    first.insert(kept)
    rebuilt = DuplicateIndex()
    rebuilt.insert(kept)
    shuffled = DuplicateIndex()
    shuffled.insert(kept[::-1])
    query = [make_reply(VARIED, post=99, by=99, thread=99, minutes=99)]
    expected = first.match(query, canonicalise([VARIED]), now)
    assert expected[0].size == 4
    assert rebuilt.match(query, canonicalise([VARIED]), now) == expected
    assert shuffled.match(query, canonicalise([VARIED]), now)[0].size == 4


def test_matching_and_inserting_from_several_threads_loses_nothing(index, make_reply, now):
    def work(start):
        for at in range(start, start + 40):
            store(index, [make_reply(f"{PRAISE}{at % 5}", post=at, by=at, thread=at)], now)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 1_000, 2_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert index.size == 120
