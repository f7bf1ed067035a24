"""Who is signed in where. The secret of a session is with its browser; here is its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from modbot.store import claims
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


def seen(tx: Connection, session_id: int, *, at: datetime, until: datetime) -> None:
    """Note a visit: the session lasts on from here."""
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=at, until=until))


def end(tx: Connection, session_id: int, *, at: datetime) -> None:
    """Sign out; what was claimed there is anybody's again."""
    tx.execute(
        update(sessions).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None)).values(ended_at=at)
    )
    claims.release_session(tx, session_id)
