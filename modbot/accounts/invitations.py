"""One-time links by which somebody comes in without a password."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from modbot.domain import Role
from modbot.settings import Loaded
from modbot.store import links, people
from modbot.store.people import User

LASTS = timedelta(minutes=10)
FIRST = "admin"


def invite(tx: Connection, user: User, *, base: str, at: datetime, by: str) -> str:
    """An address that signs ``user`` in, once and within ten minutes; former ones are void."""
    secret = secrets.token_urlsafe(32)
    links.make(tx, user.id, secret, at=at, until=at + LASTS, by=by)
    return f"{base.rstrip('/')}/link/{secret}"


def first_user(tx: Connection, *, at: datetime, by: str) -> User | None:
    """The admin who is to be invited, made when there is nobody; None as soon as anybody has
    ever been able to come in."""
    if people.anybody_came(tx):
        return None
    found = [user for user in people.listing(tx) if user.role is Role.ADMIN and user.disabled_at is None]
    if found:
        return found[0]
    if people.find(tx, FIRST) is not None:
        return None  # somebody made them, and another role of them
    return people.add(tx, FIRST, Role.ADMIN, at=at, made_by=by)


def base_of(loaded: Loaded) -> str:
    """Where people reach the console, as far as the settings say."""
    chosen = loaded.settings.console
    return chosen.url or f"http://{chosen.listen}"


def is_exposed(loaded: Loaded) -> bool:
    """Whether it listens on more than this machine's own address without saying that it is
    reached by https."""
    chosen = loaded.settings.console
    host = chosen.listen.rpartition(":")[0].strip("[]")
    is_local = host in {"localhost", "::1"} or host.startswith("127.")
    return bool(chosen.listen) and not is_local and urlsplit(chosen.url).scheme != "https"
