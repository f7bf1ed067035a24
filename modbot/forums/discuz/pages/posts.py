"""One post of a thread page: from its block of HTML to a reply."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from selectolax.lexbor import LexborNode

from modbot.domain import Author, Reply
from modbot.forums.discuz.pages import content, documents, identifiers, nodes, standing, times

_DELETED_FLOOR = "无效楼层，该帖已经被删除"
_FRAME = re.compile(r'<div\s+id="post_(-?[0-9]{1,20})"')
_TABLE = re.compile(r"pid(-?[0-9]{1,20})")
_FLOOR_NAMES = {"楼主": 1, "沙发": 2, "板凳": 3, "地板": 4}
_DIGITS = re.compile(r"[0-9]{1,9}")
_REGION = re.compile(r"(?:来自|IP\s*归?属地|属地)\s*[:：]?\s*([^|<>\s][^|<>]{0,40})$")
_COPIED = re.compile(r"^(?:推荐|来自\s*[0-9]+)")


class Notice(StrEnum):
    """What the forum prints above, or instead of, a post's text."""

    HIDDEN = "hidden"
    AUTHOR_MUTED = "author_muted"
    PASSWORD = "password"  # noqa: S105 - a notice
    AUTHOR_ONLY = "author_only"
    PAID = "paid"
    OTHER = "other"


_NOTICES = (
    ("该帖被管理员或版主屏蔽", Notice.HIDDEN),
    ("作者被禁止或删除", Notice.AUTHOR_MUTED),
    ("本帖为密码帖", Notice.PASSWORD),
    ("此帖仅作者可见", Notice.AUTHOR_ONLY),
    ("付费主题", Notice.PAID),
    ("本主题需向作者支付", Notice.PAID),
)


