"""Page numbers and counts that stand beside a list."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from modbot.forums.discuz.pages import documents, nodes, times

MAX_PAGES = 1_000_000


def read_pager(html: str) -> tuple[int, int]:
    """``(page, pages)`` of the first ``div.pg`` in a piece of a page; (1, 1) without one.

    The thread page's own pager stands above its posts (viewthread_long_p5_modbot);
    a page beyond the last answers as the last one (viewthread_long_beyond_guest).
    """
    start = html.find('class="pg"')
    return of_tree(documents.parse(html[max(start - 5, 0) : start + 5_000])) if start >= 0 else (1, 1)


def of_tree(tree: LexborHTMLParser) -> tuple[int, int]:
    frame = tree.css_first("div.pg")
    if frame is None:
        return 1, 1
    page = count(frame.css_first("strong")) or 1
    numbers = [count(link) or 0 for link in frame.css("a")]
    total = frame.css_first("label span[title]")
    if total is not None:
        numbers.append(times.parse_number(nodes.attribute(total, "title").strip("共 页")) or 0)
    page = min(max(page, 1), MAX_PAGES)
    return page, min(max([page, *numbers]), MAX_PAGES)


def count(node: LexborNode | None) -> int | None:
    """A count in a node; one above ten thousand has the exact number in a ``title``."""
    if node is None:
        return None
    titled = node if nodes.attribute(node, "title").isdecimal() else node.css_first("span[title]")
    text = nodes.attribute(titled, "title") if titled is not None else ""
    return times.parse_number(text or nodes.line(node).removeprefix("... "))
