"""What is forgotten with time, and what never is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from store_desk import FORUM, START, Desk, decision, repetition, reply

import modbot.store
import modbot.store.types
from modbot.daemon import upkeep
from modbot.daemon.upkeep import purging
from modbot.domain import (
    ActionKind,
    ActionOutcome,
    DecisionKind,
    Label,
    Link,
    ReplyKey,
    VerdictKind,
    VerdictSource,
)
from modbot.errors import Conflict
from modbot.settings import Settings
from modbot.store import audit, campaigns, cards, flags, inbox, labels, outbox, schema, unreadable
from modbot.store.engine import Store

ALLOW = replace(decision(DecisionKind.ALLOW, None, Label.HAM, 0.1), would_be=DecisionKind.ALLOW, held_by=())
QUEUE = decision(DecisionKind.QUEUE)
WORDS = ("桥头的面馆搬走了", "桥头的面馆搬走了，搬到河边", "谁知道老面馆在哪", "老面馆在河边")


@cache
def new_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        modbot.store.open(path).close()
        return path.read_bytes()


@contextmanager
def new_desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "modbot.db"
        path.write_bytes(new_database())
        store = modbot.store.open(path)
        yield Desk(store)
        store.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_desk() as made:
        yield made


def purge(desk: Desk, **how: Any) -> dict[str, object]:
    return dict(upkeep.purge(desk.store, Settings(), now=desk.now, **how))


def passed(desk: Desk, post: int = 1, **fields: Any) -> inbox.Recorded:
    [recorded] = desk.record(reply(post, **fields))
    desk.judge(recorded, ALLOW)
    return recorded


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as rx:
        tables = schema.metadata.sorted_tables
        return {table.name: [tuple(row) for row in rx.execute(select(table))] for table in tables}


def stored_words(desk: Desk) -> str:
    """All that the tables of one reply's words hold, in one string."""
    with desk.store.read() as rx:
        rows = [
            *rx.execute(select(schema.revisions.c.text, schema.revisions.c.quoted)),
            *rx.execute(select(schema.decisions.c.canonical, schema.decisions.c.signals)),
            *rx.execute(select(schema.replies.c.links)),
            *rx.execute(select(schema.openings.c.text)),
            *rx.execute(select(schema.campaigns.c.canonical)),
            *rx.execute(select(schema.unreadable.c.excerpt)),
        ]
    return " ".join(str(value) for row in rows for value in row)


# What goes


def test_the_words_of_a_reply_that_passed_go_after_their_time(desk: Desk) -> None:
    passed(
        desk,
        text="桥头的面馆搬走了",
        quoted="有人去过吗",
        opening="城里的面馆",
        links=(Link("https://example.com/map", "地图"),),
    )
    with desk.store.write() as tx:
        unreadable.keep(tx, FORUM, [("https://bbs.example.com/1", "no post", "<p>面馆</p>")], at=desk.now)
    desk.later(days=89)
    assert {**purge(desk), "longest_ms": 0} == {
        **dict.fromkeys(("flags", "texts", "openings", "campaigns", "audit", "unreadable", "notices"), 0),
        "longest_ms": 0,
        "stopped": False,
    }
    assert "面馆" in stored_words(desk)
    desk.later(days=2)
    done = purge(desk)
    assert (done["texts"], done["openings"], done["unreadable"]) == (1, 1, 1)
    for word in ("面馆", "去过", "example.com", "contact", "同一句话"):
        assert word not in stored_words(desk)


def test_that_it_was_there_stays_so_it_is_not_judged_again_and_an_edit_is_seen(desk: Desk) -> None:
    passed(desk, text=WORDS[0])
    desk.later(days=100)
    purge(desk)
    [again] = desk.record(reply(1, WORDS[0]))
    assert (again.is_new, again.is_changed) == (False, False)
    with desk.store.read() as rx:
        assert inbox.unassessed(rx, FORUM) == []
    [edited] = desk.record(reply(1, WORDS[1]))
    assert edited.is_changed
    with desk.store.read() as rx:
        assert [stored.reply.text for stored in inbox.unassessed(rx, FORUM)] == [WORDS[1]]


def test_a_forgotten_text_that_comes_back_is_judged_by_its_words_not_by_their_absence(desk: Desk) -> None:
    passed(desk, text=WORDS[0])
    desk.later(days=100)
    purge(desk)
    edited = passed(desk, text=WORDS[1])
    [back] = desk.record(reply(1, WORDS[0]))
    assert back.revision_id != edited.revision_id
    with desk.store.read() as rx:
        assert [stored.reply.text for stored in inbox.unassessed(rx, FORUM)] == [WORDS[0]]


