"""``[[rules]]`` as operators write them: what is taken, and what each mistake is told as."""

from __future__ import annotations

import re

import pytest

from modbot import settings
from modbot.daemon import rulebook
from modbot.detection.rules import conditions, facts
from modbot.detection.rules.conditions import All, Any, Bounds, Contains, Not, Regex
from modbot.domain import Label, RuleOutcome, ThreadKind
from modbot.errors import SettingsError
from modbot.settings.rules import ConditionSettings, RuleSettings

FORUM = '[forums.city]\nurl = "https://bbs.example.com/"\n'
RULE = '[[rules]]\nname = "gamble"\nthen = "queue"\n'


@pytest.fixture
def rules_of(tmp_path):
    def read(text: str):
        (tmp_path / "modbot.toml").write_text(FORUM + text, encoding="utf-8")
        return rulebook.load_rules(settings.load(tmp_path / "modbot.toml", environ={}))

    return read


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ('{ contains = "时时彩" }', Contains(("时时彩",))),
        ('{ contains = ["a", "b"] }', Contains(("a", "b"))),
        ('{ words = ["vx"] }', Contains(("vx",), whole=True)),
        ('{ title_contains = ["发票"] }', Contains(("发票",), title=True)),
        ('{ keywords_file = "words.txt" }', Contains(("一号 词", "二号"))),
        ("{ regex = '加\\d+' }", Any((Regex(r"加\d+"),))),
        ('{ regex = ["a", "b"], raw = true }', Any((Regex("a", raw=True), Regex("b", raw=True)))),
        ('{ domain = ["*.Example.com"] }', conditions.Domain(("example.com",))),
        (
            '{ other_domain = ["http://例子.中国/"] }',
            conditions.Domain(("xn--fsqu00a.xn--fiqs8s",), other=True),
        ),
        ("{ link = false }", Not(conditions.HasLink())),
        ('{ contact = ["wechat", "qq"] }', conditions.HasContact(frozenset({"wechat", "qq"}))),
        ('{ label = "spam", at_least = 0.4 }', conditions.LabelScore(Label.SPAM, Bounds(0.4))),
        ("{ author_standing = true }", conditions.AuthorStanding()),
        ("{ author_standing = false }", Not(conditions.AuthorStanding())),
        ("{ author_posts = { at_most = 3 } }", conditions.AuthorPosts(Bounds(at_most=3))),
        ("{ author_days = { at_least = 1, at_most = 7 } }", conditions.AuthorDays(Bounds(1, 7))),
        ("{ author_group = [10, 11] }", conditions.AuthorGroup(frozenset({10, 11}))),
        ("{ board = 2 }", conditions.OnBoard(frozenset({2}))),
        ('{ thread_kind = ["trade"] }', conditions.InThread(frozenset({ThreadKind.TRADE}))),
        ("{ first_post = true }", conditions.FirstPost()),
        ('{ contains = "a", board = [2] }', All((Contains(("a",)), conditions.OnBoard(frozenset({2}))))),
        (
            '{ all = [ { contains = "a" }, { not = { any = [ { contains = "b" }, { link = true } ] } } ] }',
            All((Contains(("a",)), Not(Any((Contains(("b",)), conditions.HasLink()))))),
        ),
    ],
)
def test_a_condition_is_read_as_it_is_written(rules_of, tmp_path, when, condition):
    (tmp_path / "words.txt").write_text("﻿# 赌博\n一号 词\n\n  二号  \n", encoding="utf-8")
    (rule,) = rules_of(RULE + f"when = {when}").rules
    assert rule.when == condition


def test_a_rule_says_where_it_holds_and_what_it_is_called(rules_of):
    (rule,) = rules_of(
        RULE
        + 'when = { contains = "时时彩" }\nreason = "博彩"\nlabel = "spam"\n'
        + 'boards = [2, 37]\nforums = ["city"]\n'
        + 'examples = { match = ["时时彩"], pass = ["你好"] }'
    ).rules
    assert rule.when == All(
        (
            conditions.OnForum(frozenset({"city"})),
            conditions.OnBoard(frozenset({2, 37})),
            Contains(("时时彩",)),
        )
    )
    assert (rule.then, rule.reason, rule.label) == (RuleOutcome.QUEUE, "博彩", Label.SPAM)
    assert (rule.match, rule.leave) == (("时时彩",), ("你好",))


