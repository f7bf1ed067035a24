"""An operator's rules on a forum over HTTP: what they hide, queue and allow."""

from __future__ import annotations

import pytest

from modbot.demo.state import Fate
from modbot.domain import FlagState, Reason
from modbot.store import flags

RULES = """
[[rules]]
name = "job-board"
when = { all = [ { contains = "兼 職" }, { contact = ["wechat", "id"] } ] }
then = "allow"

[[rules]]
name = "tickets"
when = { all = [ { contains = "倒賣門票" }, { not = { domain = ["example.com"] } } ] }
then = "hide"
reason = "按版规"

[[rules]]
name = "dates"
when = { regex = "周末.{0,4}[0-9]{1,2}点", author_posts = { at_most = 10 } }
then = "queue"
"""

TICKETS = "有人在东门口倒-卖 门\u200b票，大家别上当。"
LINKED = "倒卖门票的名单公布了，见 https://www.example.com/list 这一页。"
DATES = "周末下午３点在体育场见，带上球。"


@pytest.fixture
def posts(town):
    """What three newcomers write, beside everybody else."""
    forum = town.scene.forum
    town.rules = RULES
    town.everybody_writes()

    def write(text: str, name: str):
        return forum.post(town.scene.threads["dinner"], forum.join(name, posts=1, group_id=10), text)

    return {"tickets": write(TICKETS, "甲某"), "linked": write(LINKED, "乙某"), "dates": write(DATES, "丙某")}


def found(running) -> dict[int, flags.Flag]:
    with running.house.store.read() as rx:
        every = flags.Filter(forum="city", states=tuple(FlagState))
        return {flag.post_id: flag for flag in flags.find(rx, every, limit=1000)}


def test_in_enforce_rules_hide_queue_and_allow(town, start, posts):
    advert = next(post for post in town.posts(Fate.SPAM) if "兼职" in post.text)
    running = start()
    running.round()
    flagged = found(running)
    assert posts["tickets"].hidden
    assert (flagged[posts["tickets"].id].state, flagged[posts["tickets"].id].reason) == (
        FlagState.HIDDEN,
        Reason.RULE,
    )
    assert (flagged[posts["dates"].id].state, flagged[posts["dates"].id].reason) == (
        FlagState.PENDING,
        Reason.RULE,
    )
    assert posts["linked"].id not in flagged, "not where a link leads to the list"
    assert not advert.hidden
    assert advert.id not in flagged
    assert {flag.reason for flag in flagged.values()} >= {Reason.REPEATED, Reason.LOW_EFFORT}


def test_in_shadow_rules_make_cards_and_hide_nothing(town, start, posts):
    town.mode = "shadow"
    running = start()
    running.round()
    flag = found(running)[posts["tickets"].id]
    assert (flag.state, flag.reason, flag.would_hide) == (FlagState.PENDING, Reason.RULE, True)
    assert not any(post.hidden for post in town.scene.forum.content.posts.values())


def test_new_rules_judge_what_is_written_after_them(town, start, posts):
    town.rules = ""
    running = start()
    running.round()
    assert posts["tickets"].id not in found(running)
    town.rules = RULES
    running = start()
    member = town.scene.forum.join("丁某", posts=1, group_id=10)
    later = town.scene.forum.post(town.scene.threads["dinner"], member, "这里也有人倒卖门票呢，真的。")
    running.round()
    assert later.hidden
    assert posts["tickets"].id not in found(running), "what was judged is not judged again"
