"""Customs are let alone, campaigns are found with their third author: two tables.

Each row is played through detector, index and policy in enforce mode, in time order.
All sentences are our own.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from modbot.detection import DuplicateIndex, observation
from modbot.domain import Author, DecisionKind, Mode, Reason, Reply, ThreadKind
from modbot.policy import Circumstances, Policy, PolicyBook, decide, has_standing

ENFORCE = Policy(mode=Mode.ENFORCE, spam_hide=0.99, spam_queue=0.9, low_effort_queue=None)
BOOK = PolicyBook(
    ENFORCE,
    kinds={
        ThreadKind.LOTTERY: frozenset({Reason.SPAM}),
        ThreadKind.SIGNIN: frozenset({Reason.SPAM}),
        ThreadKind.CHATTER: frozenset({Reason.SPAM, Reason.REPEATED}),
    },
)


@dataclass(frozen=True)
class Custom:
    """``members`` with standing and ``newcomers`` say one of ``texts`` in ``threads``, spread
    over ``days``; each of them ``times`` over."""

    name: str
    texts: tuple[str, ...]
    members: int
    newcomers: int
    threads: int
    days: float
    kind: ThreadKind = ThreadKind.NORMAL
    title: str = "随便聊聊"
    times: int = 1


def custom(name, texts, members, newcomers, threads, days, **more):
    return Custom(
        name, (texts,) if isinstance(texts, str) else texts, members, newcomers, threads, days, **more
    )


CUSTOMS = [
    custom("thanks for a share", "谢谢分享", 60, 40, 60, 30),
    custom("thanks for a share, newcomers only", "感谢楼主分享", 0, 100, 60, 30),
    custom("thanks in more words", "感谢楼主的无私分享！", 20, 40, 30, 20),
    custom("thanks and a download", "感谢分享，先下载了", 10, 20, 15, 20),
    custom("thanks and a lesson", "感谢楼主分享，学习了", 5, 25, 12, 10),
    custom("the good live in peace", "楼主好人一生平安", 12, 12, 15, 25),
    custom("thanks to who answered", ("谢谢解答", "谢谢各位解答"), 10, 15, 20, 30),
    custom("mourning in one thread", "节哀", 0, 40, 1, 2, title="家里的老人昨晚走了"),
    custom("mourning in more words", "节哀顺变，一路走好", 10, 30, 1, 3, title="我的父亲"),
    custom("mourning a stranger", "愿逝者安息，一路走好！", 6, 12, 4, 2, title="南山矿难"),
    custom("mourning a pet", "可怜的小家伙，一路走好", 4, 1, 3, 10),
    custom("rest in peace", "R.I.P.", 20, 20, 5, 3),
    custom("a birthday thread", "祝楼主生日快乐！", 10, 30, 1, 1, title="今天我三十岁了"),
    custom("birthdays all month", "生日快乐", 30, 30, 25, 30),
    custom("a birthday, warmly", "生日快乐，天天开心，心想事成", 8, 6, 2, 2, title="今天是我生日"),
    custom("new year", "祝大家新年快乐，万事如意", 25, 10, 6, 1),
    custom("new year by newcomers", "大家新年快乐", 0, 12, 4, 1),
    custom("good morning", "大家早上好", 15, 10, 20, 30),
    custom("get well", "祝早日康复", 10, 20, 3, 6),
    custom("a wedding", "新婚快乐，百年好合", 5, 9, 1, 2, title="我结婚啦"),
    custom("congratulations", "恭喜楼主", 20, 20, 15, 30),
    custom("congratulations on a car", "恭喜楼主喜提新车", 8, 8, 8, 30),
    custom("a share of the luck", "恭喜恭喜，沾沾喜气", 10, 10, 5, 12),
    custom("signing in daily", "每日签到", 20, 20, 7, 7, times=5, title="每日一帖"),
    custom("signing in, one text a day", "签到打卡", 4, 6, 30, 30, times=10),
    custom("signing in where it is meant", "今日份签到，坚持就是胜利", 0, 30, 1, 1, kind=ThreadKind.SIGNIN),
    custom("a newcomer's first post", "新人报到，请多关照", 0, 25, 25, 30),
    custom("a lottery", "抢楼支持，求中一台打印机", 0, 50, 1, 1, kind=ThreadKind.LOTTERY),
    custom("a lottery nobody marked", "参与一下", 10, 30, 1, 2, title="回帖送周边"),
    custom("one more ticket", "我来当分母", 15, 15, 4, 10),
    custom("plus one", "+1", 30, 30, 40, 30),
    custom("six six six", "666", 40, 40, 40, 30),
    custom("the sofa", "沙发", 20, 30, 50, 30),
    custom("first row", "前排围观", 20, 20, 30, 30),
    custom("a bench and melon", "前排吃瓜，坐等后续", 12, 8, 10, 20),
    custom("passing by", "路过帮顶", 10, 20, 20, 30),
    custom("a bookmark", "马克一下", 20, 15, 25, 30),
    custom("received", "已收到，谢谢", 5, 30, 2, 4, title="勋章补发名单"),
    custom("asking for a message", "求私信", 5, 25, 3, 10),
    custom("voted", "已投票，支持", 10, 25, 1, 3, title="年度版主评选"),
    custom("I agree", "同意楼上", 20, 20, 30, 30),
    custom("laughing", "哈哈哈哈哈哈", 40, 40, 50, 30),
    custom("a quiz answered", "1958年", 0, 15, 1, 1, title="水库是哪一年建成的"),
    custom("a quiz answered by name", "水调歌头", 2, 10, 1, 1, title="明月几时有是哪一首"),
    custom("a song line", "我曾经跨过山河大海也见过人山人海", 12, 0, 9, 21),
    custom("a song line that two newcomers join", "后来的我们什么都有了却没有了我们", 10, 2, 8, 21),
    custom("a proverb", "路遥知马力，日久见人心", 6, 2, 7, 25),
    custom("a meme", "这届网友不行，建议重开", 9, 3, 8, 20),
    custom("a meme within a day", "不愧是你，果然没让我失望", 8, 2, 3, 0.5),
    custom("a meme that newcomers took over", "听君一席话如听一席话", 5, 5, 8, 25),
    custom("the quote of the day", "每日一句：山高自有客行路，水深自有渡船人", 7, 1, 1, 1),
    custom("thank you", "Thank you!", 30, 30, 30, 30),
    custom("thanks for sharing", "Thanks for sharing!", 20, 40, 30, 30),
    custom("happy birthday", "Happy birthday!", 20, 15, 5, 20),
    custom("welcome", "Welcome to the forum", 25, 0, 30, 30),
    custom("so sorry", "So sorry for your loss", 12, 12, 2, 5),
    custom("following", "following", 20, 20, 20, 30),
    custom("congratulations in English", "Congrats, well done!", 10, 10, 8, 20),
]


@dataclass(frozen=True)
class Campaign:
    """``texts`` in turn, by one newcomer each (by the same one where ``authors`` is 1); the
    accounts ``aged`` have standing."""

    name: str
    texts: tuple[str, ...]
    authors: int = 3
    threads: int = 3
    hours: float = 6.0
    aged: tuple[int, ...] = ()


def campaign(name, *texts, **more):
    return Campaign(name, texts * 3 if len(texts) == 1 else texts, **more)


CAMPAIGNS = [
    campaign("praise of a town", "支持爱上包头,给力!加油越来越好!"),
    campaign("praise of a town in two threads", "支持爱上银川,加油!越来越好!", threads=2),
    campaign("praise of a town over three weeks", "大美襄阳，我的骄傲，越来越好", hours=500),
    campaign("praise of a restaurant", "城南新开的那家酸菜鱼味道一绝，下次还去"),
    campaign("ten characters", "城东驾校教练特别耐心"),
    campaign("ten characters in two threads", "城东驾校教练特别耐心", threads=2),
    campaign("eleven characters", "这牌子净水器用着真放心"),
    campaign(
        "a template with a name swapped",
        *(f"我家孩子在{who}老师那里学琴进步特别快" for who in ("王", "李", "赵")),
    ),
    campaign(
        "a template with an adjective swapped",
        *(f"金桂花园的绿化做得真{how}，住着舒心" for how in ("不错", "漂亮", "用心")),
    ),
    campaign(
        "a template with marks strewn",
        "新版手游画面精致玩法丰富值得一试",
        "新版手游！画面精致~玩法丰富~值得一试！！",
        "新版 手游 画面 精致 玩法 丰富 值得 一试",
    ),
    campaign(
        "Traditional and Simplified",
        "华信装修工期准时报价透明",
        "華信裝修工期準時報價透明",
        "华信装修，工期准时，报价透明！",
    ),
    campaign(
        "an advert with changing contacts",
        *(f"专业疏通下水道，随叫随到，电话1380013{n}" for n in (8001, 8442, 8937)),
    ),
    campaign(
        "an advert with changing accounts",
        *(f"出闲置钓具一批，要的加我{n}详谈价格好商量" for n in ("ab12", "cd88", "ef07")),
    ),
    campaign("an advert without a contact", "正规小额周转，当天到账，看我资料"),
    campaign("a hint at a profile", "想知道怎么做到的可以看我主页"),
    campaign("a website by name", "我都是在淘鱼网买的，价格比店里便宜一半"),
    campaign("a course", "跟着这位老师学了三个月口语真的开窍了"),
    campaign("a clinic", "牙疼了半年去仁爱门诊一次就好了，推荐"),
    campaign("shares", "下周重点关注稀土板块，跟上节奏的都吃肉了"),
    campaign("question-bait", "有没有人用过蓝鲸记账这个软件，好用吗"),
    campaign("question-bait about a shop", "请问大家知道北门老周海鲜怎么走吗"),
    campaign("an answer to one's own bait", "蓝鲸记账我用了两年，比手写账本方便多了"),
    campaign("a copied sentence of news", "据介绍，该项目建成后将新增停车位一千二百个"),
    campaign("a copied sentence of a notice", "本次演练分为疏散、救护、灭火三个阶段进行"),
    campaign("a slogan", "创城有你有我，文明从脚下开始"),
    campaign("outrage", "这种物业早该换了，业主们联合起来"),
    campaign("slander", "鼎盛地产的房子墙皮掉得一塌糊涂千万别买"),
    campaign("a petition", "强烈要求恢复十八路公交车末班到晚上十点"),
    campaign("English praise", "This app changed the way I manage my garden"),
    campaign("an English advert", "Best price for genuine parts, check my profile"),
    campaign(
        "English with a word swapped",
        *(f"I was {how} by the service at Harbour Dental" for how in ("amazed", "stunned", "impressed")),
    ),
    campaign("an English question", "Has anyone tried the Bluefin budgeting planner"),
    campaign("the same praise in five threads", *("店家态度好发货也快下次还来",) * 5, authors=1, threads=5),
    campaign(
        "the same praise in three threads", *("楼盘位置优越配套齐全值得入手",) * 3, authors=1, threads=3
    ),
    campaign("in one thread", "说实话这款车的油耗比我想的低多了", threads=1),
    campaign(
        "with one aged account among six",
        *("自从换了这家宽带再也没掉过线",) * 6,
        authors=6,
        threads=4,
        aged=(1,),
    ),
]


def play(detector, replies, now):
    """The decision on each reply, judged by eights in order of time and then indexed."""
    index = DuplicateIndex()
    decisions = []
    for first in range(0, len(replies), 8):
        batch = replies[first : first + 8]
        found = detector.assess(batch, duplicates=index, now=now)
        decisions += [
            decide(reply, one, BOOK.for_reply(reply), Circumstances())
            for reply, one in zip(batch, found, strict=True)
        ]
        index.insert(
            [
                observation(reply, one, established=has_standing(reply.author, ENFORCE))
                for reply, one in zip(batch, found, strict=True)
            ]
        )
    return decisions


def replies_of_custom(row, now):
    """Members and newcomers take turns evenly; whoever says it again does so later."""
    people = row.members + row.newcomers
    total = people * row.times
    standing = [-(-(n + 1) * row.members // people) > -(-n * row.members // people) for n in range(people)]
    return [
        Reply(
            forum="city",
            post_id=at + 1,
            text=row.texts[at % len(row.texts)],
            thread_id=at % row.threads,
            thread_title=row.title,
            thread_kind=row.kind,
            author=Author(id=at % people, posts=900 if standing[at % people] else 4),
            floor=at + 2,
            posted_at=now - timedelta(days=row.days * (1 - at / total)),
        )
        for at in range(total)
    ]


def replies_of_campaign(row, now):
    return [
        Reply(
            forum="city",
            post_id=at + 1,
            text=text,
            thread_id=at % row.threads,
            thread_title="城里的事",
            author=Author(id=at % row.authors, posts=300 if at in row.aged else 2),
            floor=at + 2,
            posted_at=now - timedelta(hours=row.hours * (1 - at / len(row.texts))),
        )
        for at, text in enumerate(row.texts)
    ]


@pytest.mark.parametrize("row", CUSTOMS, ids=lambda row: row.name)
def test_a_custom_is_never_hidden_and_no_card_for_its_repetition(detector, now, row):
    decisions = play(detector, replies_of_custom(row, now), now)
    assert not [one for one in decisions if one.kind is DecisionKind.HIDE]
    assert not [one for one in decisions if one.reason is Reason.REPEATED]


@pytest.mark.parametrize("row", CAMPAIGNS, ids=lambda row: row.name)
def test_a_campaign_is_found_with_its_third_author(detector, now, row):
    decisions = play(detector, replies_of_campaign(row, now), now)
    first_found = next((at for at, one in enumerate(decisions) if one.reason is not None), None)
    assert first_found is not None
    assert first_found <= (2 if row.authors <= 3 else 3)


@pytest.mark.parametrize("text", ["今天去了感觉非常不错", "大家可以去看看很不错", "用了一段时间感觉还行"])
def test_what_anybody_might_say_takes_one_or_two_authors_more(detector, now, text):
    decisions = play(
        detector, replies_of_campaign(campaign("everyday", *[text] * 6, authors=6, threads=6), now), now
    )
    found = [at for at, one in enumerate(decisions) if one.reason is Reason.REPEATED]
    assert 2 < found[0] <= 4


def test_bought_accounts_with_standing_are_a_card_where_no_saying_is_so_long(detector, now):
    advert = "我在湖滨路那家店做了三次护理斑真的淡了老板娘人特好报我名字打八折"
    ring = campaign("aged", *[advert] * 5, authors=5, threads=5, aged=tuple(range(5)))
    decisions = play(detector, replies_of_campaign(ring, now), now)
    assert [one.kind for one in decisions[2:]] == [DecisionKind.QUEUE] * 3
