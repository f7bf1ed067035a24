"""Which card of the queue is before whom. A claim keeps two people from one card; it is a
lease, and no lock: who decides late gets a Conflict from the flag's version all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from modbot.store.groups import Key
from modbot.store.schema import claims, users


@dataclass(frozen=True, slots=True)
class Claim:
    """``card`` as :func:`card_of` names it."""

    forum: str
    card: str
    user_id: int
    user_name: str
    session_id: int | None
    since: datetime
    until: datetime


def card_of(key: Key) -> str:
    """The name of a card: its campaign, else its author."""
    if key.campaign is not None:
        return f"campaign:{key.campaign}"
    if key.author_id is not None:
        return f"author:{key.author_id}"
    return f"guest:{key.author_name}"


def listing(rx: Connection, *, now: datetime, user_id: int | None = None) -> list[Claim]:
    """Every claim in force; without those of ``user_id``."""
    query = select(claims, users.c.name.label("user_name")).join(users, users.c.id == claims.c.user_id)
    query = query.where(claims.c.until > now)
    if user_id is not None:
        query = query.where(claims.c.user_id != user_id)
    return [Claim(**{name: row[name] for name in Claim.__slots__}) for row in rx.execute(query).mappings()]


def take(
    tx: Connection,
    forum: str,
    card: str,
    *,
    user_id: int,
    session_id: int | None,
    now: datetime,
    until: datetime,
) -> Claim | None:
    """Claim the card, or lengthen one's own claim. Answers whose it is when somebody else has
    it, None when it is ours."""
    [*found] = [
        one for one in listing(tx, now=now, user_id=user_id) if (one.forum, one.card) == (forum, card)
    ]
    if found:
        return found[0]
    tx.execute(delete(claims).where(claims.c.forum == forum, claims.c.card == card))
    row = {"forum": forum, "card": card, "user_id": user_id, "session_id": session_id}
    tx.execute(claims.insert().values({**row, "since": now, "until": until}))
    return None


def release(tx: Connection, user_id: int, cards: Sequence[tuple[str, str]] | None = None) -> None:
    """Give up one's own claims: those on ``(forum, card)``, or all."""
    own = delete(claims).where(claims.c.user_id == user_id)
    if cards is None:
        tx.execute(own)
    for forum, card in cards or ():
        tx.execute(own.where(claims.c.forum == forum, claims.c.card == card))


def release_others(tx: Connection, user_id: int, session_id: int | None, but: tuple[str, str] | None) -> None:
    """Give up what this person claimed in this session, but for one ``(forum, card)``."""
    own = delete(claims).where(
        claims.c.user_id == user_id, claims.c.session_id.is_not_distinct_from(session_id)
    )
    if but is not None:
        own = own.where(or_(claims.c.forum != but[0], claims.c.card != but[1]))
    tx.execute(own)


def release_session(tx: Connection, session_id: int) -> None:
    tx.execute(delete(claims).where(claims.c.session_id == session_id))


def purge(tx: Connection, *, before: datetime) -> int:
    """Forget claims that had run out at that time; answers how many."""
    return tx.execute(delete(claims).where(claims.c.until < before)).rowcount
