"""A store of the first release, opened by today's code: nothing is lost, everything works on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from store_desk import START, Desk, reply

import modbot.store
from modbot.domain import FlagState, Label, OutboxState, VerdictKind, Visibility
from modbot.store import (
    boards,
    brake,
    budget,
    campaigns,
    cards,
    cursors,
    decisions,
    inbox,
    labels,
    openings,
    outbox,
    requests,
    schema,
    unreadable,
    verdicts,
)

FIRST = Path(__file__).with_name("first_schema.sql")
LATER = START + timedelta(days=1)


def is_of_the_search_index(name: str | None) -> bool:
    """SQLAlchemy knows nothing of virtual tables."""
    return (name or "").startswith("search_pairs")


def rows_of(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by column."""
    with closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [dict(row) for row in raw.execute(f"SELECT * FROM {name}")]  # noqa: S608
            for name in names
            if not name.startswith("sqlite_") and not is_of_the_search_index(name)
        }


@pytest.fixture
def first(tmp_path: Path) -> Path:
    path = tmp_path / "modbot.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST.read_text("utf-8"))
    return path


@pytest.fixture
def desk(first: Path) -> Iterator[Desk]:
    store = modbot.store.open(first)
    yield Desk(store, LATER)
    store.close()


def test_the_fixture_has_rows_in_every_table_of_the_first_release(first: Path) -> None:
    assert {name: bool(rows) for name, rows in rows_of(first).items()} == dict.fromkeys(rows_of(first), True)
    assert len(rows_of(first)) == 16


def test_every_row_is_there_with_all_it_held(first: Path) -> None:
    before = rows_of(first)
    modbot.store.open(first).close()
    after = rows_of(first)
    assert after.pop("alembic_version") == [{"version_num": schema.REVISION}]
    before.pop("alembic_version")
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            assert {name: new[name] for name in old if name in new} == {
                name: value for name, value in old.items() if name in new
            }, table


def test_the_tables_are_exactly_those_of_a_new_store(desk: Desk) -> None:
    with desk.store.read() as rx:
        known = {"compare_type": True, "include_name": lambda name, *_: not is_of_the_search_index(name)}
        context = MigrationContext.configure(rx, opts=known)
        assert compare_metadata(context, schema.metadata) == []
        assert rx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert rx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_numbers_of_flags_and_actions_are_never_given_twice(desk: Desk) -> None:
    """AUTOINCREMENT must outlive the migration: a number in an old audit row means one thing."""
    with desk.store.write() as tx:
        before = tx.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
        tx.exec_driver_sql("DELETE FROM audit")
    assert {"flags", "outbox", "audit"} <= {name for name, _ in before}
    flag_id = desk.flag(reply(30))
    assert flag_id == {row.name: row.seq for row in before}["flags"] + 1
    with desk.store.read() as rx:
        assert rx.exec_driver_sql("SELECT min(id) FROM audit").scalar() > 20


def test_replies_are_known_again_and_what_waited_is_judged(desk: Desk) -> None:
    with desk.store.read() as rx:
        waiting = inbox.unassessed(rx, "city")
        parked = inbox.parked(rx, "city")
    assert [stored.reply.text for stored in waiting] == ["请问图书馆几点关门"]
    assert parked == [(9, "ValueError: made up")]
    [known] = desk.record(reply(2, "办证加微信 dou-hua-66"))
    assert (known.is_new, known.is_changed) == (False, False)
    [edited] = desk.record(reply(2, "办证加微信 dou-hua-67"))
    assert edited.is_changed


def test_a_hide_of_then_is_undone_now(desk: Desk) -> None:
    flag = desk.get(1)
    assert (flag.state, flag.hidden_by_us) == (FlagState.HIDDEN, True)
    desk.undo(1)
    assert [action.kind for action in desk.carry_out() if action.flag_id == 1] == ["restore"]
    assert (desk.get(1).visibility, desk.get(1).hidden_by_us) == (Visibility.VISIBLE, False)


def test_a_claim_that_a_crash_left_comes_back_uncertain(desk: Desk) -> None:
    [action] = desk.claim()
    assert (action.flag_id, action.uncertain, action.attempts) == (6, True, 2)
    desk.settle(action)
    assert desk.get(6).state is FlagState.HIDDEN
    assert desk.actions(states=[OutboxState.CLAIMED]) == []


def test_what_a_human_put_back_is_still_never_hidden_unasked(desk: Desk) -> None:
    with desk.store.read() as rx:
        stored = inbox.load(rx, [5])[5]
    assert stored.is_kept
    with desk.store.write() as tx:
        refused = outbox.enqueue(
            tx,
            forum="city",
            kind="hide",
            reply_id=5,
            revision_id=stored.revision_id,
            at=LATER,
            unasked=True,
        )
    assert refused is None


