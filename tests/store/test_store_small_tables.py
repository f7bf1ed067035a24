"""Cursors, boards, requests, unreadable pieces of pages, the audit trail."""

from __future__ import annotations

from datetime import timedelta

from store_desk import START

from modbot.store import Store, audit, boards, cursors, requests, unreadable


def test_each_forum_has_its_own_cursor(store: Store) -> None:
    with store.write() as tx:
        assert cursors.load(tx, "city") is None
        cursors.save(tx, "city", "one", at=START)
        cursors.save(tx, "sea", "far", at=START)
        cursors.save(tx, "city", "two", at=START + timedelta(minutes=1))
        assert cursors.load(tx, "city") == "two"
        assert cursors.last(tx, "city") == cursors.Saved("two", START + timedelta(minutes=1))
        cursors.forget(tx, "city")
        assert cursors.load(tx, "city") is None
        assert cursors.load(tx, "sea") == "far"


def test_boards_keep_their_latest_name(store: Store) -> None:
    with store.write() as tx:
        boards.save(tx, "city", [(2, "美食", 10), (9, "灌水", None)], at=START)
        boards.save(tx, "city", [(2, "吃在本地", 11)], at=START)
        boards.save(tx, "city", [], at=START)
        assert boards.listing(tx, "city") == [boards.Board(2, "吃在本地", 11), boards.Board(9, "灌水", None)]
        assert boards.names(tx, "city") == {2: "吃在本地", 9: "灌水"}
        assert boards.names(tx, "sea") == {}


def test_requests_are_counted_per_forum_and_utc_day(store: Store) -> None:
    ledger = requests.Ledger(store)
    assert [ledger.spend("city", at=START) for _ in range(3)] == [1, 2, 3]
    assert ledger.spend("sea", at=START) == 1
    assert ledger.spend("city", at=START + timedelta(days=1)) == 1
    with store.write() as tx:
        assert requests.spend(tx, "city", at=START, number=10) == 13
        assert requests.made(tx, "city", at=START - timedelta(days=1)) == 0


def test_the_same_unreadable_block_is_kept_once_and_counted(store: Store) -> None:
    with store.write() as tx:
        unreadable.keep(tx, "city", [("/a", "no author", "<div>")], at=START)
        again = START + timedelta(hours=1)
        unreadable.keep(tx, "city", [("/b", "no author", "<div>"), ("/b", "no time", "<p>")], at=again)
        unreadable.keep(tx, "city", [], at=again)
        kept = unreadable.listing(tx, "city")
        assert [(block.url, block.problem, block.times) for block in kept] == [
            ("/b", "no time", 1),
            ("/b", "no author", 2),
        ]
        assert (kept[1].first_seen, kept[1].last_seen) == (START, again)
        assert unreadable.count(tx, "city") == 2
        assert unreadable.count(tx, "city", since=again + timedelta(seconds=1)) == 0


def test_unreadable_blocks_are_capped_in_length_and_number_and_purged_by_age(store: Store) -> None:
    with store.write() as tx:
        for number in range(unreadable.KEPT_PER_FORUM + 5):
            at = START + timedelta(minutes=number)
            unreadable.keep(tx, "city", [("/a", f"problem {number}", "字" * 9000)], at=at)
        unreadable.keep(tx, "sea", [("/a", "odd", "\ud800")], at=START)
        assert unreadable.count(tx, "city") == unreadable.KEPT_PER_FORUM
        newest, *_ = unreadable.listing(tx, "city", limit=1)
        assert newest.problem == f"problem {unreadable.KEPT_PER_FORUM + 4}"
        assert len(newest.excerpt) == unreadable.EXCERPT_CHARACTERS
        assert unreadable.purge(tx, before=START + timedelta(minutes=15)) == 11
        assert unreadable.count(tx, "sea") == 0


def test_the_audit_trail_is_read_by_flag_reply_forum_and_time(store: Store) -> None:
    with store.write() as tx:
        audit.add(tx)
        audit.add(
            tx,
            audit.Entry(START, "modbot", "flag.opened", "city", 1, 10, {"score": 0.5}),
            audit.Entry(START + timedelta(hours=1), "ann", "verdict.uphold", "city", 1, 10),
            audit.Entry(START + timedelta(hours=2), "ann", "brake.lifted", "sea"),
        )
        assert [entry.what for entry in audit.listing(tx)] == [
            "flag.opened",
            "verdict.uphold",
            "brake.lifted",
        ]
        assert [entry.what for entry in audit.listing(tx, limit=1)] == ["brake.lifted"]
        assert [entry.who for entry in audit.listing(tx, flag_id=1)] == ["modbot", "ann"]
        assert [entry.details for entry in audit.listing(tx, reply_id=10)] == [{"score": 0.5}, {}]
        assert len(audit.listing(tx, forum="sea")) == 1
        assert len(audit.listing(tx, since=START + timedelta(minutes=30))) == 2
