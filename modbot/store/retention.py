"""What is forgotten with time: the words of what passed, then flags with all that hangs on them.

What stays of a reply for good is that it was there: identity, times, and the digests of
its texts, so that it is never taken for new, and an edit is still seen. What undoing a
hide that is in effect needs stays, as does which text a human put back. Labels carry
their own text and stay until they are forgotten themselves.

Each step finds what it may forget in a read, a page at a time, and forgets a few at a time
in writes of their own, asking once more: meanwhile a reply may have been edited or flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from modbot.domain import OutboxState
from modbot.store import aliases, search_index
from modbot.store.actions import UNSETTLED
from modbot.store.schema import (
    FORGOTTEN,
    audit,
    campaigns,
    decisions,
    flags,
    openings,
    outbox,
    replies,
    revisions,
    standing_decisions,
    verdicts,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Texts of what passed before ``texts`` go, and flags closed before ``flags`` with the
    audit before that. ``texts`` is never within the window of the duplicate index. Standing
    decisions revoked before ``flags`` go, and those whose last copy was before ``standing``:
    they decided no more from some time before ``flags`` on."""

    texts: datetime
    flags: datetime
    standing: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """``find`` answers up to ``limit`` keys after the given one, in order; ``forget`` those of
    the given that may still go, and how many that was."""

    name: str
    find: Callable[[Connection, Limits, Key | None, int], list[Key]]
    forget: Callable[[Connection, Limits, Sequence[Key]], int]


