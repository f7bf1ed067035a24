"""Each row is a condition, a reply, and whether the condition holds there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modbot.detection.rules import Rule, compile_rules, conditions, facts
from modbot.detection.rules.conditions import All, Any, Bounds, Contains, Not, Regex
from modbot.detection.rules.patterns import Patterns
from modbot.domain import Author, Label, Link, Reply, RuleOutcome, ThreadKind

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GAMBLE = Contains(("时时彩", "北京赛车"))
NEW = Author(id=5, name="新来的", group_id=10, posts=2, registered=NOW - timedelta(days=3))


def reply(text: str = "", **fields: object) -> Reply:
    base = Reply("city", 1, text, thread_title="周末去哪", board_id=2, author=NEW, posted_at=NOW, floor=7)
    return replace(base, **fields)  # type: ignore[arg-type]


def rule(when, then=RuleOutcome.QUEUE, name="r", *, label=Label.SPAM, **more) -> Rule:
    return Rule(name, when, then, label=label, **more)


def fires(when, *replies: Reply, scores=None, standing=None) -> list[bool]:
    rules = compile_rules([rule(when)])
    if standing is not None:
        rules = rules.knowing(standing)
    probabilities = None if scores is None else np.array(scores)
    return [bool(hits) for hits in rules.match(facts.of_replies(replies, probabilities=probabilities))]


@pytest.mark.parametrize(
    "disguised",
    [
        "来玩时时彩吧",
        "时 时 彩",
        "時時彩",
        "时\u200b时\u200b彩",
        "时*时~彩",
        "时。时。彩",
        "【北京赛車】",
        "北\n京\n赛\n车",
    ],
)
def test_a_keyword_is_found_whatever_its_disguise(disguised):
    assert fires(GAMBLE, reply(disguised)) == [True]


def test_a_keyword_may_itself_be_written_in_disguise():
    assert fires(Contains(("薇 信号",)), reply("加微信號")) == [True]
    assert fires(Contains(("ＶＸ",)), reply("加ⓥⓧ聊")) == [True]


def test_a_keyword_does_not_reach_from_one_reply_into_the_next():
    assert fires(GAMBLE, reply("我在北京"), reply("赛车比赛"), reply("北京赛车")) == [False, False, True]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("加VX聊", True),
        ("vx: abc", True),
        ("找我 v x", True),
        ("av x", False),
        ("avx", False),
        ("vxb", False),
        ("vx5", False),
        ("see my vx.", True),
        ("class exam", False),
        ("sex", True),
        ("ＳＥＸ！", True),
        ("约sex吗", True),
    ],
)
def test_a_whole_word_is_not_part_of_a_longer_one(text, found):
    assert fires(Contains(("vx", "sex"), whole=True), reply(text)) == [found]


def test_a_keyword_anywhere_is_found_inside_words_too():
    assert fires(Contains(("sex",)), reply("class exam")) == [True]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("加.{0,3}[0-9]{6,}", "加我１２３４５６", True),
        ("加.{0,3}[0-9]{6,}", "加我12345", False),
        ("薇信", "加微信", True),
        ("VX", "加vx", True),
        ("（薇）信", "(微)信", True),
        ("（薇）信", "微信", False),
        ("(?:薇|徽)信", "徽\u200b信", True),
        ("[０-９]{3}", "123", True),
        ("[一-龥]{2}群", "进我的群", True),
        (r"\[公告\]", "[公告]看", True),
        (r"❤️{2}", "❤️❤️", True),
        ("^$", "", True),
        ("^$", "话", False),
        (r"\bvx\b", "a vx b", True),
    ],
)
def test_an_expression_reads_folded_text_and_is_folded_itself(pattern, text, found):
    assert fires(Regex(pattern), reply(text)) == [found]


def test_a_raw_expression_reads_what_was_written():
    assert fires(Regex("[Ａ-Ｚ]{3}", raw=True), reply("ＡＢＣ"), reply("ABC")) == [True, False]
    assert fires(Regex("VX", raw=True), reply("vx"), reply("VX")) == [False, True]
    assert fires(Regex("(?m)^广告$", raw=True), reply("前\n广告\n后")) == [True]


def test_lone_surrogates_are_read_like_any_other_character():
    assert fires(Regex("信"), reply("\ud800信")) == [True]
    assert fires(Regex("信$", raw=True), reply("\ud800信"), reply("\ud800新")) == [True, False]


def test_a_pathological_text_takes_no_longer_than_any_other():
    assert fires(Regex("(a+)+$"), reply("a" * 9_000 + "b")) == [False]
    assert fires(Regex("(a|aa)+c", raw=True), reply("a" * 9_000)) == [False]


@pytest.mark.parametrize("memory", [5_000, 20_000, 60_000, 1 << 26])
def test_expressions_too_many_for_one_set_are_divided(memory):
    wanted = {size: f"好{{{size},{size + 20}}}{size}x" for size in range(1, 20)}
    found = Patterns(wanted, is_folded=True, memory=memory).find("好" * 30 + "7x")
    assert found == [7]


LINKED = reply("看这里 http://www.Example.com/a?b=evil.com")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://www.Example.com:8080/a", "www.example.com"),
        ("https://example.com@evil.net/", "evil.net"),
        ("//evil.net\\@example.com", "evil.net"),
        ("evil.net/example.com", "evil.net"),
        ("ｅvil．net", "evil.net"),
        ("http://例子.中国/", "xn--fsqu00a.xn--fiqs8s"),
        ("evil.net.", "evil.net"),
        ("http:///evil.net", "evil.net"),
        ("", ""),
    ],
)
def test_the_host_is_the_one_that_a_browser_would_ask(address, host):
    from modbot.detection import links  # noqa: PLC0415 - its name is that of a fact

    assert links.host(address) == host


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (conditions.Domain(("example.com",)), [True, False, True, False]),
        (conditions.Domain(("ample.com",)), [False, False, False, False]),
        (conditions.Domain(("example.com",), other=True), [False, True, True, False]),
        (conditions.HasLink(), [True, True, True, False]),
        (Not(conditions.Domain(("example.com",))), [False, True, False, True]),
    ],
)
def test_links_are_known_by_where_they_lead(condition, holds):
    other = reply("点这个", links=(Link("http://example.com@evil.net/", "example.com"),))
    both = reply("example.com 和 evil.net")
    assert fires(condition, LINKED, other, both, reply("没有链接")) == holds


TRADER = Author(id=6, name="商家", group_id=21, posts=900, registered=NOW - timedelta(days=900))
NOBODY = Author()


@pytest.mark.parametrize(
    ("condition", "new", "trader", "unknown"),
    [
        (conditions.AuthorPosts(Bounds(at_most=2)), True, False, False),
        (conditions.AuthorPosts(Bounds(at_least=3)), False, True, False),
        (Not(conditions.AuthorPosts(Bounds(at_most=2))), False, True, False),
        (conditions.AuthorDays(Bounds(at_most=7)), True, False, False),
        (conditions.AuthorGroup(frozenset({21, 22})), False, True, False),
        (Not(conditions.AuthorGroup(frozenset({21, 22}))), True, False, False),
        (conditions.AuthorStanding(), False, True, False),
        (Not(conditions.AuthorStanding()), True, False, False),
        (Any((Not(conditions.AuthorStanding()), Contains(("在",)))), True, True, True),
    ],
)
def test_of_an_author_who_is_not_known_nothing_holds_and_nothing_is_excluded(condition, new, trader, unknown):
    def standing(of: Reply) -> bool | None:
        return None if of.author.posts is None else of.author.posts >= 50

    some = [reply("在吗", author=author) for author in (NEW, TRADER, NOBODY)]
    assert fires(condition, *some, standing=standing) == [new, trader, unknown]


def test_without_anybody_who_knows_standing_it_is_unknown():
    assert fires(conditions.AuthorStanding(), reply()) == [False]
    assert fires(Not(conditions.AuthorStanding()), reply()) == [False]


@pytest.mark.parametrize(
    ("condition", "here", "unplaced"),
    [
        (conditions.OnBoard(frozenset({2})), True, False),
        (Not(conditions.OnBoard(frozenset({2}))), False, False),
        (Not(conditions.OnBoard(frozenset({3}))), True, False),
        (conditions.OnForum(frozenset({"city"})), True, False),
        (Not(conditions.OnForum(frozenset({"main"}))), True, False),
        (conditions.FirstPost(), False, False),
        (Not(conditions.FirstPost()), True, False),
        (Contains(("周 末",), title=True), True, False),
        (Not(Contains(("发票",), title=True)), True, False),
        (conditions.InThread(frozenset({ThreadKind.NORMAL})), True, True),
    ],
)
def test_where_a_reply_stands(condition, here, unplaced):
    nowhere = replace(reply(), forum="", board_id=None, floor=None, thread_title="")
    assert fires(condition, reply(), nowhere) == [here, unplaced]


def test_scores_are_known_only_where_a_model_was_asked():
    sure = conditions.LabelScore(Label.SPAM, Bounds(at_least=0.4))
    assert fires(sure, reply(), reply(), scores=[[0.5, 0.1, 0.4], [0.9, 0.0, 0.1]]) == [True, False]
    assert fires(sure, reply()) == fires(Not(sure), reply()) == [False]


def test_contacts_are_asked_by_kind():
    wechat = conditions.HasContact(frozenset({"wechat"}))
    assert fires(wechat, reply("加微信abc12345"), reply("QQ：83366120"), reply("你好")) == [
        True,
        False,
        False,
    ]


def test_an_empty_batch_and_no_rules_are_nothing():
    assert compile_rules([rule(GAMBLE)]).match(facts.of_replies([])) == []
    assert compile_rules([]).match(facts.of_replies([reply("时时彩")])) == [()]


def test_equal_questions_of_several_rules_are_answered_for_each():
    rules = compile_rules([rule(GAMBLE, RuleOutcome.LABEL, "a"), rule(GAMBLE, RuleOutcome.HIDE, "b")])
    assert [hit.name for hit in rules.match(facts.of_replies([reply("时时彩")]))[0]] == ["a", "b"]


Q, H, A, L = RuleOutcome.QUEUE, RuleOutcome.HIDE, RuleOutcome.ALLOW, RuleOutcome.LABEL


@pytest.mark.parametrize(
    ("thens", "reached"),
    [
        ((A, H), 1),
        ((H, A), 1),
        ((Q, H), 1),
        ((L, A, H), 2),
        ((L, L, Q, L), 3),
        ((L, L), 2),
    ],
)
def test_the_first_that_decides_decides_and_what_is_below_is_not_reached(thens, reached):
    rules = compile_rules([rule(GAMBLE, then, str(at)) for at, then in enumerate(thens)])
    batch = facts.of_replies([reply("时时彩"), reply("你好")])
    assert [hit.name for hit in rules.match(batch)[0]] == [str(at) for at in range(reached)]
    assert len(rules.match_all(batch)[0]) == len(thens)
    assert rules.match(batch)[1] == ()


@pytest.mark.parametrize(
    ("when", "text", "pieces"),
    [
        (GAMBLE, "来玩 時\u200b時彩 和北-京赛车", ["時\u200b時彩", "北-京赛车"]),
        (Contains(("㎏kg",)), "一㎏ＫＧ", ["㎏ＫＧ"]),
        (Contains(("好啊",)), "好啊啊啊啊啊", ["好啊"]),
        (Contains(("好啊啊啊",)), "好啊啊啊啊啊", ["好啊啊啊啊啊"]),
        (Regex("信.{0,2}[0-9]{5}"), "加徽 信：１２３４５吧", ["信：１２３４５"]),
        (Regex("Ｘ.", raw=True), "aＸb", ["Ｘb"]),
        (All((GAMBLE, Not(Contains(("合法",))))), "时时彩", ["时时彩"]),
        (Any((GAMBLE, Contains(("发票",)))), "发票时时彩", ["发票时时彩"]),
        (conditions.HasContact(frozenset({"wechat"})), "请加 微信 ａbc12345", ["加 微信 ａbc12345"]),
        (conditions.Domain(("evil.net",)), "去 Evil.net/x 看", ["Evil.net"]),
        (conditions.OnBoard(frozenset({2})), "什么都行", []),
        (Not(GAMBLE), "什么都行", []),
    ],
)
def test_evidence_is_what_stands_in_the_original(when, text, pieces):
    (hit,) = compile_rules([rule(when)]).match(facts.of_replies([reply("时时彩"), reply(text)]))[1]
    assert [text[a:b] for a, b in zip(hit.spans[::2], hit.spans[1::2], strict=True)] == pieces
    assert list(hit.pieces) == pieces


def test_a_hit_becomes_a_signal_with_its_facts():
    made = rule(GAMBLE, L, "gamble", reason="博彩", label=Label.SPAM, score=0.8)
    (hit,) = compile_rules([made]).match(facts.of_replies([reply("时时彩")]))[0]
    signal = hit.signal()
    assert (signal.code, signal.score) == ("rule", 1.0)
    assert signal.details == {
        "name": "gamble",
        "then": "label",
        "reason": "博彩",
        "label": "spam",
        "sets": 0.8,
        "spans": (0, 3),
        "pieces": ("时时彩",),
        "evidence": "时时彩",
    }


def test_what_a_rule_lacks_to_know_is_told():
    rules = compile_rules([rule(All((GAMBLE, Not(conditions.AuthorStanding()))))])
    (lacking,) = rules.undecided(facts.of_replies([reply("时时彩"), reply("你好")]))[0]
    assert (lacking.rule.name, lacking.lacks) == ("r", (conditions.AuthorStanding(),))
    assert rules.undecided(facts.of_replies([reply("你好")])) == [()]


def test_a_title_that_is_not_known_is_told_as_lacking():
    rules = compile_rules([rule(Contains(("发票",), title=True))])
    (lacking,) = rules.undecided(facts.of_replies([reply("好", thread_title="")]))[0]
    assert lacking.lacks == (Contains(("发票",), title=True),)


def test_the_digest_tells_rules_and_their_order_apart():
    one, other = rule(GAMBLE), rule(Contains(("发票",)), name="s")
    digests = {compile_rules(rules).digest for rules in ([], [one], [one, other], [other, one])}
    assert len(digests) == 4
    assert compile_rules([]).digest == ""
    assert compile_rules([one]).digest == compile_rules([one]).digest
