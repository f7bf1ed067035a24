"""What is held about one author: telling all of it, and forgetting it.

Forgetting leaves that a post is there (its number, place and times, the digests of its
texts), so that it is not taken for new, and what undoing an action of ours needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, or_, select, update

from modbot.domain import FlagState, OutboxState, ReplyKey
from modbot.store import aliases, flags, rows, search_index, standing
from modbot.store.actions import UNSETTLED
from modbot.store.identities import Identity
from modbot.store.schema import (
    FORGOTTEN,
    audit,
    campaigns,
    decisions,
    labels,
    misses,
    openings,
    outbox,
    replies,
    revisions,
    spot_checks,
    standing_authors,
    standing_texts,
    verdicts,
)
from modbot.store.schema import flags as flag_table

_ABOUT_A_REPLY: tuple[tuple[str, Table], ...] = (
    ("revision", revisions),
    ("decision", decisions),
    ("flag", flag_table),
    ("verdict", verdicts),
    ("action", outbox),
    ("label", labels),
    ("spot_check", spot_checks),
    ("miss", misses),
    ("audit", audit),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """How much is held. ``names`` are all that were read, the latest first."""

    names: tuple[str, ...]
    replies: int
    flags: Mapping[FlagState, int]
    verdicts: int
    labels: int
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many ``replies`` were forgotten, with how many ``labels`` (and how many were kept but
    for their author); how many open ``flags`` were closed; how many replies keep what undoing
    an action of ours needs."""

    replies: int = 0
    labels: int = 0
    labels_kept: int = 0
    flags: int = 0
    undoable: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        names = [field.name for field in fields(self)]
        return Forgotten(**{name: getattr(self, name) + getattr(other, name) for name in names})


def summary(rx: Connection, who: Identity) -> Summary:
    own = _own(who)
    names = select(replies.c.author_name).where(own).group_by(replies.c.author_name)
    latest = names.order_by(func.max(replies.c.last_seen).desc(), func.max(replies.c.id).desc())
    ids = select(replies.c.id).where(own)
    states = select(flag_table.c.state, func.count()).where(flag_table.c.reply_id.in_(ids))
    times = {"type_": replies.c.first_seen.type}
    first, last, number = rx.execute(
        select(
            func.min(replies.c.first_seen, **times), func.max(replies.c.last_seen, **times), func.count()
        ).where(own)
    ).one()
    return Summary(
        names=tuple(rx.scalars(latest)),
        replies=number,
        flags={FlagState(state): count for state, count in rx.execute(states.group_by(flag_table.c.state))},
        verdicts=_count(rx, verdicts, verdicts.c.reply_id.in_(ids) & verdicts.c.undone_at.is_(None)),
        labels=_count(rx, labels, labels.c.reply_id.in_(ids) & labels.c.forgotten_at.is_(None)),
        first_seen=first,
        last_seen=last,
    )


def export(rx: Connection, who: Identity) -> Iterator[dict[str, Any]]:
    """Everything held about the author, as objects: ``record`` says what each is, the other
    keys are the columns it is kept in. Replies in the order they were read, each followed by
    what hangs on it; then what standing decisions know of the author."""
    ids = list(rx.scalars(select(replies.c.id).where(_own(who)).order_by(replies.c.id)))
    for chunk in rows.chunks(ids):
        hanging = {name: _by_reply(rx, table, chunk) for name, table in _ABOUT_A_REPLY}
        for row in rx.execute(
            select(replies).where(replies.c.id.in_(chunk)).order_by(replies.c.id)
        ).mappings():
            yield {"record": "reply", **_plain(row)}
            for name, found in hanging.items():
                for one in found.get(row["id"], ()):
                    yield {"record": name, **one}
    yield from _openings(rx, who)
    if who.id is not None:
        own_text = standing_texts.c.first_author_id == who.id
        for name, table, own in (
            ("standing_author", standing_authors, standing_authors.c.author_id == who.id),
            ("standing_text", standing_texts, own_text),
        ):
            for row in rx.execute(select(table).where(own)).mappings():
                yield {"record": name, **_plain(row)}


