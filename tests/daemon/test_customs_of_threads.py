"""What is good custom in its place is let alone there, and an advert is not: with the shipped
model, the default settings and mode ``enforce``, through detector, judge and store.

All sentences are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from customs_support import Town, newcomer, regular
from executor_support import Bench

from modbot import i18n, settings
from modbot.daemon import checking, exchange, wiring
from modbot.detection import Detector
from modbot.domain import DecisionKind, Reason, ThreadKind

ADVERT = "刷单兼职日结，一天三百，加微信 jianzhi5566 详聊"
KINDS = """
[[boards]]
id = 9
kind = "signin"
[[boards]]
name = "水区|茶馆"
kind = "chatter"
[[threads]]
id = 77
kind = "reply_to_see"
"""


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


@pytest.fixture
def town(bench: Bench, detector: Detector, tmp_path: Path) -> Town:
    found = Town(bench, tmp_path, detector, KINDS)
    found.name_boards(b1="城市论坛", b6="老街茶馆", b9="每日一到")
    return found


@dataclass(frozen=True)
class Custom:
    """``authors`` newcomers say one of ``texts`` each, a minute apart ``every``, in ``threads``
    threads at ``place``."""

    name: str
    texts: tuple[str, ...]
    authors: int
    threads: int = 1
    every: float = 0.5
    place: dict[str, Any] = field(default_factory=dict)


MARKED = {"thread_kind": ThreadKind.REPLY_TO_SEE, "thread_title": "整理了三年的老照片合集"}
RUSH = {"thread_kind": ThreadKind.LOTTERY, "thread_title": "盖楼送月饼"}
SALE = {"thread_title": "转让九成新婴儿车"}

CUSTOMS = [
    Custom(
        "hundreds mourn within an hour",
        ("节哀", "一路走好", "老校长一路走好", "愿天堂没有病痛，一路走好！", "🕯️🕯️🕯️", "双手合十", "走好"),
        200,
        every=0.3,
        place={"thread_title": "深切悼念我们的老校长"},
    ),
    Custom(
        "the same mourning in several threads",
        ("老人家一路走好，家属节哀顺变",),
        90,
        threads=3,
        place={"thread_title": "讣告：老站长昨夜离世"},
    ),
    Custom("a lottery demands its phrase", ("祝论坛越办越好，我要中月饼",), 120, place=RUSH),
    Custom("so do its sisters", ("中秋快乐，坐等发奖",), 60, threads=4, place=RUSH),
    Custom(
        "a lottery by its title",
        ("顶", "参与一下", "来抢楼了"),
        60,
        place={"thread_title": "周年庆抢楼，尾号八有礼"},
    ),
    Custom(
        "everybody thanks to see what is hidden",
        ("谢谢分享", "看看", "顶", "感谢楼主无私分享", "正需要，谢谢楼主", "谢谢楼主分享，看看内容", "1111"),
        150,
        threads=5,
        place=MARKED,
    ),
    Custom("a thread that its entry names", ("感谢分享，下载看看",), 60, threads=1, place={}),
    Custom(
        "adverts where they are asked for",
        ("刷单兼职日结，一天三百，加微信 jianzhi5566 详聊", "专业疏通管道，电话 13812345678，随叫随到"),
        40,
        place={"thread_title": "各位商家，广告请发此帖内"},
    ),
    Custom("signing in", ("签到", "打卡", "每日签到，心情不错"), 90, threads=3, place={"board_id": 9}),
    Custom("signing in by the title", ("到", "签到签到"), 60, place={"thread_title": "十一月签到帖"}),
    Custom(
        "idle talk where it is at home",
        ("哈哈哈哈", "水一贴", "顶顶顶", "路过", "。。。", "嗯嗯"),
        90,
        threads=6,
        place={"board_id": 6},
    ),
    Custom("friends lift a trader's thread", ("帮顶", "顶一个", "好东西，顶", "up"), 40, place=SALE),
    Custom(
        "traders leave their number",
        (
            "自用冰箱转让，双门的，搬家用不上了，电话13812345678",
            "转让二手电动车一辆，八成新，微信 lxc20190，价格可谈",
            "求购一台二手洗衣机，价格在三百以内，能送货上门的联系我",
            "出租两室一厅，家电齐全，拎包入住，月租一千八，联系电话13987654321",
            "诚心转让奶茶店，位置好客源稳定，有意者加微信 naicha8899 详谈",
        ),
        5,
        place={"thread_title": "二手闲置转让集中帖"},
    ),
]


@pytest.mark.parametrize("custom", CUSTOMS, ids=lambda custom: custom.name)
def test_a_custom_is_let_alone_in_its_place(town: Town, custom: Custom) -> None:
    for number in range(custom.authors):
        text = custom.texts[number % len(custom.texts)]
        thread = number % custom.threads + (77 if custom.name == "a thread that its entry names" else 10)
        town.write(text, newcomer(number), thread=thread, **custom.place)
        town.bench.later(minutes=custom.every)
    town.judge()
    assert town.reasons() == {}


BUMPS = ("顶", "up", "自顶", "自顶一下，东西还在", "自己顶，价格好商量", "还在，有意的联系我")


def test_traders_lift_their_own_threads_every_day(town: Town) -> None:
    for day in range(12):
        for thread in (31, 32, 33):
            text = BUMPS[day % len(BUMPS)]
            town.write(text, newcomer(thread), thread=thread, is_thread_author=True, **SALE)
        town.bench.later(days=0.5)
    town.judge()
    assert town.reasons() == {}


def test_a_newcomer_who_thanks_in_every_hidden_thread_is_let_alone(town: Town) -> None:
    for thread in range(12):
        town.write("感谢楼主的分享，正好用得上", newcomer(1), thread=40 + thread, **MARKED)
        town.bench.later(minutes=20)
    town.judge()
    assert town.reasons() == {}


PLACES: dict[str, dict[str, Any]] = {
    "memorial": {"thread_title": "深切悼念我们的老校长"},
    "lottery": RUSH,
    "reply to see": MARKED,
    "sign-in": {"board_id": 9},
    "chatter": {"board_id": 6},
    "trade": SALE,
    "poll": {"thread_kind": ThreadKind.POLL},
    "reward": {"thread_kind": ThreadKind.REWARD},
    "pinned": {"thread_kind": ThreadKind.PINNED},
    "nowhere in particular": {},
}
ASKED = {"thread_title": "广告请发此帖内"}
ADVERTS = [
    ADVERT,
    "低价代开各类发票，真实可查，加微信：fapiao8801",
    "需要贷款的加微信 daikuan1688，当天放款，无抵押",
    "想要资源的加我微信 ziyuan8866，全套免费送",
]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_advert_with_a_contact_is_caught_everywhere_else(town: Town, place: dict[str, Any]) -> None:
    for number, text in enumerate(ADVERTS):
        town.write(text, newcomer(number), thread=50, **place)
        town.bench.later(minutes=30)
    town.judge()
    assert town.reasons() == {"spam": len(ADVERTS)}


def test_a_campaign_is_caught_in_a_place_for_chatter(town: Town) -> None:
    text = "这家新开的火锅店味道真不错，服务也周到，强烈推荐大家周末都去尝尝"
    for number in range(6):
        town.write(text, newcomer(number), thread=60 + number % 3, board_id=6)
        town.bench.later(minutes=30)
    town.judge()
    assert town.reasons() == {"repeated": 6}


def test_who_opens_a_thread_does_not_make_adverts_welcome_in_it(town: Town) -> None:
    title = "广告请发此帖内"
    own = town.write(ADVERT, newcomer(1), floor=1, is_thread_author=True, thread_title=title)
    town.write(ADVERT.replace("三百", "五百"), newcomer(2), thread_title=title)
    town.judge()
    assert list(town.flagged()) == [own.post_id]


def test_in_trade_an_advert_is_a_humans_question(town: Town) -> None:
    town.own_settings += "[policy.spam]\nhide = 0.9\n"
    hidden = town.write(ADVERT, newcomer(1))
    asked = town.write(ADVERT.replace("三百", "五百"), newcomer(2), **SALE)
    town.judge()
    assert town.judged(hidden)[1].kind is DecisionKind.HIDE
    assert town.judged(asked)[1].kind is DecisionKind.QUEUE


RULE = """
[[rules]]
name = "mooncakes"
when = { contains = ["月饼票"] }
then = "queue"
"""


@pytest.mark.parametrize("place", [*PLACES.values(), ASKED], ids=[*PLACES, "adverts"])
def test_rules_of_the_operator_hold_in_every_place(town: Town, place: dict[str, Any]) -> None:
    town.own_settings += RULE
    town.write("今年谁手里还有多的月饼票吗，想匀两张", newcomer(1), **place)
    town.judge()
    assert town.reasons() == {"rule": 1}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_was_upheld_as_an_advert_is_hidden_in_every_place_but_that_for_adverts(
    town: Town, place: dict[str, Any]
) -> None:
    for number in range(3):
        first = town.write(ADVERT, newcomer(10 + number), thread=10 + number)
        town.bench.later(hours=1)
    town.judge()
    town.uphold(first)
    town.bench.later(days=2)
    copy = town.write(ADVERT, newcomer(2), thread=50, **place)
    asked = town.write(ADVERT, newcomer(3), thread=51, **ASKED)
    town.judge()
    assert town.judged(copy)[1].kind is DecisionKind.HIDE
    assert asked.post_id not in town.flagged()


# --- authors --------------------------------------------------------------------------------------

WHO = ("前锋", "门将", "后卫", "替补", "队长")
DID = (
    *("这一脚传得真准", "刚才跑位慢了半拍", "今天体力明显好多了", "该早点换下来休息", "扑得太漂亮了"),
    *("和边路的配合越来越默契", "那个头球差一点就进了", "又吃了一张不该吃的黄牌"),
)
SO = (
    *("楼上都听见欢呼了", "上半场要是这样就好了", "看得我手心全是汗", "比上周那场强多了"),
    *("解说嗓子都喊哑了", "雨再大也值得去现场", "孩子非要等到终场才肯睡"),
)


AND = (
    *("，广告时间正好去添茶", "，比分牌都没人顾得上看", "，回放从三个角度都播了一遍", "，主场气氛就是不一样"),
    *("，明天上班肯定犯困", "，隔壁老李又赌输了一顿面", "，这赛季的球衣颜色真难看", "，我爸已经气得关了电视"),
    "，门票下轮怕是要涨价",
)


def remark(number: int) -> str:
    """One of 2,520 sentences that a match draws from who watches it."""
    return f"{WHO[number % 5]}{DID[number % 8]}，{SO[number % 7]}{AND[number % 9]}"


def test_regulars_and_newcomers_who_talk_through_a_match_are_let_alone(town: Town) -> None:
    """Each of two regulars writes more than the limit for who has no standing."""
    for number in range(200):
        author = newcomer(number % 3) if number % 4 == 0 else regular(number % 2)
        town.write(remark(number), author, thread=70, thread_title="今晚的德比直播帖")
        town.bench.later(minutes=0.25)
    town.judge()
    assert town.reasons() == {}


def test_a_newcomer_without_pause_is_a_humans_question(town: Town) -> None:
    town.own_settings += "[policy.author]\nreplies_per_hour = 30\n"
    written = []
    for number in range(40):
        written.append(town.write(remark(number), newcomer(1), thread=70))
        town.bench.later(minutes=1)
    town.judge()
    assert town.texts_flagged(written) == [reply.text for reply in written[29:]]
    assessment, decision = town.judged(written[-1])
    assert (decision.kind, decision.reason) == (DecisionKind.QUEUE, Reason.REPEATED)
    assert [limit.name for limit in decision.limits] == ["author.replies_per_hour"]
    pace = next(signal for signal in assessment.signals if signal.code == "author_pace")
    assert (pace.details["replies"], pace.details["threads"]) == (40, 1)


@pytest.mark.parametrize(
    ("author", "own", "flagged"),
    [(newcomer(1), False, 3), (newcomer(1), True, 3), (regular(1), False, 0)],
    ids=["a newcomer", "who opens them all", "a regular"],
)
def test_many_threads_within_ten_minutes_are_a_newcomers_flood(town: Town, author, own, flagged) -> None:
    for number in range(12):
        town.write(remark(number), author, thread=80 + number, is_thread_author=own)
        town.bench.later(minutes=0.7)
    town.judge()
    assert town.reasons()["repeated"] == flagged


HARMLESS = "周末的天气不错，带孩子去河边走走挺好，记得多带件外套"


@pytest.mark.parametrize(
    ("author", "place", "kind"),
    [
        (newcomer(1, "加VX abc12345"), {}, DecisionKind.QUEUE),
        (newcomer(1, "加薇信abc8812345", posts=19), {}, DecisionKind.QUEUE),
        (newcomer(1, "加VX abc12345", posts=20), {}, None),
        (newcomer(1, "加VX abc12345", posts=500), {}, None),
        (newcomer(1, "wx_abc12345"), {}, None),
        (newcomer(1, "13812345678"), {}, None),
        (newcomer(1, "鹿城小张2020"), {}, None),
        (newcomer(1, "加VX abc12345"), {"thread_title": "广告请发此帖内"}, None),
    ],
)
def test_a_contact_in_a_new_members_name_is_a_humans_question(town: Town, author, place, kind) -> None:
    town.own_settings += "[policy.spam]\nhide = 0.5\n"
    reply = town.write(HARMLESS, author, **place)
    town.judge()
    if kind is None:
        assert town.flagged() == {}
        return
    assessment, decision = town.judged(reply)
    assert (decision.kind, decision.would_be, decision.reason) == (kind, kind, Reason.SPAM)
    assert decision.label == "ham", "upholding it teaches nothing of the text"
    assert {"author_name"} <= {signal.code for signal in assessment.signals}


def test_a_contact_in_the_name_is_one_for_the_text_that_needs_it(town: Town) -> None:
    """“The number is my name”: what would be held for want of a contact is not."""
    text = "低价代开各类发票，真实可查，需要的看我名字联系"
    town.own_settings += "[policy.spam]\nhide = 0.6\n"
    bare = town.write(text, newcomer(1))
    called = town.write(text + "。", newcomer(2, "开票加VX abc12345"))
    town.judge()
    assert (town.judged(bare)[1].kind, town.judged(bare)[1].held_by) == (DecisionKind.QUEUE, ("no_contact",))
    assert town.judged(called)[1].kind is DecisionKind.HIDE


def test_who_writes_from_elsewhere_than_usual_is_told_beside_the_text(town: Town) -> None:
    for day, region in enumerate(["中国福建厦门", "福建福州", "中国 福建"]):
        town.write(remark(day), newcomer(1), thread=90 + day, region=region)
        town.bench.later(days=0.1)
    town.judge()
    abroad = town.write(ADVERT, newcomer(1), thread=95, region="德国")
    town.judge()
    found = {signal.code: signal.details for signal in town.judged(abroad)[0].signals}
    assert found["author_region"] == {"region": "德国", "usual": "福建"}


def test_standing_and_a_first_post_are_told_beside_what_was_found(town: Town) -> None:
    known, first = town.write(ADVERT, regular(1)), town.write(ADVERT + "。", newcomer(2, posts=1))
    town.judge()
    told = [{signal.code for signal in town.judged(one)[0].signals} for one in (known, first)]
    assert [codes & {"author_standing", "author_first_post"} for codes in told] == [
        {"author_standing"},
        {"author_first_post"},
    ]


# --- nights ---------------------------------------------------------------------------------------

NIGHT = """
[policy.night]
from = "21:00"
until = "06:30"
timezone = "Asia/Shanghai"
mode = "queue"
spam = { queue = 0.1 }
"""


def test_at_night_other_rules_hold_by_the_hour_of_posting(town: Town) -> None:
    town.own_settings += NIGHT + "[policy.spam]\nhide = 0.9\n"
    by_day = town.write(ADVERT, newcomer(1))  # 20:00 in Shanghai
    town.bench.later(hours=2)
    by_night = town.write(ADVERT.replace("三百", "五百"), newcomer(2))
    town.bench.later(hours=20)
    town.judge()
    day, night = town.judged(by_day), town.judged(by_night)
    assert (day[1].kind, night[1].kind) == (DecisionKind.HIDE, DecisionKind.QUEUE)
    assert night[1].held_by == ("mode_queue",)
    assert day[1].policy != night[1].policy
    assert [signal.code for signal in night[0].signals][-1] == "night"
    assert "night" not in {signal.code for signal in day[0].signals}


def test_what_is_custom_in_its_place_is_asked_about_elsewhere(town: Town) -> None:
    """The tables above prove something only if these texts are not let alone anyway."""
    for number, text in enumerate(("谢谢分享", "看看", "顶", "签到", "参与一下，来抢楼了")):
        town.write(text, newcomer(number), thread=10)
        town.bench.later(minutes=20)
    town.judge()
    assert town.reasons()["low_effort"] >= 4


# --- elsewhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_check_tells_of_the_author_what_its_line_says(town: Town, detector: Detector, language: str) -> None:
    book = wiring.policy_book(town.loaded(), detector.manifest.thresholds)
    checker = checking.Checker(
        detector, checking.enforcing(book), duplicates=None, now=lambda: town.bench.now
    )
    line = exchange.of_object({"text": HARMLESS, "author": "加VX abc12345", "author_posts": 1}, 1)
    [checked] = checker.check([line])
    answer = exchange.answer(checked, i18n.catalogue(language))
    assert answer["decision"] == "queue"
    assert [reason["code"] for reason in answer["reasons"]] == ["author_name", "author_first_post"]
    assert "abc12345" in answer["reasons"][0]["message"]
    assert [limit["name"] for limit in answer["limits"]] == ["author.contact_in_name"]