def test_what_was_edited_lately_keeps_its_words_and_those_before(desk: Desk) -> None:
    passed(desk, text=WORDS[0])
    desk.later(days=60)
    passed(desk, text=WORDS[1])
    desk.later(days=60)
    assert purge(desk)["texts"] == 0
    desk.later(days=31)
    assert purge(desk)["texts"] == 1


def test_a_longer_window_of_the_duplicate_index_keeps_texts_for_longer(desk: Desk) -> None:
    passed(desk)
    desk.later(days=100)
    chosen = Settings.model_validate({"duplicates": {"window_days": 365}})
    assert upkeep.purge(desk.store, chosen, now=desk.now)["texts"] == 0
    desk.later(days=270)
    assert upkeep.purge(desk.store, chosen, now=desk.now)["texts"] == 1


def test_closed_flags_go_with_all_that_hangs_on_them_and_the_label_stays(desk: Desk) -> None:
    flag_id = desk.flag(reply(1, WORDS[2]), QUEUE)
    desk.give(flag_id, VerdictKind.UPHOLD, source=VerdictSource.FORUM)
    with desk.store.read() as rx:
        taught = list(labels.export(rx))
    desk.later(days=179)
    assert purge(desk)["flags"] == 0
    assert desk.get(flag_id).text == WORDS[2]
    desk.later(days=2)
    done = purge(desk)
    assert (done["flags"], done["texts"]) == (1, 1)
    rows = everything(desk.store)
    for table in ("flags", "verdicts", "outbox", "decisions", "audit"):
        assert rows[table] == [], table
    with desk.store.read() as rx:
        [after] = labels.export(rx)
    assert after["text"] == WORDS[2]
    assert {**taught[0], "flag_id": 0} == {**after, "flag_id": 0}


def test_a_campaign_goes_when_no_flag_speaks_of_it_any_more(desk: Desk) -> None:
    passed(desk)
    name = "c0123456789abcdef"
    flag_id = desk.flag(reply(2), QUEUE, repeated=repetition(name, ReplyKey(FORUM, 1)))
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.later(days=100)
    assert purge(desk)["campaigns"] == 0
    desk.later(days=100)
    assert purge(desk)["campaigns"] == 1
    with desk.store.read() as rx:
        assert rx.execute(select(schema.replies.c.campaign).distinct()).scalars().all() == [None]


# What stays


def open_flag(desk: Desk) -> int:
    return desk.flag(reply(1, WORDS[0]), QUEUE)


def waiting_to_be_judged(desk: Desk) -> None:
    desk.record(reply(1, WORDS[0]))


def parked(desk: Desk) -> None:
    [recorded] = desk.record(reply(1, WORDS[0]))
    with desk.store.write() as tx:
        inbox.park(tx, recorded.reply_id, recorded.revision_id, "ValueError")


def waiting_for_the_forum(desk: Desk) -> None:
    desk.give(desk.flag(reply(1, WORDS[0]), QUEUE), VerdictKind.UPHOLD)


def given_up_perhaps_in_effect(desk: Desk) -> None:
    desk.give(desk.flag(reply(1, WORDS[0]), QUEUE), VerdictKind.UPHOLD)
    [action] = desk.claim()
    with desk.store.write() as tx:
        outbox.bury(tx, action.id, "worker", error="timeout", at=desk.now, uncertain=True)


@pytest.mark.parametrize(
    "begin",
    [open_flag, waiting_to_be_judged, parked, waiting_for_the_forum, given_up_perhaps_in_effect],
)
def test_what_is_not_over_stays_as_it_is_however_old(desk: Desk, begin) -> None:
    begin(desk)
    before = everything(desk.store)
    desk.later(days=4000)
    assert purge(desk)["texts"] == 0
    after = everything(desk.store)
    assert {name: rows for name, rows in after.items() if name != "audit"} == {
        name: rows for name, rows in before.items() if name != "audit"
    }


def test_a_hide_in_effect_loses_its_words_but_can_be_undone_for_ever(desk: Desk) -> None:
    flag_id = desk.hidden_flag(1, text=WORDS[0])
    desk.give(flag_id, VerdictKind.UPHOLD)
    desk.later(days=4000)
    done = purge(desk)
    assert (done["flags"], done["texts"]) == (0, 1)
    assert desk.get(flag_id).text == ""
    undone = desk.undo(flag_id)
    assert undone.forgotten == 1
    assert [action.kind for action in desk.carry_out()] == [ActionKind.RESTORE]
    assert not desk.get(flag_id).hidden_by_us