def count(rx: Connection, who: Identity) -> Forgotten:
    """What forgetting would come to. Changes nothing."""
    ids = select(replies.c.id).where(_own(who), replies.c.forgotten_at.is_(None))
    return Forgotten(
        replies=_count(rx, replies, replies.c.id.in_(ids)),
        labels=_count(rx, labels, labels.c.reply_id.in_(ids) & labels.c.forgotten_at.is_(None)),
        flags=_count(rx, flag_table, flag_table.c.reply_id.in_(ids) & flag_table.c.closed_at.is_(None)),
        undoable=_count(rx, replies, replies.c.id.in_(ids) & _is_undoable()),
    )


def forget_some(
    tx: Connection, who: Identity, *, keep_labels: bool, by: str, at: datetime, limit: int = rows.CHUNK
) -> Forgotten:
    """Forget up to ``limit`` of the author's replies; ``replies`` is 0 when none is left.

    A label's text goes with them; with ``keep_labels`` only what it tells of its author does.
    """
    left = select(replies.c.id).where(_own(who), replies.c.forgotten_at.is_(None)).order_by(replies.c.id)
    ids = list(tx.scalars(left.limit(limit)))
    if not ids:
        return Forgotten()
    undoable = set(tx.scalars(select(replies.c.id).where(replies.c.id.in_(ids), _is_undoable())))
    closed = _close_flags(tx, ids, undoable, by=by, at=at)
    taught = _forget_labels(tx, ids, keep=keep_labels, at=at)
    _forget_openings(tx, ids)
    _forget_words(tx, ids)
    _forget_replies(tx, ids, at)
    return Forgotten(
        len(ids), 0 if keep_labels else taught, taught if keep_labels else 0, closed, len(undoable)
    )


def forget_in_standing_decisions(tx: Connection, who: Identity) -> None:
    """Forget that the author had to do with them. Their texts stay: they name nobody."""
    if who.id is not None:
        standing.forget_author(tx, who.forum, who.id)


def forgotten(
    rx: Connection, forum: str, *, since: datetime | None = None
) -> list[tuple[ReplyKey, datetime]]:
    """The replies whose author was forgotten (from ``since`` on), and when."""
    query = select(replies.c.post_id, replies.c.forgotten_at).where(
        replies.c.forum == forum, replies.c.forgotten_at.is_not(None)
    )
    if since is not None:
        query = query.where(replies.c.forgotten_at >= since)
    return [(ReplyKey(forum, row.post_id), row.forgotten_at) for row in rx.execute(query)]


def _own(who: Identity) -> ColumnElement[bool]:
    nameless = and_(replies.c.author_id.is_(None), replies.c.author_name == who.name)
    author = nameless if who.id is None else replies.c.author_id == who.id
    return and_(replies.c.forum == who.forum, author)


def _is_undoable() -> ColumnElement[bool]:
    """An action of ours on the reply is in effect, or under way, or may be in effect."""
    uncertain = and_(outbox.c.state == OutboxState.DEAD, outbox.c.uncertain)
    going_on = exists().where(
        outbox.c.reply_id == replies.c.id, or_(outbox.c.state.in_(UNSETTLED), uncertain)
    )
    return or_(replies.c.our_hide.is_not(None), replies.c.our_delete.is_not(None), going_on, _is_muting())


def _is_muting() -> ColumnElement[bool]:
    return exists().where(
        verdicts.c.reply_id == replies.c.id, verdicts.c.mute_id.is_not(None), verdicts.c.undone_at.is_(None)
    )


def _close_flags(tx: Connection, ids: Sequence[int], undoable: set[int], *, by: str, at: datetime) -> int:
    """Nobody can judge a text that is forgotten. A flag that tells of our hide stays, to undo it."""
    closed = 0
    for reply_id, flag_id in flags.open_of(tx, ids).items():
        if reply_id not in undoable:
            version = flags.get(tx, flag_id).version
            to = FlagState.WITHDRAWN
            flags.transition(tx, flag_id, from_version=version, to=to, at=at, who=by, why="forgotten")
            closed += 1
    return closed