class BadBlockError(ValueError):
    """A block lacks what makes it a post; ``problem`` is a stable code."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Post:
    """A reply as one page shows it. ``is_copy`` marks a hot or stuck reply that is
    printed once more on top of page 1; ``withheld`` that its text is not shown to us."""

    reply: Reply
    is_first: bool
    is_copy: bool
    notices: frozenset[Notice]
    withheld: bool
    asks_reply: bool
    robot: bool


@dataclass(frozen=True, slots=True)
class PostContext:
    """What the page says of all of its posts."""

    forum: str
    url: str
    now: datetime
    offset_minutes: int | None
    thread_id: int | None
    board_id: int | None
    title: str = ""


def read_post(html: str, context: PostContext) -> Post | None:
    """Read one block, ``div#post_PID`` or a bare ``table#pidPID`` (viewpid answers).

    None for a floor that was deleted ("无效楼层"), whose pid may be wrong or 0
    (viewthread_hole_after_modbot). Raises BadBlockError for anything else that is no post.
    """
    tree = documents.parse(html)
    table, number = _table(tree.css("table[id]"))
    frame = _FRAME.match(html)
    if table is None:
        raise BadBlockError("no_table")
    ids = nodes.by_id(table)
    time_node = ids.get(f"authorposton{number}")
    if time_node is None:
        if _DELETED_FLOOR in nodes.line(table, 500):
            return None
        raise BadBlockError("no_time")
    post_id = identifiers.identifier(number)
    if post_id is None or (frame is not None and frame.group(1) != number):
        raise BadBlockError("post_id")
    posted_at = _time(time_node, context)
    header = time_node.parent or table
    author = standing.read_author(
        ids, post_id, header, now=context.now, offset_minutes=context.offset_minutes
    )
    if posted_at is None or author is None:
        raise BadBlockError("time" if posted_at is None else "author")
    return _post(table, ids, post_id=post_id, posted_at=posted_at, author=author, context=context)


def _post(
    table: LexborNode,
    ids: dict[str, LexborNode],
    *,
    post_id: int,
    posted_at: datetime,
    author: Author,
    context: PostContext,
) -> Post:
    header = ids[f"authorposton{post_id}"].parent or table
    number = ids.get(f"postnum{post_id}")
    label = nodes.line(number)
    is_first = _is_first(number, label, header)
    notices = _notices(table)
    body, withheld = _body(table, ids, post_id, context)
    reply = replace(
        _written(body, post_id, context),
        author=author,
        is_thread_author=is_first or _is_thread_author(ids.get(f"authicon{post_id}")),
        posted_at=posted_at,
        floor=1 if is_first else _floor(label),
        region=_region(header),
        client=_client(ids[f"authorposton{post_id}"]) or body.client,
        hidden=Notice.HIDDEN in notices,
    )
    return Post(
        reply=reply,
        is_first=is_first,
        is_copy=bool(_COPIED.match(label)),
        notices=notices,
        withheld=withheld,
        asks_reply=body.asks_reply,
        robot=number is None,
    )


def _written(body: content.Body, post_id: int, context: PostContext) -> Reply:
    """What was written where; who and when is added to it."""
    return Reply(
        forum=context.forum,
        post_id=post_id,
        text=body.text,
        thread_id=context.thread_id,
        thread_title=context.title,
        board_id=context.board_id,
        quoted=body.quoted,
        links=body.links,
        images=body.images,
    )


def _table(tables: list[LexborNode]) -> tuple[LexborNode | None, str]:
    for table in tables:
        found = _TABLE.fullmatch(nodes.attribute(table, "id"))
        if found:
            return table, found.group(1)
    return None, ""


def _time(node: LexborNode, context: PostContext) -> datetime | None:
    titled = node.css_first("span[title]")
    text = nodes.attribute(titled, "title") if titled is not None else nodes.line(node)
    return times.parse_time(text, now=context.now, offset_minutes=context.offset_minutes)


def _is_first(number: LexborNode | None, label: str, header: LexborNode) -> bool:
    """The first post's floor link leads to the thread, the others' to ``findpost``.

    Robots get no floors; only the first post has "阅读模式" (viewthread_seed_robot).
    """
    if number is None:
        return header.css_first('a[onclick^="readmode"]') is not None
    href = nodes.attribute(number, "href")
    return label == "楼主" or (
        bool(href) and "findpost" not in href and identifiers.in_link("tid", href) is not None
    )


def _floor(label: str) -> int | None:
    if label in _FLOOR_NAMES:
        return _FLOOR_NAMES[label]
    digits = _DIGITS.search(label)
    return int(digits.group()) or None if digits else None


def _is_thread_author(icon: LexborNode | None) -> bool:
    """``ico_lz.png`` in X3.4, ``title="楼主"`` in X3.5 (viewthread_seed)."""
    if icon is None:
        return False
    return "ico_lz" in nodes.attribute(icon, "src") or nodes.attribute(icon, "title") == "楼主"


def _notices(table: LexborNode) -> frozenset[Notice]:
    """Notices are direct children of ``div.pcb``; those inside a text are the author's."""
    frame = table.css_first("div.pcb")
    found: set[Notice] = set()
    for child in nodes.children(frame) if frame is not None else ():
        if child.tag == "div" and nodes.has_class(child, "locked"):
            text = nodes.line(child)
            found.add(next((notice for phrase, notice in _NOTICES if phrase in text), Notice.OTHER))
    return frozenset(found)


def _body(
    table: LexborNode, ids: dict[str, LexborNode], post_id: int, context: PostContext
) -> tuple[content.Body, bool]:
    """The text, and whether it is withheld from us (no ``#postmessage``)."""
    message = ids.get(f"postmessage_{post_id}")
    if message is None:
        return content.Body(), True
    body = content.read_body(message, url=context.url)
    heading = table.css_first("div.pcb > h2")
    if heading is not None:
        body.text = f"{nodes.line(heading)}\n{body.text}".strip()
    body.images += len(table.css("div.pattl img[zoomfile]"))
    return body, False


def _client(time_node: LexborNode) -> str:
    """The mark after the time: the site's own words, or "来自手机" (status bit 8)."""
    following = time_node.next
    while following is not None and not following.is_element_node:
        following = following.next
    if following is not None and following.tag == "span" and nodes.has_class(following, "xg1"):
        return nodes.line(following, 60)
    return ""


def _region(header: LexborNode) -> str:
    """What a plugin prints at the end of the header (viewthread_seed_ipfrom_*.html)."""
    tail = ""
    for child in nodes.children(header):
        if child.is_text_node:
            tail += child.text_content or ""
        elif child.tag == "a" or nodes.has_class(child, "pipe") or nodes.has_class(child, "xg1"):
            tail = ""
        else:
            tail += child.text()
    found = _REGION.search(tail.replace("\xa0", " ").strip())
    return found.group(1).strip() if found else ""
