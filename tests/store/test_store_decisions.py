"""Judgements, campaigns and what the duplicate index is rebuilt from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from store_desk import FORUM, START, Desk, decision, judgement, repetition, reply

from modbot.domain import DecisionKind, ReplyKey, Signal, Visibility
from modbot.store import campaigns, decisions, inbox

FIRST = ReplyKey(FORUM, 1)


def test_a_judgement_comes_back_as_it_was(desk: Desk) -> None:
    [recorded] = desk.record(reply(1))
    entry = judgement(
        recorded, decision(), canonical="加微信", established=True, repeated=repetition("c1", FIRST)
    )
    with desk.store.write() as tx:
        [decision_id] = decisions.record(tx, [entry], at=START)
        stored = decisions.load(tx, [decision_id])[decision_id]
        assert decisions.current(tx, recorded.reply_id) == stored
        assert decisions.record(tx, [], at=START) == []
    assert stored.assessment == entry.assessment
    assert stored.decision == entry.decision
    assert (stored.established, stored.decided_at, stored.revision_id) == (True, START, recorded.revision_id)


def test_a_judgement_without_reason_threshold_or_repetition_comes_back_too(desk: Desk) -> None:
    [recorded] = desk.record(reply(1))
    allowed = replace(decision(DecisionKind.ALLOW, reason=None, score=0.1), threshold=None, held_by=())
    entry = judgement(recorded, allowed)
    with desk.store.write() as tx:
        [decision_id] = decisions.record(tx, [entry], at=START)
        stored = decisions.load(tx, [decision_id])[decision_id]
    assert (stored.decision, stored.assessment) == (allowed, entry.assessment)


def test_numbers_of_array_libraries_are_stored_as_plain_ones(desk: Desk) -> None:
    [recorded] = desk.record(reply(1))
    signals = (Signal("rare", 0.5, {"n": np.int64(3), "share": np.float32(0.5)}),)  # type: ignore[dict-item]
    entry = judgement(recorded, replace(decision(score=np.float32(0.75)), signals=signals))  # type: ignore[arg-type]
    with desk.store.write() as tx:
        [decision_id] = decisions.record(tx, [entry], at=START)
        stored = decisions.load(tx, [decision_id])[decision_id].decision
    assert stored.score == 0.75
    assert stored.signals[0].details == {"n": 3, "share": 0.5}


def test_judgements_of_a_batch_are_answered_in_its_order(desk: Desk) -> None:
    recorded = desk.record(*(reply(number, f"第 {number}") for number in range(1, 301)))
    entries = [judgement(row, decision(score=row.key.post_id / 1000)) for row in reversed(recorded)]
    with desk.store.write() as tx:
        ids = decisions.record(tx, entries, at=START)
        found = decisions.load(tx, ids)
    assert [found[number].decision.score for number in ids] == [entry.decision.score for entry in entries]


def test_a_judgement_of_a_text_that_changed_meanwhile_is_not_the_current_one(desk: Desk) -> None:
    [old] = desk.record(reply(1, "旧"))
    [new] = desk.record(reply(1, "新"))
    desk.judge(old, decision())
    with desk.store.read() as rx:
        assert decisions.current(rx, old.reply_id) is None
        assert [stored.revision_id for stored in inbox.unassessed(rx, FORUM)] == [new.revision_id]


def test_the_reply_that_a_campaign_began_with_joins_it(desk: Desk) -> None:
    first, second, third = desk.record(
        reply(1, "小城真美", posted_at=START - timedelta(days=2)),
        reply(2, "小城真美啊", thread_id=8),
        reply(3, "小城真美呀", thread_id=8, author=reply(2).author),
    )
    desk.judge(first, decision())
    desk.judge(second, decision(), repeated=repetition("c1", FIRST), canonical="小城真美啊")
    desk.later(hours=1)
    late = replace(repetition("c1", FIRST), last_seen=START + timedelta(hours=1))
    desk.judge(third, decision(), repeated=late, canonical="小城真美呀")
    with desk.store.write() as tx:
        inbox.saw(tx, {third.reply_id: Visibility.HIDDEN}, at=START)
        campaign = campaigns.get(tx, FORUM, "c1")
        members = campaigns.members(tx, FORUM, "c1")
        assert campaigns.get(tx, "sea", "c1") is None
        assert campaigns.listing(tx, FORUM, since=START + timedelta(hours=2)) == []
        assert campaigns.listing(tx, FORUM, since=START) == [campaign]
    assert campaign is not None
    assert (campaign.size, campaign.authors, campaign.threads) == (3, 2, 2)
    assert campaign.canonical == "小城真美啊"
    assert (campaign.first_seen, campaign.last_seen) == (
        START - timedelta(days=2),
        START + timedelta(hours=1),
    )
    assert [member.key.post_id for member in members] == [1, 2, 3]
    assert (members[2].visibility, members[2].text) == (Visibility.HIDDEN, "小城真美呀")


def test_an_edited_text_leaves_the_campaign_of_the_old_one(desk: Desk) -> None:
    [first, second] = desk.record(reply(1), reply(2))
    desk.judge(first, decision())
    desk.judge(second, decision(), repeated=repetition("c1", FIRST))
    [edited] = desk.record(reply(2, "完全不同的话"))
    desk.judge(edited, decision())
    with desk.store.read() as rx:
        assert [member.key.post_id for member in campaigns.members(rx, FORUM, "c1")] == [1]


def test_guests_of_a_campaign_count_as_different_authors(desk: Desk) -> None:
    guest = replace(reply(1).author, id=None, name="游客")
    rows = desk.record(*(reply(number, "顶顶顶", author=guest) for number in (1, 2, 3)))
    for row in rows:
        desk.judge(row, decision(), repeated=repetition("c1", FIRST))
    with desk.store.read() as rx:
        campaign = campaigns.get(rx, FORUM, "c1")
    assert campaign is not None
    assert campaign.authors == 3


def test_the_index_is_rebuilt_from_what_was_judged_within_its_window(desk: Desk) -> None:
    old, fresh, undated, edited, waiting = desk.record(
        reply(1, posted_at=START - timedelta(days=40)),
        reply(2),
        reply(3, posted_at=None),
        reply(4, "旧句子"),
        reply(5),
    )
    for row in (old, undated, edited):
        desk.judge(row, decision(), canonical=f"c{row.key.post_id}")
    desk.judge(fresh, decision(), canonical="c2", established=True, repeated=repetition("k", FIRST))
    [again] = desk.record(reply(4, "新句子"))
    desk.judge(again, decision(), canonical="c4 new")
    since = START - timedelta(days=30)
    with desk.store.read() as rx:
        found = list(campaigns.observations(rx, since))
        assert list(campaigns.observations(rx, since, forum="sea")) == []
        assert list(campaigns.observations(rx, since, forum=FORUM)) == found
    assert [(seen.key.post_id, seen.canonical) for seen in found] == [(2, "c2"), (3, "c3"), (4, "c4 new")]
    assert found[0] == campaigns.Observed(
        ReplyKey(FORUM, 2), "c2", 102, "member2", True, 7, 2, START - timedelta(hours=1), "k"
    )
    assert waiting.is_new