def test_without_rules_there_are_none(rules_of):
    assert rules_of("").rules == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE + 'when = { contians = "a" }', ("rules.gamble.when.contians", "Did you mean contains")),
        (RULE + 'when = { any = [ { regexp = "a" } ] }', ("regexp", "Did you mean regex")),
        (RULE + 'whenn = { contains = "a" }', ("rules.gamble.whenn", "Did you mean when")),
        (RULE + "when = { author_posts = { at_lest = 1 } }", ("at_lest", "Did you mean at_least")),
        (RULE + 'when = { link = true }\nexamples = { fail = ["a"] }', ("rules.gamble.examples.fail",)),
        ('[[rules]]\nthen = "queue"\nwhen = { link = true }', ("rules.1.name", "missing")),
        (RULE, ("rules.gamble.when", "missing")),
        ('[[rules]]\nname = "a"\nthen = "ban"\nwhen = { link = true }', ("rules.a.then", "'allow', 'queue'")),
        ('[[rules]]\nname = "a b"\nthen = "queue"\nwhen = { link = true }', ("rules.a b.name", "right form")),
        (RULE + "when = { board = [] }", ("rules.gamble.when.board", "at least one entry")),
        (RULE + "when = { contains = [] }", ("rules.gamble.when.contains", "at least one entry")),
        (RULE + 'when = { contact = ["fax"] }', ("rules.gamble.when.contact", "'wechat', 'qq'")),
        (RULE + 'when = { label = "spam", at_least = 4 }', ("at_least", "more than 1")),
        (RULE + "when = {}", ("gamble", "empty condition")),
        (RULE + "when = { any = [ {} ] }", ("gamble", "empty condition")),
        (
            RULE + "when = { link = true }\n" + RULE + "when = { link = true }",
            ("two rules are called gamble",),
        ),
        (RULE + 'when = { link = true }\nforums = ["town"]', ("gamble", "no forum town", "city")),
        (RULE + "when = { link = true }\nscore = 0.5", ("gamble", "score")),
        ('[[rules]]\nname = "a"\nthen = "label"\nwhen = { link = true }', ("rule a", "needs label")),
        (RULE + 'when = { label = "spam" }', ("gamble", "at_least or at_most")),
        (RULE + 'when = { contains = "a", at_least = 0.4 }', ("gamble", "at_least or at_most")),
        (RULE + "when = { author_posts = {} }", ("gamble", "range")),
        (RULE + "when = { author_days = { at_least = 9, at_most = 3 } }", ("gamble", "range")),
        (RULE + 'when = { label = "spam", at_least = 0.9, at_most = 0.1 }', ("gamble", "range")),
        (RULE + 'when = { contains = "a", raw = true }', ("gamble", "beside a regex")),
        (RULE + 'when = { contains = ["好", "！！❤️"] }', ("gamble", "“！！❤️”", "Use regex")),
        (RULE + 'when = { domain = "localhost" }', ("gamble", "localhost", "example.com")),
        (RULE + 'when = { keywords_file = "nowhere.txt" }', ("gamble", "nowhere.txt", "No such file")),
        (RULE + 'when = { keywords_file = "empty.txt" }', ("gamble", "empty.txt")),
        (RULE + 'when = { keywords_file = "gbk.txt" }', ("gamble", "gbk.txt", "UTF-8")),
        (RULE + 'when = { regex = "a(?=b)" }', ("gamble", "a(?=b)", "Write two conditions")),
        (RULE + 'when = { regex = "(?<!a)b" }', ("gamble", "Write two conditions")),
        (RULE + "when = { regex = '(a)\\1' }", ("gamble", r"(a)\1", "refers back")),
        (RULE + "when = { regex = '(?P<n>a)\\k<n>' }", ("gamble", "refers back")),
        (RULE + 'when = { regex = "[a" }', ("gamble", "[a", "RE2")),
        (RULE + 'when = { regex = "(广告)?" }', ("gamble", "matches every text")),
        (RULE + 'when = { regex = ".*" }', ("gamble", "matches every text")),
        (RULE + "when = " + "{ not = " * 9 + "{ link = true }" + " }" * 9, ("gamble", "deeper than 8")),
    ],
)
def test_a_mistake_is_told_with_file_rule_and_way_out(rules_of, tmp_path, text, told):
    (tmp_path / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "gbk.txt").write_bytes("赌博".encode("gbk"))
    with pytest.raises(SettingsError) as caught:
        rules_of(text)
    message = str(caught.value)
    assert str(tmp_path / "modbot.toml") in message
    assert all(part in message for part in told), message
    assert caught.value.exit_code == 2
    assert re.search("[一-鿿]", caught.value.message("zh"))