def _forget_labels(tx: Connection, ids: Sequence[int], *, keep: bool, at: datetime) -> int:
    own = labels.c.reply_id.in_(ids)
    known = tx.execute(select(labels.c.id, labels.c.context, labels.c.forgotten_at).where(own)).all()
    for row in known:
        context = {
            name: value
            for name, value in row.context.items()
            if name not in ("author", "author_posts", "author_registered", "region", "links")
        }
        values: dict[str, Any] = {"context": context}
        if not keep or row.forgotten_at is not None:
            values = {"text": "", "digest": "", "context": {}, "forgotten_at": row.forgotten_at or at}
        tx.execute(update(labels).where(labels.c.id == row.id).values(values))
    return sum(row.forgotten_at is None for row in known)


def _forget_openings(tx: Connection, ids: Sequence[int]) -> None:
    theirs = select(replies.c.forum, replies.c.thread_id).where(
        replies.c.id.in_(ids), replies.c.is_thread_author
    )
    for forum, thread_id in tx.execute(theirs.distinct()).all():
        own = and_(openings.c.forum == forum, openings.c.thread_id == thread_id)
        tx.execute(delete(openings).where(own))


def _forget_words(tx: Connection, ids: Sequence[int]) -> None:
    search_index.forget(tx, ids)
    tx.execute(update(revisions).where(revisions.c.reply_id.in_(ids)).values(text="", quoted=""))
    flagged = exists().where(flag_table.c.decision_id == decisions.c.id)
    of_these = decisions.c.reply_id.in_(ids)
    tx.execute(delete(decisions).where(of_these, ~flagged))
    judged: dict[str, Any] = {"signals": [], "repetition": None, "canonical": "", "campaign": None}
    tx.execute(update(decisions).where(of_these).values(judged))
    tx.execute(update(verdicts).where(verdicts.c.reply_id.in_(ids)).values(note=""))
    settled = and_(outbox.c.reply_id.in_(ids), outbox.c.state.not_in(UNSETTLED))
    tx.execute(update(outbox).where(settled).values(detail=""))


def _forget_replies(tx: Connection, ids: Sequence[int], at: datetime) -> None:
    """Who muted an author must know whom to let speak again: of those the number stays."""
    chosen = replies.c.id.in_(ids)
    groups = set(
        tx.execute(select(replies.c.forum, replies.c.campaign).where(chosen, replies.c.campaign.is_not(None)))
    )
    tx.execute(update(replies).where(chosen, ~_is_muting()).values(author_id=None))
    tx.execute(update(flag_table).where(flag_table.c.reply_id.in_(ids)).values(writer_id=None))
    counts = {"author_group": None, "author_posts": None, "author_credits": None, "author_registered": None}
    words = {"author_name": "", "region": "", "client": "", "links": []}
    judged = {"campaign": None, "decision_id": FORGOTTEN, "parked": None, "read_again_at": None}
    tx.execute(update(replies).where(chosen).values({**counts, **words, **judged, "forgotten_at": at}))
    tx.execute(update(replies).where(chosen, replies.c.floor == 1).values(thread_title=""))
    for forum, campaign in groups:
        member = and_(replies.c.forum == forum, replies.c.campaign == campaign)
        if tx.scalar(select(replies.c.id).where(member).limit(1)) is None:
            tx.execute(delete(campaigns).where(campaigns.c.forum == forum, campaigns.c.id == campaign))
            aliases.forget(tx, forum, campaign)


def _openings(rx: Connection, who: Identity) -> Iterator[dict[str, Any]]:
    theirs = select(replies.c.thread_id).where(_own(who), replies.c.is_thread_author)
    own = and_(openings.c.forum == who.forum, openings.c.thread_id.in_(theirs))
    for row in rx.execute(select(openings).where(own)).mappings():
        yield {"record": "opening", **_plain(row)}


def _by_reply(rx: Connection, table: Table, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    query = select(table).where(table.c.reply_id.in_(ids)).order_by(table.c.id)
    for row in rx.execute(query).mappings():
        found.setdefault(row["reply_id"], []).append(_plain(row))
    return found


def _plain(row: Any) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def _count(rx: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    return rx.scalar(select(func.count()).select_from(table).where(condition)) or 0
