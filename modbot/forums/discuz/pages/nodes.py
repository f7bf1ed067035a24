"""Small questions to a lexbor node."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

MAX_NAME_CHARS = 200

_SPACE = re.compile(r"\s+")


def attribute(node: LexborNode, name: str) -> str:
    """The attribute's value, "" when it is missing or has none."""
    return node.attributes.get(name) or ""


def has_class(node: LexborNode, name: str) -> bool:
    return name in attribute(node, "class").split()


def line(node: LexborNode | None, limit: int = MAX_NAME_CHARS) -> str:
    """The node's text in one line, capped; "" for no node."""
    if node is None:
        return ""
    return _SPACE.sub(" ", node.text()[: limit * 20]).strip()[:limit]


def children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def by_id(node: LexborNode) -> dict[str, LexborNode]:
    """Every element under ``node`` by its id; the first of an id wins.

    What the forum itself prints stands before what members wrote, so a member who
    may write HTML cannot put another element in its place.
    """
    found: dict[str, LexborNode] = {}
    for element in node.css("[id]"):
        found.setdefault(attribute(element, "id"), element)
    return found
