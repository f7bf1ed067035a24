"""The panel's recycle bins: which boards have one (``action=recyclebinpost``)."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.errors import Unreadable
from modbot.forums.discuz.pages import documents
from modbot.forums.discuz.pages.panel import numbers_of


@dataclass(frozen=True, slots=True)
class BinPage:
    """``boards`` are those of the account's with a recycle bin; the panel remembers them
    from when it was entered. ``post_tables``: a forum that has split its posts."""

    boards: frozenset[int]
    post_tables: tuple[int, ...]


def parse_bin(html: str) -> BinPage:
    """``mod=modcp&action=recyclebinpost`` or ``action=recyclebin``. Raises Unreadable for
    another page."""
    tree = documents.parse(html)
    if tree.css_first('form[action*="action=recyclebin"] select[name="fid"]') is None:
        raise Unreadable(code="error.forum.page_unreadable", page="recycle_bin", problem="no_bin_form")
    return BinPage(
        boards=frozenset(numbers_of(tree, "fid")),
        post_tables=numbers_of(tree, "posttableid"),
    )


def parse_boards(html: str) -> frozenset[int]:
    """All boards of the account's, from the search's form (``action=thread&op=post``)."""
    tree = documents.parse(html)
    if tree.css_first('input[name="useip"]') is None:
        raise Unreadable(code="error.forum.page_unreadable", page="panel_search", problem="no_search_form")
    return frozenset(number for number in numbers_of(tree, "fid") if number)
