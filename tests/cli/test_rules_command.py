"""``rules``: what the operator's rules did, and what they would do to a text."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from modbot.domain import (
    Assessment,
    Decision,
    DecisionKind,
    Label,
    Probabilities,
    Reason,
    Reply,
    Signal,
)
from modbot.store import decisions, engine, inbox

RULES = """
[forums.city]
url = "http://127.0.0.1:9/"

[[rules]]
name = "tourism"
when = { contains = "门票" }
then = "allow"

[[rules]]
name = "gamble"
when = { all = [ { contains = ["北京赛车"] }, { not = { domain = ["example.com"] } } ] }
then = "queue"
label = "spam"
reason = "博彩"

[[rules]]
name = "newcomers"
when = { contains = "赛车", author_standing = false }
then = "hide"
"""


@pytest.fixture
def ruled(shell):
    (shell.folder / "modbot.toml").write_text(RULES, "utf-8")
    return shell


def test_a_text_is_tried_and_every_rule_says_why(ruled):
    first, second, third = ruled.objects(
        "rules", "test", "来看北 京 赛 車", "北京赛车门票", "北京赛车 example.com/a"
    )
    (gamble,) = first["matches"]
    assert gamble == {
        "name": "gamble",
        "then": "queue",
        "reason": "博彩",
        "label": "spam",
        "spans": [[2, 9]],
        "evidence": ["北 京 赛 車"],
    }
    assert first["undecided"] == [{"name": "newcomers", "lacks": ["author_standing"]}]
    assert [hit["name"] for hit in second["matches"]] == ["tourism"]
    assert second["not_reached"] == ["gamble"]
    assert third["matches"] == []


def test_lines_bring_facts_of_their_authors_and_broken_ones_are_told(ruled):
    newcomer = '{"id": "a", "text": "赛车", "author_posts": 2}'
    member = '{"id": "b", "text": "赛车", "author_posts": 90}'
    lines = "\n".join([newcomer, '{"text": ', member])
    done = ruled("rules", "test", "--input", "-", "--lang", "en", stdin=lines)
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["id"], [hit["name"] for hit in each["matches"]]) for each in told] == [
        ("a", ["newcomers"]),
        ("b", []),
    ]
    assert json.loads(done.stderr)["line"] == 2


def test_a_rule_of_one_forum_is_tried_for_it(ruled):
    file = ruled.folder / "modbot.toml"
    file.write_text(RULES.replace('reason = "博彩"', 'forums = ["city"]'), "utf-8")
    (nowhere,) = ruled.objects("rules", "test", "北京赛车")
    assert {"name": "gamble", "lacks": ["on_forum"]} in nowhere["undecided"]
    (there,) = ruled.objects("rules", "test", "北京赛车", "--forum", "city")
    assert [hit["name"] for hit in there["matches"]] == ["gamble"]
    assert ruled("rules", "test", "北京赛车", "--forum", "town").returncode == 2


def test_check_and_rules_judge_alike(ruled):
    (answer,) = ruled.objects("check", "北京赛车的门票", "--json", "--lang", "en")
    assert answer["decision"] == "allow"
    (answer,) = ruled.objects("check", "北京赛车", "--json", "--lang", "en")
    assert (answer["decision"], answer["label"]) == ("queue", "spam")
    assert answer["reasons"][0]["code"] == "rule"
    assert "gamble" in answer["reasons"][0]["message"]
    assert answer["reasons"][0]["evidence"] == ["北京赛车"]


def test_hits_are_listed_by_rule(ruled):
    now = datetime.now(UTC)
    with closing(engine.open(ruled.folder / "var" / "modbot.db")) as store, store.write() as tx:
        reply = Reply("city", 1, "北京赛车", posted_at=now)
        (row,) = inbox.record(tx, [reply], at=now).rows
        signals = (Signal("rule", 1.0, {"name": "gamble", "then": "queue"}),)
        likely = Probabilities(1.0, 0.0, 0.0)
        decided = Decision(
            kind=DecisionKind.QUEUE,
            would_be=DecisionKind.QUEUE,
            reason=Reason.RULE,
            label=Label.SPAM,
            score=1.0,
            threshold=None,
            signals=signals,
            held_by=(),
            policy="p",
            model="m",
        )
        assessed = Assessment(reply.key, likely, signals, None, "北京赛车", "m")
        decisions.record(
            tx, [decisions.Judgement(row.reply_id, row.revision_id, assessed, decided, False)], at=now
        )
    listed = ruled.objects("rules", "list", "--json")
    assert [(each["name"], each["then"], each["hits"]) for each in listed] == [
        ("tourism", "allow", 0),
        ("gamble", "queue", 1),
        ("newcomers", "hide", 0),
    ]
    assert datetime.fromisoformat(listed[1]["last_hit"]) == now
    assert listed[0]["last_hit"] is None
    told = ruled("rules", "list", "--lang", "zh").stdout.splitlines()
    assert "从未" in told[0]
    assert "1 帖" in told[1]


def test_without_rules_it_says_where_to_read_of_them(shell):
    assert "docs/rules.md" in shell("rules", "list", "--lang", "en").stdout
    assert shell.objects("rules", "test", "你好") == [
        {"id": 1, "matches": [], "not_reached": [], "undecided": []}
    ]


@pytest.mark.parametrize("words", [("check", "x"), ("rules", "list"), ("rules", "test", "x"), ("doctor",)])
def test_a_wrong_rule_is_told_by_every_command_that_needs_rules(ruled, words):
    file = ruled.folder / "modbot.toml"
    file.write_text(RULES.replace('"赛车"', '"！"'), "utf-8")
    done = ruled(*words, "--lang", "en")
    assert done.returncode in {1, 2}
    assert "newcomers" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
