"""The board index and a board's threads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from modbot.domain import Author, ThreadKind
from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents, excerpts, identifiers, nodes, pager, times
from modbot.forums.discuz.pages.viewer import Viewer, read_viewer
from modbot.forums.protocol import UnreadableBlock

MAX_ROWS = 2_000

_THREAD_ROW = re.compile(r"(normal|stick)thread_([0-9]{1,20})")
_HINTS = (
    (re.compile(r"pollsmall|fico-vote|投票"), ThreadKind.POLL),
    (re.compile(r"rewardsmall|fico-reward|悬赏"), ThreadKind.REWARD),
    (re.compile(r"tradesmall|fico-cart|商品"), ThreadKind.TRADE),
    (re.compile(r"pin_[0-9]|tpin|置顶"), ThreadKind.PINNED),
)
_LOCKED = re.compile(r"folder_lock|fico-lock|关闭的主题")
_REWARDS_REPLIES = re.compile(r"rushreply|回帖奖励|抢楼")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board on the index. Counts are None for a sub-board that is only named.

    ``last_post_at`` has minute precision. A guest's index may be cached."""

    id: int
    name: str
    threads: int | None = None
    posts: int | None = None
    last_thread_id: int | None = None
    last_post_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread on its board's list. ``last_post_at`` has minute precision (JSON: seconds).

    ``replies`` counts hidden posts too and falls when one is deleted."""

    id: int
    title: str
    replies: int
    last_post_at: datetime | None
    author: Author
    pinned: bool = False
    closed: bool = False
    kind_hints: tuple[ThreadKind, ...] = ()
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class BoardPage:
    board_id: int | None
    name: str
    threads: tuple[ThreadRow, ...]
    page: int
    pages: int
    viewer: Viewer
    unreadable: tuple[UnreadableBlock, ...] = ()


def parse_index(html: str, now: datetime) -> tuple[BoardRow, ...]:
    """The boards of ``forum.php`` (forum_index_modbot.html), or the sub-boards on a
    board's own page, in the page's order, each once. Empty when the page lists none.

    Rows are a table (``h2`` name, ``td.fl_i`` counts, ``td.fl_by`` last post) or, where
    the operator chose columns, cells ``td.fl_g`` with a ``dl``.
    """
    tree = documents.parse(html)
    offset = read_viewer(html).utc_offset_minutes
    boards: dict[int, BoardRow] = {}
    for cell in tree.css(".fl_tb h2, .fl_tb td.fl_g dt")[:MAX_ROWS]:
        row = _board(cell, now, offset)
        known = boards.get(row.id) if row is not None else None
        if row is not None and (known is None or known.threads is None):
            boards[row.id] = row
        for sub in _sub_boards(cell):
            boards.setdefault(sub.id, sub)
    return tuple(boards.values())


def _board(cell: LexborNode, now: datetime, offset: int | None) -> BoardRow | None:
    link = cell.css_first("a")
    board_id = identifiers.in_link("fid", nodes.attribute(link, "href")) if link is not None else None
    frame = _frame(cell)
    if board_id is None or frame is None:
        return None
    threads, posts = _counts(frame)
    last = frame.css_first('a[href*="goto=lastpost"]')
    last_thread = identifiers.in_link("tid", nodes.attribute(last, "href")) if last is not None else None
    return BoardRow(
        id=board_id,
        name=nodes.line(link),
        threads=threads,
        posts=posts,
        last_thread_id=last_thread,
        last_post_at=_last_post(frame, last, now, offset),
    )


def _frame(cell: LexborNode) -> LexborNode | None:
    """The row that belongs to a board's name: the table row, or the column's cell."""
    wanted = "td" if cell.tag == "dt" else "tr"
    node = cell.parent
    while node is not None and node.tag != wanted:
        node = node.parent
    return node


def _counts(frame: LexborNode) -> tuple[int | None, int | None]:
    """Threads and posts: ``1 / 391`` in a row, "主题: 1, 帖数: 391" in a column."""
    counts = frame.css("td.fl_i span.xi2, td.fl_i span.xg1") or frame.css("dd em")
    if len(counts) < 2:
        return None, None
    return pager.count(counts[0]), pager.count(counts[1])


def _last_post(
    frame: LexborNode, last: LexborNode | None, now: datetime, offset: int | None
) -> datetime | None:
    if last is None:
        return None
    place = frame.css_first("cite") or last
    titled = place.css_first("span[title]")
    text = nodes.attribute(titled, "title") if titled is not None else nodes.line(place)
    return times.parse_time(text, now=now, offset_minutes=offset)


def _sub_boards(cell: LexborNode) -> list[BoardRow]:
    """ "子版块: …" under a board's name: only ids and names."""
    found: list[BoardRow] = []
    paragraph = cell.next
    while paragraph is not None:
        if paragraph.tag == "p" and nodes.line(paragraph).startswith("子版块"):
            for link in paragraph.css("a"):
                board_id = identifiers.in_link("fid", nodes.attribute(link, "href"))
                if board_id is not None:
                    found.append(BoardRow(id=board_id, name=nodes.line(link)))
        paragraph = paragraph.next
    return found


