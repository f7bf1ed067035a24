"""The harness itself: it sees what is broken and what pins nothing down."""

import pytest
from wire_contract import Audit, Exchange, Kind, Rule, load


def check(rule: Rule, text: str, *, headers=None, status=200, wanted=(200,), wanted_headers=None) -> Audit:
    kind = Kind("sample", (), (), wanted, wanted_headers or {}, (rule,))
    audit = Audit()
    audit.check(kind, Exchange("answer", status, headers or {}, text), source="demo")
    return audit


BROKEN = {
    "a selector that finds nothing": (Rule("x", select="b.c"), "<b>no</b>"),
    "one too many": (Rule("x", select="b"), "<b>1</b><b>2</b>"),
    "a text that does not fit": (Rule("x", select="b", pattern="^[0-9]+$"), "<b>one</b>"),
    "an attribute that does not fit": (
        Rule("x", select="a", attribute="href", pattern="uid="),
        "<a href='?fid=1'>",
    ),
    "a missing phrase": (Rule("x", phrase="succeedhandle_"), "errorhandle_"),
    "one part of many": (Rule("x", within="p", select="b"), "<p><b></b></p><p></p>"),
    "a part without a number": (Rule("x", within="p", number="^p([0-9]+)$", select="b"), "<p id='q'></p>"),
    "a json field": (Rule("x", json="a.*", fields={"b": "^[0-9]$"}), '{"a": [{"b": 7}]}'),
    "a json way": (Rule("x", json="a.b", fields={}), '{"c": 1}'),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_seen(case):
    rule, text = BROKEN[case]
    assert len(check(rule, text).broken) == 1


def test_status_and_headers_are_part_of_an_answer():
    audit = check(Rule("x", select="b"), "<b>", status=500, wanted_headers={"location": "^forum"})
    assert [line.split(": ")[1] for line in audit.broken] == ["status 500", "header location"]


def test_a_rule_that_nothing_fits_is_idle():
    rule = Rule("an ornament", select="marquee", count="0+")
    audit = check(rule, "<b>plain</b>")
    kinds = {"sample": Kind("sample", (), (), (), {}, (rule,)), "never": Kind("never", (), (), (), {}, ())}
    assert audit.broken == []
    assert audit.idle(kinds, source="demo") == ["never", "sample: an ornament"]


def test_a_rule_for_recordings_is_not_asked_of_the_demo():
    rule = Rule("x", select="marquee", only="recordings")
    assert check(rule, "").broken == []


def test_the_contract_can_be_read_and_says_what_each_rule_is_about():
    assert all(rule.what for kind in load().values() for rule in kind.rules)
