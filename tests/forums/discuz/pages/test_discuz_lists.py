# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""The board index and the lists of threads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from forum_pages import NOW, page, xml

from modbot.domain import Author, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages.lists import (
    BoardPage,
    BoardRow,
    ThreadRow,
    parse_board,
    parse_index,
    read_new_posts_answer,
)

AT = datetime(2026, 11, 23, 8, 26, tzinfo=UTC)
LAST = '<a href="forum.php?mod=redirect&amp;tid=77&amp;goto=lastpost#lastpost">城南的桥</a>'
WHEN = '<span title="2026-11-23 16:26">4&nbsp;分钟前</span>'


def row(
    board: int = 6, name: str = "城事", counts: str = "", last: str | None = None, extra: str = ""
) -> str:
    counts = counts or '<span class="xi2">12</span><span class="xg1"> / <span title="23456">2万</span></span>'
    last = f"<div>{LAST} <cite>{WHEN} 老陈</cite></div>" if last is None else last
    return (
        f'<tr><td class="fl_icn"></td><td><h2><a href="forum-{board}-1.html">{name}</a></h2>{extra}</td>'
        f'<td class="fl_i">{counts}</td><td class="fl_by">{last}</td></tr>'
    )


def index(*rows: str) -> str:
    return page(f'<table class="fl_tb">{"".join(rows)}</table>')


def test_a_board_is_read_with_counts_and_last_post() -> None:
    assert parse_index(index(row()), NOW) == (BoardRow(6, "城事", 12, 23456, 77, AT),)


def test_a_plain_date_is_read_where_the_last_post_is_old() -> None:
    (board,) = parse_index(index(row(last=f"{LAST} <cite>2026-9-25 16:14 老陈</cite>")), NOW)
    assert board.last_post_at == datetime(2026, 9, 25, 8, 14, tzinfo=UTC)


def test_a_board_without_posts_or_with_hidden_ones_has_no_last_post() -> None:
    (board,) = parse_index(index(row(counts="<span>-</span>", last="从未")), NOW)
    assert (board.threads, board.posts, board.last_thread_id, board.last_post_at) == (None, None, None, None)


def test_boards_in_columns_are_read() -> None:
    cell = (
        '<td class="fl_g"><dl><dt><a href="forum.php?mod=forumdisplay&amp;fid=8">集市</a></dt>'
        '<dd><em>主题: 5</em>, <em>帖数: 60</em></dd><dd><a href="forum.php?mod=redirect&amp;tid=9&amp;goto=lastpost">'
        f"最后发表: {WHEN}</a></dd></dl></td>"
    )
    assert parse_index(index(f"<tr>{cell}</tr>"), NOW) == (BoardRow(8, "集市", 5, 60, 9, AT),)


def test_sub_boards_are_named_under_their_parent() -> None:
    extra = '<p>版主: <a href="home.php?uid=1">老陈</a></p><p>子版块: <a href="forum-9-1.html">旧货</a><a href="x">外</a></p>'
    boards = parse_index(index(row(extra=extra)), NOW)
    assert [(board.id, board.name, board.posts) for board in boards] == [
        (6, "城事", 23456),
        (9, "旧货", None),
    ]


def test_a_board_listed_twice_is_given_once_and_whole() -> None:
    extra = '<p>子版块: <a href="forum-9-1.html">旧货</a></p>'
    boards = parse_index(index(row(extra=extra), row(9, "旧货"), row(6, "再来")), NOW)
    assert [(board.id, board.name, board.posts) for board in boards] == [
        (6, "城事", 23456),
        (9, "旧货", 23456),
    ]


def test_what_is_no_board_is_passed_by() -> None:
    collection = '<tr><td><h2><a href="forum.php?mod=collection&amp;op=my">淘帖</a></h2></td></tr>'
    loose = '<div class="fl_tb"><h2><a href="forum-6-1.html">无行</a></h2></div><div class="fl_tb"><h2>无链接</h2></div>'
    assert parse_index(index(collection) + loose, NOW) == ()


def listed(
    thread: int = 77,
    *,
    subject: str = '<a href="forum.php?mod=viewthread&amp;tid=77" class="s xst">城南的桥</a>',
    icon: str = '<a title="新窗口打开"><img src="static/image/common/folder_new.gif"></a>',
    replies: str = '<a class="xi2">12</a><em>900</em>',
    author: str = '<td class="by"><cite><a href="space-uid-30.html">桥下茶馆</a></cite><em>2026-11-20</em></td>',
    last: str = f'<td class="by"><cite>老陈</cite><em><a>{WHEN}</a></em></td>',
    kind: str = "normal",
    extra: str = "",
) -> str:
    return (
        f'<tbody id="{kind}thread_{thread}"><tr><td class="icn">{icon}</td><th>{subject}{extra}</th>{author}'
        f'<td class="num">{replies}</td>{last}</tr></tbody>'
    )


def board(*rows: str, heading: str = '<h1 class="xs2"><a href="forum-6-1.html">城事</a></h1>') -> BoardPage:
    pages = '<div class="pg"><strong>2</strong><a>5</a></div>'
    return parse_board(page(f'{heading}<table id="threadlisttableid">{"".join(rows)}</table>{pages}'), NOW)