BOTH = '{ all = [ { contains = "时时彩" }, { not = { domain = ["example.com"] } } ] }'


@pytest.mark.parametrize(
    ("when", "examples", "wrong"),
    [
        (BOTH, 'match = ["時 時 彩"], pass = ["你好", "时时彩 example.com/a"]', None),
        (BOTH, 'match = ["时彩"]', "时彩"),
        (BOTH, 'match = ["时时彩", "时时彩 www.example.com/a"]', "时时彩 www.example.com/a"),
        (BOTH, 'pass = ["你好", "时时彩 notexample.com/a"]', "时时彩 notexample.com/a"),
        # What a text alone does not tell can neither be missed by it nor be relied upon.
        ('{ contains = "时时彩", author_standing = false }', 'match = ["时时彩"], pass = ["彩"]', None),
        ('{ contains = "时时彩", author_standing = false }', 'pass = ["时时彩"]', "时时彩"),
        ('{ contains = "时时彩", thread_kind = "trade" }', 'match = ["时时彩"]', None),
        ('{ label = "spam", at_least = 0.9 }', 'match = ["时时彩"]', None),
    ],
)
def test_a_rule_is_proved_on_its_own_examples(rules_of, when, examples, wrong):
    text = RULE + f"when = {when}\nboards = [2]\nexamples = {{ {examples} }}"
    if wrong is None:
        assert rules_of(text).rules
        return
    with pytest.raises(SettingsError) as caught:
        rules_of(text)
    assert "gamble" in str(caught.value)
    assert f"“{wrong}”" in str(caught.value)


def reference_example() -> str:
    """The commented rule of settings.toml, uncommented."""
    text = (settings.project_root() / "settings.toml").read_text(encoding="utf-8")
    lines = text[text.index("# [[rules]]") :].splitlines()
    return "\n".join(line.removeprefix("# ") for line in lines).replace("# forums", "forums")


def test_the_example_of_the_reference_file_is_a_rule(rules_of):
    found = rules_of(reference_example().replace('["NAME"]', '["city"]').replace("[2, 37]", "[2]"))
    assert [rule.name for rule in found.rules] == ["gamble"]
    hits = found.match_all(facts.of_texts(["北京赛车，加 123456"]))
    assert hits == [()], "of the board nothing is known"


@pytest.mark.parametrize(
    ("page", "mark"), [("settings.toml", ""), ("docs/rules.md", "`"), ("docs/rules.zh-CN.md", "`")]
)
def test_every_key_of_a_rule_and_a_condition_is_documented(page, mark):
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    for table in (RuleSettings, ConditionSettings):
        for name, field in table.model_fields.items():
            assert mark + (field.alias or name) in text


@pytest.mark.parametrize("page", ["docs/rules.md", "docs/rules.zh-CN.md"])
def test_the_rules_of_the_documentation_are_taken(rules_of, page):
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(rules_of("\n".join(examples)).rules) == 3
