"""Where a moderator allowed what a reason flags: in a board, a thread, or a kind of thread.

An exception holds for replies that are judged after it was made, until it is revoked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select, update

from modbot.domain import ExceptionScope, Reason, ThreadKind
from modbot.errors import Conflict, StoreError
from modbot.store import audit, flags
from modbot.store.schema import policy_exceptions as table


class Where(NamedTuple):
    """How far an exception reaches. Without a scope: the flag's thread, and where that is not
    known its board. A scope of KIND needs the kind."""

    scope: ExceptionScope | None = None
    kind: ThreadKind | None = None


HERE = Where()


@dataclass(frozen=True, slots=True)
class PolicyException:
    """``reason`` flags nothing there any more. ``verdict_id`` is the verdict that made it,
    None once that is forgotten; ``board_id`` is told of a thread, too, where known."""

    id: int
    forum: str
    scope: ExceptionScope
    board_id: int | None
    thread_id: int | None
    thread_kind: ThreadKind | None
    reason: Reason
    verdict_id: int | None
    who: str
    note: str
    made_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None

    def covers(self, *, board_id: int | None, thread_id: int | None, kinds: Collection[ThreadKind]) -> bool:
        """Whether a reply stands where this exception holds. ``kinds`` are all that its thread
        is: by the forum's mark, by its board, by the words of its title."""
        if self.scope is ExceptionScope.BOARD:
            return self.board_id == board_id
        if self.scope is ExceptionScope.THREAD:
            return self.thread_id == thread_id
        return self.thread_kind in kinds


def make(
    tx: Connection, flag: flags.Flag, where: Where, *, verdict_id: int, who: str, note: str, at: datetime
) -> PolicyException:
    """Let the flag's reason flag nothing more there.

    Raises StoreError when the forum does not tell where the flagged reply stands.
    """
    scope = where.scope or (ExceptionScope.THREAD if flag.thread_id is not None else ExceptionScope.BOARD)
    place = _place(flag, scope, where.kind)
    values = {
        "forum": flag.forum,
        "scope": scope,
        **place,
        "reason": flag.reason,
        "verdict_id": verdict_id,
        "who": who,
        "note": note,
        "made_at": at,
    }
    made: int = tx.execute(table.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    details = {"exception": made, "scope": scope, "reason": flag.reason, **place}
    audit.add(tx, audit.Entry(at, who, "exception.made", flag.forum, flag.id, flag.reply_id, details))
    return get(tx, made)


def get(rx: Connection, exception_id: int) -> PolicyException:
    """Raises StoreError when there is none of that number."""
    row = rx.execute(select(table).where(table.c.id == exception_id)).mappings().one_or_none()
    if row is None:
        raise StoreError(code="error.store.exception_unknown", exception=exception_id)
    return _exception(row)


def of_verdict(rx: Connection, verdict_id: int) -> PolicyException | None:
    """What an *allow here* made, revoked or not."""
    row = rx.execute(select(table).where(table.c.verdict_id == verdict_id)).mappings().one_or_none()
    return None if row is None else _exception(row)


def listing(rx: Connection, forum: str | None = None, *, revoked: bool = False) -> list[PolicyException]:
    """Those in force (with ``revoked`` the others, too), oldest first."""
    query = select(table).order_by(table.c.id)
    if forum is not None:
        query = query.where(table.c.forum == forum)
    if not revoked:
        query = query.where(table.c.revoked_at.is_(None))
    return [_exception(row) for row in rx.execute(query).mappings()]


def revoke(tx: Connection, exception_id: int, *, who: str, at: datetime) -> PolicyException:
    """Let the reason flag there again. The verdict stays as it is.

    Raises Conflict, naming who did it before, when it is revoked already.
    """
    found = get(tx, exception_id)
    if found.revoked_at is not None:
        when = found.revoked_at.isoformat(timespec="seconds")
        raise Conflict(
            code="error.store.exception_revoked", exception=exception_id, who=found.revoked_by, at=when
        )
    tx.execute(update(table).where(table.c.id == exception_id).values(revoked_at=at, revoked_by=who))
    entry = audit.Entry(at, who, "exception.revoked", found.forum, details={"exception": exception_id})
    audit.add(tx, entry)
    return get(tx, exception_id)


def revoke_of_verdict(tx: Connection, verdict_id: int, *, who: str, at: datetime) -> int | None:
    """Revoke what a verdict made, if that is in force; answers its id."""
    found = of_verdict(tx, verdict_id)
    if found is None or found.revoked_at is not None:
        return None
    return revoke(tx, found.id, who=who, at=at).id


def _place(flag: flags.Flag, scope: ExceptionScope, kind: ThreadKind | None) -> dict[str, Any]:
    places: dict[ExceptionScope, dict[str, Any]] = {
        ExceptionScope.BOARD: {"board_id": flag.board_id},
        ExceptionScope.THREAD: {"thread_id": flag.thread_id, "board_id": flag.board_id},
        ExceptionScope.KIND: {"thread_kind": kind},
    }
    place = places[scope]
    if next(iter(place.values())) is None:
        raise StoreError(code="error.store.exception_nowhere", flag=flag.id, scope=scope)
    return place


def _exception(row: RowMapping) -> PolicyException:
    fields = {name: row[name] for name in PolicyException.__slots__}
    fields["scope"] = ExceptionScope(row["scope"])
    fields["reason"] = Reason(row["reason"])
    fields["thread_kind"] = ThreadKind(row["thread_kind"]) if row["thread_kind"] else None
    return PolicyException(**fields)
