"""A reply on a Discuz! forum is polled, assessed, decided and acted on: end to end."""

from __future__ import annotations

import pytest

from modbot.daemon.moderating import Moderator
from modbot.demo.members import write
from modbot.demo.state import Fate
from modbot.domain import FlagState, OutboxState, Reason, VerdictKind
from modbot.errors import Conflict
from modbot.store import brake, decisions, flags, inbox, labels, outbox, overview

EVERY = tuple(FlagState)


def flags_of(running, *states):
    with running.house.store.read() as rx:
        return flags.find(rx, flags.Filter(forum="city", states=states or EVERY), limit=1000)


def flagged_posts(running, *states):
    return {flag.post_id: flag for flag in flags_of(running, *states)}


@pytest.mark.parametrize("town", ["utf-8", "gbk"], indirect=True)
@pytest.mark.parametrize("panel", [True, False], ids=["panel", "sweep"])
def test_the_campaign_is_hidden_and_the_genuine_answers_are_not(town, start, panel):
    town.panel = panel
    running = start()
    running.round()
    town.everybody_writes()
    running.round()

    campaign = sorted(town.posts(Fate.CAMPAIGN), key=lambda post: post.id)
    assert [post.hidden for post in campaign] == [False] + [True] * (len(campaign) - 1)
    assert all(post.hidden for post in town.posts(Fate.SPAM))
    assert town.scene.forum.genuine_hidden() == 0

    found = flagged_posts(running)
    assert not {post.id for post in town.posts(Fate.GENUINE)} & set(found)
    assert found[campaign[0].id].state is FlagState.PENDING
    low_effort = {found[post.id].reason for post in town.posts(Fate.LOW_EFFORT)}
    assert low_effort == {Reason.LOW_EFFORT, Reason.TITLE_ECHO}
    assert not any(post.hidden for post in town.posts(Fate.LOW_EFFORT))


def test_nothing_is_hidden_twice_however_often_it_is_read(town, start):
    town.everybody_writes()
    running = start()
    for _ in range(3):
        running.round()
    hidden = [post.id for post in town.posts(Fate.CAMPAIGN, Fate.SPAM) if post.hidden]
    violations = town.scene.forum.content.violations
    assert hidden
    assert {violations[town.scene.forum.content.posts[post].author_id] for post in hidden} <= {1, 2}
    with running.house.store.read() as rx:
        assert outbox.effective_hides(rx, "city") == dict.fromkeys(hidden, 1)


@pytest.mark.parametrize("mode", ["shadow", "queue"])
def test_without_enforce_nothing_is_hidden_unasked_and_the_record_says_what_would_have_been(
    town, start, mode
):
    town.mode = mode
    town.everybody_writes()
    running = start()
    running.round()
    assert not any(post.hidden for post in town.scene.forum.content.posts.values())
    would = [flag for flag in flags_of(running, FlagState.PENDING) if flag.would_hide]
    assert {flag.reason for flag in would} == {Reason.SPAM, Reason.REPEATED}


def test_a_moderators_verdict_acts_in_shadow_too_and_undo_is_whole(town, start):
    town.mode = "shadow"
    town.everybody_writes()
    running = start()
    running.round()
    spam = town.posts(Fate.SPAM)[0]
    flag = flagged_posts(running)[spam.id]
    moderator = Moderator(town.loaded(), running.house.store, "郭")

    verdict = moderator.give(flag.id, VerdictKind.UPHOLD)
    assert [done.state for done in moderator.see_through("city", [verdict.action_id])] == [OutboxState.DONE]
    assert spam.hidden
    with running.house.store.read() as rx:
        assert [label["label"] for label in labels.export(rx)] == ["spam"]

    undone = moderator.undo(flag.id)
    settled = moderator.see_through("city", [undone.action_id])
    assert [action.state for action in settled] == [OutboxState.DONE]
    assert not spam.hidden
    with running.house.store.read() as rx:
        assert list(labels.export(rx)) == []
        assert flags.get(rx, flag.id).state is FlagState.PENDING
    with pytest.raises(Conflict):
        moderator.undo(flag.id)
    running.round()
    assert not spam.hidden


def test_what_a_human_restored_is_not_hidden_again_in_enforce(town, start):
    town.everybody_writes()
    running = start()
    running.round()
    spam = town.posts(Fate.SPAM)[0]
    flag = flagged_posts(running)[spam.id]
    assert spam.hidden
    moderator = Moderator(town.loaded(), running.house.store, "郭")
    verdict = moderator.give(flag.id, VerdictKind.DISMISS)
    moderator.see_through("city", [verdict.action_id])
    assert not spam.hidden
    running = start()
    running.round()
    assert not spam.hidden
    assert flagged_posts(running)[spam.id].state is FlagState.OVERTURNED


def test_the_duplicate_index_survives_a_restart(town, start):
    copies = [arrival for arrival in town.scene.arrivals if arrival.fate is Fate.CAMPAIGN]
    for arrival in copies[:2]:
        write(town.scene, arrival)
    running = start()
    running.round()
    assert not any(post.hidden for post in town.posts(Fate.CAMPAIGN))
    running = start()
    for arrival in copies[2:4]:
        write(town.scene, arrival)
    running.round()
    hidden = [post.hidden for post in sorted(town.posts(Fate.CAMPAIGN), key=lambda post: post.id)]
    assert hidden == [False, True, True, True]


