"""What the shipped model makes of sentences of our own."""

import pytest

from modbot.domain import Author, Link

LOW_EFFORT = [
    "支持爱上包头,给力!加油越来越好!",
    "支持爱上银川，加油！越来越好！",
    "赞赞赞赞赞赞",
    "赞" * 22,
    "赞 赞 赞 赞 赞",
    "顶",
    "帮顶！！",
    "谢谢楼主分享",
    "感谢分享，学习了！",
    "[赞][赞][赞]",
    "👍👍👍👍",
    "666666",
    "路过，帮顶一下",
    "為家鄉點讚，加油！",
    "支 持 支 持",
    "支\u200b持\u200b一\u200b下\u200b！",
]
SPAM = [
    "加V❤: abc12345 低价代购",
    "加ⓥ❤️：a\u200bb\u200bc\u200b12345 低价代购",
    "薇❤ abc12345 低价代購，質量保證",
    "兼职刷单日结，加ＱＱ １２３４５６７８９０",
    "代开发票 13800138000 微信同号",
    "无抵押贷款当天放款，威信：daikuan888",
    "全网最低价高仿名表，加➕ⓥ：mb20245",
]
GENUINE = [
    "文明城,绿化城",
    "10年",
    "打110",
    "节哀",
    "节哀顺变，一路走好",
    "去年五月份开始收的",
    "支持楼主的看法，不过停车费确实涨得太快了",
    "微信支付一直转圈，重启手机就好了",
    "我们小区业主群里早就讨论过，物业一直没答复",
    "谢谢提醒，我明天就去窗口问问要带什么材料",
    "坐 12 路到终点，再走 300 米",
    "第三张照片是在南门拍的吧？",
    "电话打了三次都没人接，投诉到 12345 才有人管",
    "京东和淘宝都看了，价格差不多，最后买了二手的",
    "路口那家面馆关门了",
    "没有",
]


def _assess(detector, now, make_reply, text, **more):
    return detector.assess([make_reply(text, **more)], duplicates=None, now=now)[0]


@pytest.mark.parametrize("text", LOW_EFFORT)
def test_empty_praise_thanks_and_bumps_are_low_effort(detector, now, make_reply, text):
    found = _assess(detector, now, make_reply, text)
    assert found.probabilities.low_effort >= detector.manifest.threshold("low_effort.queue")
    assert found.probabilities.label == "low_effort"
    assert any(signal.code == "low_effort_text" for signal in found.signals)


@pytest.mark.parametrize("text", SPAM)
def test_adverts_with_a_disguised_contact_are_spam(detector, now, make_reply, text):
    found = _assess(detector, now, make_reply, text)
    assert found.probabilities.spam >= detector.manifest.threshold("spam.queue")
    codes = {signal.code for signal in found.signals}
    assert {"spam_text", "contact"} <= codes
    assert all(signal.details["evidence"] for signal in found.signals if signal.code == "contact")


@pytest.mark.parametrize("text", GENUINE)
def test_genuine_replies_stay_below_the_queue(detector, now, make_reply, text):
    found = _assess(detector, now, make_reply, text).probabilities
    assert found.spam < detector.manifest.threshold("spam.queue")
    assert found.low_effort < detector.manifest.threshold("low_effort.queue")


@pytest.mark.parametrize("text", LOW_EFFORT + SPAM + GENUINE)
def test_probabilities_sum_to_one(detector, now, make_reply, text):
    found = _assess(detector, now, make_reply, text).probabilities
    assert found.ham + found.low_effort + found.spam == pytest.approx(1.0)


def test_signals_name_what_was_seen(detector, now, make_reply):
    title = "求推荐市区修手表的老师傅"
    cases = {
        "title_echo": make_reply("求推荐市区修手表的老师傅！", thread_title=title, floor=3),
        "opening_echo": make_reply("表停了两天想找人看看机芯", opening="表停了两天，想找人看看机芯", floor=3),
        "run": make_reply("好" * 30),
        "emoji_only": make_reply("😀😀[鼓掌]"),
        "link": make_reply("看这里", links=(Link("http://bit.ly/abc"),)),
        "dressed": make_reply("进ⓥⓧ群"),
        "slip": make_reply("编辑"),
    }
    for code, reply in cases.items():
        found = detector.assess([reply], duplicates=None, now=now)[0]
        assert code in {signal.code for signal in found.signals}, code


def test_the_first_post_does_not_echo_its_own_title(detector, now, make_reply):
    reply = make_reply("求推荐修手表的师傅", thread_title="求推荐修手表的师傅", floor=1)
    found = detector.assess([reply], duplicates=None, now=now)[0]
    assert "title_echo" not in {signal.code for signal in found.signals}


def test_pictures_without_words_are_not_judged_by_their_lack_of_words(detector, now, make_reply):
    found = detector.assess([make_reply("", images=2)], duplicates=None, now=now)[0]
    assert found.probabilities.ham == 1.0


def test_what_the_page_does_not_tell_changes_nothing(detector, now, make_reply):
    known = make_reply("市政服务大厅周六也开门", posts=3)
    unknown = make_reply("市政服务大厅周六也开门", author=Author(), posted_at=None)
    one, other = detector.assess([known, unknown], duplicates=None, now=now)
    assert one.probabilities.ham == pytest.approx(other.probabilities.ham, abs=0.01)


def test_a_batch_is_assessed_like_each_reply_alone(detector, now, make_reply):
    replies = [make_reply(text, post=at) for at, text in enumerate(LOW_EFFORT + SPAM + GENUINE)]
    together = detector.assess(replies, duplicates=None, now=now)
    for reply, found in zip(replies, together, strict=True):
        alone = detector.assess([reply], duplicates=None, now=now)[0]
        assert alone.key == found.key
        assert alone.probabilities.spam == pytest.approx(found.probabilities.spam, abs=1e-6)
        assert [s.code for s in alone.signals] == [s.code for s in found.signals]


def test_batches_larger_than_a_chunk_keep_their_order(detector, now, make_reply):
    replies = [make_reply(f"第{at}位业主反映电梯停运", post=at) for at in range(2_100)]
    found = detector.assess(replies, duplicates=None, now=now)
    assert [one.key for one in found] == [reply.key for reply in replies]


def test_no_replies_give_no_assessments(detector, now):
    assert detector.assess([], duplicates=None, now=now) == []


@pytest.mark.parametrize(
    "text", ["", "\x00", "\u200b" * 50, "\ud800", "字" * 1_000_000, "🎉" * 3_000, "[" * 5_000]
)
def test_hostile_texts_are_assessed(detector, now, make_reply, text):
    found = detector.assess([make_reply(text)], duplicates=None, now=now)[0]
    assert 0 <= found.probabilities.spam <= 1
