"""Tokens by which programs act for a user. A token is shown once; here is its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from modbot.errors import StoreError
from modbot.store import audit
from modbot.store.people import User, user_of
from modbot.store.schema import api_tokens, users
from modbot.store.sessions import digest_of

USED_EVERY = timedelta(minutes=5)
"""A use is noted so often, not with every request."""


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    user_id: int
    name: str
    made_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def make(tx: Connection, user: User, name: str, secret: str, *, at: datetime) -> int:
    row = {"user_id": user.id, "name": name, "digest": digest_of(secret), "made_at": at}
    made: int = tx.execute(api_tokens.insert().values(row)).inserted_primary_key[0]  # type: ignore[index]
    audit.add(tx, audit.Entry(at, user.name, "token.made", details={"token": made, "user": user.id}))
    return made


def find(rx: Connection, secret: str) -> tuple[Token, User] | None:
    """The token of this secret with whose it is; None when it is revoked, or its user disabled."""
    query = (
        select(api_tokens, users)
        .join(users, users.c.id == api_tokens.c.user_id)
        .where(api_tokens.c.digest == digest_of(secret), api_tokens.c.revoked_at.is_(None))
        .where(users.c.disabled_at.is_(None))
    )
    row = rx.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Token(**{name: row[api_tokens.c[name]] for name in Token.__slots__}), user_of(row)


def used(tx: Connection, token_id: int, *, at: datetime) -> None:
    tx.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(used_at=at))


def listing(rx: Connection, user_id: int) -> Sequence[Token]:
    """Those of this user that are in force, newest first."""
    columns = [api_tokens.c[name] for name in Token.__slots__]
    query = select(*columns).where(api_tokens.c.user_id == user_id, api_tokens.c.revoked_at.is_(None))
    return [Token(**row) for row in rx.execute(query.order_by(api_tokens.c.id.desc())).mappings()]


def revoke(tx: Connection, token_id: int, *, user_id: int, at: datetime, by: str) -> None:
    """Raises StoreError when this user has no such token in force."""
    own = update(api_tokens).where(api_tokens.c.id == token_id, api_tokens.c.user_id == user_id)
    if tx.execute(own.where(api_tokens.c.revoked_at.is_(None)).values(revoked_at=at)).rowcount == 0:
        raise StoreError(code="error.people.token_unknown")
    audit.add(tx, audit.Entry(at, by, "token.revoked", details={"token": token_id, "user": user_id}))