def test_what_a_human_put_back_is_never_hidden_unasked_even_when_its_flag_is_forgotten(desk: Desk) -> None:
    flag_id = desk.hidden_flag(1, text=WORDS[0])
    desk.later(minutes=1)
    desk.give(flag_id, VerdictKind.DISMISS)
    desk.carry_out()
    desk.later(days=200)
    assert purge(desk)["flags"] == 1
    [same] = desk.record(reply(1, WORDS[0]))
    with desk.store.write() as tx:
        assert inbox.load(tx, [same.reply_id])[same.reply_id].is_kept
        assert desk.enqueue(tx, same, None) is None


def test_a_forgotten_copy_is_not_judged_anew_when_its_campaign_goes_on(desk: Desk) -> None:
    name = "c0123456789abcdef"
    flag_id = desk.flag(reply(1), QUEUE, repeated=repetition(name, ReplyKey(FORUM, 1)))
    passed(desk, 2)
    with desk.store.write() as tx:
        tx.execute(text("UPDATE replies SET campaign = :name"), {"name": name})
        assert len(campaigns.passed_members(tx, FORUM, [name])) == 1
    desk.later(days=100)
    purge(desk)
    with desk.store.read() as rx:
        assert campaigns.passed_members(rx, FORUM, [name]) == []
        assert campaigns.get(rx, FORUM, name).size == 2
    assert desk.get(flag_id).campaign_size == 2


def test_it_can_be_stopped_and_goes_on_the_next_time(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr(purging, "FEWEST", 1)
    for post in range(1, 21):
        passed(desk, post)
    desk.later(days=100)
    turns = iter(range(100))
    first = purge(desk, stopping=lambda: next(turns) > 2)
    assert first["stopped"]
    assert 0 < first["texts"] < 20
    second = purge(desk)
    assert first["texts"] + second["texts"] == 20
    assert not second["stopped"]


def test_counting_forgets_nothing_and_tells_what_purging_will(desk: Desk) -> None:
    for post in range(1, 4):
        passed(desk, post, opening="城里的面馆")
    desk.give(desk.flag(reply(4), QUEUE), VerdictKind.DISMISS)
    desk.later(days=200)
    before = everything(desk.store)
    told = upkeep.count(desk.store, Settings(), now=desk.now)
    assert everything(desk.store) == before
    done = purge(desk)
    assert dict(told) == {name: done[name] for name in told}


def test_nothing_of_a_forgotten_text_lies_in_the_file(desk: Desk) -> None:
    """What is deleted is overwritten, in the database as in its log."""
    secret = "只有我知道的那家铺子"
    for post in range(1, 60):
        passed(desk, post, text=f"{secret}{post}")
    desk.later(days=100)
    purge(desk)
    path = Path(desk.store.engine.url.database or "")
    with desk.store.engine.connect() as raw:
        raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    files = list(path.parent.iterdir())
    assert files
    assert not any(secret.encode() in file.read_bytes() for file in files)


# Any history

KINDS = ("hide", "hide", "queue", "allow", "not yet")
OPERATION = st.one_of(
    st.tuples(st.just("read"), st.integers(1, 3), st.integers(0, 3), st.sampled_from(KINDS)),
    st.tuples(st.just("act"), st.sampled_from([ActionOutcome.DONE, *ActionOutcome]), st.booleans()),
    st.tuples(st.just("decide"), st.integers(0, 5), st.sampled_from(VerdictKind), st.booleans()),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 80, 95, 170, 200])),
    st.tuples(st.just("purge")),
)


def live(desk: Desk, operation: tuple[Any, ...]) -> None:
    """One step of a history; what the store refuses is no step."""
    name, *how = operation
    desk.later(minutes=1)
    if name == "read":
        desk.record(reply(how[0], WORDS[how[1]], posted_at=START))
        judge(desk, how[0], how[2])
    elif name == "act":
        act(desk, *how)
    elif name == "wait":
        desk.later(days=how[0])
    elif name == "purge":
        purge(desk)
    else:
        decide(desk, name, *how)


def judge(desk: Desk, post: int, kind: str) -> None:
    with desk.store.write() as tx:
        stored = inbox.find(tx, ReplyKey(FORUM, post))
        if stored is None or stored.reply_id not in {one.reply_id for one in inbox.unassessed(tx, FORUM)}:
            return
    recorded = inbox.Recorded(
        stored.reply.key, stored.reply_id, stored.revision_id, False, False, False, False
    )
    if kind == "not yet":
        return
    decided = {"allow": ALLOW, "queue": QUEUE, "hide": decision()}[kind]
    judged = desk.judge(recorded, decided)
    if kind == "allow":
        return
    with desk.store.write() as tx:
        flag_id = desk.open(tx, recorded, judged, decided)
        if flag_id is not None and kind == "hide":
            desk.enqueue(tx, recorded, flag_id)


