"""One-time sign-in links. The secret is in the link; here is its digest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from modbot.store import audit
from modbot.store.people import User, user_of
from modbot.store.schema import signin_links, users
from modbot.store.sessions import digest_of


def make(tx: Connection, user_id: int, secret: str, *, at: datetime, until: datetime, by: str) -> None:
    """The one link of this user: former ones that nobody used are void."""
    unspent = signin_links.c.spent_at.is_(None)
    tx.execute(delete(signin_links).where(signin_links.c.user_id == user_id, unspent))
    row = {"digest": digest_of(secret), "user_id": user_id, "made_at": at, "until": until}
    tx.execute(signin_links.insert().values(row))
    audit.add(tx, audit.Entry(at, by, "user.link", details={"user": user_id}))


def find(rx: Connection, secret: str, *, now: datetime) -> User | None:
    """Whom this link would sign in; None when it was spent, is too old, or never was."""
    query = (
        select(users)
        .join(signin_links, signin_links.c.user_id == users.c.id)
        .where(signin_links.c.digest == digest_of(secret), signin_links.c.spent_at.is_(None))
        .where(signin_links.c.until > now, users.c.disabled_at.is_(None))
    )
    row = rx.execute(query).mappings().one_or_none()
    return None if row is None else user_of(row)


def spend(tx: Connection, secret: str, *, now: datetime) -> User | None:
    """Use the link up; None as :func:`find`, and when somebody else was first."""
    found = find(tx, secret, now=now)
    if found is None:
        return None
    mark = update(signin_links).where(signin_links.c.digest == digest_of(secret))
    spent = tx.execute(mark.where(signin_links.c.spent_at.is_(None)).values(spent_at=now))
    return found if spent.rowcount == 1 else None


def purge(tx: Connection, *, before: datetime) -> int:
    """Forget links that nobody could use any more at that time; answers how many."""
    return tx.execute(delete(signin_links).where(signin_links.c.until < before)).rowcount
