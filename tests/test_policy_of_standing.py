"""What policy makes of a reply that meets standing decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modbot import i18n
from modbot.domain import (
    Assessment,
    Author,
    Decision,
    DecisionKind,
    Label,
    Mode,
    Probabilities,
    Reason,
    Reply,
    ReplyKey,
    Signal,
    StandingKind,
)
from modbot.moderation import wording
from modbot.policy import Circumstances, Policy, StandingMatch, decide
from modbot.policy.autonomy import Autonomy

MADE = datetime(2025, 12, 24, tzinfo=UTC)
NOW = datetime(2026, 1, 28, tzinfo=UTC)
ENFORCE = Policy(mode=Mode.ENFORCE, spam_hide=0.9, spam_queue=0.5, low_effort_queue=0.5)
HIDE, QUEUE, ALLOW = DecisionKind.HIDE, DecisionKind.QUEUE, DecisionKind.ALLOW
CONDEMNED = StandingMatch(
    7, StandingKind.CONDEMNED, Reason.REPEATED, Label.LOW_EFFORT, who="ann", made_at=MADE, similarity=0.95
)
CUSTOM = replace(CONDEMNED, id=8, kind=StandingKind.CUSTOMARY)
CONTACT = Signal("contact", 1.0, {"kind": "wechat"})
LONG = "这是一句足够长的话而且谁都看得懂"
SHORT = "顶一下呀"


def decided(
    *matches: StandingMatch,
    policy: Policy = ENFORCE,
    text: str = LONG,
    spam: float = 0.0,
    low_effort: float = 0.0,
    signals: tuple[Signal, ...] = (),
    around: Circumstances | None = None,
    **fields: object,
) -> Decision:
    reply = Reply("city", 1, text, author=Author(id=5, name="m", posts=1), posted_at=NOW)
    chances = Probabilities(1 - spam - low_effort, low_effort, spam)
    assessment = Assessment(ReplyKey("city", 1), chances, signals, None, text, "m")
    circumstances = replace(around or Circumstances(), precedents=matches)
    return decide(replace(reply, **fields), assessment, policy, circumstances)  # type: ignore[arg-type]


def test_what_was_upheld_is_hidden_with_its_reason_its_label_and_a_signal() -> None:
    found = decided(CONDEMNED)
    assert (found.kind, found.reason, found.label, found.standing) == (
        HIDE,
        Reason.REPEATED,
        Label.LOW_EFFORT,
        7,
    )
    assert (found.held_by, found.threshold) == ((), None)
    assert [signal.code for signal in found.signals] == ["standing_decision"]


@pytest.mark.parametrize("reason", list(Reason))
def test_any_reason_can_have_been_upheld(reason: Reason) -> None:
    found = decided(replace(CONDEMNED, reason=reason))
    assert (found.kind, found.reason, found.threshold) == (HIDE, reason, None)


@pytest.mark.parametrize(
    ("around", "held"),
    [
        (Circumstances(brake_on=True), ()),
        (Circumstances(autonomy=Autonomy(mode_since=NOW, seen_at=NOW - timedelta(days=1))), ("backlog",)),
        (Circumstances(autonomy=Autonomy(withdrawn=frozenset({Reason.REPEATED}))), ()),
    ],
    ids=[
        "the brake does not",
        "what was there before hiding was turned on",
        "where a human withdrew the reason",
    ],
)
def test_what_holds_it(around: Circumstances, held: tuple[str, ...]) -> None:
    found = decided(CONDEMNED, around=around)
    assert (found.held_by, found.kind) == (held, QUEUE if held else HIDE)


def test_evidence_that_a_threshold_lacks_is_none_of_its_concern() -> None:
    policy = replace(ENFORCE, unproved=frozenset({Reason.SPAM}))
    assert decided(replace(CONDEMNED, reason=Reason.SPAM), policy=policy).kind is HIDE


def test_it_carries_before_a_finding_that_the_brake_would_hold() -> None:
    around = Circumstances(brake_on=True)
    found = decided(CONDEMNED, spam=0.95, signals=(CONTACT,), around=around)
    assert (found.kind, found.reason, found.standing) == (HIDE, Reason.REPEATED, 7)


def test_what_a_moderator_allowed_there_is_not_condemned_there() -> None:
    found = decided(CONDEMNED, around=Circumstances(excepted=frozenset({Reason.REPEATED})))
    assert (found.kind, found.held_by, found.standing) == (ALLOW, ("excepted",), None)


@pytest.mark.parametrize(
    ("off", "reason"),
    [
        ({"title_echo": False}, Reason.TITLE_ECHO),
        ({"low_effort_queue": None}, Reason.LOW_EFFORT),
        ({"spam_hide": None, "spam_queue": None}, Reason.SPAM),
        ({"reasons": frozenset()}, Reason.REPEATED),
    ],
)
def test_a_board_that_does_not_flag_the_reason_does_not_condemn(
    off: dict[str, object], reason: Reason
) -> None:
    policy = replace(ENFORCE, **off)  # type: ignore[arg-type]
    assert decided(replace(CONDEMNED, reason=reason), policy=policy).kind is ALLOW


@pytest.mark.parametrize(
    ("match", "kind"),
    [
        (CONDEMNED, ALLOW),
        (replace(CONDEMNED, by_own_author=True), HIDE),
        (replace(CONDEMNED, in_campaign=True), HIDE),
        (replace(CONDEMNED, in_campaign=True, reason=Reason.LOW_EFFORT), ALLOW),
        (replace(CONDEMNED, in_campaign=True, reason=Reason.LOW_EFFORT, of_few_authors=True), HIDE),
    ],
    ids=[
        "in anybody's mouth",
        "in its author's",
        "as part of the campaign",
        "not when it was upheld as low effort",
        "unless all that few authors say was",
    ],
)
def test_a_short_text_is_condemned_only(match: StandingMatch, kind: DecisionKind) -> None:
    assert decided(match, text=SHORT).kind is kind


@pytest.mark.parametrize(
    ("match", "kind"),
    [
        (CUSTOM, ALLOW),
        (replace(CUSTOM, of_few_authors=True), QUEUE),
        (replace(CUSTOM, of_few_authors=True, by_own_author=True), ALLOW),
    ],
    ids=["of one text", "of what few authors say", "in the mouth of one of these"],
)
def test_a_short_custom_is_everybodys_unless_it_is_of_few(match: StandingMatch, kind: DecisionKind) -> None:
    assert decided(match, text=SHORT, low_effort=0.8).kind is kind


ELSEWHERE = Signal("link", 1.0, {"domains": ("phish.example",), "evidence": "x"})
SAID = Signal("link", 1.0, {"domains": ("forum.example",), "evidence": "x"})
IN_NAME = Signal("author_name", 1.0, {})
NEAR, EQUAL = CUSTOM, replace(CUSTOM, similarity=1.0)


@pytest.mark.parametrize(
    ("match", "signals", "kind"),
    [
        (EQUAL, (), ALLOW),
        (EQUAL, (CONTACT,), ALLOW),
        (EQUAL, (SAID,), ALLOW),
        (EQUAL, (ELSEWHERE,), HIDE),
        (EQUAL, (IN_NAME,), HIDE),
        (NEAR, (), ALLOW),
        (NEAR, (CONTACT,), HIDE),
        (replace(CUSTOM, similarity=0.0, in_campaign=True), (), QUEUE),
    ],
    ids=[
        "equal",
        "equal, with its contact",
        "equal, with its link",
        "equal, with a link that leads elsewhere",
        "equal, with a contact in the author's name",
        "alike",
        "alike, with a contact",
        "of the campaign in other words",
    ],
)
def test_which_custom_may_be_an_advert(
    match: StandingMatch, signals: tuple[Signal, ...], kind: DecisionKind
) -> None:
    text = LONG + "forumexample"
    assert decided(match, spam=0.95, signals=signals, text=text).kind is kind


def test_a_custom_changes_nothing_of_a_rule_of_the_operators() -> None:
    rule = Signal("rule", 1.0, {"name": "r", "then": "queue", "label": None, "sets": 0.0})
    assert decided(CUSTOM, signals=(rule,)).reason is Reason.RULE


def test_one_condemned_match_by_the_first_poster_is_enough_to_ask() -> None:
    nearer = replace(CONDEMNED, id=9, similarity=1.0)
    found = decided(replace(CONDEMNED, by_first_poster=True), nearer)
    assert (found.kind, found.held_by) == (QUEUE, ("first_author",))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", list(StandingKind))
@pytest.mark.parametrize("similarity", [0.0, 0.95])
def test_the_signal_is_a_sentence_that_names_who_decided_and_when(
    language: str, kind: StandingKind, similarity: float
) -> None:
    match = replace(CONDEMNED, kind=kind, similarity=similarity, in_campaign=True)
    [told] = decided(match).signals
    sentence = wording.signal(told, i18n.catalogue(language))
    assert "ann" in sentence
    assert "2025-12-24" in sentence


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("code", ["customary", "standing_conflict", "judged_before", "own_thread"])
def test_what_held_it_has_a_sentence(language: str, code: str) -> None:
    assert wording.hold(code, i18n.catalogue(language))
