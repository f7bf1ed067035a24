"""What a new reading of a known reply makes of the stored one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from modbot.domain import Reply, ThreadKind
from modbot.store import rows
from modbot.store.types import text_digest

_OF_THE_AUTHOR = (
    *("author_id", "author_name", "author_group", "author_posts", "author_credits", "author_registered"),
    *("region", "client", "links"),
)
_NOT_ERASED = (
    *("thread_id", "thread_title", "board_id", "author_id", "author_name", "author_group", "author_posts"),
    *("author_credits", "author_registered", "posted_at", "floor", "region", "client", "links"),
)


def is_changed(row: RowMapping | None, reply: Reply) -> bool:
    """Whether the author has written other words since (None: it is new)."""
    if row is None:
        return True
    if not reply.text and (reply.hidden or reply.pending):
        return False  # the page withholds the text; that is no edit
    return bool(row["digest"] != text_digest(reply.text, reply.quoted))


def merged(row: RowMapping, reply: Reply) -> dict[str, Any]:
    """The columns that pages tell of. A reading that knows less never erases what a fuller one
    knew, and of an author who was forgotten nothing comes back with the same words."""
    found = rows.reply_columns(reply)
    for name in _NOT_ERASED:
        if not found[name]:
            found[name] = row[name]
    if not reply.thread_title and reply.thread_kind is ThreadKind.NORMAL:
        found["thread_kind"] = row["thread_kind"]
    if not reply.text and row["images"]:
        found["images"] = row["images"]
    if row["forgotten_at"] is not None and not is_changed(row, reply):
        title = ("thread_title",) if row["floor"] == 1 else ()
        found.update({name: row[name] for name in (*_OF_THE_AUTHOR, *title)})
    found["is_thread_author"] = reply.is_thread_author or row["is_thread_author"]
    return found
