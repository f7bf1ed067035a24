"""Whose replies are meant by a name or a number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from modbot.store.schema import replies


@dataclass(frozen=True, slots=True)
class Identity:
    """A member of a forum by the forum's own number, under the latest name that was read; a
    guest (``id`` None) by name. ``replies``: how many are stored."""

    forum: str
    id: int | None
    name: str
    replies: int


def find(rx: Connection, who: str, forum: str | None = None) -> list[Identity]:
    """Everybody who may be meant: by number, else by a name that they bear or bore. More than
    one where forums (or former bearers) share it."""
    if who.isdecimal() and int(who) < 2**63:
        numbered = _matching(rx, forum, replies.c.author_id == int(who))
        if numbered:
            return numbered
    return _matching(rx, forum, replies.c.author_name == who)


def _matching(rx: Connection, forum: str | None, condition: ColumnElement[bool]) -> list[Identity]:
    keys = select(replies.c.forum, replies.c.author_id).distinct().where(condition)
    if forum is not None:
        keys = keys.where(replies.c.forum == forum)
    found = []
    for of, author_id in rx.execute(keys.order_by(replies.c.forum, replies.c.author_id)).all():
        own = (replies.c.forum == of) & (
            condition & replies.c.author_id.is_(None)
            if author_id is None
            else replies.c.author_id == author_id
        )
        count = rx.scalar(select(func.count()).select_from(replies).where(own)) or 0
        latest = (
            select(replies.c.author_name)
            .where(own)
            .order_by(replies.c.last_seen.desc(), replies.c.id.desc())
            .limit(1)
        )
        found.append(Identity(of, author_id, rx.scalar(latest) or "", count))
    return found