def test_a_reply_stored_but_not_judged_before_a_crash_is_judged_after_it(town, start):
    town.everybody_writes()
    running = start()
    running.desk.poller.poll()
    with running.house.store.read() as rx:
        waiting = inbox.count_unassessed(rx, "city")
    assert waiting > 0
    running = start()
    running.round()
    with running.house.store.read() as rx:
        assert inbox.count_unassessed(rx, "city") == 0
        assert overview.counts(rx, "city").replies == waiting
    assert town.posts(Fate.SPAM)[0].hidden


def test_an_edit_into_an_advert_is_judged_anew_and_into_decency_withdraws_the_card(town, start):
    town.everybody_writes()
    running = start()
    running.round()
    zan = next(post for post in town.posts(Fate.LOW_EFFORT) if "赞" in post.text)
    assert flagged_posts(running)[zan.id].state is FlagState.PENDING
    town.scene.forum.edit(zan.id, "那家店我去过，老板人挺实在，就是周末要排队，建议工作日下午去。")
    write(town.scene, next(a for a in town.scene.arrivals if a.thread == town_thread(town, zan)))
    running.round()
    states = {flag.state for flag in flags_of(running) if flag.post_id == zan.id}
    assert states == {FlagState.WITHDRAWN}


def town_thread(town, post):
    return next(key for key, thread in town.scene.threads.items() if thread == post.thread_id)


def test_a_post_that_is_deleted_before_the_hide_is_found_gone(town, start):
    town.everybody_writes()
    running = start()
    running.desk.poll()
    spam = town.posts(Fate.SPAM)[0]
    town.scene.forum.delete(spam.id, by=town.server.moderator)
    running.desk.executor.work()
    flag = flagged_posts(running)[spam.id]
    assert (flag.state, flag.action_state) == (FlagState.UPHELD, "gone")


def test_a_text_that_changed_after_the_decision_is_not_hidden_for_the_old_one(town, start):
    town.everybody_writes()
    running = start()
    running.desk.poll()
    spam = town.posts(Fate.SPAM)[0]
    town.scene.forum.edit(spam.id, "对不起，刚才发错版了，已经自己改掉，请各位不要在意。")
    running.desk.executor.work()
    running.round()
    assert not spam.hidden
    assert flagged_posts(running)[spam.id].state is FlagState.WITHDRAWN


def test_what_somebody_else_hid_is_left_alone(town, start):
    town.everybody_writes()
    running = start()
    running.desk.poll()
    spam = town.posts(Fate.SPAM)[0]
    town.scene.forum.hide(spam.id, by=town.server.moderator, reason="版主先到")
    running.desk.executor.work()
    flag = flagged_posts(running)[spam.id]
    assert flag.action_state == "already"
    assert town.scene.forum.content.violations[spam.author_id] == 1


ADVERTS = (
    "低价代开各类发票，真实可查，加微信：fapiao8801",
    "无抵押贷款当天放款，征信花也能办，加微信：daikuan77a",
    "招聘打字员在家可做，日结工资，QQ：83366120",
    "高仿名表一比一，支持货到付款，加V：watch9921",
    "专业办理各种证件，快速出证，微信号：zhengjian66k",
    "棋牌平台新人注册送彩金，加微信：qipai5500x",
    "游戏金币低价出售，秒到账，QQ群：719920331",
    "减肥茶厂家直销，一个月瘦二十斤，加微信：slim8866t",
    "信用卡提额套现，手续费最低，微信：kaka20261",
    "股票内幕群免费进，跟着老师赚钱，加V信：gupiao333m",
    "刷单兼职，一单一结，名额有限，加微信：shuadan18c",
    "海外代购奢侈品，假一赔十，微信号：daigou7712",
    "祖传秘方专治失眠，无效退款，加微信：mifang0099",
    "二手手机批发，量大从优，QQ：209883671",
)


def test_the_brake_holds_a_wave_of_distinct_texts(town, start):
    town.spam_hide = 0.6
    running = start()
    forum = town.scene.forum
    for number, advert in enumerate(ADVERTS):
        member = forum.join(f"推广{number}", posts=0, group_id=None, region="广东")
        forum.post(town.scene.threads["dinner"], member, advert)
    running.round()
    with running.house.store.read() as rx:
        assert brake.state(rx, "city").why == "distinct_texts"
    assert any("brake" in held for held in held_by(running))
    assert not any(post.hidden for post in forum.content.posts.values())

    running = start()
    running.round()
    assert not any(post.hidden for post in forum.content.posts.values())
    with running.house.store.write() as tx:
        brake.lift(tx, "city", who="郭", at=town.clock())
    running.round()
    assert sum(post.hidden for post in forum.content.posts.values()) == 10


def held_by(running):
    with running.house.store.read() as rx:
        return [
            judged.decision.held_by
            for judged in decisions.load(rx, [flag.decision_id for flag in flags_of(running)]).values()
        ]
