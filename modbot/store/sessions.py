"""Who is signed in where. The secret of a session is with its browser; here is its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from modbot.errors import StoreError
from modbot.store import audit, claims
from modbot.store.people import User, user_of
from modbot.store.schema import sessions, users

SEEN_EVERY = timedelta(minutes=5)
"""A visit is noted so often, not with every page."""


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    user_id: int
    address: str
    agent: str
    made_at: datetime
    seen_at: datetime
    until: datetime


def digest_of(secret: str) -> str:
    """64 hex digits. Secrets are random, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def begin(
    tx: Connection,
    user_id: int,
    secret: str,
    *,
    at: datetime,
    until: datetime,
    address: str = "",
    agent: str = "",
) -> int:
    row = {
        "user_id": user_id,
        "digest": digest_of(secret),
        "address": address,
        "agent": agent[:300],
        "made_at": at,
        "seen_at": at,
        "until": until,
    }
    made: int = tx.execute(sessions.insert().values(row)).inserted_primary_key[0]  # type: ignore[index]
    return made


def find(rx: Connection, secret: str, *, now: datetime) -> tuple[Session, User] | None:
    """The session of this secret with whose it is; None when it is over, or its user disabled."""
    query = (
        select(sessions, users)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.digest == digest_of(secret), sessions.c.ended_at.is_(None))
        .where(sessions.c.until > now, users.c.disabled_at.is_(None))
    )
    row = rx.execute(query).mappings().one_or_none()
    if row is None:
        return None
    found = Session(**{name: row[sessions.c[name]] for name in Session.__slots__})
    return found, user_of(row)


def of_browser(rx: Connection, session_id: int) -> tuple[int, str] | None:
    """Whose session this is or was, and its digest: by these a browser is known again that
    somebody has signed in with before."""
    row = rx.execute(
        select(sessions.c.user_id, sessions.c.digest).where(sessions.c.id == session_id)
    ).one_or_none()
    return None if row is None else (row.user_id, row.digest)


def listing(rx: Connection, *, now: datetime, user_id: int) -> Sequence[Session]:
    """Those of this user that are in force, the last seen first."""
    columns = [sessions.c[name] for name in Session.__slots__]
    query = select(*columns).where(sessions.c.ended_at.is_(None), sessions.c.until > now)
    query = query.where(sessions.c.user_id == user_id).order_by(sessions.c.seen_at.desc(), sessions.c.id)
    return [Session(**row) for row in rx.execute(query).mappings()]


def seen(tx: Connection, session_id: int, *, at: datetime, until: datetime) -> None:
    """Note a visit: the session lasts on from here."""
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=at, until=until))


def end(tx: Connection, session_id: int, *, at: datetime) -> None:
    """Sign out; what was claimed there is anybody's again."""
    tx.execute(
        update(sessions).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None)).values(ended_at=at)
    )
    claims.release_session(tx, session_id)


def revoke(tx: Connection, session_id: int, *, user_id: int, at: datetime, by: str) -> None:
    """End a session of this user. Raises StoreError when there is no such one in force."""
    query = select(sessions.c.id).where(sessions.c.id == session_id, sessions.c.user_id == user_id)
    if tx.scalar(query.where(sessions.c.ended_at.is_(None))) is None:
        raise StoreError(code="error.people.session_unknown")
    end(tx, session_id, at=at)
    audit.add(tx, audit.Entry(at, by, "session.revoked", details={"session": session_id, "user": user_id}))


def end_all(tx: Connection, user_id: int, *, at: datetime, but: int | None = None) -> None:
    """End every session of this user, but for one."""
    query = select(sessions.c.id).where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
    for session_id in tx.scalars(query).all():
        if session_id != but:
            end(tx, session_id, at=at)


def purge(tx: Connection, *, before: datetime) -> int:
    """Forget sessions that were over at that time, with where they came from; answers how many."""
    over = or_(sessions.c.until < before, sessions.c.ended_at < before)
    return tx.execute(delete(sessions).where(over)).rowcount
