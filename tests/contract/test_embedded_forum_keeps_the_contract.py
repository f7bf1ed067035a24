"""The embedded forum answers as real ones do: every kind of answer, in both charsets."""

import pytest
import wire_contract
from tour import Tour

from modbot.demo.server import DemoServer

KINDS = wire_contract.load()


@pytest.fixture(scope="module", params=["utf-8", "gbk"])
def audit(request):
    audit = wire_contract.Audit()
    with DemoServer(charset=request.param) as server:
        for kind, exchange in Tour(server).walk():
            audit.check(KINDS[kind], exchange, source="demo")
    return audit


def test_every_answer_keeps_the_rules_of_its_kind(audit):
    assert audit.broken == []


def test_every_rule_holds_something_down(audit):
    assert audit.idle(KINDS, source="demo") == []
