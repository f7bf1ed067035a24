"""What is forgotten with time, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from purging_support import ALLOW, FORGOTTEN, QUEUE, WORDS, everything, new_desk, purge
from sqlalchemy import select, text
from store_desk import FORUM, Desk, repetition, reply

from modbot.daemon import upkeep
from modbot.daemon.upkeep import purging
from modbot.domain import (
    ActionKind,
    Link,
    ReplyKey,
    VerdictKind,
    VerdictSource,
)
from modbot.settings import Settings
from modbot.store import campaigns, inbox, labels, outbox, schema, unreadable


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_desk() as made:
        yield made


def passed(desk: Desk, post: int = 1, **fields: Any) -> inbox.Recorded:
    [recorded] = desk.record(reply(post, **fields))
    desk.judge(recorded, ALLOW)
    return recorded


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
        **dict.fromkeys(FORGOTTEN, 0),
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
