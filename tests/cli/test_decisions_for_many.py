"""Bulk decisions, exceptions, cards and author data from the terminal, with and without a forum."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from shell_support import Shell

import modbot.store
from modbot.daemon.house import utc_now
from modbot.demo.state import Fate
from modbot.domain import (
    Assessment,
    Author,
    Decision,
    DecisionKind,
    Label,
    Probabilities,
    Reason,
    Reply,
)
from modbot.store import decisions, flags, inbox

SETTINGS = """
[forums.city]
url = "http://127.0.0.1:9/"
username = "modbot"
"""
QUEUE, ALLOW = DecisionKind.QUEUE, DecisionKind.ALLOW


def write(shell: Shell, post: int, *, author: int = 30, kind: DecisionKind = QUEUE, thread: int = 7) -> None:
    """A reply that was judged; a flag, unless it passed."""
    reply = Reply(
        "city",
        post,
        f"顶顶顶 {post}",
        thread_id=thread,
        thread_title="河边散步",
        board_id=2,
        author=Author(id=author, name=f"会员{author}", group_id=10, posts=1),
        posted_at=utc_now(),
    )
    reason = Reason.LOW_EFFORT if kind is QUEUE else None
    decision = Decision(kind, kind, reason, Label.LOW_EFFORT, 0.8, 0.5, (), (), "p", "m")
    judged = Assessment(reply.key, Probabilities(0.1, 0.8, 0.1), (), None, reply.text, "m")
    with closing(modbot.store.open(shell.folder / "var" / "modbot.db")) as store, store.write() as tx:
        (row,) = inbox.record(tx, [reply], at=utc_now()).rows
        one = decisions.Judgement(row.reply_id, row.revision_id, judged, decision, False)
        (number,) = decisions.record(tx, [one], at=utc_now())
        if kind is QUEUE:
            opened = {row.reply_id: flags.Opened(row.revision_id, number, decision, None)}
            flags.open_first(tx, "city", opened, at=utc_now())


@pytest.fixture
def desk(shell: Shell) -> Shell:
    """Three flags and a passed reply of one author, and a flag of another; no forum answers."""
    (shell.folder / "modbot.toml").write_text(SETTINGS, "utf-8")
    shell.environ["MODBOT_FORUMS__CITY__PASSWORD"] = "x"
    (shell.folder / "var").mkdir()
    for post in (1, 2, 3):
        write(shell, post)
    write(shell, 4, kind=ALLOW)
    write(shell, 5, author=31)
    return shell


def test_a_decision_for_many_is_counted_first_and_given_only_when_it_is_confirmed(desk: Shell) -> None:
    told = desk.objects("queue", "dismiss", "--author", "会员30", "--dry-run", "--json")
    assert [(one["post_id"], one["left_out"]) for one in told] == [
        (1, None),
        (2, None),
        (3, None),
        (4, "passed"),
    ]
    unsure = desk("queue", "dismiss", "--author", "30", "--lang", "zh")
    assert unsure.returncode == 2
    assert "3 条" in unsure.stderr
    given = desk.objects("queue", "dismiss", "--author", "30", "--yes", "--json", "--who", "郭")
    assert [one["result"] for one in given] == ["done"] * 3
    [name] = {one["bulk"] for one in given}
    late = desk("queue", "uphold", "2", "--lang", "zh")
    assert late.returncode == 1
    assert "郭" in late.stderr
    undone = desk("queue", "undo", "--bulk", name, "--lang", "zh")
    assert "已撤销 3 条" in undone.stdout
    assert len(desk.objects("queue", "list", "--all", "--json")) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["uphold"], "--campaign"),
        (["uphold", "1", "--author", "30"], "--campaign"),
        (["uphold", "--author", "谁", "--yes"], "No author"),
        (["uphold", "--campaign", "c0", "--yes"], "no campaign"),
        (["uphold", "--author", "31", "--recent", "soon"], "7d"),
        (["undo"], "--bulk"),
        (["undo", "1", "--bulk", "b1"], "--bulk"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(desk: Shell, words: list[str], told: str) -> None:
    done = desk("queue", *words, "--lang", "en")
    assert done.returncode == 2
    assert told in done.stderr


def test_all_recent_replies_of_an_author_are_listed_with_what_passed(desk: Shell) -> None:
    listed = desk(
        "queue", "uphold", "--author", "30", "--recent", "7d", "--mute", "3", "--dry-run", "--lang", "en"
    )
    assert "4 in all" in listed.stdout
    assert "1 of them had passed" in listed.stdout
    assert "顶顶顶 4" in listed.stdout


def test_cards_are_listed_and_shown_with_what_each_verdict_will_do(desk: Shell) -> None:
    grouped = desk.objects("queue", "list", "--all", "--group", "--json")
    assert [(one["card"], one["open"]) for one in grouped] == [("author", 3), ("single", 1)]
    assert len(grouped[0]["members"]) == 3
    assert len(desk.objects("queue", "list", "--all", "--author", "会员31", "--json")) == 1
    card = desk("queue", "show", "1", "--group", "--lang", "zh").stdout
    assert "确认违规：屏蔽" in card
    assert "会员30" in card
    (whole,) = desk.objects("queue", "show", "1", "--group", "--json")
    assert whole["effects"]["dismiss"]["action"] is None


def test_allow_here_offers_the_other_flags_and_its_exception_is_listed_and_revoked(desk: Shell) -> None:
    told = desk("queue", "allow-here", "1", "--lang", "en", "--note", "chatter")
    assert "covers 3 other" in told.stdout
    (listed,) = desk.objects("queue", "exceptions", "list", "--json")
    assert (listed["scope"], listed["thread_id"], listed["note"]) == ("thread", 7, "chatter")
    desk.objects("queue", "undo", "1", "--json")
    assert desk.objects("queue", "exceptions", "list", "--json") == []

    closed = desk.objects("queue", "allow-here", "1", "--scope", "board", "--all", "--json")
    assert sum(one.get("result") == "done" for one in closed) == 4
    (made,) = desk.objects("queue", "exceptions", "list", "--json")
    assert "board 2" in desk("queue", "exceptions", "list", "--lang", "en").stdout
    desk.objects("queue", "exceptions", "revoke", str(made["exception"]), "--json")
    again = desk("queue", "exceptions", "revoke", str(made["exception"]), "--lang", "en")
    assert again.returncode == 1
    past = desk.objects("queue", "exceptions", "list", "--all", "--json")
    assert [bool(one["revoked_by"]) for one in past] == [True, True]


def test_an_authors_data_is_shown_handed_out_and_forgotten_after_asking(desk: Shell) -> None:
    (held,) = desk.objects("authors", "show", "会员30", "--json")
    assert (held["replies"], held["flags"]) == (4, {"pending": 3})
    assert "会员30" in desk("authors", "show", "30", "--lang", "zh").stdout
    records = [json.loads(line) for line in desk("authors", "export", "会员30").stdout.splitlines()]
    assert sum(one["record"] == "reply" for one in records) == 4
    (would,) = desk.objects("authors", "forget", "会员30", "--dry-run", "--json")
    assert (would["replies"], would["done"]) == (4, False)
    unsure = desk("authors", "forget", "会员30", "--lang", "en")
    assert unsure.returncode == 2
    assert "--yes" in unsure.stderr
    done = desk("authors", "forget", "会员30", "--yes", "--lang", "en")
    assert "4 replies" in done.stdout
    assert desk("authors", "show", "会员30", "--lang", "en").returncode == 2
    held_still = shutil.copyfile(desk.folder / "var" / "modbot.db", desk.folder / "copy.db")
    assert "会员30".encode() not in Path(held_still).read_bytes()


def test_upholding_an_author_hides_all_and_taking_it_back_shows_them_again(city) -> None:
    city.everybody_writes()
    city.shell.objects("poll", "--once", "--json")
    waiting = city.shell.objects("queue", "list", "--all", "--group", "--json")
    card = next(one for one in waiting if one["author_id"] and one["card"] != "campaign")
    posts = [city.scene.forum.content.posts[member["post_id"]] for member in card["members"]]
    given = city.shell.objects(
        "queue", "uphold", "--author", str(card["author_id"]), "--everyone", "--yes", "--json"
    )
    assert {one["action"] for one in given} <= {"done", None}, "None: modbot had hidden it already"
    assert all(post.hidden for post in posts)
    taken = city.shell.objects("queue", "undo", "--bulk", given[0]["bulk"], "--json")
    assert {one["action"] for one in taken} == {"done"}
    assert not any(post.hidden for post in posts)
    assert not any(post.hidden for post in city.scene.forum.fated(Fate.GENUINE))
