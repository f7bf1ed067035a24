"""The author of a post and their standing, from the post's left column."""

from __future__ import annotations

import itertools
from datetime import datetime

from selectolax.lexbor import LexborNode

from modbot.domain import Author
from modbot.forums.discuz.pages import identifiers, nodes, times

_DELETED = "该用户已被删除"


def read_author(
    ids: dict[str, LexborNode],
    post_id: int,
    header: LexborNode,
    *,
    now: datetime,
    offset_minutes: int | None,
) -> Author | None:
    """The author of the post whose elements are ``ids`` and whose time stands in
    ``header``, or None when the page names none.

    The name stands at the left (viewthread_seed), at the right where the site puts
    authors there (authoronleft=0), without a link for the anonymous (guests) or with a
    link to the true account (moderators), and as plain text for a deleted account,
    whose uid is only in "只看该作者" (viewthread_variants_p1_modbot).
    """
    column = ids.get(f"favatar{post_id}")
    author = _named(column, header) or _unnamed(column, header)
    if author is None or column is None or author.id is None:
        return author
    figures = _figures(column)
    registered = figures.get("注册时间", "")
    return Author(
        id=author.id,
        name=author.name,
        group_id=_group(column),
        posts=_posts(figures),
        credits=_count(figures, "积分"),
        registered=times.parse_time(registered, now=now, offset_minutes=offset_minutes)
        if registered
        else None,
    )


def _named(column: LexborNode | None, header: LexborNode) -> Author | None:
    left = column.css_first(".pi") if column is not None else None
    for place in (header,) if left is None else (left, header):
        for link in place.css("a"):
            uid = identifiers.in_link("uid", nodes.attribute(link, "href"))
            name = nodes.line(link)
            if uid and name and "viewwarning" not in nodes.attribute(link, "href"):
                return Author(id=uid, name=name)
    return None


def _unnamed(column: LexborNode | None, header: LexborNode) -> Author | None:
    """Anonymous, a guest, or an account that is gone."""
    left = nodes.line(column.css_first(".pi")) if column is not None else ""
    uid = None
    for link in header.css("a"):
        uid = uid or identifiers.in_link("authorid", nodes.attribute(link, "href"))
    name = (left or _before_time(header)).removesuffix(_DELETED).strip()
    return Author(id=uid, name=name) if name or uid else None


def _before_time(header: LexborNode) -> str:
    """Where there is no left column, "匿名" stands before the time."""
    before = itertools.takewhile(lambda child: not _is_time(child), nodes.children(header))
    text = "".join(child.text_content or "" for child in before if child.is_text_node)
    return " ".join(text.split())[: nodes.MAX_NAME_CHARS]


def _is_time(node: LexborNode) -> bool:
    return nodes.attribute(node, "id").startswith("authorposton") if node.is_element_node else False


def _group(column: LexborNode) -> int | None:
    for link in column.css('a[href*="gid="]'):
        group = identifiers.in_link("gid", nodes.attribute(link, "href"))
        if group:
            return group
    return None


def _figures(column: LexborNode) -> dict[str, str]:
    """Label to value, from the number card (``.tns``) and the profile lists (``dl``)."""
    figures: dict[str, str] = {}
    for cell in column.css(".tns th, .tns td"):
        value = cell.css_first("p")
        if value is not None:
            label = nodes.line(cell).removeprefix(nodes.line(value)).strip()
            figures.setdefault(label, _exact(value))
    for label_node in column.css("dl dt"):
        value = label_node.next
        while value is not None and not value.is_element_node:
            value = value.next
        if value is not None and value.tag == "dd":
            figures.setdefault(nodes.line(label_node).rstrip(":： "), _exact(value))
    return figures


def _exact(value: LexborNode) -> str:
    """A number above ten thousand is printed as "1万" with the number in ``title``."""
    titled = value.css_first("span[title]")
    return nodes.attribute(titled, "title") if titled is not None else nodes.line(value)


def _count(figures: dict[str, str], label: str) -> int | None:
    text = figures.get(label)
    return times.parse_number(text) if text is not None else None


def _posts(figures: dict[str, str]) -> int | None:
    """All posts: "帖子" in the 2020 release; since 2022 "主题" and "回帖" apart."""
    posts = _count(figures, "帖子")
    if posts is not None:
        return posts
    replies, threads = _count(figures, "回帖"), _count(figures, "主题")
    return None if replies is None else replies + (threads or 0)
