"""What the inbox makes of replies that are read once, again, later, partly or wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_desk import FORUM, START, Desk, decision, reply

from modbot.domain import Author, Link, Reply, ReplyKey, ThreadKind, Visibility
from modbot.store import Store, inbox, openings
from modbot.store.types import text_digest

FULL = Reply(
    forum=FORUM,
    post_id=5,
    text="加我微信",
    thread_id=7,
    thread_title="二手书转让",
    thread_kind=ThreadKind.TRADE,
    board_id=3,
    author=Author(9, "小林", 10, 120, -3, START - timedelta(days=900)),
    is_thread_author=True,
    posted_at=START - timedelta(minutes=3),
    quoted="还在吗",
    links=(Link("https://example.com/?a=1", "这里"), Link("https://example.org")),
    images=2,
    floor=12,
    region="德国",
    client="来自手机",
    opening="出几本旧书",
    pending=False,
    hidden=True,
)


def only(store: Store, key: ReplyKey) -> inbox.Stored:
    with store.read() as rx:
        found = inbox.find(rx, key)
    assert found is not None
    return found


def test_a_reply_is_rebuilt_whole_from_the_store(desk: Desk) -> None:
    [recorded] = desk.record(FULL)
    with desk.store.read() as rx:
        stored = inbox.load(rx, [recorded.reply_id, 999])[recorded.reply_id]
        assert openings.of_threads(rx, FORUM, [7, 8]) == {7: "出几本旧书"}
        assert inbox.known_ids(rx, FORUM, [5, 6]) == {5: recorded.reply_id}
        assert inbox.find(rx, ReplyKey("sea", 5)) is None
    assert stored.reply == FULL
    assert stored.visibility is Visibility.HIDDEN
    assert stored.first_seen == START
    assert not stored.hidden_by_us


@given(
    st.builds(
        Reply,
        forum=st.just(FORUM),
        post_id=st.integers(0, 2**62),
        text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")),
        thread_id=st.none() | st.integers(1, 2**62),
        quoted=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20),
        images=st.integers(0, 9),
        pending=st.booleans(),
        hidden=st.booleans(),
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_comes_back_as_it_was(desk: Desk, odd: Reply) -> None:
    with desk.store.write() as tx:
        [recorded] = inbox.record(tx, [odd], at=START).rows
        assert inbox.load(tx, [recorded.reply_id])[recorded.reply_id].reply == odd
        tx.rollback()


def test_what_no_database_stores_is_replaced_and_fails_no_batch(desk: Desk) -> None:
    odd = reply(1, "a\x00b\ud83dc", author=Author(3, "\udc00"), links=(Link("/\ud800", "\x00"),))
    first, _ = desk.record(odd, reply(2))
    stored = only(desk.store, odd.key).reply
    assert (stored.text, stored.author.name) == ("a\ufffdb\ufffdc", "\ufffd")
    assert stored.links == (Link("/\ufffd", "\x00"),)
    [again] = desk.record(odd)
    assert (again.is_changed, again.revision_id) == (False, first.revision_id)


def test_an_absurd_count_is_not_known_and_fails_no_batch(desk: Desk) -> None:
    absurd = Author(3, "甲", 10, 10**30, -(10**30))
    desk.record(reply(1, author=absurd, floor=10**25), reply(2))
    stored = only(desk.store, ReplyKey(FORUM, 1)).reply
    assert (stored.author, stored.floor) == (Author(3, "甲", 10, None, None), None)


def test_reading_a_reply_again_changes_nothing(desk: Desk) -> None:
    [first] = desk.record(FULL)
    desk.later(minutes=5)
    [again] = desk.record(FULL)
    assert first == replace(again, is_new=True)
    assert (again.is_new, again.is_changed, again.moved, again.appeared) == (False, False, False, False)


@pytest.mark.parametrize(
    ("text", "quoted", "is_changed"),
    [
        ("加我微信 现在", "还在吗", True),
        ("加我微信", "多少钱", True),
        (" 加我微信\n", "还在吗 ", False),
        ("", "", False),
    ],
    ids=["other words", "another quote", "other white space", "withheld by the forum while hidden"],
)
def test_only_other_words_make_a_revision(desk: Desk, text: str, quoted: str, is_changed: bool) -> None:
    [first] = desk.record(FULL)
    [again] = desk.record(replace(FULL, text=text, quoted=quoted))
    assert again.is_changed is is_changed
    assert (again.revision_id != first.revision_id) is is_changed


def test_an_edit_is_judged_anew_and_an_edit_back_is_not(desk: Desk) -> None:
    [first] = desk.record(reply(1, "支持楼主"))
    judged = desk.judge(first, decision())
    [edited] = desk.record(reply(1, "加我微信"))
    with desk.store.read() as rx:
        [waiting] = inbox.unassessed(rx, FORUM)
    assert (waiting.revision_id, waiting.reply.text) == (edited.revision_id, "加我微信")
    [back] = desk.record(reply(1, "支持楼主"))
    assert back.is_changed
    assert back.revision_id == first.revision_id
    with desk.store.read() as rx:
        assert inbox.unassessed(rx, FORUM) == []
        assert judged


def test_a_reading_that_knows_less_erases_nothing(desk: Desk) -> None:
    desk.record(FULL)
    bare = Reply(forum=FORUM, post_id=5, text="加我微信", quoted="还在吗", images=2, hidden=True)
    desk.record(bare)
    assert only(desk.store, FULL.key).reply == FULL


def test_a_fuller_reading_completes_a_bare_one(desk: Desk) -> None:
    desk.record(Reply(forum=FORUM, post_id=5, text="加我微信", quoted="还在吗"))
    desk.record(FULL)
    assert only(desk.store, FULL.key).reply == FULL


def test_a_merged_thread_moves_its_replies_and_keeps_their_identity(desk: Desk) -> None:
    [first] = desk.record(FULL)
    [moved] = desk.record(replace(FULL, thread_id=70, thread_title="旧书合集", opening=""))
    assert moved.moved
    assert (moved.reply_id, moved.is_changed) == (first.reply_id, False)
    assert only(desk.store, FULL.key).reply.thread_id == 70
    [again] = desk.record(replace(FULL, thread_id=None))
    assert not again.moved


def test_a_late_approval_is_noticed_and_a_thread_that_becomes_known_is_no_move(desk: Desk) -> None:
    desk.record(replace(FULL, pending=True, hidden=False, thread_id=None))
    assert only(desk.store, FULL.key).visibility is Visibility.PENDING
    [shown] = desk.record(replace(FULL, hidden=False))
    assert shown.appeared
    assert not shown.moved
    assert only(desk.store, FULL.key).visibility is Visibility.VISIBLE


def test_the_first_post_is_the_opening_of_its_thread(desk: Desk) -> None:
    long = "求推荐" * 2000
    desk.record(reply(1, long, floor=1), reply(2, "去老街看看"), reply(3, "别的主题", thread_id=8))
    assert only(desk.store, ReplyKey(FORUM, 2)).reply.opening == long[: openings.LONGEST]
    assert only(desk.store, ReplyKey(FORUM, 3)).reply.opening == ""


def test_of_several_with_one_number_in_a_batch_the_last_counts(desk: Desk) -> None:
    [recorded] = desk.record(reply(1, "旧"), reply(1, "新"))
    assert only(desk.store, recorded.key).reply.text == "新"


@pytest.mark.parametrize(
    ("author", "posted_at", "is_alarm"),
    [
        (Author(77, "别人"), START - timedelta(days=3), True),
        (Author(77, "别人"), START - timedelta(minutes=3, seconds=40), False),
        (Author(9, "改名了"), START - timedelta(days=3), False),
        (Author(None, "游客"), START - timedelta(days=3), False),
        (Author(77, "别人"), None, False),
    ],
    ids=["author and time differ", "a rounded time", "a new name", "a guest", "no time"],
)
def test_a_known_number_with_another_author_and_time_raises_the_alarm(
    desk: Desk, author: Author, posted_at: object, is_alarm: bool
) -> None:
    desk.record(FULL)
    other = replace(FULL, author=author, posted_at=posted_at, text="完全不同")
    with desk.store.write() as tx:
        receipt = inbox.record(tx, [other, reply(6)], at=START)
    assert bool(receipt.contradictions) is is_alarm
    assert len(receipt.rows) == (1 if is_alarm else 2)
    if is_alarm:
        [found] = receipt.contradictions
        assert (found.key, found.known_author, found.seen_author) == (FULL.key, "小林", "别人")
        assert only(desk.store, FULL.key).reply == FULL


def test_what_was_stored_but_not_judged_is_found_again(desk: Desk) -> None:
    first, second, third = desk.record(reply(1, "一"), reply(2, "二"), reply(3, "三"))
    desk.judge(second, decision())
    with desk.store.write() as tx:
        waiting = inbox.unassessed(tx, FORUM)
        assert [stored.reply_id for stored in waiting] == [first.reply_id, third.reply_id]
        assert [stored.reply.text for stored in waiting] == ["一", "三"]
        assert len(inbox.unassessed(tx, FORUM, limit=1)) == 1
        assert inbox.count_unassessed(tx, FORUM) == 2
        assert inbox.unassessed(tx, "sea") == []


def test_a_parked_reply_stalls_nothing_until_it_is_edited_or_freed(desk: Desk) -> None:
    poison, other = desk.record(reply(1, "毒"), reply(2, "好"))
    with desk.store.write() as tx:
        inbox.park(tx, poison.reply_id, poison.revision_id, "the detector failed")
        inbox.park(tx, other.reply_id, other.revision_id + 99, "an earlier text")
        assert [stored.reply_id for stored in inbox.unassessed(tx, FORUM)] == [other.reply_id]
        assert inbox.parked(tx, FORUM) == [(1, "the detector failed")]
        assert inbox.unpark(tx, FORUM) == 1
        assert len(inbox.unassessed(tx, FORUM)) == 2
        inbox.park(tx, poison.reply_id, poison.revision_id, "again")
    desk.record(reply(1, "改过了"))
    with desk.store.read() as rx:
        assert len(inbox.unassessed(rx, FORUM)) == 2


def test_what_the_forum_showed_is_kept(desk: Desk) -> None:
    one, two = desk.record(reply(1), reply(2))
    with desk.store.write() as tx:
        inbox.saw(tx, {}, at=START)
        inbox.saw(tx, {one.reply_id: Visibility.GONE, two.reply_id: Visibility.HIDDEN}, at=START)
        found = inbox.load(tx, [one.reply_id, two.reply_id])
    assert [found[row.reply_id].visibility for row in (one, two)] == [Visibility.GONE, Visibility.HIDDEN]


def test_a_large_batch_is_stored_in_one_transaction(desk: Desk) -> None:
    batch = [reply(number, f"第 {number} 条", thread_id=number // 20) for number in range(1, 2501)]
    assert [row.key.post_id for row in desk.record(*batch)] == list(range(1, 2501))
    assert not any(row.is_new or row.is_changed for row in desk.record(*batch))
    with desk.store.read() as rx:
        assert len(inbox.unassessed(rx, FORUM, limit=5000)) == 2500


def test_the_digest_tells_words_apart_and_survives_broken_text() -> None:
    assert text_digest("a b", "c") != text_digest("a", "b c")
    assert text_digest("a  b") == text_digest(" a\tb ")
    assert text_digest("\ud800") != text_digest("\ud801")
