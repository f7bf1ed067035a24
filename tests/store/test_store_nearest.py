"""Nearest duplicates are told with who wrote them, where and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store_desk import FORUM, START, Desk, decision, repetition, reply

from modbot.domain import Duplicate, Limit, ReplyKey, Visibility
from modbot.store import boards, cards, decisions, nearest

EARLIER = START - timedelta(hours=5)


def a_duplicate(post_id: int, similarity: float = 0.9) -> Duplicate:
    return Duplicate(ReplyKey(FORUM, post_id), similarity, 100 + post_id, 7, EARLIER)


def flagged(desk: Desk, *duplicates: Duplicate) -> int:
    repeated = replace(repetition("c1", ReplyKey(FORUM, 1)), duplicates=duplicates)
    return desk.flag(reply(9, "小城真美呀"), repeated=repeated)


def test_a_card_tells_who_wrote_the_nearest_ones_where_and_when(desk: Desk) -> None:
    desk.record(reply(1, "小城真美"), reply(2, "小城真美啊", thread_title="夜景", board_id=5))
    with desk.store.write() as tx:
        boards.save(tx, FORUM, [(2, "生活", None)], at=START)
    flag_id = flagged(desk, a_duplicate(2, 0.95), a_duplicate(1))
    with desk.store.read() as rx:
        first, second = cards.show(rx, flag_id).nearest
    assert (first.author_name, first.thread_title, first.board_id, first.board) == ("member2", "夜景", 5, "")
    assert (first.text, first.visibility) == ("小城真美啊", Visibility.VISIBLE)
    assert (first.duplicate.similarity, first.duplicate.posted_at) == (0.95, EARLIER)
    assert (second.text, second.board) == ("小城真美", "生活")


def test_one_that_is_not_kept_any_more_is_told_all_the_same(desk: Desk) -> None:
    flag_id = flagged(desk, a_duplicate(5))
    with desk.store.read() as rx:
        (only,) = cards.show(rx, flag_id).nearest
    assert only == nearest.Nearest(a_duplicate(5))


def test_a_reply_that_repeats_nothing_has_none(desk: Desk) -> None:
    flag_id = desk.flag(reply(1))
    with desk.store.read() as rx:
        assert cards.show(rx, flag_id).nearest == ()


def test_the_limits_that_were_passed_are_kept_with_the_decision(desk: Desk) -> None:
    limits = (Limit("repeated.hide_authors", 5, 3), Limit("repeated.hide_newcomers", 0.8, 0.66))
    [recorded] = desk.record(reply(1))
    decision_id = desk.judge(recorded, replace(decision(), limits=limits))
    with desk.store.read() as rx:
        kept = decisions.load(rx, [decision_id])[decision_id].decision.limits
    assert kept == limits
    assert [type(limit.limit) for limit in kept] == [int, float]
