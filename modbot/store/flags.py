"""Decisions other than allow, as moderators see them.

At most one flag of a reply is open (pending or hidden). A verdict closes it; a new
judgement of the reply while it is open replaces it. Every change counts ``version`` up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, exists, func, select, update

from modbot.domain import Decision, DecisionKind, FlagState, Label, Reason, ReplyKey, Visibility
from modbot.errors import Conflict, StoreError
from modbot.store import actions, audit, outbox, rows
from modbot.store.flag_filter import OPEN, Filter, conditions
from modbot.store.schema import flags, replies, revisions, verdicts
from modbot.store.schema import outbox as table

__all__ = [
    "OPEN",
    "SET_ASIDE",
    "ActionState",
    "Filter",
    "Flag",
    "Opened",
    "Order",
    "change",
    "count",
    "doubt",
    "find",
    "get",
    "open",
    "open_first",
    "open_of",
    "transition",
]

_member = replies.alias("member")
SET_ASIDE = "@"
"""In the name of a forum: its history before a roll-back, which nobody works on."""


class ActionState(StrEnum):
    """What became of the latest action for a flag. ``pending``: waiting or under way."""

    NONE = "none"
    PENDING = "pending"
    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    GONE = "gone"
    UNKNOWN = "unknown"
    DEAD = "dead"


class Order(StrEnum):
    """``TEACHES``: those first that the model is least sure about (see ``doubt``)."""

    BEST = "best"
    OLDEST = "oldest"
    NEWEST = "newest"
    TEACHES = "teaches"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag with the reply that it is about, as a list shows it.

    ``text`` is the flagged revision's; ``is_edited`` tells that the reply's text is
    another one now. ``would_hide``: policy would have hidden it had mode, brake and
    evidence allowed that. ``shown_at`` None: the queue's budget keeps it out of sight.
    ``campaign_size`` counts all replies of its campaign (0 without one).
    """

    id: int
    forum: str
    state: FlagState
    action_state: ActionState
    would_hide: bool
    reason: Reason
    label: Label
    score: float
    campaign: str | None
    campaign_size: int
    superseded_by: int | None
    shown_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    version: int
    reply_id: int
    revision_id: int
    decision_id: int
    post_id: int
    thread_id: int | None
    thread_title: str
    board_id: int | None
    author_id: int | None
    author_name: str
    posted_at: datetime | None
    floor: int | None
    text: str
    is_edited: bool
    visibility: Visibility
    hidden_by_us: bool

    @property
    def key(self) -> ReplyKey:
        return ReplyKey(self.forum, self.post_id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class Opened(NamedTuple):
    """What a flag is opened for: a revision of a reply, and its judgement."""

    revision_id: int
    decision_id: int
    decision: Decision
    campaign: str | None


def open(
    tx: Connection,
    *,
    forum: str,
    reply_id: int,
    revision_id: int,
    decision_id: int,
    decision: Decision,
    campaign: str | None,
    at: datetime,
    shown: bool = True,
    who: str = "modbot",
) -> int | None:
    """Open a flag; answers its id, or None when a human has decided about this revision
    already (that is never asked twice).

    An open flag of the same revision is brought up to date and keeps its number. One of
    an earlier revision is closed as superseded: its waiting unasked actions are
    cancelled, those under way and the hide in effect pass to the new flag.
    """
    if decision.reason is None:
        raise ValueError("a decision without a reason opens no flag")
    if _decided_by_human(tx, reply_id, revision_id):
        return None
    judged = _judged(decision_id, decision, campaign)
    old = tx.execute(
        select(flags).where(flags.c.reply_id == reply_id, flags.c.closed_at.is_(None))
    ).one_or_none()
    if decision.kind is not DecisionKind.HIDE:
        outbox.cancel_unasked(tx, reply_id, at=at)
    if shown and (old is None or old.shown_at is None):
        judged["shown_at"] = at
    if old is not None and old.revision_id == revision_id:
        flag_id: int = old.id
        change(tx, flag_id, **judged)
    else:
        about = {"forum": forum, "reply_id": reply_id, "revision_id": revision_id}
        flag_id = _insert(tx, old, {**about, **judged}, at)
    replaced = old.id if old is not None else None
    audit.add(tx, _judged_entry(flag_id, replaced, (forum, reply_id, decision), at, who))
    return flag_id


def open_first(
    tx: Connection, forum: str, opened: Mapping[int, Opened], *, at: datetime, shown: bool = True
) -> dict[int, int]:
    """What ``open`` does, at once, for those of the replies (``opened`` by reply row id) that
    never had a flag and that nothing was done to by us; answers their flags. The others are left out."""
    flagged = exists().where(flags.c.reply_id == replies.c.id)
    under_way = exists().where(table.c.reply_id == replies.c.id, table.c.state.in_(outbox.UNSETTLED))
    ours = replies.c.our_hide.is_not(None) | replies.c.our_delete.is_not(None)
    fresh = select(replies.c.id, replies.c.author_id).where(~flagged, ~under_way, ~ours)
    chosen: dict[int, int | None] = {
        row.id: row.author_id
        for chunk in rows.chunks(list(opened))
        for row in tx.execute(fresh.where(replies.c.id.in_(chunk)))
    }
    if not chosen:
        return {}
    values = [
        {
            "forum": forum,
            "reply_id": reply_id,
            "revision_id": opened[reply_id].revision_id,
            "writer_id": writer_id,
            **_judged(*opened[reply_id][1:]),
            "shown_at": at if shown else None,
            "state": FlagState.PENDING,
            "action_state": ActionState.NONE,
            "opened_at": at,
            "version": 1,
        }
        for reply_id, writer_id in sorted(chosen.items())
    ]
    made = tx.execute(flags.insert().returning(flags.c.reply_id, flags.c.id), values)
    found = {row.reply_id: row.id for row in made}
    audit.add(
        tx,
        *(
            _judged_entry(flag_id, None, (forum, reply_id, opened[reply_id].decision), at)
            for reply_id, flag_id in found.items()
        ),
    )
    return found


def get(rx: Connection, flag_id: int) -> Flag:
    """One flag. Raises StoreError when there is none of that number."""
    row = rx.execute(_query().where(flags.c.id == flag_id)).mappings().one_or_none()
    if row is None:
        raise StoreError(code="error.store.flag_unknown", flag=flag_id)
    return _flag(row)


def find(
    rx: Connection,
    wanted: Filter | None = None,
    *,
    order: Order = Order.BEST,
    limit: int = 100,
    offset: int = 0,
) -> list[Flag]:
    """Flags that meet the filter (without one: every open flag), best first unless told."""
    query = _query().where(*conditions(wanted or Filter())).limit(limit).offset(offset)
    orders: dict[Order, tuple[ColumnElement[Any], ...]] = {
        Order.BEST: (flags.c.score.desc(), flags.c.id),
        Order.OLDEST: (flags.c.opened_at, flags.c.id),
        Order.NEWEST: (flags.c.opened_at.desc(), flags.c.id.desc()),
        Order.TEACHES: (doubt().desc(), flags.c.id),
    }
    return [_flag(row) for row in rx.execute(query.order_by(*orders[order])).mappings()]


def count(rx: Connection, wanted: Filter | None = None) -> int:
    query = select(func.count()).select_from(flags.join(replies, replies.c.id == flags.c.reply_id))
    return rx.scalar(query.where(*conditions(wanted or Filter()))) or 0


def doubt() -> ColumnElement[float]:
    """How near a flag's score is to the threshold that it passed: 1 is upon it. 0 where there
    was none: counts decided, and a verdict moves no threshold."""
    return 1.0 - func.abs(flags.c.score - func.coalesce(flags.c.threshold, flags.c.score - 1.0))


def open_of(rx: Connection, reply_ids: Sequence[int]) -> dict[int, int]:
    """The open flags of these replies: reply row id → flag id."""
    query = select(flags.c.reply_id, flags.c.id).where(
        flags.c.reply_id.in_(reply_ids), flags.c.closed_at.is_(None)
    )
    return {row.reply_id: row.id for row in rx.execute(query)}


def transition(
    tx: Connection,
    flag_id: int,
    *,
    from_version: int,
    to: FlagState,
    at: datetime,
    who: str,
    why: str = "",
) -> None:
    """Compare and set: move the flag to ``to`` if it is still what the caller saw.

    For what is no verdict (a reply that is gone, a text that was edited into a decent
    one). Raises Conflict when somebody was first.
    """
    flag = get(tx, flag_id)
    if flag.version != from_version:
        raise Conflict(
            code="error.store.flag_changed", flag=flag_id, found=flag.version, expected=from_version
        )
    change(tx, flag_id, state=to, closed_at=None if to in OPEN else at)
    if to not in OPEN:
        outbox.cancel_unasked(tx, flag.reply_id, at=at)
    details = {"from": flag.state, "to": to, "why": why}
    audit.add(tx, audit.Entry(at, who, "flag.moved", flag.forum, flag_id, flag.reply_id, details))


def change(tx: Connection, flag_id: int, **columns: object) -> None:
    """Set columns and count the version up. For this package; others use ``transition``."""
    values = {**columns, "version": flags.c.version + 1}
    tx.execute(update(flags).where(flags.c.id == flag_id).values(values))


def _insert(tx: Connection, old: Row[Any] | None, values: Mapping[str, Any], at: datetime) -> int:
    reply_id = values["reply_id"]
    if old is not None:
        change(tx, old.id, state=FlagState.WITHDRAWN, closed_at=at)
        outbox.cancel_unasked(tx, reply_id, at=at)
    about = select(replies.c.author_id, replies.c.our_hide).where(replies.c.id == reply_id)
    writer_id, our_hide = tx.execute(about).one()
    hidden = our_hide is not None
    asks = hidden and not values["would_hide"]  # a human, about a text that is hidden for an earlier one
    row = {
        "shown_at": at if asks else old.shown_at if old is not None else None,
        **values,
        "writer_id": writer_id,
        "state": FlagState.PENDING,
        "action_state": ActionState.DONE if hidden else ActionState.NONE,
        "opened_at": at,
        "hidden_at": old.hidden_at if old is not None and not asks else None,
        "restored_at": old.restored_at if old is not None else None,
        "version": 1,
    }
    flag_id: int = tx.execute(flags.insert().values(row)).inserted_primary_key[0]  # type: ignore[index]
    if old is not None:
        outbox.hand_over(tx, old.id, flag_id)
        passed_on = {} if asks else {"hidden_at": None}
        tx.execute(update(flags).where(flags.c.id == old.id).values(superseded_by=flag_id, **passed_on))
    actions.sync_open_flag(tx, reply_id)
    return flag_id


def _judged(decision_id: int, decision: Decision, campaign: str | None) -> dict[str, Any]:
    return {
        "decision_id": decision_id,
        "would_hide": DecisionKind.HIDE in (decision.kind, decision.would_be),
        "reason": decision.reason,
        "label": decision.label,
        "score": float(decision.score),
        "threshold": None if decision.threshold is None else float(decision.threshold),
        "campaign": campaign,
    }


def _judged_entry(
    flag_id: int, old: int | None, about: tuple[str, int, Decision], at: datetime, who: str = "modbot"
) -> audit.Entry:
    forum, reply_id, decision = about
    details = {
        "reason": decision.reason,
        "label": decision.label,
        "score": round(float(decision.score), 4),
        "decision": decision.kind,
        "would_be": decision.would_be,
        "replaces": old if old != flag_id else None,
    }
    what = "flag.rejudged" if old == flag_id else "flag.opened"
    return audit.Entry(at, who, what, forum, flag_id, reply_id, details)


def _decided_by_human(tx: Connection, reply_id: int, revision_id: int) -> bool:
    query = (
        select(verdicts.c.id)
        .join(flags, flags.c.id == verdicts.c.flag_id)
        .where(flags.c.reply_id == reply_id, flags.c.revision_id == revision_id)
        .where(verdicts.c.undone_at.is_(None))
        .limit(1)
    )
    return tx.scalar(query) is not None


def _query() -> Select[Any]:
    size = (
        select(func.count())
        .select_from(_member)
        .where(_member.c.forum == flags.c.forum, _member.c.campaign == flags.c.campaign)
        .scalar_subquery()
    )
    about = ("post_id", "thread_id", "thread_title", "board_id", "author_id", "author_name")
    return (
        select(
            flags,
            *(replies.c[name] for name in (*about, "posted_at", "floor")),
            replies.c.visibility,
            replies.c.our_hide.is_not(None).label("hidden_by_us"),
            (replies.c.revision_id != flags.c.revision_id).label("is_edited"),
            revisions.c.text,
            size.label("campaign_size"),
        )
        .join(replies, replies.c.id == flags.c.reply_id)
        .join(revisions, revisions.c.id == flags.c.revision_id)
    )


def _flag(row: RowMapping) -> Flag:
    fields = {name: row[name] for name in Flag.__slots__}
    fields["state"] = FlagState(row["state"])
    fields["action_state"] = ActionState(row["action_state"])
    fields["reason"] = Reason(row["reason"])
    fields["label"] = Label(row["label"])
    fields["visibility"] = Visibility(row["visibility"])
    return Flag(**fields)
