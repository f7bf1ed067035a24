"""An operator's rules on the way from a stored reply to its decision, flag and hide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from executor_support import Bench

from modbot import settings
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.judging import Judge, JudgingRules
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.detection.rules import Rule, RuleBook, compile_rules, conditions
from modbot.domain import (
    Author,
    DecisionKind,
    FlagState,
    Label,
    Mode,
    OutboxState,
    Reason,
    RuleOutcome,
    VerdictKind,
    VerdictSource,
)
from modbot.policy import BrakeLimits, Policy, PolicyBook, QueueBudget
from modbot.store import decisions, flags, inbox, labels, outbox, rulehits, verdicts

GAMBLE = Rule("gamble", conditions.Contains(("北京赛车",)), RuleOutcome.HIDE, label=Label.SPAM)
WORDS = "周末有空的朋友一起去看北 京 赛 車的场地吧，门票我来安排。"
DECENT = "物业说管道要到周三才能修好，停水期间可以去居委会门口接水。"
POLICY = Policy(mode=Mode.ENFORCE, spam_hide=None, spam_queue=None, low_effort_queue=None)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(settings.project_root() / "models" / "baseline")


@pytest.fixture
def court(bench: Bench, detector: Detector):
    def judge(*own: Rule, policy: Policy = POLICY, metrics: Metrics | None = None) -> dict[int, flags.Flag]:
        Poller(forum=bench.forum, store=bench.store, clock=bench.clock).poll()
        book: RuleBook = compile_rules(own)
        rules = JudgingRules(
            book=PolicyBook(policy),
            brake=BrakeLimits(),
            budget=QueueBudget(),
            reasons={reason: f"说明 {reason.value}" for reason in Reason},
            own=book,
        )
        index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=1000)
        Judge(
            forum="city",
            store=bench.store,
            detector=detector,
            duplicates=index,
            rules=rules,
            clock=bench.clock,
            metrics=metrics,
        ).judge_waiting()
        with bench.store.read() as rx:
            found = flags.find(rx, flags.Filter(forum="city", states=tuple(FlagState)), limit=500)
        return {flag.post_id: flag for flag in found}

    return judge


def hides(bench: Bench) -> list[int]:
    with bench.store.read() as rx:
        return [each.post_id for each in outbox.listing(rx, forum="city", states=[OutboxState.QUEUED])]


def decided(bench: Bench, post_id: int):
    with bench.store.read() as rx:
        found = next(each for each in inbox.load(rx, range(1, 50)).values() if each.reply.post_id == post_id)
        judged = decisions.current(rx, found.reply_id)
    assert judged is not None
    return judged.decision


def test_a_rule_flags_hides_and_counts_what_it_names_and_nothing_else(bench, court):
    bench.forum.write(1, WORDS)
    bench.forum.write(2, DECENT)
    metrics = Metrics()
    found = court(GAMBLE, metrics=metrics)
    assert list(found) == [1]
    assert (found[1].reason, found[1].label, found[1].state) == (Reason.RULE, Label.SPAM, FlagState.PENDING)
    assert hides(bench) == [1]
    (signal,) = [each for each in decided(bench, 1).signals if each.code == "rule"]
    start, end = signal.details["spans"]
    assert WORDS[start:end] == "北 京 赛 車"
    with bench.store.read() as rx:
        assert rulehits.since(rx, bench.clock() - timedelta(days=1), forums=["city"])["gamble"].replies == 1
    counted = metrics.registry.get_sample_value("modbot_rule_hits_total", {"forum": "city", "rule": "gamble"})
    assert counted == 1


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.QUEUE])
def test_without_enforce_a_rule_that_hides_makes_a_card(bench, court, mode):
    bench.forum.write(1, WORDS)
    found = court(GAMBLE, policy=Policy(mode=mode))
    assert (found[1].reason, found[1].would_hide) == (Reason.RULE, True)
    assert hides(bench) == []


def test_what_a_rule_allows_is_let_alone_and_says_by_which(bench, court):
    bench.forum.write(1, WORDS)
    allowed = Rule("tourism", conditions.Contains(("门票",)), RuleOutcome.ALLOW)
    assert court(allowed, GAMBLE) == {}
    found = decided(bench, 1)
    assert (found.kind, found.held_by) == (DecisionKind.ALLOW, ("rule:tourism",))


def test_standing_knows_of_verdicts(bench, court):
    """An author with posts enough and something upheld has none."""
    newcomers = Rule(
        "newcomers",
        conditions.All((conditions.HasLink(), conditions.Not(conditions.AuthorStanding()))),
        RuleOutcome.QUEUE,
    )
    old = Author(id=7, name="老张", group_id=12, posts=900)
    bench.forum.write(1, WORDS, author=old)
    assert list(court(GAMBLE, newcomers)) == [1]
    bench.forum.write(2, "见 http://example.net/a", author=old)
    bench.forum.write(3, "见 http://example.net/b", author=Author(id=8, name="未知"))
    assert set(court(GAMBLE, newcomers)) == {1}, "900 posts are standing; of post 3's author nothing is known"
    with bench.store.write() as tx:
        verdicts.give(tx, 1, VerdictKind.UPHOLD, source=VerdictSource.TERMINAL, who="郭", now=bench.clock())
    bench.forum.write(4, "见 http://example.net/c", author=old)
    assert set(court(GAMBLE, newcomers)) == {1, 4}


def test_upholding_a_rules_card_teaches_the_rules_label(bench, court):
    bench.forum.write(1, WORDS)
    flag = court(GAMBLE, policy=Policy())[1]
    with bench.store.write() as tx:
        verdicts.give(
            tx, flag.id, VerdictKind.UPHOLD, source=VerdictSource.TERMINAL, who="郭", now=bench.clock()
        )
    with bench.store.read() as rx:
        assert [label["label"] for label in labels.export(rx)] == ["spam"]


def test_other_rules_are_recorded_as_another_policy(bench, court):
    bench.forum.write(1, WORDS)
    court(GAMBLE, policy=Policy(rules=compile_rules([GAMBLE]).digest))
    assert decided(bench, 1).policy != Policy().version
