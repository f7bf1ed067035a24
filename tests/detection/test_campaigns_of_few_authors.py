"""Accounts that live on repeating several texts are one campaign; habits of many are none."""

import random
from datetime import timedelta

import pytest

from modbot.detection import DuplicateIndex, canonicalise, observation
from modbot.domain import Assessment, Author, Probabilities, is_of_few_authors

STOCK = (
    "谢谢分享",
    "感谢楼主",
    "顶一下",
    "支持楼主",
    "路过看看",
    "学习一下",
    "不错不错",
    "收藏备用",
    "前排围观",
    "沙发归我",
    "楼主辛苦啦",
    "内容很实用",
    "下次再来看",
    "好东西要顶",
    "写得挺详细",
    "每天来报到",
    "说得有道理",
    "谢谢楼主的好帖",
    "先收藏以后慢慢看",
    "这个帖子值得回复",
    "楼主的分享很有帮助",
    "一直在关注这个话题",
    "看完之后收获不少呢",
    "希望楼主继续更新啊",
    "正好需要这样的资料",
    "论坛有你更加精彩哦",
    "坐等楼主下一篇文章",
    "默默地支持楼主一下",
    "回个帖子表示一下感谢",
    "真是好人一生平安如意",
    "今天又学到了新的东西",
    "帮楼主把帖子顶上去吧",
    "好帖不能沉大家一起顶",
)
PARTS = (
    ("昨天", "上周", "早上", "刚才"),
    ("在菜场", "在河边", "在单位", "在车站"),
    ("看见有人", "听说邻居", "发现物业"),
    ("修路灯", "搬家具", "遛两只狗", "种了一排树", "贴通知说停水"),
)


def said(chance):
    """What members say who have something to say: it is never the same twice."""
    return "".join(chance.choice(part) for part in PARTS) + str(chance.randrange(10**9))


class Town:
    """Replies in time order, matched and inserted by small batches as a daemon does."""

    def __init__(self, make_reply, now):
        self.index = DuplicateIndex()
        self._make, self._now = make_reply, now
        self._posts = 0

    def write(self, lines, *, batch=64):
        """``lines`` are (author, text); a new thread every few replies, one reply a minute."""
        found = []
        for first in range(0, len(lines), batch):
            found += self._batch(lines[first : first + batch])
        return found

    def _batch(self, lines):
        replies = []
        for author, text in lines:
            self._posts += 1
            at = self._now - timedelta(days=6) + timedelta(minutes=self._posts)
            thread = self._posts * 7919 % 1009
            replies.append(self._make(text, post=self._posts, by=author, thread=thread, posted_at=at))
        texts = canonicalise([reply.text for reply in replies])
        found = self.index.match(replies, texts, self._now)
        self.index.insert([kept(*facts) for facts in zip(replies, texts, found, strict=True)])
        return found


def kept(reply, text, repetition):
    judged = Assessment(reply.key, Probabilities(1, 0, 0), (), repetition, text, "m")
    return observation(reply, judged, established=False)


@pytest.fixture
def town(make_reply, now):
    return Town(make_reply, now)


def names_of(found):
    return {one.campaign for one in found if one is not None and is_of_few_authors(one.campaign)}


def test_two_accounts_with_thirty_three_texts_are_one_campaign(town):
    chance = random.Random(4)  # noqa: S311
    lines = [(chance.choice((8, 9)), chance.choice(STOCK)) for _ in range(3_000)]
    found = town.write(lines)
    of_authors = [one for one in found if one is not None and is_of_few_authors(one.campaign)]
    assert len(of_authors) >= 0.9 * len(lines)
    assert len({one.campaign for one in of_authors[200:]}) == 1
    last = of_authors[-1]
    assert (last.authors, last.texts) == (2, 33)
    assert last.size >= 0.98 * len(lines)
    assert last.threads >= 100
    assert last.first_post.post_id <= 33


def test_their_texts_from_others_stay_with_the_text(town):
    chance = random.Random(5)  # noqa: S311
    town.write([(chance.choice((8, 9)), chance.choice(STOCK)) for _ in range(1_000)])
    others = town.write([(100 + at, text) for at, text in enumerate(STOCK)])
    assert names_of(others) == set()
    assert all(one is not None and one.texts == 1 for one in others)


def test_the_same_texts_by_a_hundred_members_are_no_campaign_of_few(town):
    chance = random.Random(6)  # noqa: S311
    lines = [
        (author, text) for author in range(100, 200) for text in chance.sample(STOCK, 4) for _ in range(3)
    ]
    chance.shuffle(lines)
    assert names_of(town.write(lines)) == set()


