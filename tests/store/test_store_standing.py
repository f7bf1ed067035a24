"""What a verdict stands for: texts, authors, and who was first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.domain import Author, DecisionKind, Reason, ReplyKey, StandingKind, VerdictKind
from modbot.store import audit, precedents, retention, standing
from modbot.store.standing import StandingDecision

FEW = "a" + "1" * 16
TEXT = "c" + "1" * 16
QUEUED = decision(DecisionKind.QUEUE, Reason.REPEATED)
LONG_AGO = START - timedelta(days=365)


def writes(desk: Desk, post: int, author: int, text: str, campaign: str, **fields: object) -> int:
    """A flagged reply of a campaign; answers its flag."""
    fields.setdefault("posted_at", START - timedelta(days=20) + timedelta(hours=post))
    written = reply(post, text, author=Author(id=author, name=f"m{author}"), **fields)
    told = repetition(campaign, ReplyKey(FORUM, post))
    return desk.flag(written, QUEUED, repeated=told, canonical=text)


def in_force(desk: Desk) -> list[StandingDecision]:
    with desk.store.read() as rx:
        return standing.listing(rx)


def loaded(desk: Desk) -> precedents.Precedent:
    [made] = in_force(desk)
    with desk.store.read() as rx:
        return precedents.load(rx, [made.id], since=LONG_AGO)[made.id]


def version(desk: Desk) -> int:
    with desk.store.read() as rx:
        return precedents.version(rx, FORUM)


def test_a_campaign_of_few_authors_stands_with_all_its_texts_and_its_authors(desk: Desk) -> None:
    for post, (author, text) in enumerate([(1, "顶一下"), (2, "路过看看"), (1, "支持楼主")], 1):
        flag = writes(desk, post, author, text, FEW)
    desk.give(flag)
    known = loaded(desk)
    assert set(known.firsts) == {"顶一下", "路过看看", "支持楼主"}
    assert known.authors == {1, 2}
    assert known.decision.last_copy_at == START - timedelta(days=20) + timedelta(hours=3)


def test_the_first_author_of_each_of_their_texts_may_be_somebody_whom_they_copied(desk: Desk) -> None:
    writes(desk, 1, 42, "这样做汤更鲜", TEXT)
    writes(desk, 2, 1, "这样做汤更鲜", FEW)
    flag = writes(desk, 3, 1, "支持楼主", FEW)
    desk.give(flag)
    known = loaded(desk)
    assert {text: first.author_id for text, first in known.firsts.items()} == {
        "这样做汤更鲜": 42,
        "支持楼主": 1,
    }


def test_of_one_text_the_upheld_author_is_named_and_whoever_was_first_is_of_all_its_versions(
    desk: Desk,
) -> None:
    writes(desk, 1, 42, "这一版最早", TEXT)
    flag = writes(desk, 2, 7, "这一版稍后", TEXT)
    desk.give(flag)
    known = loaded(desk)
    assert known.authors == {7}
    assert {first.author_id for first in known.firsts.values()} == {42}


def test_in_one_minute_the_smaller_number_was_first(desk: Desk) -> None:
    minute = START - timedelta(days=3)
    flag = writes(desk, 9, 7, "同一分钟", TEXT, posted_at=minute)
    writes(desk, 8, 42, "同一分钟", TEXT, posted_at=minute)
    desk.give(flag)
    assert {first.author_id for first in loaded(desk).firsts.values()} == {42}


def test_of_a_single_reply_nobody_is_known_to_have_been_first(desk: Desk) -> None:
    desk.give(desk.flag(reply(1), QUEUED, canonical="孤零零的一句"), stands=True)
    known = loaded(desk)
    assert [(text, first.author_id) for text, first in known.firsts.items()] == [("孤零零的一句", None)]


def test_a_text_that_is_forgotten_stands_for_nothing(desk: Desk) -> None:
    flag = desk.flag(reply(1), QUEUED, canonical="")
    desk.give(flag, stands=True)
    assert in_force(desk) == []


def test_a_later_verdict_on_the_campaign_widens_what_stands(desk: Desk) -> None:
    first = writes(desk, 1, 7, "第一种说法", TEXT)
    desk.give(first)
    before = version(desk)
    second = writes(desk, 2, 8, "第二种说法", TEXT)
    desk.give(second)
    known = loaded(desk)
    assert set(known.firsts) == {"第一种说法", "第二种说法"}
    assert known.authors == {7, 8}
    assert version(desk) > before, "whoever holds it in memory reads it again"


def test_undoing_the_verdict_that_made_it_hands_it_over_and_unnames_its_author(desk: Desk) -> None:
    flags = [writes(desk, post, post, "一模一样", TEXT) for post in (1, 2)]
    _, heir = [desk.give(flag) for flag in flags]
    before = version(desk)
    desk.undo(flags[0])
    known = loaded(desk)
    assert (known.decision.verdict_id, known.authors) == (heir.id, {2})
    assert version(desk) > before


def test_upholding_and_dismissing_are_decisions_of_their_own(desk: Desk) -> None:
    for post, kind in ((1, VerdictKind.UPHOLD), (2, VerdictKind.DISMISS)):
        desk.give(writes(desk, post, post, "一模一样", TEXT), kind)
    assert {made.kind for made in in_force(desk)} == set(StandingKind)


def test_a_flag_by_a_standing_decision_stands_for_its_texts_without_a_campaign(desk: Desk) -> None:
    """A copy that came alone, long after: dismissing it speaks against what condemned it."""
    desk.give(writes(desk, 1, 7, "一模一样", TEXT))
    [condemned] = in_force(desk)
    alone = desk.flag(reply(5), replace(QUEUED, standing=condemned.id), canonical="一模一祥")
    desk.give(alone, VerdictKind.DISMISS)
    [customary, _] = in_force(desk)
    with desk.store.read() as rx:
        assert set(standing.texts(rx, customary.id)) == {"一模一样", "一模一祥"}
    assert customary.campaign == TEXT


def test_it_is_written_down_who_made_and_who_ended_it(desk: Desk) -> None:
    flag = writes(desk, 1, 7, "一模一样", TEXT)
    desk.give(flag)
    desk.undo(flag, who="ben")
    with desk.store.read() as rx:
        trail = [(entry.what, entry.who) for entry in audit.listing(rx, forum=FORUM)]
    assert ("standing.made", "ann") in trail
    assert ("standing.revoked", "ben") in trail


def test_touching_never_turns_the_clock_back(desk: Desk) -> None:
    desk.give(writes(desk, 1, 7, "一模一样", TEXT))
    [made] = in_force(desk)
    with desk.store.write() as tx:
        standing.touch(tx, {made.id: START}, hits={made.id: 3})
        standing.touch(tx, {made.id: START - timedelta(days=9)}, hits={})
    [touched] = in_force(desk)
    assert (touched.last_copy_at, touched.hits) == (START, 3)


def test_an_author_who_is_forgotten_is_named_no_more(desk: Desk) -> None:
    desk.give(writes(desk, 1, 7, "一模一样", TEXT))
    before = version(desk)
    with desk.store.write() as tx:
        assert standing.forget_author(tx, FORUM, 7) == 2
    known = loaded(desk)
    assert (known.authors, {first.author_id for first in known.firsts.values()}) == (set(), {None})
    assert version(desk) > before


@pytest.mark.parametrize(
    ("over", "kept"),
    [("revoked", 0), ("expired", 0), ("in force", 1)],
)
def test_what_decides_no_more_is_forgotten_with_time(desk: Desk, over: str, kept: int) -> None:
    flag = writes(desk, 1, 7, "一模一样", TEXT)
    desk.give(flag)
    [made] = in_force(desk)
    if over == "revoked":
        desk.undo(flag)
    later = desk.now + timedelta(days=1)
    limits = retention.Limits(texts=later, flags=later, standing=later if over == "expired" else LONG_AGO)
    step = next(step for step in retention.STEPS if step.name == "standing")
    with desk.store.write() as tx:
        step.forget(tx, limits, step.find(tx, limits, None, 10))
        assert len(standing.load(tx, [made.id])) == kept
        assert bool(standing.texts(tx, made.id)) is bool(kept)
