"""The people who use the console: names, roles, the places that they work in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, update

from modbot.domain import EVERYWHERE, Role, Scope
from modbot.errors import Conflict, StoreError
from modbot.store import audit
from modbot.store.schema import sessions, users


@dataclass(frozen=True, slots=True)
class User:
    """``language`` None: as their browser says. ``has_password`` False: they come by a link."""

    id: int
    name: str
    role: Role
    scope: Scope
    language: str | None
    has_password: bool
    made_at: datetime
    made_by: str
    disabled_at: datetime | None


def key_of(name: str) -> str:
    """The name as it is compared: two that look alike are one."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def add(
    tx: Connection,
    name: str,
    role: Role,
    *,
    at: datetime,
    made_by: str,
    scope: Scope = EVERYWHERE,
    password_hash: str | None = None,
) -> User:
    """Raises Conflict when there is somebody of that name."""
    if find(tx, name) is not None:
        raise Conflict(code="error.people.name_taken", name=name)
    row = {
        "name": name.strip(),
        "key": key_of(name),
        "password_hash": password_hash,
        "role": role,
        "scope": _scope_columns(scope),
        "made_at": at,
        "made_by": made_by,
    }
    user_id = tx.execute(users.insert().values(row)).inserted_primary_key[0]  # type: ignore[index]
    audit.add(tx, audit.Entry(at, made_by, "user.added", details={"user": user_id, "role": role}))
    return get(tx, user_id)


def get(rx: Connection, user_id: int) -> User:
    """Raises StoreError when there is nobody of that number."""
    row = rx.execute(select(users).where(users.c.id == user_id)).mappings().one_or_none()
    if row is None:
        raise StoreError(code="error.people.unknown", who=user_id)
    return user_of(row)


def find(rx: Connection, name: str) -> User | None:
    row = rx.execute(select(users).where(users.c.key == key_of(name))).mappings().one_or_none()
    return None if row is None else user_of(row)


def listing(rx: Connection) -> list[User]:
    return [user_of(row) for row in rx.execute(select(users).order_by(users.c.key)).mappings()]


def count(rx: Connection) -> int:
    return rx.scalar(select(func.count()).select_from(users)) or 0


def anybody_came(rx: Connection) -> bool:
    """Whether anybody has a password, or was ever signed in."""
    able = rx.scalar(select(func.count()).select_from(users).where(users.c.password_hash.is_not(None)))
    return bool(able or rx.scalar(select(func.count()).select_from(sessions)))


def password_hash(rx: Connection, user_id: int) -> str | None:
    found: str | None = rx.scalar(select(users.c.password_hash).where(users.c.id == user_id))
    return found


def keep_hash(tx: Connection, user_id: int, password_hash: str) -> None:
    """The same password, kept in a stronger way."""
    tx.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))


def set_password(tx: Connection, user: User, password_hash: str, *, at: datetime, by: str) -> None:
    """The caller ends the sessions that are to end with the former one."""
    keep_hash(tx, user.id, password_hash)
    _note(tx, "user.password", user, at=at, by=by)


def set_language(tx: Connection, user_id: int, language: str | None) -> None:
    tx.execute(update(users).where(users.c.id == user_id).values(language=language))


def set_role(tx: Connection, user: User, role: Role, *, at: datetime, by: str) -> None:
    """Raises Conflict when nobody would be left who may do what admins do."""
    if role is not Role.ADMIN:
        _keep_an_admin(tx, user)
    tx.execute(update(users).where(users.c.id == user.id).values(role=role))
    _note(tx, "user.role", user, at=at, by=by, role=role, former=user.role)


def set_scope(tx: Connection, user: User, scope: Scope, *, at: datetime, by: str) -> None:
    columns = _scope_columns(scope)
    tx.execute(update(users).where(users.c.id == user.id).values(scope=columns))
    _note(tx, "user.scope", user, at=at, by=by, scope=columns, former=_scope_columns(user.scope))


def disable(tx: Connection, user: User, *, at: datetime, by: str) -> None:
    """Their sessions, links and tokens are not good for anything from now on. Raises Conflict
    when nobody would be left who may do what admins do."""
    _keep_an_admin(tx, user)
    tx.execute(update(users).where(users.c.id == user.id).values(disabled_at=at))
    _note(tx, "user.disabled", user, at=at, by=by)


def enable(tx: Connection, user: User, *, at: datetime, by: str) -> None:
    tx.execute(update(users).where(users.c.id == user.id).values(disabled_at=None))
    _note(tx, "user.enabled", user, at=at, by=by)


def _keep_an_admin(rx: Connection, user: User) -> None:
    others = select(users.c.id).where(users.c.role == Role.ADMIN, users.c.disabled_at.is_(None))
    if user.role is Role.ADMIN and rx.scalar(others.where(users.c.id != user.id).limit(1)) is None:
        raise Conflict(code="error.people.last_admin", name=user.name)


def _note(tx: Connection, what: str, user: User, *, at: datetime, by: str, **details: object) -> None:
    audit.add(tx, audit.Entry(at, by, what, details={"user": user.id, **details}))


def user_of(row: RowMapping) -> User:
    """The user of a row that holds the columns of ``users``."""
    return User(
        id=row[users.c.id],
        name=row[users.c.name],
        role=Role(row[users.c.role]),
        scope=_scope(row[users.c.scope]),
        language=row[users.c.language],
        has_password=row[users.c.password_hash] is not None,
        made_at=row[users.c.made_at],
        made_by=row[users.c.made_by],
        disabled_at=row[users.c.disabled_at],
    )


def _scope(told: dict[str, list[int] | None] | None) -> Scope:
    if told is None:
        return EVERYWHERE
    return Scope({forum: None if boards is None else frozenset(boards) for forum, boards in told.items()})


def _scope_columns(scope: Scope) -> dict[str, list[int] | None] | None:
    if scope.places is None:
        return None
    return {forum: None if boards is None else sorted(boards) for forum, boards in scope.places.items()}
