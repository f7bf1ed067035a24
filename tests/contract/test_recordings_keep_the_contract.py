"""The contract is true of real forums: recordings of four installs are held against it."""

import pytest
import wire_contract

KINDS = wire_contract.load()
RELEASES = ("x3.4-2020", "x3.4", "x3.4-gbk", "x3.5")

pytestmark = pytest.mark.skipif(
    not wire_contract.RECORDINGS.is_dir(), reason="no recordings of real forums beside the project"
)


@pytest.fixture(scope="module")
def audit() -> wire_contract.Audit:
    audit = wire_contract.Audit()
    for kind in KINDS.values():
        for exchange in wire_contract.recordings(kind):
            audit.check(kind, exchange, source="recordings")
    return audit


def test_every_recording_keeps_the_rules_of_its_kind(audit):
    assert audit.broken == []


def test_every_rule_holds_something_down(audit):
    assert audit.idle(KINDS, source="recordings") == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_has_a_say(release):
    seen = {exchange.name for kind in KINDS.values() for exchange in wire_contract.recordings(kind)}
    assert any(name.startswith(f"{release}/") for name in seen)
