"""What a moderator allowed somewhere flags nothing there, and everything else goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modbot.domain import (
    Assessment,
    Author,
    DecisionKind,
    Mode,
    Probabilities,
    Reason,
    Reply,
    ReplyKey,
    Signal,
)
from modbot.policy import Circumstances, Policy, decide

POLICY = Policy(mode=Mode.ENFORCE, spam_hide=0.95, spam_queue=0.4, low_effort_queue=0.4)
CONTACT = Signal("contact", 1.0, {"evidence": ("v:abc123",)})
ECHO = Signal("title_echo", 1.0, {"limit": 0.9})
REPLY = Reply(
    forum="city",
    post_id=1,
    text="一句话",
    author=Author(id=9, name="新来的", group_id=10, posts=1),
    posted_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
)
SPAM, LOW, TITLE = Reason.SPAM, Reason.LOW_EFFORT, Reason.TITLE_ECHO


def assessed(spam: float, low_effort: float, *signals: Signal) -> Assessment:
    probabilities = Probabilities(1 - spam - low_effort, low_effort, spam)
    return Assessment(ReplyKey("city", 1), probabilities, signals, None, "一句话", "test")


@pytest.mark.parametrize(
    ("assessment", "excepted", "kind", "reason", "held_by"),
    [
        (assessed(0, 0.9), set(), "queue", LOW, ()),
        (assessed(0, 0.9), {LOW}, "allow", None, ("excepted",)),
        (assessed(0, 0.9), {SPAM}, "queue", LOW, ()),
        (assessed(0.97, 0, CONTACT), {LOW}, "hide", SPAM, ()),
        (assessed(0.97, 0, CONTACT), {SPAM}, "allow", None, ("excepted",)),
        (assessed(0.5, 0.5), {SPAM}, "queue", LOW, ()),
        (assessed(0.5, 0.5), {LOW}, "queue", SPAM, ()),
        (assessed(0.5, 0.5), {SPAM, LOW}, "allow", None, ("excepted",)),
        (assessed(0, 0.9, ECHO), {TITLE}, "queue", LOW, ()),
        (assessed(0, 0, ECHO), {TITLE}, "allow", None, ("excepted",)),
        (assessed(0, 0), {LOW}, "allow", None, ()),
    ],
)
def test_an_excepted_reason_carries_no_decision(
    assessment: Assessment,
    excepted: set[Reason],
    kind: str,
    reason: Reason | None,
    held_by: tuple[str, ...],
) -> None:
    decision = decide(REPLY, assessment, POLICY, Circumstances(excepted=frozenset(excepted)))
    assert (decision.kind, decision.would_be) == (DecisionKind(kind), DecisionKind(kind))
    assert (decision.reason, decision.held_by) == (reason, held_by)


def test_what_lets_a_reply_alone_anyway_is_told_before_an_exception() -> None:
    circumstances = Circumstances(restored_by_human=True, excepted=frozenset({LOW}))
    assert decide(REPLY, assessed(0, 0.9), POLICY, circumstances).held_by == ("restored_by_human",)
