"""What modbot may do to whom: each row is a situation and the decision that it must meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modbot.domain import (
    Assessment,
    Author,
    DecisionKind,
    Label,
    Mode,
    Probabilities,
    Reason,
    Repetition,
    Reply,
    ReplyKey,
    Signal,
    Slip,
    ThreadKind,
)
from modbot.policy import (
    BrakeCounts,
    BrakeLimits,
    Circumstances,
    Policy,
    PolicyBook,
    QueueBudget,
    RepeatedRule,
    brake_cause,
    decide,
    free_places,
    has_standing,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ENFORCE = Policy(mode=Mode.ENFORCE, spam_hide=0.95, spam_queue=0.6, low_effort_queue=0.7)
NEWCOMER = Author(id=9, name="新来的", group_id=10, posts=1)
MEMBER = Author(id=3, name="老张", group_id=12, posts=800)
CONTACT = Signal("contact", 1.0, {"evidence": ("v:abc123",)})


def a_reply(**changes: object) -> Reply:
    base = Reply(
        forum="city", post_id=71, text="一句话", thread_id=5, board_id=2, author=NEWCOMER, posted_at=NOW
    )
    return replace(base, **changes)


def an_assessment(
    *,
    spam: float = 0.0,
    low_effort: float = 0.0,
    signals: tuple[Signal, ...] = (),
    repetition: Repetition | None = None,
) -> Assessment:
    return Assessment(
        key=ReplyKey("city", 71),
        probabilities=Probabilities(1 - spam - low_effort, low_effort, spam),
        signals=signals,
        repetition=repetition,
        canonical_text="一句话",
        model="test",
    )


def a_campaign(**changes: object) -> Repetition:
    base = Repetition(
        campaign="c1",
        size=3,
        authors=3,
        newcomers=3,
        threads=2,
        similarity=1.0,
        canonical_length=14,
        is_first_author=False,
        author_posts=1,
        author_threads=1,
        author_texts=1,
        slip=None,
        first_post=ReplyKey("city", 12),
        first_seen=NOW - timedelta(days=3),
        last_seen=NOW,
    )
    return replace(base, **changes)


def decided(reply: Reply, assessment: Assessment, policy: Policy = ENFORCE, **circumstances: object):
    return decide(reply, assessment, policy, Circumstances(**circumstances))


@pytest.mark.parametrize(
    ("situation", "reply", "assessment", "kind", "reason"),
    [
        ("a genuine reply", a_reply(), an_assessment(), "allow", None),
        ("sure spam with a contact", a_reply(), an_assessment(spam=0.99, signals=(CONTACT,)), "hide", "spam"),
        ("sure spam without a contact", a_reply(), an_assessment(spam=0.99), "queue", "spam"),
        ("probable spam", a_reply(), an_assessment(spam=0.7, signals=(CONTACT,)), "queue", "spam"),
        ("unlikely spam", a_reply(), an_assessment(spam=0.5), "allow", None),
        ("low effort never hides unasked", a_reply(), an_assessment(low_effort=1.0), "queue", "low_effort"),
        (
            "the thread's author may be brief in their own thread",
            a_reply(is_thread_author=True),
            an_assessment(low_effort=0.99),
            "allow",
            None,
        ),
        (
            "a member with standing may be brief",
            a_reply(author=MEMBER),
            an_assessment(low_effort=0.99),
            "allow",
            None,
        ),
        (
            "the thread's author may repeat in their own thread",
            a_reply(is_thread_author=True),
            an_assessment(repetition=a_campaign()),
            "allow",
            None,
        ),
        (
            "the thread's author may not advertise",
            a_reply(is_thread_author=True),
            an_assessment(spam=0.99, signals=(CONTACT,)),
            "hide",
            "spam",
        ),
        (
            "a copy of the title",
            a_reply(),
            an_assessment(signals=(Signal("title_echo", 1.0),)),
            "queue",
            "title_echo",
        ),
        (
            "spam by a member with standing is a human's choice",
            a_reply(author=MEMBER),
            an_assessment(spam=0.99, signals=(CONTACT,)),
            "queue",
            "spam",
        ),
        (
            "staff are never touched",
            a_reply(author=Author(id=1, name="版主", group_id=3, posts=5)),
            an_assessment(spam=0.99, signals=(CONTACT,)),
            "allow",
            None,
        ),
        (
            "what the forum hides already is not ours",
            a_reply(hidden=True),
            an_assessment(spam=0.99, signals=(CONTACT,)),
            "allow",
            None,
        ),
    ],
)
def test_a_reply_meets_the_decision_its_evidence_allows(situation, reply, assessment, kind, reason):
    decision = decided(reply, assessment)
    assert (decision.kind, decision.reason) == (kind, reason), situation


@pytest.mark.parametrize(
    ("situation", "repetition", "author", "kind"),
    [
        ("three new accounts, two threads", a_campaign(), NEWCOMER, "hide"),
        ("two accounts only", a_campaign(authors=2, newcomers=2), NEWCOMER, "allow"),
        ("one thread only: a human looks", a_campaign(threads=1), NEWCOMER, "queue"),
        ("mostly members with standing: a custom", a_campaign(authors=9, newcomers=3), NEWCOMER, "allow"),
        ("two thirds without standing", a_campaign(authors=3, newcomers=2), NEWCOMER, "hide"),
        ("nine characters", a_campaign(canonical_length=9), NEWCOMER, "allow"),
        ("nine characters in three threads", a_campaign(canonical_length=9, threads=3), NEWCOMER, "queue"),
        ("five characters", a_campaign(canonical_length=5, threads=9, authors=9), NEWCOMER, "allow"),
        ("the first author of the text", a_campaign(is_first_author=True), NEWCOMER, "queue"),
        ("a member who joins in", a_campaign(), MEMBER, "queue"),
        (
            "one account, three times in three threads",
            a_campaign(authors=1, newcomers=1, author_posts=3, author_threads=3, is_first_author=True),
            NEWCOMER,
            "hide",
        ),
        (
            "one account, three times in two threads",
            a_campaign(authors=1, newcomers=1, author_posts=3, author_threads=2),
            NEWCOMER,
            "allow",
        ),
        (
            "short texts, three of them each repeated",
            a_campaign(authors=1, newcomers=1, canonical_length=3, author_texts=3),
            NEWCOMER,
            "queue",
        ),
        ("a double-click", a_campaign(slip=Slip.DOUBLE_CLICK), NEWCOMER, "allow"),
        (
            "short texts that a regular often says",
            a_campaign(canonical_length=3, author_texts=3, author_surprise=0.8, surprise=0.1),
            NEWCOMER,
            "allow",
        ),
        (
            "short texts of accounts that live on repeating them",
            a_campaign(
                authors=2, canonical_length=3, texts=3, author_texts=3, author_surprise=0.8, surprise=0.1
            ),
            NEWCOMER,
            "queue",
        ),
        ("as surprising as it must be", a_campaign(surprise=2.5), NEWCOMER, "hide"),
        ("a custom by its counts alone", a_campaign(surprise=2.4), NEWCOMER, "allow"),
        ("a custom in one thread", a_campaign(threads=1, surprise=1.9), NEWCOMER, "allow"),
        (
            "a short custom",
            a_campaign(canonical_length=7, threads=9, authors=90, surprise=0.3),
            NEWCOMER,
            "allow",
        ),
        (
            "one account's habit",
            a_campaign(
                authors=1, newcomers=1, author_posts=7, author_threads=7, author_surprise=1.2, surprise=0
            ),
            NEWCOMER,
            "allow",
        ),
        (
            "one account that repeats what only it says",
            a_campaign(
                authors=1, newcomers=1, author_posts=3, author_threads=3, author_surprise=3.1, surprise=0
            ),
            NEWCOMER,
            "hide",
        ),
    ],
)
def test_repetition_hides_only_what_no_custom_explains(situation, repetition, author, kind):
    decision = decided(a_reply(author=author), an_assessment(repetition=repetition))
    assert decision.kind == kind, situation


@pytest.mark.parametrize(
    ("situation", "assessment", "limits"),
    [
        ("nothing", an_assessment(spam=0.5), {}),
        ("spam to hide", an_assessment(spam=0.99, signals=(CONTACT,)), {"spam.hide": (0.99, 0.95)}),
        ("spam without a contact", an_assessment(spam=0.99), {"spam.hide": (0.99, 0.95)}),
        ("spam to ask about", an_assessment(spam=0.7), {"spam.queue": (0.7, 0.6)}),
        ("low effort", an_assessment(low_effort=0.9), {"low_effort.queue": (0.9, 0.7)}),
        (
            "a copy of the title",
            an_assessment(signals=(Signal("title_echo", 0.9, {"limit": 0.85}),)),
            {"title_echo": (0.9, 0.85)},
        ),
        (
            "a campaign",
            an_assessment(repetition=a_campaign(authors=5, newcomers=4)),
            {
                "repeated.hide_authors": (5, 3),
                "repeated.hide_newcomers": (0.8, 0.66),
                "repeated.hide_threads": (2, 2),
                "repeated.hide_characters": (14, 10),
            },
        ),
        (
            "one account",
            an_assessment(repetition=a_campaign(authors=1, author_posts=4, author_threads=3)),
            {
                "repeated.burst_posts": (4, 3),
                "repeated.burst_threads": (3, 3),
                "repeated.hide_characters": (14, 10),
            },
        ),
        (
            "many threads, a short text",
            an_assessment(repetition=a_campaign(canonical_length=8, threads=4)),
            {
                "repeated.queue_authors": (3, 3),
                "repeated.queue_threads": (4, 3),
                "repeated.queue_characters": (8, 6),
            },
        ),
        (
            "one thread",
            an_assessment(repetition=a_campaign(threads=1)),
            {"repeated.one_thread_newcomers": (3, 3), "repeated.queue_characters": (14, 6)},
        ),
        (
            "one account, many texts",
            an_assessment(repetition=a_campaign(authors=1, author_texts=4)),
            {"repeated.author_texts": (4, 3)},
        ),
    ],
)
def test_a_decision_names_the_limits_that_were_passed_and_by_how_much(situation, assessment, limits):
    passed = decided(a_reply(), assessment).limits
    assert {limit.name: (limit.value, limit.limit) for limit in passed} == limits, situation
    assert all(limit.margin == limit.value - limit.limit >= 0 for limit in passed), situation


def test_the_threshold_is_the_limit_of_the_score():
    assert decided(a_reply(), an_assessment(spam=0.7)).threshold == 0.6
    assert decided(a_reply(), an_assessment(repetition=a_campaign())).threshold is None


def test_a_board_may_ask_for_more_surprise_or_for_counts_alone():
    custom = an_assessment(repetition=a_campaign(surprise=1.0))
    counts_alone = replace(ENFORCE, repeated=RepeatedRule(surprise=0))
    stricter = replace(ENFORCE, repeated=RepeatedRule(surprise=6))
    assert decided(a_reply(), custom, counts_alone).kind == "hide"
    assert decided(a_reply(), an_assessment(repetition=a_campaign(surprise=5.0)), stricter).kind == "allow"


def test_a_decision_tells_the_surprise_that_it_passed():
    limits = decided(a_reply(), an_assessment(repetition=a_campaign(surprise=4.0))).limits
    passed = next(limit for limit in limits if limit.name == "repeated.surprise")
    assert (passed.value, passed.limit, passed.margin) == (4.0, 2.5, 1.5)


@pytest.mark.parametrize(
    ("slip", "scores", "kind", "held_by"),
    [
        (Slip.DOUBLE_CLICK, {"low_effort": 0.99}, "allow", ("double_click",)),
        (Slip.DOUBLE_CLICK, {"spam": 0.99}, "allow", ("double_click",)),
        (Slip.BLANKED, {"low_effort": 0.99}, "allow", ("blanked",)),
        (Slip.EDIT, {"low_effort": 0.1}, "allow", ("edit",)),
        (Slip.EDIT, {"low_effort": 0.99}, "queue", ()),
        (Slip.EDIT, {"spam": 0.99}, "queue", ("no_contact",)),
    ],
    ids=["twice", "twice, doubtful", "blanked", "corrected", "corrected, still empty", "corrected, doubtful"],
)
def test_a_slip_is_no_card_and_the_record_tells_which_it_was(slip, scores, kind, held_by):
    slipped = an_assessment(
        **scores,
        signals=() if slip is Slip.EDIT else (Signal("title_echo", 1.0),),
        repetition=a_campaign(slip=slip),
    )
    decision = decided(a_reply(), slipped)
    assert (decision.kind, decision.held_by) == (kind, held_by)


@pytest.mark.parametrize("slip", Slip)
def test_an_advert_with_a_contact_sent_twice_is_an_advert_both_times(slip):
    advert = an_assessment(spam=0.99, signals=(CONTACT,), repetition=a_campaign(slip=slip))
    assert decided(a_reply(), advert).kind is DecisionKind.HIDE


def test_what_excuses_a_reply_before_its_slip_is_what_the_record_names():
    slipped = an_assessment(repetition=a_campaign(slip=Slip.DOUBLE_CLICK))
    assert decided(a_reply(hidden=True), slipped).held_by == ("hidden_by_others",)


def test_the_reflection_attack_never_hides_the_member_who_wrote_first():
    copied = a_campaign(authors=6, newcomers=5, threads=4, size=6)
    victim = decided(a_reply(author=MEMBER), an_assessment(repetition=replace(copied, is_first_author=True)))
    attacker = decided(a_reply(), an_assessment(repetition=copied))
    assert victim.kind is DecisionKind.QUEUE
    assert attacker.kind is DecisionKind.HIDE


@pytest.mark.parametrize(
    ("mode", "kind", "held_by"),
    [
        (Mode.SHADOW, "queue", ("mode_shadow",)),
        (Mode.QUEUE, "queue", ("mode_queue",)),
        (Mode.ENFORCE, "hide", ()),
    ],
)
def test_only_enforce_hides_and_the_record_keeps_what_would_have_been(mode, kind, held_by):
    decision = decided(a_reply(), an_assessment(spam=0.99, signals=(CONTACT,)), replace(ENFORCE, mode=mode))
    assert (decision.kind, decision.would_be, decision.held_by) == (kind, "hide", held_by)


def test_a_reply_that_waits_for_approval_is_shown_to_nobody_and_needs_no_hiding():
    decision = decided(a_reply(pending=True), an_assessment(spam=0.99, signals=(CONTACT,)))
    assert (decision.kind, decision.would_be, decision.held_by) == ("queue", "hide", ("pending",))


def test_the_brake_turns_hides_into_cards():
    decision = decided(a_reply(), an_assessment(spam=0.99, signals=(CONTACT,)), brake_on=True)
    assert (decision.kind, decision.held_by) == ("queue", ("brake",))


def test_what_a_human_restored_is_let_alone():
    decision = decided(a_reply(), an_assessment(spam=0.99, signals=(CONTACT,)), restored_by_human=True)
    assert (decision.kind, decision.held_by) == ("allow", ("restored_by_human",))


def test_replies_from_before_the_first_start_are_not_flagged():
    old = a_reply(posted_at=NOW - timedelta(days=2))
    decision = decided(old, an_assessment(low_effort=0.99), flag_since=NOW - timedelta(days=1))
    assert (decision.kind, decision.held_by) == ("allow", ("before_first_start",))


def test_spam_outranks_repetition_outranks_low_effort():
    everything = an_assessment(spam=0.65, low_effort=0.3, repetition=a_campaign(threads=1))
    assert decided(a_reply(), everything).reason is Reason.SPAM
    assert (
        decided(a_reply(), an_assessment(low_effort=0.9, repetition=a_campaign(threads=1))).reason
        is Reason.REPEATED
    )


def test_the_label_is_that_of_the_reason_but_repetition_leaves_the_texts_own():
    assert decided(a_reply(), an_assessment(spam=0.7)).label is Label.SPAM
    assert decided(a_reply(), an_assessment(repetition=a_campaign())).label is Label.HAM


@pytest.mark.parametrize(
    ("author", "upheld", "standing"),
    [
        (Author(id=1, posts=50), 0, True),
        (Author(id=1, posts=49), 0, False),
        (Author(id=1, posts=5000), 1, False),
        (Author(id=1, posts=None), 0, False),
        (Author(id=1, posts=0, group_id=44), 3, True),
    ],
)
def test_standing_is_earned_by_posts_or_given_by_group(author, upheld, standing):
    policy = replace(ENFORCE, standing_groups=frozenset({44}))
    assert has_standing(author, policy, upheld=upheld) is standing


def test_a_board_overrides_the_forum_which_overrides_the_default():
    strict, mild = replace(ENFORCE, mode=Mode.QUEUE), replace(ENFORCE, mode=Mode.SHADOW)
    book = PolicyBook(ENFORCE, boards={("city", None): strict, ("city", 2): mild})
    assert book.of_board("city", 2) is mild
    assert book.of_board("city", 7) is strict
    assert book.of_board("village", 2) is ENFORCE


@pytest.mark.parametrize(
    ("situation", "changes"),
    [
        ("the board is for chatter", {"board_id": 7}),
        ("the forum marks the thread", {"thread_kind": ThreadKind.CHATTER}),
        ("its title says so", {"thread_title": "本周闲聊水楼"}),
    ],
)
def test_a_kind_of_thread_lets_its_custom_pass(situation, changes):
    book = PolicyBook(
        ENFORCE,
        board_kinds={("city", 7): ThreadKind.CHATTER},
        kinds={ThreadKind.CHATTER: frozenset({Reason.SPAM})},
        titles=(("水楼", ThreadKind.CHATTER),),
    )
    reply = a_reply(**changes)
    assert decided(reply, an_assessment(low_effort=1.0), book.for_reply(reply)).kind == "allow", situation
    assert decided(reply, an_assessment(spam=0.7), book.for_reply(reply)).kind == "queue", situation


def test_a_policys_version_names_its_rules_and_nothing_else():
    assert ENFORCE.version == replace(ENFORCE).version
    assert ENFORCE.version != replace(ENFORCE, spam_hide=0.96).version
    assert ENFORCE.version != replace(ENFORCE, repeated=RepeatedRule(hide_authors=4)).version


@pytest.mark.parametrize(
    ("counts", "cause"),
    [
        (BrakeCounts(distinct_texts=9, authors_with_standing=1, overturned=1), None),
        (BrakeCounts(distinct_texts=10), "distinct_texts"),
        (BrakeCounts(authors_with_standing=2), "authors_with_standing"),
        (BrakeCounts(overturned=2), "overturned"),
    ],
)
def test_the_brake_is_pulled_at_its_limits(counts, cause):
    assert brake_cause(counts, BrakeLimits()) == cause


@pytest.mark.parametrize(
    ("replies", "shown", "places"),
    [(0, 0, 10), (1000, 5, 15), (100_000, 0, 60), (100_000, 60, 0), (100, 12, 0)],
)
def test_the_queue_shows_a_share_of_the_day_within_its_bounds(replies, shown, places):
    assert free_places(QueueBudget(), replies_today=replies, shown_today=shown) == places