def test_a_thread_is_read_from_its_row() -> None:
    found = board(listed(extra='<span class="tps">...<a>2</a><a>3</a></span>'))
    assert (found.board_id, found.name, found.page, found.pages) == (6, "城事", 2, 5)
    assert found.viewer.uid == 2
    assert found.threads == (ThreadRow(77, "城南的桥", 12, AT, Author(id=30, name="桥下茶馆"), pages=3),)


def test_the_board_is_also_named_by_the_path() -> None:
    path = '<div id="pt"><a href="forum.php">论坛</a><a href="forum-6-1.html">城事</a></div>'
    assert (board(heading=path).board_id, board(heading=path).name) == (6, "城事")
    assert (board(heading="").board_id, board(heading="").name) == (None, "")


def test_old_last_posts_are_bare_dates() -> None:
    (found,) = board(listed(last='<td class="by"><cite>x</cite>2026-9-25 16:14</td>')).threads
    assert found.last_post_at == datetime(2026, 9, 25, 8, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ('<td class="by"><cite>匿名</cite></td>', Author(name="匿名")),
        ('<td class="by"></td>', Author()),
        ("", Author()),
    ],
)
def test_an_unnamed_author_is_unknown(author: str, expected: Author) -> None:
    assert board(listed(author=author)).threads[0].author == expected


def test_a_row_without_columns_has_no_time() -> None:
    assert board(listed(author="", last="")).threads[0].last_post_at is None


def test_a_moved_thread_is_the_one_that_it_leads_to() -> None:
    (found,) = board(listed(12)).threads
    assert found.id == 77


def test_a_link_without_a_number_leaves_the_rows_own() -> None:
    (found,) = board(listed(12, subject='<a class="xst" href="http://dx.example/">外链</a>')).threads
    assert found.id == 12


@pytest.mark.parametrize(
    ("icon", "extra", "kinds"),
    [
        ('<img src="pollsmall.gif">', "", (ThreadKind.POLL,)),
        ('<a title="投票 - 新窗口打开"><i class="fico-vote"></i></a>', "", (ThreadKind.POLL,)),
        ('<img src="rewardsmall.gif">', "", (ThreadKind.REWARD,)),
        ('<img src="tradesmall.gif">', "", (ThreadKind.TRADE,)),
        ('<img src="pin_1.gif">', "", (ThreadKind.PINNED,)),
        ("", '<img src="rushreply_s.png" alt="抢楼">', (ThreadKind.LOTTERY,)),
        ("", '- <span class="xi1">[回帖奖励 <strong> 10</strong> ]</span>', (ThreadKind.LOTTERY,)),
        ("", "", ()),
    ],
)
def test_icons_and_marks_hint_at_the_kind(icon: str, extra: str, kinds: tuple[ThreadKind, ...]) -> None:
    assert board(listed(icon=icon, extra=extra)).threads[0].kind_hints == kinds


def test_a_pinned_thread_is_known_by_its_row() -> None:
    (found,) = board(listed(kind="stick")).threads
    assert found.pinned
    assert found.kind_hints == (ThreadKind.PINNED,)
    assert board(listed(kind="stick", icon='<i class="tpin tpin1"></i>')).threads[0].kind_hints == (
        ThreadKind.PINNED,
    )


@pytest.mark.parametrize(
    "icon", ['<img src="folder_lock.gif">', '<i class="fico-lock">', '<a title="关闭的主题 - "></a>']
)
def test_a_closed_thread_is_known_by_its_icon(icon: str) -> None:
    assert board(listed(icon=icon)).threads[0].closed


def test_a_row_without_an_icon_is_read() -> None:
    assert not board(listed().replace('class="icn"', 'class="x"')).threads[0].closed


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (listed(subject="无题"), "no_subject"),
        (listed().replace("normalthread_77", "normalthread_x"), "no_subject"),
        (listed(0, subject='<a class="xst">零号</a>'), "thread_id"),
        (listed(replies="<a>-</a>"), "replies"),
        (listed(replies="<a>-3</a>"), "replies"),
    ],
)
def test_an_unreadable_row_is_kept_and_passed_by(bad: str, problem: str) -> None:
    found = board(bad, listed())
    assert [block.problem for block in found.unreadable] == [problem]
    assert [row.id for row in found.threads] == [77]


def test_a_thread_listed_twice_counts_once() -> None:
    assert len(board(listed(), listed(kind="stick")).threads) == 1


def test_an_empty_board_is_no_error_and_another_page_is() -> None:
    assert board().threads == ()
    with pytest.raises(Unreadable):
        parse_board(page("<p>别的</p>"), NOW)


@pytest.mark.parametrize(("answer", "expected"), [("1", True), ("0", False), (" 0\n", False)])
def test_the_check_for_new_posts_answers_yes_or_no(answer: str, expected: bool) -> None:
    assert read_new_posts_answer(xml(answer)) is expected


@pytest.mark.parametrize("answer", [xml("2"), xml(""), "1"])
def test_any_other_answer_to_that_check_is_refused(answer: str) -> None:
    with pytest.raises(Unreadable):
        read_new_posts_answer(answer)
