"""What an operator's rule may do to whom: each row is a situation and the decision that it must meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modbot.domain import (
    Assessment,
    Author,
    Label,
    Mode,
    Probabilities,
    Reason,
    Repetition,
    Reply,
    ReplyKey,
    Signal,
    Slip,
)
from modbot.policy import Circumstances, Policy, decide, has_standing, standing_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ENFORCE = Policy(mode=Mode.ENFORCE, spam_hide=0.95, spam_queue=0.6, low_effort_queue=0.7)
NEWCOMER = Author(id=9, group_id=10, posts=1)
MEMBER = Author(id=3, group_id=12, posts=800)
STAFF = Author(id=1, group_id=1, posts=9)
CONTACT = Signal("contact", 1.0, {"evidence": "v:abc123"})
DOUBLE_CLICK = Repetition(
    campaign="c1",
    size=2,
    authors=1,
    newcomers=1,
    threads=1,
    similarity=1.0,
    canonical_length=14,
    is_first_author=True,
    author_posts=2,
    author_threads=1,
    author_texts=1,
    slip=Slip.DOUBLE_CLICK,
    first_post=ReplyKey("city", 12),
    first_seen=NOW,
    last_seen=NOW,
)


def hit(then: str, name: str = "gamble", label: str | None = None, sets: float = 1.0) -> Signal:
    return Signal("rule", 1.0, {"name": name, "then": then, "label": label, "sets": sets, "reason": "博彩"})


def a_reply(**changes: object) -> Reply:
    base = Reply("city", 71, "一句话", thread_id=5, board_id=2, author=NEWCOMER, posted_at=NOW)
    return replace(base, **changes)  # type: ignore[arg-type]


def decided(
    *signals: Signal,
    reply: Reply | None = None,
    policy: Policy = ENFORCE,
    spam: float = 0.0,
    repetition: Repetition | None = None,
    **known: object,
):
    probabilities = Probabilities(1 - spam, 0.0, spam)
    assessment = Assessment(ReplyKey("city", 71), probabilities, signals, repetition, "一句话", "test")
    return decide(reply or a_reply(), assessment, policy, Circumstances(**known))  # type: ignore[arg-type]


SURE_SPAM = {"spam": 0.99}


@pytest.mark.parametrize(
    ("situation", "found", "kind", "would_be", "reason", "held"),
    [
        ("queue", decided(hit("queue")), "queue", "queue", "rule", ()),
        ("hide", decided(hit("hide")), "hide", "hide", "rule", ()),
        ("allow", decided(hit("allow")), "allow", "allow", None, ("rule:gamble",)),
        (
            "allow of what the model is sure of",
            decided(hit("allow"), CONTACT, **SURE_SPAM),
            *("allow", "allow", None, ("rule:gamble",)),
        ),
        (
            "hide in shadow",
            decided(hit("hide"), policy=replace(ENFORCE, mode=Mode.SHADOW)),
            *("queue", "hide", "rule", ("mode_shadow",)),
        ),
        (
            "hide in queue mode",
            decided(hit("hide"), policy=replace(ENFORCE, mode=Mode.QUEUE)),
            *("queue", "hide", "rule", ("mode_queue",)),
        ),
        ("hide with the brake on", decided(hit("hide"), brake_on=True), "queue", "hide", "rule", ("brake",)),
        (
            "hide of what waits for approval",
            decided(hit("hide"), reply=a_reply(pending=True)),
            *("queue", "hide", "rule", ("pending",)),
        ),
        (
            "hide of an author with standing",
            decided(hit("hide"), reply=a_reply(author=MEMBER)),
            *("queue", "queue", "rule", ("standing",)),
        ),
        (
            "hide of an author whose standing a verdict took",
            decided(hit("hide"), reply=a_reply(author=MEMBER), upheld=1),
            *("hide", "hide", "rule", ()),
        ),
        (
            "hide of the thread's author",
            decided(hit("hide"), reply=a_reply(is_thread_author=True)),
            *("hide", "hide", "rule", ()),
        ),
        (
            "hide of staff",
            decided(hit("hide"), reply=a_reply(author=STAFF)),
            *("allow", "allow", None, ("exempt_group",)),
        ),
        (
            "hide of what a human restored",
            decided(hit("hide"), restored_by_human=True),
            *("allow", "allow", None, ("restored_by_human",)),
        ),
        (
            "hide of what is older than the first start",
            decided(hit("hide"), flag_since=NOW + timedelta(hours=1)),
            *("allow", "allow", None, ("before_first_start",)),
        ),
        (
            "a double-click is no excuse before a rule",
            decided(hit("hide"), repetition=DOUBLE_CLICK),
            *("hide", "hide", "rule", ()),
        ),
        (
            "but it is without one",
            decided(repetition=DOUBLE_CLICK),
            "allow",
            "allow",
            None,
            ("double_click",),
        ),
        (
            "nor does it become one of repetition",
            decided(hit("queue"), repetition=DOUBLE_CLICK, **SURE_SPAM),
            *("queue", "queue", "rule", ()),
        ),
        (
            "queue does not soften what the model would hide",
            decided(hit("queue"), CONTACT, **SURE_SPAM),
            *("hide", "hide", "spam", ()),
        ),
        (
            "of two that hide, the rule explains",
            decided(hit("hide"), CONTACT, **SURE_SPAM),
            *("hide", "hide", "rule", ()),
        ),
        (
            "a kind of thread without rules",
            decided(hit("hide"), policy=replace(ENFORCE, reasons=frozenset({Reason.SPAM}))),
            *("allow", "allow", None, ()),
        ),
        (
            "the first that decides decides",
            decided(hit("label", "a", "spam"), hit("allow", "b"), hit("hide", "c")),
            *("allow", "allow", None, ("rule:b",)),
        ),
        ("called spam", decided(hit("label", label="spam", sets=0.7)), "queue", "queue", "spam", ()),
        ("called sure spam", decided(hit("label", label="spam"), CONTACT), "hide", "hide", "spam", ()),
        (
            "called sure spam, without a contact",
            decided(hit("label", label="spam")),
            *("queue", "queue", "spam", ("no_contact",)),
        ),
        (
            "called low effort",
            decided(hit("label", label="low_effort")),
            *("queue", "queue", "low_effort", ()),
        ),
        (
            "spam called ham",
            decided(hit("label", label="ham"), CONTACT, **SURE_SPAM),
            *("allow", "allow", None, ()),
        ),
        (
            "the first label counts",
            decided(hit("label", "a", "ham"), hit("label", "b", "spam")),
            *("allow", "allow", None, ()),
        ),
    ],
)
def test_a_rule_acts_within_what_policy_allows(situation, found, kind, would_be, reason, held):
    assert (found.kind, found.would_be, found.reason, found.held_by) == (kind, would_be, reason, held)


@pytest.mark.parametrize(("label", "expected"), [("spam", Label.SPAM), (None, Label.HAM)])
def test_a_flag_has_the_label_of_its_rule_or_what_the_model_thought(label, expected):
    assert decided(hit("queue", label=label)).label is expected


def test_what_the_model_thought_stays_in_the_signals_when_a_rule_sets_the_label():
    found = decided(hit("label", label="spam", sets=0.75))
    assert (found.score, found.threshold, found.label) == (0.75, 0.6, Label.SPAM)
    assert [signal.code for signal in found.signals] == ["rule"]


@pytest.mark.parametrize(
    ("label", "score", "expected"),
    [
        (Label.SPAM, 0.9, (0.075, 0.025, 0.9)),
        (Label.HAM, 1.0, (1.0, 0.0, 0.0)),
        (Label.SPAM, 0.0, (0.75, 0.25, 0.0)),
    ],
)
def test_the_other_labels_share_the_rest_as_before(label, score, expected):
    changed = Probabilities(0.6, 0.2, 0.2).having(label, score)
    assert (changed.ham, changed.low_effort, changed.spam) == pytest.approx(expected)


def test_a_certain_label_gives_up_to_both_others_alike():
    changed = Probabilities(1.0, 0.0, 0.0).having(Label.HAM, 0.5)
    assert (changed.ham, changed.low_effort, changed.spam) == (0.5, 0.25, 0.25)


GROUPED = replace(ENFORCE, standing_groups=frozenset({20}))


@pytest.mark.parametrize(
    ("author", "policy", "upheld", "known"),
    [
        (Author(group_id=10, posts=50), ENFORCE, 0, True),
        (Author(group_id=10, posts=49), ENFORCE, 0, False),
        (Author(group_id=10, posts=500), ENFORCE, 1, False),
        (Author(group_id=10), ENFORCE, 0, None),
        (Author(group_id=10), ENFORCE, 1, False),
        (Author(posts=3), ENFORCE, 0, False),
        (Author(posts=3), GROUPED, 0, None),
        (Author(posts=60), GROUPED, 0, True),
        (Author(group_id=20), GROUPED, 1, True),
        (Author(), ENFORCE, 0, None),
    ],
)
def test_standing_is_unknown_where_the_page_does_not_say_enough(author, policy, upheld, known):
    assert standing_of(author, policy, upheld=upheld) is known
    assert has_standing(author, policy, upheld=upheld) is (known is True)


def test_other_rules_are_another_policy():
    assert replace(ENFORCE, rules="abc").version != ENFORCE.version
