"""What is held about an author: told whole, and forgotten so that it stays forgotten."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moderation_room import CAMPAIGN, REPEATED, Room, newcomer
from store_desk import FORUM, reply

from modbot.daemon.shelf import Shelf
from modbot.detection import DuplicateIndex, Observation
from modbot.domain import ActionKind, Author, FlagState, Link, ReplyKey, VerdictKind
from modbot.moderation import authors, bulk
from modbot.moderation.deciding import Choice
from modbot.store import audit, author_data, campaigns, inbox, labels, openings
from modbot.store.carrying import Means
from modbot.store.identities import Identity

UPHOLD = VerdictKind.UPHOLD
WHO = Author(id=30, name="墨香书生", group_id=10, posts=3)
WORDS = "只有我知道的那家铺子"
OTHERS = "别人说的话"


def write(room: Room, post: int, text: str = WORDS, **fields: Any) -> None:
    told = {
        "region": "来自火星",
        "client": "来自小灵通",
        "links": (Link("https://shop.example.com/", "铺子"),),
    }
    room.passed(post, text=text, author=WHO, campaign=CAMPAIGN, **told, **fields)


def forget(room: Room, who: str = "30", **how: Any) -> author_data.Forgotten:
    return authors.forget(
        room.loaded(), room.store, room.identity(who), by="ann", clock=lambda: room.now, **how
    )


def file_of(room: Room) -> str:
    """Every byte that the database holds, as text."""
    with room.store.engine.connect() as raw:
        raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(room.store.engine.url.database or "")
    return path.read_bytes().decode("utf-8", "replace")


def records(room: Room, who: str = "30") -> list[dict[str, Any]]:
    identity = room.identity(who)
    with room.store.read() as rx:
        return list(author_data.export(rx, identity))


# Handing out


def test_the_export_holds_every_revision_judgement_verdict_label_and_entry(room: Room) -> None:
    write(room, 1, is_thread_author=True, floor=1, opening="我的主楼")
    write(room, 1, "改过的话", is_thread_author=True, floor=1)
    flag_id = room.flag(reply(2, author=WHO), REPEATED)
    room.moderator().give(flag_id, UPHOLD, Choice("第三次"))
    room.passed(3, author=newcomer(31), text=OTHERS)
    found = records(room)
    kinds = {record["record"] for record in found}
    wanted = {"reply", "revision", "decision", "flag", "verdict", "action", "label", "audit", "opening"}
    assert kinds == wanted
    assert [one["text"] for one in found if one["record"] == "revision"][:2] == [WORDS, "改过的话"]
    assert [one["note"] for one in found if one["record"] == "verdict"] == ["第三次"]
    told = json.dumps(found, ensure_ascii=False)
    assert OTHERS not in told
    assert "来自火星" in told


def test_a_summary_counts_what_is_held_under_all_names(room: Room) -> None:
    room.passed(1, author=Author(id=30, name="旧名"))
    room.later(days=1)
    write(room, 2)
    room.give(room.flag(reply(3, author=WHO), REPEATED))
    with room.store.read() as rx:
        held = author_data.summary(rx, room.identity("30"))
    assert held.names == ("墨香书生", "旧名")
    assert (held.replies, held.verdicts, held.labels) == (3, 1, 1)
    assert held.flags == {FlagState.UPHELD: 1}
    assert held.last_seen == room.now


# Forgetting


def test_nothing_of_a_forgotten_author_lies_in_the_database(room: Room) -> None:
    write(room, 1, is_thread_author=True, floor=1, thread_title="我的旧书摊")
    flag_id = room.flag(reply(2, WORDS, author=WHO, quoted="有人问过"), REPEATED)
    room.moderator().give(flag_id, VerdictKind.DISMISS, Choice("问过墨香书生"))
    room.flag(reply(3, WORDS, author=WHO), REPEATED)
    room.passed(9, author=newcomer(31), text=OTHERS, thread_id=99)
    done = forget(room)
    assert (done.replies, done.labels, done.flags, done.undoable) == (3, 1, 1, 0)
    held = file_of(room)
    for word in (WORDS, "墨香书生", "火星", "小灵通", "shop.example.com", "有人问过", "旧书摊"):
        assert word not in held, word
    assert OTHERS in held, "others keep theirs"
    assert all(row["author_id"] != 30 for row in room.rows("replies")["replies"])
    with room.store.read() as rx:
        assert list(labels.export(rx)) == []
        last = audit.listing(rx, forum=FORUM)[-1]
    assert (last.what, last.who) == ("author.forgotten", "ann")
    assert "30" not in json.dumps(last.details)


def test_counting_changes_nothing_and_tells_what_forgetting_will(room: Room) -> None:
    write(room, 1)
    room.give(room.flag(reply(2, author=WHO), REPEATED), VerdictKind.DISMISS)
    room.flag(reply(3, author=WHO), REPEATED)
    before = room.rows("replies", "revisions", "labels")
    with room.store.read() as rx:
        would = author_data.count(rx, room.identity("30"))
    assert room.rows("replies", "revisions", "labels") == before
    assert forget(room) == would


def test_labels_may_stay_without_what_they_tell_of_their_author(room: Room) -> None:
    flag_id = room.flag(reply(2, WORDS, author=WHO, region="来自火星"), REPEATED)
    room.give(flag_id, VerdictKind.DISMISS)
    assert forget(room, keep_labels=True).labels_kept == 1
    with room.store.read() as rx:
        [label] = labels.export(rx)
    assert label["text"] == WORDS
    assert not {"author", "author_posts", "region"} & set(label)


def test_a_hide_in_effect_can_still_be_undone(room: Room) -> None:
    flag_id = room.flag(reply(1, WORDS, author=WHO), REPEATED, hide=True)
    room.carry_out()
    assert forget(room).undoable == 1
    flag = room.get(flag_id)
    assert (flag.state, flag.text, flag.author_name) == (FlagState.HIDDEN, "", "")
    room.moderator().undo(flag_id)
    assert [action.kind for action in room.carry_out()] == [ActionKind.RESTORE]
    assert not room.get(flag_id).hidden_by_us


def test_whoever_is_muted_is_known_by_number_until_the_mute_is_undone(room: Room) -> None:
    room.flag(reply(1, author=WHO), REPEATED)
    given = room.give_many(author="30", choice=Choice(means=Means(mute_days=7)))
    room.later(seconds=11)
    while room.carry_out():
        pass
    forget(room)
    bulk.undo(room.moderator(), str(given.bulk))
    [unmute] = [action for action in room.actions() if action.kind is ActionKind.UNMUTE]
    assert unmute.author_id == 30


def test_read_again_unchanged_a_forgotten_reply_stays_forgotten_and_is_not_judged(room: Room) -> None:
    opening = {"is_thread_author": True, "floor": 1, "thread_title": "我的旧书摊"}
    write(room, 1, **opening)
    forget(room)
    room.later(hours=1)
    [again] = room.record(reply(1, WORDS, author=WHO, region="来自火星", **opening))
    assert (again.is_new, again.is_changed) == (False, False)
    room.record(reply(5, OTHERS, author=newcomer(31), opening=WORDS))
    held = file_of(room)
    for word in (WORDS, "墨香书生", "火星", "旧书摊"):
        assert word not in held, word
    with room.store.read() as rx:
        assert [one.reply.post_id for one in inbox.unassessed(rx, FORUM)] == [5]
        assert openings.of_threads(rx, FORUM, [7]) == {}


def test_what_the_author_writes_or_edits_later_is_read_and_judged_as_anybodys(room: Room) -> None:
    write(room, 1)
    forget(room)
    room.later(hours=1)
    room.record(reply(1, "改成了新的话", author=WHO), reply(2, "新写的话", author=WHO))
    with room.store.read() as rx:
        waiting = inbox.unassessed(rx, FORUM)
    assert [one.reply.text for one in waiting] == ["改成了新的话", "新写的话"]
    assert {one.reply.author.id for one in waiting} == {30}
    assert room.identity("墨香书生").replies == 2
    assert forget(room).replies == 2, "and is forgotten when that is asked for again"


def test_a_guest_is_forgotten_by_name_and_namesakes_with_an_account_are_not(room: Room) -> None:
    room.passed(1, author=Author(name="过客"), text=WORDS)
    room.passed(2, author=Author(id=8, name="过客二"), text=OTHERS)
    assert forget(room, "过客").replies == 1
    assert WORDS not in file_of(room)
    assert OTHERS in file_of(room)


def test_a_campaign_that_was_only_theirs_goes(room: Room) -> None:
    write(room, 1)
    write(room, 2)
    forget(room)
    with room.store.read() as rx:
        assert campaigns.get(rx, FORUM, CAMPAIGN) is None


def test_a_campaign_with_others_in_it_stays_theirs(room: Room) -> None:
    room.passed(1, author=newcomer(4))
    write(room, 2)
    forget(room)
    with room.store.read() as rx:
        left = campaigns.get(rx, FORUM, CAMPAIGN)
    assert left is not None
    assert left.size == 1


def test_a_crash_between_two_steps_is_made_good_by_doing_it_again(room: Room) -> None:
    for post in range(1, 6):
        write(room, post)
    who = room.identity("30")
    with room.store.write() as tx:
        author_data.forget_some(tx, who, keep_labels=False, by="ann", at=room.now, limit=2)
    assert forget(room).replies == 3


# The duplicate index


@pytest.fixture
def shelf(room: Room) -> Shelf:
    index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=100)
    return Shelf(authors.index_file(room.loaded(), FORUM), index, room.store, FORUM, lambda: room.now)


def learn(shelf: Shelf, room: Room) -> None:
    with room.store.read() as rx:
        seen = campaigns.observations(rx, room.now - timedelta(days=30), forum=FORUM)
        shelf.index.insert([Observation(*row) for row in seen])


def test_a_running_index_drops_the_texts_with_the_next_poll(room: Room, shelf: Shelf) -> None:
    write(room, 1)
    room.passed(2, author=newcomer(2), text=OTHERS)
    learn(shelf, room)
    forget(room)
    assert shelf.index.size == 2
    shelf.caught_up()
    assert shelf.index.size == 1


def test_a_restart_does_not_bring_them_back(room: Room, shelf: Shelf) -> None:
    write(room, 1)
    learn(shelf, room)
    shelf.caught_up()
    shelf.keep()
    file = authors.index_file(room.loaded(), FORUM)
    kept = file.read_bytes()
    forget(room)
    assert not file.exists(), "it held the words"
    file.write_bytes(kept)  # as from a backup
    index = DuplicateIndex(window=timedelta(days=30), burst=timedelta(days=7), capacity=100)
    again = Shelf(file, index, room.store, FORUM, lambda: room.now)
    again.fill(since=room.now - timedelta(days=30))
    assert index.size == 0


def test_nobody_is_forgotten_by_a_name_that_nobody_bears(room: Room) -> None:
    with room.store.write() as tx:
        nobody = Identity(FORUM, None, "无名氏", 0)
        some = author_data.forget_some(tx, nobody, keep_labels=False, by="ann", at=room.now)
    assert some == author_data.Forgotten()
    assert ReplyKey(FORUM, 1) not in dict(_forgotten(room))


def _forgotten(room: Room) -> list[Any]:
    with room.store.read() as rx:
        return author_data.forgotten(rx, FORUM)