def _find_flags(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    """Replies whose flags may all go."""
    query = select(replies.c.id).where(
        replies.c.id.in_(select(flags.c.reply_id).where(flags.c.closed_at < limits.flags)),
        *_settled_for_good(limits),
    )
    return _page(rx, query, replies.c.id, after, limit)


def _forget_flags(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    chosen = select(replies.c.id).where(replies.c.id.in_(_ids(keys)), *_settled_for_good(limits))
    ids = list(tx.scalars(chosen))
    for table in (verdicts, outbox):
        tx.execute(delete(table).where(table.c.reply_id.in_(ids)))
    return tx.execute(delete(flags).where(flags.c.reply_id.in_(ids))).rowcount


def _find_texts(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    """Replies whose words may go, and that have any."""
    query = select(replies.c.id).where(*_is_past(limits), _says_something())
    return _page(rx, query, replies.c.id, after, limit)


def _forget_texts(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    ids = list(tx.scalars(select(replies.c.id).where(replies.c.id.in_(_ids(keys)), *_is_past(limits))))
    of_these = decisions.c.reply_id.in_(ids)
    search_index.forget(tx, ids)
    tx.execute(update(revisions).where(revisions.c.reply_id.in_(ids)).values(text="", quoted=""))
    tx.execute(delete(decisions).where(of_these, ~_is_flagged()))
    tx.execute(update(decisions).where(of_these).values(signals=[], repetition=None, canonical=""))
    known = exists().where(decisions.c.id == replies.c.decision_id)
    judged: dict[str, Any] = {"decision_id": case((known, replies.c.decision_id), else_=FORGOTTEN)}
    tx.execute(update(replies).where(replies.c.id.in_(ids)).values({**judged, "links": []}))
    return len(ids)


def _find_openings(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    key = (openings.c.forum, openings.c.thread_id)
    return _page(rx, select(*key).where(*_is_unread(limits)), key, after, limit)


def _forget_openings(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    key = tuple_(openings.c.forum, openings.c.thread_id)
    return tx.execute(delete(openings).where(key.in_(keys), *_is_unread(limits))).rowcount


def _find_campaigns(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    key = (campaigns.c.forum, campaigns.c.id)
    return _page(rx, select(*key).where(*_is_over(limits)), key, after, limit)


def _forget_campaigns(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    key = tuple_(campaigns.c.forum, campaigns.c.id)
    gone = tx.execute(select(campaigns.c.forum, campaigns.c.id).where(key.in_(keys), *_is_over(limits))).all()
    for forum, campaign in gone:
        member = and_(replies.c.forum == forum, replies.c.campaign == campaign)
        tx.execute(update(replies).where(member).values(campaign=None))
        aliases.forget(tx, forum, campaign)
    return tx.execute(delete(campaigns).where(key.in_([tuple(row) for row in gone]))).rowcount


def _find_audit(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    return _page(rx, select(audit.c.id).where(*_is_history(limits)), audit.c.id, after, limit)


def _forget_audit(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    return tx.execute(delete(audit).where(audit.c.id.in_(_ids(keys)), *_is_history(limits))).rowcount


def _find_standing(rx: Connection, limits: Limits, after: Key | None, limit: int) -> list[Key]:
    query = select(standing_decisions.c.id).where(_decides_no_more(limits))
    return _page(rx, query, standing_decisions.c.id, after, limit)


def _forget_standing(tx: Connection, limits: Limits, keys: Sequence[Key]) -> int:
    chosen = and_(standing_decisions.c.id.in_(_ids(keys)), _decides_no_more(limits))
    return tx.execute(delete(standing_decisions).where(chosen)).rowcount


STEPS = (
    Step("flags", _find_flags, _forget_flags),
    Step("texts", _find_texts, _forget_texts),
    Step("openings", _find_openings, _forget_openings),
    Step("campaigns", _find_campaigns, _forget_campaigns),
    Step("audit", _find_audit, _forget_audit),
    Step("standing", _find_standing, _forget_standing),
)
"""In their order: what a flag needs goes only after it."""


def _settled_for_good(limits: Limits) -> tuple[ColumnElement[bool], ...]:
    """No flag of the reply is open or young, and no removal of ours is, or may be, in effect."""
    ours = (replies.c.our_hide.is_(None), replies.c.our_delete.is_(None))
    return (_no_flag_matters(limits), *ours, _nothing_under_way())


def _is_past(limits: Limits) -> tuple[ColumnElement[bool], ...]:
    """The reply was judged, no flag of it matters, and it has not been edited for long."""
    young = exists().where(revisions.c.reply_id == replies.c.id, revisions.c.seen_at >= limits.texts)
    return (
        replies.c.first_seen < limits.texts,
        func.coalesce(replies.c.posted_at, replies.c.first_seen) < limits.texts,
        replies.c.decision_id.is_not(None),
        replies.c.parked.is_(None),
        _no_flag_matters(limits),
        _nothing_under_way(),
        ~young,
    )


def _no_flag_matters(limits: Limits) -> ColumnElement[bool]:
    matters = or_(flags.c.closed_at.is_(None), flags.c.closed_at >= limits.flags)
    return ~exists().where(flags.c.reply_id == replies.c.id, matters)


def _nothing_under_way() -> ColumnElement[bool]:
    """Neither is an action waiting, nor was one given up that may have taken effect."""
    unproved = and_(outbox.c.state == OutboxState.DEAD, outbox.c.uncertain)
    waiting = or_(outbox.c.state.in_(UNSETTLED), unproved)
    return ~exists().where(outbox.c.reply_id == replies.c.id, waiting)


def _says_something() -> ColumnElement[bool]:
    words = or_(revisions.c.text != "", revisions.c.quoted != "")
    evidence = or_(
        decisions.c.canonical != "",
        cast(decisions.c.signals, String) != "[]",
        decisions.c.repetition.is_not(None),
        ~_is_flagged(),
    )
    return or_(
        exists().where(revisions.c.reply_id == replies.c.id, words),
        exists().where(decisions.c.reply_id == replies.c.id, evidence),
        cast(replies.c.links, String) != "[]",
    )


def _is_flagged() -> ColumnElement[bool]:
    return exists().where(flags.c.decision_id == decisions.c.id)


def _is_unread(limits: Limits) -> tuple[ColumnElement[bool], ...]:
    """An opening text of a thread that is read no more, and in which no flag is open."""
    flagged = (
        select(replies.c.forum, replies.c.thread_id)
        .join(flags, flags.c.reply_id == replies.c.id)
        .where(flags.c.closed_at.is_(None), replies.c.thread_id.is_not(None))
    )
    key = tuple_(openings.c.forum, openings.c.thread_id)
    return (openings.c.seen_at < limits.texts, key.not_in(flagged))


def _is_over(limits: Limits) -> tuple[ColumnElement[bool], ...]:
    """A campaign that was last seen before, and that no flag speaks of."""
    named = exists().where(flags.c.forum == campaigns.c.forum, flags.c.campaign == campaigns.c.id)
    return (campaigns.c.last_seen < limits.texts, ~named)


def _is_history(limits: Limits) -> tuple[ColumnElement[bool], ...]:
    """An old entry about nothing that is still open."""
    about_open = exists().where(flags.c.reply_id == audit.c.reply_id, flags.c.closed_at.is_(None))
    return (audit.c.at < limits.flags, ~about_open)


def _decides_no_more(limits: Limits) -> ColumnElement[bool]:
    return or_(
        standing_decisions.c.revoked_at < limits.flags, standing_decisions.c.last_copy_at < limits.standing
    )


def _ids(keys: Sequence[Key]) -> list[int]:
    return [key[0] for key in keys]


def _page(rx: Connection, query: Any, key: Any, after: Key | None, limit: int) -> list[Key]:
    columns = key if isinstance(key, tuple) else (key,)
    if after is not None:
        query = query.where(tuple_(*columns) > after if len(columns) > 1 else columns[0] > after[0])
    return [tuple(row) for row in rx.execute(query.order_by(*columns).limit(limit))]
