"""What waits, and since when; and that a million replies beside it cost nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_desk import FORUM, LEASE, START, decision, reply

from modbot.domain import ActionKind, ActionOutcome, DecisionKind, OutboxState
from modbot.store import decisions, inbox, outbox, unreadable, vitals
from modbot.store.vitals import Settled, Waiting


def ask(store, question, *args, **how):
    with store.read() as rx:
        return question(rx, FORUM, *args, **how)


def test_an_empty_store_waits_for_nothing(store):
    assert ask(store, vitals.unjudged) == Waiting(0, None)
    assert ask(store, vitals.parked) == 0
    assert ask(store, vitals.pending_flags) == (Waiting(), Waiting())
    assert set(ask(store, vitals.unfinished).values()) == {Waiting()}
    assert ask(store, vitals.last_settled) is None
    assert ask(store, decisions.last_model) == ""


def test_the_unjudged_are_counted_from_when_their_text_was_read(desk):
    [first, _] = desk.record(reply(1), reply(2))
    desk.judge(first, decision())
    desk.later(minutes=5)
    desk.record(reply(1, "another text"), reply(3))
    assert ask(desk.store, vitals.unjudged) == Waiting(3, START)
    [second] = desk.record(reply(2))
    desk.judge(second, decision())
    assert ask(desk.store, vitals.unjudged) == Waiting(2, START + timedelta(minutes=5))


def test_parked_replies_wait_for_nobody(desk):
    [row] = desk.record(reply(1))
    with desk.store.write() as tx:
        inbox.park(tx, row.reply_id, row.revision_id, "a bug")
    assert ask(desk.store, vitals.parked) == 1
    assert ask(desk.store, vitals.unjudged) == Waiting()


def test_flags_are_told_apart_by_whether_anybody_sees_them(desk):
    desk.flag(reply(1))
    desk.later(hours=1)
    desk.flag(reply(2))
    desk.flag(reply(3), shown=False)
    done = desk.flag(reply(4))
    desk.give(done)
    shown, kept_back = ask(desk.store, vitals.pending_flags)
    assert shown == Waiting(2, START)
    assert kept_back == Waiting(1, START + timedelta(hours=1))


def test_actions_are_counted_by_state_until_they_end(desk):
    for post in (1, 2, 3):
        desk.flag(reply(post), hide=True)
        desk.later(minutes=1)
    first, second, _ = desk.claim()
    desk.settle(first)
    with desk.store.write() as tx:
        outbox.bury(tx, second.id, "worker", error="no", at=desk.now)
    found = ask(desk.store, vitals.unfinished)
    assert found == {
        OutboxState.QUEUED: Waiting(),
        OutboxState.CLAIMED: Waiting(1, START + timedelta(minutes=2)),
        OutboxState.UNKNOWN: Waiting(),
        OutboxState.DEAD: Waiting(1, START + timedelta(minutes=1)),
    }


def test_the_last_action_is_the_one_that_ended_last(desk):
    desk.flag(reply(1), hide=True)
    desk.flag(reply(2), hide=True)
    first, second = desk.claim()
    desk.settle(second)
    desk.later(minutes=1)
    desk.settle(first, ActionOutcome.ALREADY)
    assert ask(desk.store, vitals.last_settled) == Settled(ActionKind.HIDE, OutboxState.ALREADY, desk.now)


def test_another_forums_things_are_not_counted(desk):
    desk.flag(reply(1), hide=True)
    with desk.store.read() as rx:
        assert vitals.unjudged(rx, "town") == Waiting()
        assert vitals.pending_flags(rx, "town") == (Waiting(), Waiting())
        assert vitals.last_settled(rx, "town") is None


QUESTIONS = {
    "unjudged": vitals.unjudged,
    "parked": vitals.parked,
    "pending_flags": vitals.pending_flags,
    "unfinished": vitals.unfinished,
    "last_settled": vitals.last_settled,
    "last_model": decisions.last_model,
    "next_due": outbox.next_due,
    "next_due_braked": lambda rx, forum: outbox.next_due(rx, forum, hold_unasked=True),
    "unreadable": unreadable.count,
}


def plans(store, question) -> list[str]:
    """The steps by which SQLite answers the question."""
    asked: list[tuple[str, object]] = []

    def remember(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", remember)
    ask(store, question)
    sa.event.remove(store.engine, "before_cursor_execute", remember)
    with store.read() as rx:
        return [
            row.detail
            for text, values in asked
            if text.startswith("SELECT")
            for row in rx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        ]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("analysed", [False, True])
def test_what_grows_with_every_reply_is_never_scanned(desk, question, analysed):
    """With SQLite's statistics (which any tool may have made) and without."""
    for post in range(60):
        desk.flag(reply(post), decision(DecisionKind.HIDE), hide=post % 2 == 0)
    desk.claim()
    if analysed:
        with desk.store.write() as tx:
            tx.exec_driver_sql("ANALYZE")
    steps = plans(desk.store, question)
    assert any(step.startswith("SEARCH") or analysed for step in steps)
    grows = ("SCAN replies", "SCAN revisions", "SCAN decisions", "SCAN outbox")
    assert not [step for step in steps if step.startswith(grows)], steps


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (vitals.unjudged, "ix_replies_unjudged"),
        (vitals.parked, "ix_replies_parked"),
        (vitals.last_settled, "ix_outbox_settled_at"),
        (decisions.last_model, "ix_decisions_decided_at"),
    ],
)
def test_the_index_holds_little_more_than_the_answer(desk, question, index):
    """Another index on the forum alone would do, and read every reply of it."""
    assert any(index in step for step in plans(desk.store, question))


def test_the_claim_of_a_dead_owner_is_due_when_its_lease_ends(desk):
    desk.flag(reply(1), hide=True)
    desk.claim()
    assert ask(desk.store, outbox.next_due) == START + LEASE
