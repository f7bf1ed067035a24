"""The running counts of campaigns are what counting their members anew would give."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.detection import DuplicateIndex, Observation, canonicalise
from modbot.detection.duplicates.tally import is_slip
from modbot.domain import Author, ReplyKey, Slip

TEXTS = ("甲乙", "丙丁戊", "己庚辛壬")
WEEK = 7 * 24 * 60

posts = st.tuples(
    st.just("write"),
    st.integers(0, 1),  # two texts make nobody a repeater
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 40 * 24 * 60) | st.integers(0, 30),
    st.booleans(),
)
steps = st.lists(
    posts
    | st.tuples(st.just("forget"), st.integers(0, 60))
    | st.tuples(st.just("edit"), st.integers(0, 60), st.integers(0, 1))
    | st.tuples(st.just("expire"), st.integers(30, 60)),
    min_size=4,
    max_size=60,
)


class Ledger:
    """Every member in a plain list, counted anew whenever it is asked."""

    def __init__(self):
        self.members = {}

    def write(self, post, seen):
        beside = [
            (at, other.thread_id, counted)
            for other, at, counted in self.members.values()
            if (other.canonical, other.author_id) == (seen.canonical, seen.author_id)
        ]
        at = seen.posted_at.timestamp()
        self.members[post] = (seen, at, not is_slip(beside, seen.author_id, seen.thread_id, at))

    def counts(self, post):
        mine, at, _ = self.members[post]
        same = [one for one in self.members.values() if one[0].canonical == mine.canonical]
        counted = [seen for seen, _, is_counted in same if is_counted]
        authors = {seen.author_id for seen in counted}
        own = [seen for seen in counted if seen.author_id == mine.author_id]
        recent = [seen for seen in own if seen.posted_at.timestamp() >= at - WEEK * 60]
        return (
            max(len(counted), 1),
            max(len(authors), 1),
            len(authors - {seen.author_id for seen in counted if seen.established}),
            max(len({seen.thread_id for seen in counted}), 1),
            len(recent),
            len({seen.thread_id for seen in recent}),
        )


def counts_of(found):
    return (
        found.size, found.authors, found.newcomers, found.threads, found.author_posts, found.author_threads,
    )  # fmt: skip


def observed(now, post, step):
    _, text, author, thread, minute, established = step
    at = now + timedelta(minutes=minute)
    return Observation(ReplyKey("f", post), TEXTS[text], author, f"m{author}", established, thread, None, at)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_counting_as_members_come_and_go_is_counting_anew(now, script):
    index, ledger = DuplicateIndex(window=timedelta(days=30)), Ledger()
    for post, step in enumerate(script):
        if step[0] == "write":
            seen = observed(now, post, step)
            index.insert([seen])
            ledger.write(post, seen)
        elif step[0] == "forget":
            index.forget([ReplyKey("f", step[1])])
            ledger.members.pop(step[1], None)
        elif step[0] == "edit" and step[1] in ledger.members:
            seen = replace(ledger.members[step[1]][0], canonical=TEXTS[step[2]])
            if seen.canonical != ledger.members[step[1]][0].canonical:
                del ledger.members[step[1]]
                ledger.write(step[1], seen)
            index.insert([seen])
        elif step[0] == "expire":
            # Members sit on whole minutes; the window moves in steps of 43 minutes.
            limit = now + timedelta(days=step[1])
            index.expire(limit)
            grain = timedelta(days=30).total_seconds() / 1000
            since = (limit.timestamp() - 30 * 86400) // grain * grain
            ledger.members = {key: one for key, one in ledger.members.items() if one[1] >= since}
        assert index.size == len(ledger.members)
    keys = [ReplyKey("f", post) for post in ledger.members]
    for key, found in zip(keys, index.review(keys, now), strict=True):
        same = [one for one, _, _ in ledger.members.values()]
        alone = sum(one.canonical == ledger.members[key.post_id][0].canonical for one in same) == 1
        if found is None:
            assert alone or ledger.counts(key.post_id)[0] < 2
        else:
            assert counts_of(found) == ledger.counts(key.post_id)
            assert bool(found.slip) is not ledger.members[key.post_id][2]


@settings(max_examples=40, deadline=None)
@given(st.lists(posts, min_size=2, max_size=30), st.integers(0, 29))
def test_a_batch_counts_what_it_replaces_anew(now, make_reply, script, again):
    """Matching a reply that is indexed already is as if it came now, after all others. (Each
    is in a thread of its own: what was a slip when it came stays one.)"""
    index = DuplicateIndex()
    seen = [replace(observed(now, post, step), thread_id=post) for post, step in enumerate(script)]
    index.insert(seen)
    chosen = seen[again % len(seen)]
    rest = DuplicateIndex()
    rest.insert([one for one in seen if one.key != chosen.key])
    asked = make_reply(
        chosen.canonical, post=chosen.key.post_id, forum="f", thread=chosen.thread_id,
        author=Author(id=chosen.author_id, posts=90 if chosen.established else 0), posted_at=chosen.posted_at,
    )  # fmt: skip
    found, expected = (
        one.match([asked], [chosen.canonical], now + timedelta(days=30))[0] for one in (index, rest)
    )
    assert (found is None) == (expected is None)
    if found is not None:
        assert counts_of(found) == counts_of(expected)
        assert (found.first_post, found.last_seen) == (expected.first_post, expected.last_seen)


SLIPS = [
    # (minute, thread) of each copy by one author → which of them are slips
    ("a double-click", [(0, 1), (0, 1)], [2]),
    ("a second try after nine minutes", [(0, 1), (9, 1)], [2]),
    ("after eleven minutes it is meant", [(0, 1), (11, 1)], []),
    ("in another thread it is meant", [(0, 1), (0, 2)], []),
    ("the third within ten minutes is meant", [(0, 1), (1, 1), (2, 1)], [2]),
    ("and so are all that follow", [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)], [2]),
    ("one every eight minutes is no slip each time", [(0, 1), (8, 1), (16, 1), (24, 1)], [2, 4]),
    ("a double-click in each of two threads", [(0, 1), (0, 1), (5, 2), (5, 2)], [2, 4]),
    ("a double-click an hour later is another", [(0, 1), (0, 1), (60, 1), (60, 1)], [2, 4]),
    ("read in another order", [(9, 1), (0, 1)], [2]),
]


@pytest.mark.parametrize(("copies", "slips"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
@pytest.mark.parametrize("size", [1, 100], ids=["one by one", "in one batch"])
def test_what_is_a_slip_of_the_hand(make_reply, now, copies, slips, size):
    index = DuplicateIndex()
    text = canonicalise(["明天的读书会改到下午两点开始"])[0]
    found = []
    for first in range(0, len(copies), size):
        batch = [
            make_reply(text, post=first + at, thread=thread, minutes=minute)
            for at, (minute, thread) in enumerate(copies[first : first + size], 1)
        ]
        found += index.match(batch, [text] * len(batch), now)
        index.insert(
            [
                Observation(one.key, text, one.author.id, "", False, one.thread_id, None, one.posted_at)
                for one in batch
            ]
        )
    assert [at for at, one in enumerate(found, 1) if one is not None and one.slip] == slips
    assert all(one is None or one.slip in {None, Slip.DOUBLE_CLICK} for one in found)
    keys = [ReplyKey("city", at) for at in range(1, len(copies) + 1)]
    reviewed = index.review(keys, now)
    assert [at for at, one in enumerate(reviewed, 1) if one is not None and one.slip] == slips


def test_forty_copies_in_one_thread_within_minutes_are_a_flood(make_reply, now):
    index = DuplicateIndex()
    batch = [make_reply("快来看这个帖子里的图", post=at, minutes=at / 5) for at in range(43)]
    found = index.match(batch, canonicalise([one.text for one in batch]), now)
    assert (found[-1].size, found[-1].author_posts) == (42, 42)


def test_threads_that_match_insert_review_and_forget_lose_nothing(make_reply, now):
    index = DuplicateIndex(capacity=5_000)
    problems = []

    def work(start):
        try:
            for at in range(start, start + 120):
                text = TEXTS[at % 3] + "的故事今天才讲到一半" + "呀" * (at % 4)
                reply = make_reply(text, post=at, by=at, thread=at % 11, minutes=at)
                canonical = canonicalise([text])
                index.match([reply], canonical, now)
                index.insert(
                    [Observation(reply.key, canonical[0], at, "", False, at % 11, None, reply.posted_at)]
                )
                index.review([reply.key], now)
                if at % 10 == 0:
                    index.forget([reply.key])
        except Exception as problem:  # noqa: BLE001  (a thread has nobody else to tell it to)
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 1_000, 2_000, 3_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert index.size == 4 * 108
    keys = [ReplyKey("city", start + at) for start in (0, 1_000, 2_000, 3_000) for at in range(120)]
    sizes = {}
    for found in index.review(keys, now):
        if found is not None:
            sizes.setdefault(found.campaign, set()).add(found.size)
    assert all(len(different) == 1 for different in sizes.values())
    assert sum(size for different in sizes.values() for size in different) == index.size


def test_the_first_poster_is_remembered_when_the_window_has_left_them_behind(make_reply, now):
    index = DuplicateIndex(window=timedelta(days=30))
    text = canonicalise(["山脚下新开的那家面馆味道很地道"])[0]
    for day in (0, 10, 20, 29):
        at = now + timedelta(days=day)
        index.insert([Observation(ReplyKey("city", day), text, day, "", False, day, None, at)])
    later = now + timedelta(days=45)
    asked = make_reply(text, post=99, by=0, thread=99, posted_at=later)
    found = index.match([asked], [text], later)[0]
    assert (found.size, found.first_post, found.is_first_author) == (3, ReplyKey("city", 0), True)
    index.forget([ReplyKey("city", 20)])
    assert index.match([asked], [text], later)[0].first_post == ReplyKey("city", 0)


def test_a_first_post_that_is_taken_back_is_first_no_more(make_reply, now):
    index = DuplicateIndex()
    text = canonicalise(["山脚下新开的那家面馆味道很地道"])[0]
    for post in (1, 2, 3):
        at = now + timedelta(minutes=post)
        index.insert([Observation(ReplyKey("city", post), text, post, "", False, post, None, at)])
    index.forget([ReplyKey("city", 1)])
    found = index.match([make_reply(text, post=4, by=4, thread=4, minutes=9)], [text], now)[0]
    assert found.first_post == ReplyKey("city", 2)


def test_two_campaigns_whose_representatives_are_near_become_one(make_reply, now):
    """Both were judged before either was stored, as by two workers side by side."""
    one, other = canonicalise(["我们这座城市建设得真好希望越来越好", "我们这座城市建设得真美希望越来越好"])
    index = DuplicateIndex()
    for post, text in ((1, one), (2, other), (3, one), (4, other)):
        at = now + timedelta(minutes=post)
        index.insert([Observation(ReplyKey("city", post), text, post, "", False, post, None, at)])
    asked = [
        make_reply(text, post=10 + at, by=10 + at, thread=10 + at, minutes=30)
        for at, text in enumerate((one, other))
    ]
    found = index.match(asked, [one, other], now)
    assert {answer.campaign for answer in found} == {found[0].campaign}
    assert [(answer.size, answer.authors, answer.threads) for answer in found] == [(5, 5, 5), (6, 6, 6)]
    assert found[0].first_post == ReplyKey("city", 1)
    assert len(found[0].aliases) == 1
    former = found[0].aliases[0]
    assert former != found[0].campaign
    late = Observation(ReplyKey("city", 7), other, 7, "", False, 7, None, now, campaign=former)
    told = Observation(
        ReplyKey("city", 8), one, 8, "", False, 8, None, now, found[0].campaign, found[0].aliases
    )
    index.insert([late, told])
    again = index.match(asked[:1], [one], now)[0]
    assert (again.campaign, again.size, again.aliases) == (found[0].campaign, 7, ())


def test_a_text_near_to_both_of_two_campaigns_makes_them_one_for_nobody(make_reply, now):
    one, between, other = canonicalise(
        [
            "一二三四五六七八九十甲乙丙丁戊",
            "一二三四五六七八九十甲乙丙辰巳",
            "一二三四五六七八九十甲午未辰巳",
        ]
    )
    index = DuplicateIndex()
    for post, text in ((1, one), (2, one), (3, other), (4, other)):
        index.insert([Observation(ReplyKey("city", post), text, post, "", False, post, None, now)])
    batch = [make_reply(between, post=9, by=9, thread=9)]
    found = index.match(batch, [between], now)[0]
    index.insert(
        [Observation(ReplyKey("city", 9), between, 9, "", False, 9, None, now, found.campaign, found.aliases)]
    )
    asked = [make_reply(text, post=20 + at, by=20 + at, thread=20) for at, text in enumerate((one, other))]
    assert len({answer.campaign for answer in index.match(asked, [one, other], now)}) == 2