WRITERS = [
    # texts, how often each, threads are many; other posts → a campaign of few authors?
    ("a bot of three texts", 3, 4, 0, True),
    ("a bot that writes as much of its own", 3, 4, 12, True),
    ("a bot of a dozen texts", 12, 2, 5, True),
    ("who thanks and signs in every day, and has something to say", 2, 20, 30, False),
    ("who signs in every day, and says nothing else", 1, 30, 0, False),
    ("who has three favourite sentences, and much to say", 3, 4, 20, False),
    ("who never repeats", 12, 1, 0, False),
]


@pytest.mark.parametrize(
    ("texts", "times", "others", "is_bot"), [row[1:] for row in WRITERS], ids=[row[0] for row in WRITERS]
)
def test_who_lives_on_repeating(town, texts, times, others, is_bot):
    chance = random.Random(7)  # noqa: S311
    lines = [(5, text) for text in STOCK[:texts] for _ in range(times)]
    lines += [(5, said(chance)) for _ in range(others)]
    chance.shuffle(lines)
    town.write(lines)
    town.write([(at, said(chance)) for at in range(50, 90)])
    found = town.write([(5, STOCK[0])])
    assert bool(names_of(found)) is is_bot


def test_three_texts_in_one_thread_make_no_repeater(make_reply, now):
    index = DuplicateIndex()
    posts = [
        make_reply(text, post=10 * at + copy, by=5, thread=1, minutes=60 * (10 * at + copy))
        for at, text in enumerate(STOCK[:4])
        for copy in range(3)
    ]
    for post in posts:
        texts = canonicalise([post.text])
        found = index.match([post], texts, now)
        index.insert([kept(post, texts[0], found[0])])
        assert names_of(found) == set()


def test_the_name_is_the_same_when_the_index_is_rebuilt(town, make_reply, now):
    chance = random.Random(8)  # noqa: S311
    lines = [(chance.choice((8, 9)), chance.choice(STOCK)) for _ in range(400)]
    stored = []
    for first in range(0, len(lines), 50):
        batch = lines[first : first + 50]
        replies = [
            make_reply(text, post=first + at, by=by, thread=at, minutes=first + at)
            for at, (by, text) in enumerate(batch)
        ]
        texts = canonicalise([reply.text for reply in replies])
        found = town.index.match(replies, texts, now)
        stored += [kept(*facts) for facts in zip(replies, texts, found, strict=True)]
        town.index.insert(stored[first:])
    rebuilt = DuplicateIndex()
    rebuilt.insert(stored[::2])
    rebuilt.insert(stored[1::2])
    asked = [make_reply(STOCK[3], post=9_000, by=8, thread=900, minutes=500)]
    texts = canonicalise([STOCK[3]])
    expected, again = town.index.match(asked, texts, now)[0], rebuilt.match(asked, texts, now)[0]
    assert is_of_few_authors(expected.campaign)
    assert (again.campaign, again.size, again.texts) == (expected.campaign, expected.size, expected.texts)


def test_two_pairs_of_accounts_that_come_together_are_one_campaign_and_the_younger_name_an_alias(town):
    chance = random.Random(9)  # noqa: S311
    first = town.write([(chance.choice((1, 2)), chance.choice(STOCK[:9])) for _ in range(200)])
    second = town.write([(chance.choice((3, 4)), chance.choice(STOCK[9:18])) for _ in range(200)])
    older, younger = first[-1].campaign, second[-1].campaign
    assert older != younger
    joint = town.write([(chance.choice((1, 3)), chance.choice(STOCK[18:24])) for _ in range(300)], batch=1)
    assert joint[-1].campaign == older
    assert joint[-1].authors == 4
    told = {alias for one in joint if one and one.campaign == older for alias in one.aliases}
    assert younger in told
    assert joint[-1].aliases == (), "the store is told once"


def test_authors_nobody_knows_are_never_a_campaign_of_few(make_reply, now):
    index = DuplicateIndex()
    replies = [
        make_reply(text, post=10 * at + copy, author=Author(), thread=10 * at + copy)
        for at, text in enumerate(STOCK[:6])
        for copy in range(4)
    ]
    texts = canonicalise([reply.text for reply in replies])
    index.insert([kept(*facts, None) for facts in zip(replies, texts, strict=True)])
    assert names_of(index.match(replies, texts, now)) == set()