def test_verdicts_and_labels_of_then_count_and_can_be_taken_back(desk: Desk) -> None:
    with desk.store.read() as rx:
        assert labels.counts(rx) == {Label.SPAM: 2, Label.HAM: 1}
        assert verdicts.standing(rx, 3).kind is VerdictKind.UPHOLD
        assert verdicts.upheld_authors(rx, "city", [104, 105]) == {104}
        assert {item["text"] for item in labels.export(rx)} == {
            "代写作业价格好商量",
            "我家阳台种的薄荷活了",
            "出租单间，拎包入住",
        }
    assert desk.undo(3).forgotten == 1
    desk.give(2, VerdictKind.DISMISS)
    assert desk.get(2).state is FlagState.DISMISSED


def test_everything_else_reads_as_it_was_written(desk: Desk) -> None:
    with desk.store.read() as rx:
        assert cursors.load(rx, "city") == '{"last":9}'
        assert boards.names(rx, "city") == {2: "吃在本城", 3: "闲话"}
        assert requests.made(rx, "city", at=START) == 1
        assert brake.state(rx, "city").pulled
        assert unreadable.count(rx, "city") == 1
        assert openings.of_threads(rx, "city", [7]) == {7: "城里哪家豆花好吃？"}
        assert budget.today(rx, "city", now=START).replies == 9
        [campaign] = campaigns.listing(rx, "city")
        assert (campaign.id, campaign.size) == ("c0123456789abcdef", 2)
        assert len(list(campaigns.observations(rx, START - timedelta(days=30)))) == 7
        assert decisions.load(rx, [1])[1].assessment.canonical_text == "东门的豆花铺搬到桥头了"
        for flag_id in range(1, 7):
            assert cards.show(rx, flag_id).trail


PLANS = {
    "the inbox": (
        "SELECT id FROM replies WHERE forum = 'city' AND decision_id IS NULL AND parked IS NULL ORDER BY id",
        "ix_replies_unjudged",
    ),
    "a reply by its post": (
        "SELECT id FROM replies WHERE forum = 'city' AND post_id = 7",
        "INDEX sqlite_autoindex_replies_1 (forum=? AND post_id=?)",
    ),
    "the queue": (
        "SELECT id FROM flags WHERE forum = 'city' AND state IN ('pending', 'hidden') ORDER BY score DESC",
        "ix_flags_queue",
    ),
    "an open flag": ("SELECT id FROM flags WHERE reply_id = 7 AND closed_at IS NULL", "uq_flags_open"),
    "actions that are due": (
        "SELECT id FROM outbox WHERE forum = 'city' AND state IN ('queued') AND not_before <= 1",
        "ix_outbox_due",
    ),
    "actions on a reply": (
        "SELECT id FROM outbox WHERE reply_id = 7 AND state = 'queued'",
        "ix_outbox_reply",
    ),
    "a standing verdict": (
        "SELECT id FROM verdicts WHERE flag_id = 3 AND undone_at IS NULL",
        "uq_verdicts_standing",
    ),
    "a campaign": ("SELECT id FROM replies WHERE forum = 'city' AND campaign = 'c1'", "ix_replies_campaign"),
    "a label's text": ("SELECT id FROM labels WHERE digest = 'x'", "ix_labels_digest"),
    "the audit of a flag": ("SELECT id FROM audit WHERE flag_id = 3", "ix_audit_flag"),
}


@pytest.mark.parametrize("what", PLANS)
def test_what_is_asked_often_is_answered_by_an_index(desk: Desk, what: str) -> None:
    query, index = PLANS[what]
    with desk.store.read() as rx:
        plan = " ".join(str(row) for row in rx.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan, plan


FORGOTTEN_WITH_TIME = ("decisions", "flags", "outbox", "verdicts")


def references() -> list[tuple[str, str]]:
    """``(table, column)`` that refer to a table from which rows are deleted."""
    return sorted(
        (table.name, key.parent.name)
        for table in schema.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in FORGOTTEN_WITH_TIME
    )


@pytest.mark.parametrize(("table", "column"), references())
def test_deleting_a_row_finds_those_that_refer_to_it_by_an_index(desk: Desk, table: str, column: str) -> None:
    with desk.store.read() as rx:
        query = f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} = 7"  # noqa: S608
        plan = " ".join(str(row) for row in rx.exec_driver_sql(query))
    assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, plan
