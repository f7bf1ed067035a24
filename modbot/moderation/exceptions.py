"""Policy exceptions as moderators meet them: how far one reaches, and which flags it covers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import ExceptionScope, Reason, Reply, ThreadKind
from modbot.store import exceptions, flags, inbox
from modbot.store.engine import Store
from modbot.store.exceptions import PolicyException, Where

MOST = 10_000

KindsOf = Callable[[Reply], Sequence[ThreadKind]]
"""All that a reply's thread is: by the forum's mark, by settings, by the words of its title."""


def is_broad(reason: Reason, scope: ExceptionScope | None) -> bool:
    """Whether an exception would open a whole board, or more, to adverts."""
    return reason is Reason.SPAM and scope in (ExceptionScope.BOARD, ExceptionScope.KIND)


def resolved(rx: Connection, flag: flags.Flag, where: Where, kinds_of: KindsOf) -> Where:
    """``where`` with the kind of the flag's thread, if a kind is meant and none is named."""
    if where.scope is not ExceptionScope.KIND or where.kind is not None:
        return where
    reply = inbox.load(rx, [flag.reply_id])[flag.reply_id].reply
    telling = [kind for kind in kinds_of(reply) if kind is not ThreadKind.NORMAL]
    return where._replace(kind=telling[0] if telling else None)


def covered(rx: Connection, exception: PolicyException, kinds_of: KindsOf) -> list[flags.Flag]:
    """The open flags that the exception would not have let come up: by its reason alone."""
    by_board = exception.board_id if exception.scope is ExceptionScope.BOARD else None
    by_thread = exception.thread_id if exception.scope is ExceptionScope.THREAD else None
    wanted = flags.Filter(
        forum=exception.forum, reasons=(exception.reason,), board_id=by_board, thread_id=by_thread
    )
    found = flags.find(rx, wanted, order=flags.Order.OLDEST, limit=MOST)
    if exception.scope is not ExceptionScope.KIND:
        return found
    stored = inbox.load(rx, [flag.reply_id for flag in found])
    return [flag for flag in found if exception.thread_kind in kinds_of(stored[flag.reply_id].reply)]


def revoke(store: Store, exception_id: int, *, who: str, clock: Callable[[], datetime]) -> PolicyException:
    """Let the reason flag there again, from the next judging on. Raises Conflict when somebody
    revoked it before."""
    with store.write(lasting=True) as tx:
        return exceptions.revoke(tx, exception_id, who=who, at=clock())
