"""The JSON API, read into the same values as the pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from forum_pages import NOW, URL

from modbot.domain import Author, Reply, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages.lists import BoardRow, ThreadRow
from modbot.forums.discuz.pages.mobile_api import (
    parse_forumdisplay,
    parse_forumindex,
    parse_viewpid,
    parse_viewthread,
)
from modbot.forums.discuz.pages.posts import Notice
from modbot.forums.discuz.pages.thread import ThreadPage

UNIX = "1795349692"
AT = datetime(2026, 11, 22, 12, 14, 52, tzinfo=UTC)


def answer(**variables: Any) -> str:
    told = {"cookiepre": "QwEr_2132_", "auth": "secret", "member_uid": "2", "formhash": "0a1b2c3d"}
    return json.dumps({"Version": "4", "Charset": "UTF-8", "Variables": {**told, **variables}})


def entry(pid: object = "501", **changes: Any) -> dict[str, Any]:
    return {
        "pid": pid,
        "tid": "77",
        "first": "0",
        "author": "老陈",
        "authorid": "31",
        "dbdateline": UNIX,
        "message": "近多了",
        "status": "0",
        "number": "5",
        "groupid": "10",
        **changes,
    }


FIRST = entry("500", first="1", number="1", author="桥下茶馆", authorid="30", message="桥通车了")


def thread(*posts: Any, variables: dict[str, Any] | None = None, **changes: Any) -> ThreadPage:
    told = {"tid": "77", "fid": "6", "subject": "城南的桥", "authorid": "30", "replies": "12", **changes}
    text = answer(**{"thread": told, "postlist": list(posts), "ppp": "5", **(variables or {})})
    return parse_viewthread(text, forum="city", now=NOW, url=URL)


def only(**changes: Any) -> Reply:
    found = thread(entry(**changes))
    assert found.unreadable == ()
    return found.replies[0]


def test_boards_are_read_with_their_counts() -> None:
    boards = [
        {"fid": "6", "name": "城事", "threads": "12", "posts": "345"},
        {"fid": "0"},
        "x",
        {"fid": "7", "name": 5},
    ]
    assert parse_forumindex(answer(forumlist=boards)) == (BoardRow(6, "城事", 12, 345), BoardRow(7, ""))


def test_a_post_is_read_whole() -> None:
    found = thread(FIRST, entry())
    assert found.replies[1] == Reply(
        forum="city",
        post_id=501,
        text="近多了",
        thread_id=77,
        thread_title="城南的桥",
        board_id=6,
        author=Author(id=31, name="老陈", group_id=10),
        posted_at=AT,
        floor=5,
        opening="桥通车了",
    )
    assert found.replies[0].is_thread_author
    assert (found.first_post_id, found.page, found.pages, found.reply_count) == (500, 1, 3, 12)
    assert (found.viewer.uid, found.viewer.formhash, found.viewer.cookie_prefix) == (
        2,
        "0a1b2c3d",
        "QwEr_2132_",
    )


def test_one_post_is_read_alone() -> None:
    text = answer(thread={"tid": "77"}, postlist=[entry()])
    found = parse_viewpid(text, forum="city", now=NOW, url=URL)
    assert [reply.post_id for reply in found.replies] == [501]
    assert found.first_post_id is None


def test_posts_by_number_are_read_like_a_list() -> None:
    text = answer(thread={}, postlist={"501": entry()})
    assert parse_viewthread(text, forum="city", now=NOW, url=URL).replies[0].post_id == 501


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("提示: <em>该帖被管理员或版主屏蔽</em>", Notice.HIDDEN),
        ("提示: <em>作者被禁止或删除 内容自动屏蔽</em>", Notice.AUTHOR_MUTED),
        ("本帖为密码帖 ", Notice.PASSWORD),
        ("此帖仅作者可见", Notice.AUTHOR_ONLY),
    ],
)
def test_notices_stand_in_the_place_of_a_text(message: str, kind: Notice) -> None:
    found = thread(entry(message=message))
    assert found.notices == ((501, frozenset((kind,))),)
    assert found.withheld == frozenset((501,))
    assert found.replies[0].hidden is (kind is Notice.HIDDEN)


@pytest.mark.parametrize(
    "message",
    [
        "提示: 该帖被管理员或版主屏蔽",
        "提示: <em>别的</em>",
        "提示: &lt;em&gt;该帖被管理员或版主屏蔽&lt;/em&gt;",
    ],
)
def test_a_members_own_words_are_no_notice(message: str) -> None:
    reply = only(message=message)
    assert not reply.hidden
    assert reply.text


def test_the_status_tells_hidden_posts_and_mobile_ones() -> None:
    found = thread(entry(status="1"))
    assert found.replies[0].hidden
    assert found.notices == ((501, frozenset((Notice.HIDDEN,))),)
    assert found.withheld == frozenset()
    assert only(status="8").client == "来自手机"


def test_the_first_post_may_be_hidden() -> None:
    assert thread({**FIRST, "status": "1"}).first_post_hidden


@pytest.mark.parametrize(
    ("message", "text", "quoted"),
    [
        (" 本帖最后由 老陈 于 2026-11-22 21:30 编辑 <br />\n<br />\n改过", "改过", ""),
        ('<div class="reply_wrap">通车了</div><br />是的', "是的", "通车了"),
        ('<div class="blockcode"><div><p>代码:</p><ol><li>a = 1</ol></div></div>', "a = 1", ""),
        ('<script>replyreload += 1;</script>看<img src="http://h/static/image/smiley/a.gif">', "看", ""),
        ("", "", ""),
    ],
)
def test_messages_are_cleaned(message: str, text: str, quoted: str) -> None:
    reply = only(message=message)
    assert (reply.text, reply.quoted, reply.images) == (text, quoted, 0)


def test_pictures_in_the_text_and_beside_it_are_counted() -> None:
    files = {
        "1": {"attachment": "202611/a.png", "isimage": "1"},
        "2": {"attachment": "202611/b.png", "isimage": "1"},
        "3": {"attachment": "202611/c.txt", "isimage": "0"},
        "4": "x",
    }
    assert only(message='<img src="https://h/data/202611/a.png">', attachments=files).images == 2
    assert only(attachments=[]).images == 0


@pytest.mark.parametrize(("number", "floor"), [("7", 7), ("-1", None), ("0", None), (None, None), (3, 3)])
def test_floors_are_numbers(number: object, floor: int | None) -> None:
    assert only(number=number).floor == floor


@pytest.mark.parametrize(
    ("marks", "message", "kind"),
    [
        ({"rushreply": "1"}, "x", ThreadKind.LOTTERY),
        ({"replycredit": "5", "special": "1"}, "x", ThreadKind.LOTTERY),
        ({"special": "1"}, "x", ThreadKind.POLL),
        (
            {"special": "3"},
            '<div class="locked">游客如果您要查看本帖隐藏内容请回复</div>',
            ThreadKind.REPLY_TO_SEE,
        ),
        ({"displayorder": "1"}, "x", ThreadKind.PINNED),
        ({}, "x", ThreadKind.NORMAL),
    ],
)
def test_the_kind_comes_from_the_threads_fields(
    marks: dict[str, str], message: str, kind: ThreadKind
) -> None:
    found = thread({**FIRST, "message": message}, entry(), **marks)
    assert {found.kind} | {reply.thread_kind for reply in found.replies} == {kind}


def test_page_numbers_follow_from_the_counts() -> None:
    assert (thread(entry(), closed="1").closed, thread(entry(), replies="-5").pages) == (True, 1)
    assert thread(entry(), variables={"ppp": "0"}).pages == 1
    assert thread(entry(), variables={"page": "99"}).page == 3


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (entry("0"), "post_id"),
        (entry(None), "post_id"),
        (entry("-4"), "post_id"),
        (entry(["x"]), "post_id"),
        (entry(dbdateline="0"), "time"),
        (entry(dbdateline=None), "time"),
        (entry(message=None), "text"),
        (entry("502"), "duplicate"),
    ],
)
def test_an_unreadable_post_is_kept_and_passed_by(bad: dict[str, Any], problem: str) -> None:
    found = thread(entry("502"), bad)
    assert [block.problem for block in found.unreadable] == [problem]
    assert [reply.post_id for reply in found.replies] == [502]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"error":"mobile_is_closed"}',
        "{" * 100_000,
        "[" * 100_000,
        '{"Variables":[]}',
        answer(),
        answer(postlist=[]),
        answer(postlist="x"),
        '{"Variables":{"postlist":' + "9" * 5000 + "}}",
    ],
)
def test_an_answer_without_posts_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_viewthread(text, forum="city", now=NOW, url=URL)


def row(tid: object = "77", **changes: Any) -> dict[str, Any]:
    told = {"tid": tid, "author": "桥下茶馆", "authorid": "30", "subject": "城南的桥", "replies": "12"}
    return {**told, "dblastpost": UNIX, "displayorder": "0", **changes}


def test_threads_are_read_to_the_second() -> None:
    text = answer(
        forum={"fid": "6", "name": "城事", "threadcount": "101"}, forum_threadlist=[row()], tpp="50", page="2"
    )
    found = parse_forumdisplay(text, NOW)
    assert (found.board_id, found.name, found.page, found.pages) == (6, "城事", 2, 3)
    assert found.threads == (ThreadRow(77, "城南的桥", 12, AT, Author(id=30, name="桥下茶馆")),)


def test_marks_of_a_thread_are_hints() -> None:
    (found,) = parse_forumdisplay(
        answer(forum_threadlist=[row(displayorder="2", special="2", closed="1")]), NOW
    ).threads
    assert (found.pinned, found.closed) == (True, True)
    assert found.kind_hints == (ThreadKind.TRADE, ThreadKind.PINNED)


def test_an_unreadable_thread_is_kept_and_no_secret_with_it() -> None:
    text = answer(forum=None, forum_threadlist=[row("x", auth="abcdef"), row(replies="x"), row(), row()])
    found = parse_forumdisplay(text, NOW)
    assert [block.problem for block in found.unreadable] == ["thread_id", "replies"]
    assert "abcdef" not in found.unreadable[0].excerpt
    assert len(found.threads) == 1
    assert (found.board_id, found.pages) == (None, 1)


def test_a_guest_is_told_from_an_unknown_viewer() -> None:
    assert parse_forumdisplay(answer(forum_threadlist=[], member_uid="0"), NOW).viewer.uid == 0
    assert parse_forumdisplay(answer(forum_threadlist=[], member_uid=None), NOW).viewer.uid is None
