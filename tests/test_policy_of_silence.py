"""Most replies give nothing to weigh. They are decided without weighing, and just the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

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

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
UNHEARD = Signal("a_code_that_no_policy_knows", 0.5)
limits = st.sampled_from([None, 0.05, 0.3, 0.9])


@st.composite
def assessments(draw: st.DrawFn) -> Assessment:
    spam = draw(st.sampled_from([0.0, 0.04, 0.05, 0.3, 0.95]))
    low_effort = draw(st.sampled_from([0.0, 0.05, 0.31])) * (1 - spam)
    scores = Probabilities(1 - spam - low_effort, low_effort, spam)
    return Assessment(ReplyKey("city", 71), scores, (), None, "一句话", "v1")


replies = st.builds(
    Reply,
    forum=st.just("city"),
    post_id=st.just(71),
    text=st.just("一句话"),
    author=st.builds(
        Author, id=st.just(9), group_id=st.sampled_from([1, 10]), posts=st.sampled_from([None, 1, 90])
    ),
    is_thread_author=st.booleans(),
    posted_at=st.sampled_from([None, NOW, NOW - timedelta(days=3)]),
    hidden=st.booleans(),
)
policies = st.builds(
    Policy, mode=st.sampled_from(Mode), spam_hide=limits, spam_queue=limits, low_effort_queue=limits
)
circumstances = st.builds(
    Circumstances,
    upheld=st.integers(0, 1),
    restored_by_human=st.booleans(),
    flag_since=st.sampled_from([None, NOW - timedelta(days=1)]),
    excepted=st.sampled_from([frozenset[Reason](), frozenset({Reason.SPAM})]),
    hidden_for=st.sampled_from([None, Reason.SPAM]),
)


@given(replies, assessments(), policies, circumstances)
def test_a_signal_that_means_nothing_changes_nothing_of_the_decision(
    reply: Reply, assessment: Assessment, policy: Policy, around: Circumstances
) -> None:
    weighed = decide(reply, replace(assessment, signals=(UNHEARD,)), policy, around)
    assert decide(reply, assessment, policy, around) == replace(weighed, signals=())


def test_a_score_at_a_threshold_is_not_silent() -> None:
    reply = Reply("city", 71, "一句话", author=Author(id=9, group_id=10, posts=1))
    scored = Assessment(ReplyKey("city", 71), Probabilities(0.95, 0.0, 0.05), (), None, "一句话", "v1")
    decision = decide(reply, scored, Policy(mode=Mode.QUEUE, spam_queue=0.05), Circumstances())
    assert (decision.kind, decision.reason) == (DecisionKind.QUEUE, Reason.SPAM)