def act(desk: Desk, outcome: ActionOutcome, crashes: bool) -> None:
    for action in desk.claim():
        if not crashes:
            desk.settle(action, outcome)


def decide(desk: Desk, name: str, number: int, *how: Any) -> None:
    with desk.store.read() as rx:
        ids = list(rx.scalars(select(schema.flags.c.id).order_by(schema.flags.c.id)))
    if not ids:
        return
    try:
        if name == "undo":
            desk.undo(ids[number % len(ids)])
        else:
            source = VerdictSource.FORUM if how[1] else VerdictSource.TERMINAL
            desk.give(ids[number % len(ids)], how[0], source=source)
    except Conflict:
        pass


def what_must_stay(desk: Desk, at: datetime) -> dict[str, object]:
    """Everything that a purge at ``at`` may not change, whatever it does to the rest."""
    young = at - timedelta(days=180)
    window = at - timedelta(days=30)
    with desk.store.read() as rx:
        everyone = rx.execute(select(schema.replies)).mappings().all()
        digests = rx.execute(
            select(schema.revisions.c.id, schema.revisions.c.reply_id, schema.revisions.c.digest)
        )
        needed = select(schema.flags.c.id).where(
            schema.flags.c.closed_at.is_(None) | (schema.flags.c.closed_at >= young)
        )
        shown = [cards.show(rx, flag_id) for flag_id in rx.scalars(needed)]
        return {
            "identity": [
                {name: row[name] for name in row if name not in ("links", "decision_id", "campaign")}
                | {"judged": row["decision_id"] is not None}
                for row in everyone
            ],
            "digests": sorted(map(tuple, digests)),
            "unjudged": inbox.unassessed(rx, FORUM),
            "flags": [(card.flag, card.stored, card.judged, card.verdicts, card.actions) for card in shown],
            "unsettled": outbox.listing(rx, states=outbox.UNSETTLED),
            "labels": [{**label, "flag_id": None} for label in labels.export(rx)],
            "young audit": list(audit.listing(rx, since=young)),
            "duplicates": list(campaigns.observations(rx, window)),
            "our hides": [
                (row["id"], outbox.get(rx, row["our_hide"]).reason)
                for row in everyone
                if row["our_hide"] is not None
            ],
        }


HIDDEN = ("read", 1, 0, "hide"), ("act", ActionOutcome.DONE, False)


@settings(max_examples=60, deadline=None)
@example([*HIDDEN, ("decide", 0, VerdictKind.UPHOLD, False)], 400)
@example([*HIDDEN, ("decide", 0, VerdictKind.DISMISS, False), ("act", ActionOutcome.DONE, False)], 400)
@given(history=st.lists(OPERATION, max_size=30), pause=st.sampled_from([0, 91, 181, 400]))
def test_after_any_history_a_purge_takes_nothing_that_is_needed_and_the_next_finds_nothing(
    history: list[tuple[Any, ...]], pause: int
) -> None:
    with new_desk() as desk:
        for operation in history:
            live(desk, operation)
        desk.later(days=pause)
        before = what_must_stay(desk, desk.now)
        purge(desk)
        assert what_must_stay(desk, desk.now) == before
        with desk.store.read() as rx:
            assert rx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        rows = everything(desk.store)
        again = purge(desk)
        assert {name: again[name] for name in again if name != "longest_ms"} == {
            **dict.fromkeys(("flags", "texts", "openings", "campaigns", "audit", "unreadable", "notices"), 0),
            "stopped": False,
        }
        assert everything(desk.store) == rows
        nothing_is_taken_for_new(desk)
        every_hide_in_effect_can_be_undone(desk)


def nothing_is_taken_for_new(desk: Desk) -> None:
    with desk.store.read() as rx:
        digests = select(schema.replies.c.post_id, schema.revisions.c.digest).join(
            schema.revisions, schema.revisions.c.id == schema.replies.c.revision_id
        )
        current = dict(rx.execute(digests).all())
    for post, digest in current.items():
        [words] = [one for one in WORDS if modbot.store.types.text_digest(one) == digest]
        [again] = desk.record(reply(post, words, posted_at=START))
        assert (again.is_new, again.is_changed) == (False, False)


def every_hide_in_effect_can_be_undone(desk: Desk) -> None:
    with desk.store.read() as rx:
        everyone = select(schema.flags.c.id).join(
            schema.replies, schema.replies.c.id == schema.flags.c.reply_id
        )
        hidden = list(rx.scalars(everyone.where(schema.replies.c.our_hide.is_not(None))))
        replies = {flags.get(rx, flag_id).reply_id for flag_id in hidden}
        ours = select(schema.replies.c.id).where(schema.replies.c.our_hide.is_not(None))
        assert replies == set(rx.scalars(ours))
