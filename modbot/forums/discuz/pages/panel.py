"""The moderator panel: post search, approval queue, password form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, excerpts, identifiers, nodes, pager, times
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer
from modbot.forums.protocol import UnreadableBlock

MAX_ROWS = 1_000
MAX_EXCERPT_CHARS = 2_000
MAX_TEXT_CHARS = 100_000

_NOTE = re.compile(r"pid_([0-9]{1,20})")
_PASSWORD = re.compile(r"""<input[^>]{0,200}\bname=["']?cppwd\b""")
_LOCKED = "管理面板已锁定"
_NO_RIGHT = re.compile(r'<h1 class="mt">系统错误</h1>\s*<p>抱歉，您无此权限')


@dataclass(frozen=True, slots=True)
class SearchRow:
    """``excerpt`` is the text's first 200 characters or so; ``posted_minute`` has no seconds."""

    post_id: int
    thread_id: int
    board_id: int | None
    author_id: int | None
    author: str
    posted_minute: datetime
    excerpt: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """``problem`` is the panel's own complaint ("搜索条件不足…"), "" when it searched."""

    rows: tuple[SearchRow, ...]
    total: int
    problem: str
    page: int
    pages: int
    viewer: Viewer
    post_tables: tuple[int, ...] = ()
    unreadable: tuple[UnreadableBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A reply (``post_id``) or a thread (``post_id`` None) that waits for approval.

    X3.4 does not tell a reply's thread; X3.5 does. ``text`` is raw BBCode.
    """

    post_id: int | None
    thread_id: int | None
    board_id: int | None
    title: str
    author: str
    author_id: int | None
    posted_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class QueuePage:
    rows: tuple[QueueRow, ...]
    page: int
    pages: int
    viewer: Viewer
    post_tables: tuple[int, ...] = ()
    unreadable: tuple[UnreadableBlock, ...] = ()


def asks_password(html: str) -> bool:
    """Whether the panel wants its password, first or again (modcp_login_form_modbot.html,
    modcp_validate_panel_not_logged.xml)."""
    return _PASSWORD.search(html) is not None


def is_locked(html: str) -> bool:
    """Whether too many wrong passwords have locked the panel for 15 minutes."""
    return _LOCKED in html and not asks_password(html)


def tells_no_right(html: str) -> bool:
    """Whether this part of the panel is not open to the account's group."""
    return _NO_RIGHT.search(html) is not None


def parse_search(html: str, now: datetime) -> SearchPage:
    """``mod=modcp&action=thread&op=post`` with ``do=search`` or ``do=list``
    (modcp_post_search_allips.html). Raises Unreadable for any other page."""
    tree = documents.parse(html)
    if tree.css_first('select[name="threadoption"], input[name="useip"]') is None:
        raise Unreadable(code="error.forum.page_unreadable", page="panel_search", problem="no_search_form")
    viewer = read_viewer(html)
    rows: dict[int, SearchRow] = {}
    bad: list[UnreadableBlock] = []
    for box in tree.css('input[name="delete[]"]')[:MAX_ROWS]:
        row = _search_row(box, now, viewer.utc_offset_minutes)
        if isinstance(row, str):
            bad.append(excerpts.unreadable("", row, _row_html(box)))
        else:
            rows.setdefault(row.post_id, row)
    complaint = tree.css_first("p.xi1")
    page, pages = pager.of_tree(tree)
    return SearchPage(
        rows=tuple(rows.values()),
        total=_total(tree),
        problem=nodes.line(complaint) if complaint is not None and not rows else "",
        page=page,
        pages=pages,
        viewer=viewer,
        post_tables=_post_tables(tree),
        unreadable=tuple(bad),
    )


def _total(tree: LexborHTMLParser) -> int:
    for heading in tree.css("h2"):
        if "搜索出结果" in nodes.line(heading):
            return pager.count(heading.css_first("strong")) or 0
    return 0


def _post_tables(tree: LexborHTMLParser) -> tuple[int, ...]:
    """A forum that has split its posts over tables is searched once per table."""
    return numbers_of(tree, "posttableid")


def numbers_of(tree: LexborHTMLParser, name: str) -> tuple[int, ...]:
    """The numbers that a choice of this name offers."""
    values = (nodes.attribute(option, "value") for option in tree.css(f'select[name="{name}"] option'))
    return tuple(int(value) for value in values if value.isdecimal() and len(value) < 10)


def _row_of(box: LexborNode) -> LexborNode | None:
    node = box.parent
    while node is not None and node.tag != "tr":
        node = node.parent
    return node


def _row_html(box: LexborNode) -> str:
    row = _row_of(box)
    return (row.html if row is not None else box.html) or ""


def _search_row(box: LexborNode, now: datetime, offset: int | None) -> SearchRow | str:
    row = _row_of(box)
    post_id = identifiers.identifier(nodes.attribute(box, "value"))
    link = row.css_first('th a[href*="findpost"]') if row is not None else None
    if row is None or post_id is None or link is None:
        return "post_id"
    thread_id = identifiers.in_link("ptid", nodes.attribute(link, "href"))
    posted = times.parse_time(nodes.line(row.css_first("td.by em")), now=now, offset_minutes=offset)
    if thread_id is None or posted is None:
        return "thread_id" if thread_id is None else "time"
    board = row.css_first("td.frm a")
    cite = row.css_first("td.by cite")
    author = cite.css_first("a") if cite is not None else None
    return SearchRow(
        post_id=post_id,
        thread_id=thread_id,
        board_id=identifiers.in_link("fid", nodes.attribute(board, "href")) if board is not None else None,
        author_id=identifiers.in_link("uid", nodes.attribute(author, "href")) if author is not None else None,
        author=nodes.line(cite),
        posted_minute=posted,
        excerpt=nodes.line(row.css_first("th span.xg1"), MAX_EXCERPT_CHARS),
        title=nodes.line(link, 500),
    )


def parse_queue(html: str, now: datetime) -> QueuePage:
    """``mod=modcp&action=moderate&op=replies`` or ``op=threads``
    (modcp_moderate_replies.html, modcp_moderate_threads.html).

    Which of the two it is stands in the page's form. Raises Unreadable for another page.
    """
    tree = documents.parse(html)
    form = tree.css_first('form#moderate[action*="action=moderate"]')
    if form is None and tree.css_first('form[action*="action=moderate"]') is None:
        raise Unreadable(code="error.forum.page_unreadable", page="panel_queue", problem="no_queue_form")
    viewer = read_viewer(html)
    are_threads = form is not None and "op=threads" in nodes.attribute(form, "action")
    rows: list[QueueRow] = []
    bad: list[UnreadableBlock] = []
    for note in tree.css('div.um[id^="pid_"]')[:MAX_ROWS]:
        row = _queue_row(note, now, viewer.utc_offset_minutes, are_threads=are_threads)
        if isinstance(row, str):
            bad.append(excerpts.unreadable("", row, note.html or ""))
        else:
            rows.append(row)
    page, pages = pager.of_tree(tree)
    return QueuePage(
        rows=tuple(rows),
        page=page,
        pages=pages,
        viewer=viewer,
        post_tables=_post_tables(tree),
        unreadable=tuple(bad),
    )


def _queue_row(note: LexborNode, now: datetime, offset: int | None, *, are_threads: bool) -> QueueRow | str:
    found = _NOTE.fullmatch(nodes.attribute(note, "id"))
    number = identifiers.identifier(found.group(1)) if found else None
    posted = times.parse_time(nodes.line(note.css_first("span.xg1")), now=now, offset_minutes=offset)
    if number is None or posted is None:
        return "post_id" if number is None else "time"
    board = note.css_first('a.xw1[href*="forum"]')
    name = note.css_first("span.xi2")
    author = name.css_first("a") if name is not None else None
    view = note.css_first('a[href*="findpost"]')
    text = note.css_first(f"#list_note_{number}")
    return QueueRow(
        post_id=None if are_threads else number,
        thread_id=number if are_threads else _thread_of(view),
        board_id=identifiers.in_link("fid", nodes.attribute(board, "href")) if board is not None else None,
        title=nodes.line(note.css_first("span.xw1"), 500),
        author=nodes.line(name),
        author_id=identifiers.in_link("uid", nodes.attribute(author, "href")) if author is not None else None,
        posted_at=posted,
        text=_note_text(text),
    )


def _thread_of(view: LexborNode | None) -> int | None:
    return identifiers.in_link("ptid", nodes.attribute(view, "href")) if view is not None else None


def _note_text(node: LexborNode | None) -> str:
    return node.text(separator="")[:MAX_TEXT_CHARS].strip() if node is not None else ""
