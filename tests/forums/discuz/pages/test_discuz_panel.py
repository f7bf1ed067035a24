# ruff: noqa: E501 - markup stays in lines as a forum sends it
"""The moderator panel: search, queue, password, and the dialog that hides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from forum_pages import NOW, called, page, xml

from modbot.errors import Unreadable
from modbot.forums.discuz.pages.banform import BanForm, parse_ban_form
from modbot.forums.discuz.pages.panel import (
    QueuePage,
    QueueRow,
    SearchPage,
    SearchRow,
    asks_password,
    is_locked,
    parse_queue,
    parse_search,
)

AT = datetime(2026, 11, 23, 8, 22, tzinfo=UTC)
PASSWORD = page('<form><input type="password" name="cppwd" id="cppwd" /></form>')


def found_row(
    pid: str = "501",
    link: str = "forum.php?mod=redirect&amp;goto=findpost&amp;pid=501&amp;ptid=77",
    when: str = "2026-11-23 16:22",
    author: str = '<cite><a href="home.php?mod=space&amp;uid=31">老陈</a></cite>',
    board: str = '<td class="frm"><a href="forum.php?mod=forumdisplay&amp;fid=6">城事</a></td>',
) -> str:
    return (
        f'<tr><td><input type="checkbox" name="delete[]" value="{pid}" /></td><th>主题: <a href="{link}">城南的桥</a>'
        f'<br /><span class="xg1">近多了</span></th>{board}<td class="by">{author}<em>{when}</em></td></tr>'
    )


def search(
    *rows: str, extra: str = "", total: str = "<h2>共搜索出结果 <strong>225</strong> 条</h2>"
) -> SearchPage:
    form = '<form><select name="threadoption"></select></form>'
    return parse_search(page(f"{form}{extra}<h2>别的</h2>{total}<table>{''.join(rows)}</table>"), NOW)


def test_a_found_post_is_read() -> None:
    found = search(found_row())
    assert found.rows == (SearchRow(501, 77, 6, 31, "老陈", AT, "近多了", "城南的桥"),)
    assert (found.total, found.problem, found.page, found.pages) == (225, "", 1, 1)


def test_a_post_without_author_or_board_is_still_found() -> None:
    (row,) = search(found_row(author="", board="")).rows
    assert (row.author, row.author_id, row.board_id) == ("", None, None)
    (row,) = search(found_row(author="<cite>匿名</cite>")).rows
    assert (row.author, row.author_id) == ("匿名", None)


def test_the_panels_complaint_is_told() -> None:
    found = search(extra='<p class="xi1">搜索条件不足！请设置一个条件</p>', total="")
    assert (found.rows, found.total, found.problem) == ((), 0, "搜索条件不足！请设置一个条件")


def test_a_total_without_a_number_is_none() -> None:
    assert search(total="<h2>共搜索出结果 条</h2>").total == 0


def test_split_post_tables_are_told() -> None:
    tables = '<select name="posttableid"><option value="0">0</option><option value="1">1</option><option value="x"></select>'
    assert search(extra=tables).post_tables == (0, 1)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (found_row(pid="0"), "post_id"),
        (found_row(pid=""), "post_id"),
        (found_row(link="forum.php"), "post_id"),
        ('</table><div><input name="delete[]" value="5"></div><table>', "post_id"),
        (found_row(link="x?goto=findpost&amp;pid=501"), "thread_id"),
        (found_row(when="不知何时"), "time"),
    ],
)
def test_an_unreadable_row_of_a_search_is_kept(row: str, problem: str) -> None:
    found = search(row, found_row("502"))
    assert [block.problem for block in found.unreadable] == [problem]
    assert [line.post_id for line in found.rows] == [502]


def test_another_page_is_no_search() -> None:
    with pytest.raises(Unreadable):
        parse_search(PASSWORD, NOW)


def queued(
    number: str = "601", when: str = "发表于 2026-11-23 16:22", view: str = "", author: str = "新来的"
) -> str:
    return (
        f'<div class="um" id="pid_{number}"><p><span class="y">{view}<a class="xi2">通过</a></span>'
        '<a href="forum.php?mod=forumdisplay&amp;fid=7" class="xi2 xw1">先审版</a> &rsaquo; <span class="xw1">问路</span>'
        f'</p><p><span class="xi2">{author}</span><span class="xg1">{when}</span></p>'
        f'<div id="list_note_{number}">[b]请问[/b]\n怎么走  </div></div>'
    )


def queue(*notes: str, op: str = "replies", form: bool = True) -> QueuePage:
    action = f'action="forum.php?mod=modcp&action=moderate&op={op}"'
    shown = f'<form name="moderate" id="moderate" {action}>{"".join(notes)}</form>' if form else ""
    return parse_queue(page(f"<form {action}></form>{shown}"), NOW)


def test_a_waiting_reply_is_read_without_its_thread_in_x34() -> None:
    # The author's name is the first span of its class outside the links.
    (row,) = queue(queued()).rows
    assert row == QueueRow(601, None, 7, "问路", "新来的", None, AT, "[b]请问[/b]\n怎么走")


def test_x35_tells_the_thread_of_a_waiting_reply() -> None:
    view = '<a href="forum.php?mod=redirect&amp;goto=findpost&amp;ptid=77&amp;pid=601&amp;modthreadkey=00ff">查看</a>'
    assert queue(queued(view=view)).rows[0].thread_id == 77


def test_a_waiting_thread_has_no_post_number() -> None:
    (row,) = queue(queued(author='<a href="home.php?mod=space&uid=8">新来的</a>'), op="threads").rows
    assert (row.post_id, row.thread_id, row.author_id) == (None, 601, 8)


def test_a_note_with_parts_missing_is_read_as_far_as_it_goes() -> None:
    (row,) = queue('<div class="um" id="pid_9"><span class="xg1">2026-11-23 16:22</span></div>').rows
    assert row == QueueRow(9, None, None, "", "", None, AT, "")


def test_an_empty_queue_has_no_form_of_its_own() -> None:
    assert queue(form=False).rows == ()


@pytest.mark.parametrize(
    ("note", "problem"), [(queued("0"), "post_id"), (queued("x"), "post_id"), (queued(when="?"), "time")]
)
def test_an_unreadable_note_is_kept(note: str, problem: str) -> None:
    found = queue(note, queued("602"))
    assert [block.problem for block in found.unreadable] == [problem]
    assert [row.post_id for row in found.rows] == [602]


def test_another_page_is_no_queue() -> None:
    with pytest.raises(Unreadable):
        parse_queue(PASSWORD, NOW)


def test_the_panel_asks_for_its_password_or_is_locked() -> None:
    assert asks_password(PASSWORD)
    assert not asks_password(page("cppwd"))
    assert is_locked(page("<p>管理面板已锁定</p>"))
    assert not is_locked(PASSWORD)


def dialog(checked: str = "1", extra: str = "") -> str:
    radios = "".join(
        f'<input type="radio" name="banned" value="{value}" {"checked" if value == checked else ""} />'
        for value in "10"
    )
    return xml(
        f'<form id="topicadminform"><input type="hidden" name="topiclist[]" value="501" />{radios}{extra}'
        '<ul id="reasonselect"><li>广告/SPAM</li><li>--------</li><li>恶意灌水</li></ul></form>'
    )


def test_the_dialog_proves_the_right_to_hide() -> None:
    assert parse_ban_form(dialog()) == BanForm(allowed=True, preset_reasons=("广告/SPAM", "恶意灌水"))


def test_the_dialog_proposes_to_restore_what_is_hidden() -> None:
    form = parse_ban_form(dialog("0", "<div>用户 某人 帖子已被屏蔽 2 次</div>"))
    assert (form.currently_hidden, form.violations) == (True, 2)


def test_a_refusal_is_told_with_its_key() -> None:
    form = parse_ban_form(called("抱歉，您没有权限使用管理功能"))
    assert form == BanForm(allowed=False, message="抱歉，您没有权限使用管理功能", key="admin_nopermission")


@pytest.mark.parametrize("html", [dialog("x"), dialog().replace("topiclist", "other")])
def test_another_form_proves_nothing(html: str) -> None:
    assert not parse_ban_form(html).allowed


def test_the_dialog_comes_as_xml_or_not_at_all() -> None:
    with pytest.raises(Unreadable):
        parse_ban_form("<html></html>")