def parse_board(html: str, now: datetime) -> BoardPage:
    """The threads of ``mod=forumdisplay`` (forumdisplay_lastpost_modbot.html) or
    ``mod=guide``. A page beyond the end answers as the last one.

    Raises Unreadable when there is no thread table; an empty board has one.
    """
    tree = documents.parse(html)
    if tree.css_first("#threadlisttableid, #threadlist, #forumnew") is None:
        raise Unreadable(code="error.forum.page_unreadable", page="board", problem="no_thread_list")
    viewer = read_viewer(html)
    threads: dict[int, ThreadRow] = {}
    bad: list[UnreadableBlock] = []
    for body in tree.css('tbody[id^="normalthread_"], tbody[id^="stickthread_"]')[:MAX_ROWS]:
        row = _thread(body, now, viewer.utc_offset_minutes)
        if isinstance(row, str):
            bad.append(excerpts.unreadable("", row, body.html or ""))
        else:
            threads.setdefault(row.id, row)
    page, pages = pager.of_tree(tree)
    board_id, name = _board_of(tree)
    return BoardPage(
        board_id=board_id,
        name=name,
        threads=tuple(threads.values()),
        page=page,
        pages=pages,
        viewer=viewer,
        unreadable=tuple(bad),
    )


def _board_of(tree: LexborHTMLParser) -> tuple[int | None, str]:
    link = tree.css_first("h1.xs2 a") or next(iter(tree.css("#pt a")[::-1]), None)
    if link is None:
        return None, ""
    return identifiers.in_link("fid", nodes.attribute(link, "href")), nodes.line(link)


def _thread(body: LexborNode, now: datetime, offset: int | None) -> ThreadRow | str:
    """The row, or the code of what is wrong with it."""
    named = _THREAD_ROW.fullmatch(nodes.attribute(body, "id"))
    subject = body.css_first("a.xst")
    if named is None or subject is None:
        return "no_subject"
    thread_id = identifiers.in_link("tid", nodes.attribute(subject, "href")) or identifiers.identifier(
        named.group(2)
    )
    replies = pager.count(body.css_first("td.num a"))
    if thread_id is None or replies is None or replies < 0:
        return "thread_id" if thread_id is None else "replies"
    columns = body.css("td.by")
    pinned = named.group(1) == "stick"
    return ThreadRow(
        id=thread_id,
        title=nodes.line(subject, 500),
        replies=replies,
        last_post_at=_row_time(columns[-1], now, offset) if columns else None,
        author=_row_author(columns),
        pinned=pinned,
        closed=_LOCKED.search(_icon(body)) is not None,
        kind_hints=_hints(body, pinned=pinned),
        pages=max([1, *(pager.count(link) or 1 for link in body.css(".tps a"))]),
    )


def _row_time(column: LexborNode, now: datetime, offset: int | None) -> datetime | None:
    """Of the last post; a bare text when it is older than a week."""
    place = column.css_first("em") or column
    titled = place.css_first("span[title]")
    text = nodes.attribute(titled, "title") if titled is not None else nodes.line(place)
    return times.parse_time(text, now=now, offset_minutes=offset)


def _row_author(columns: list[LexborNode]) -> Author:
    """Of the first post: the last column but one (``mod=guide`` has the board before it)."""
    cite = columns[-2].css_first("cite") if len(columns) > 1 else None
    if cite is None:
        return Author()
    link = cite.css_first("a")
    uid = identifiers.in_link("uid", nodes.attribute(link, "href")) if link is not None else None
    return Author(id=uid, name=nodes.line(link if link is not None else cite))


def _icon(body: LexborNode) -> str:
    icon = body.css_first("td.icn")
    return (icon.html or "")[:5_000] if icon is not None else ""


def _hints(body: LexborNode, *, pinned: bool) -> tuple[ThreadKind, ...]:
    """The kinds that the row's icon and marks tell, the strongest first."""
    text = _icon(body)
    marks = "".join((mark.html or "")[:500] for mark in body.css("th > img, th > span.xi1, th > span.tbox"))
    hints = [ThreadKind.LOTTERY] if _REWARDS_REPLIES.search(marks) else []
    hints += [kind for pattern, kind in _HINTS if pattern.search(text)]
    if pinned and ThreadKind.PINNED not in hints:
        hints.append(ThreadKind.PINNED)
    return tuple(hints)


def read_new_posts_answer(xml: str) -> bool:
    """``mod=ajax&action=forumchecknew``: whether the board got a post since the time asked
    (ajax_forumchecknew_now_guest.xml). Raises Unreadable for anything but 0 or 1."""
    answer = documents.cdata(xml).strip()
    if answer not in ("0", "1"):
        raise Unreadable(code="error.forum.page_unreadable", page="forumchecknew", problem="no_answer")
    return answer == "1"
