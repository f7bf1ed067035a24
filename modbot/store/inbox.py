"""Replies as read from the forums, with their revisions.

Reading the same reply again changes nothing but ``last_seen``; other words make a new
revision; a reading that knows less (a search row, a pending post without its thread)
never erases what a fuller one knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, func, select, update

from modbot.domain import Reply, ReplyKey, Visibility
from modbot.store import forum_acts, merging, rows
from modbot.store import openings as opening_texts
from modbot.store.forum_acts import Sighting
from modbot.store.schema import decisions, openings, replies, revisions
from modbot.store.types import text_digest

_SAME_TIME = timedelta(minutes=2)
_READ_COLUMNS = tuple(rows.reply_columns(Reply("", 0, "")))
_SHOWN = ("pending", "hidden", "visibility", "visibility_at")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What storing one reply found. ``moved``: its thread is another one than before.
    ``appeared``: it was waiting for approval and is not any more."""

    key: ReplyKey
    reply_id: int
    revision_id: int
    is_new: bool
    is_changed: bool
    moved: bool
    appeared: bool


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A known post id that came with another author *and* another time: the forum was
    probably restored from a backup. The stored reply is left as it was."""

    key: ReplyKey
    known_author: str
    known_posted_at: datetime
    seen_author: str
    seen_posted_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """``rows`` holds one entry per reply (the last of several with one post id counts),
    in the order of the batch, without the contradictory ones."""

    rows: tuple[Recorded, ...]
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A reply as the store knows it, and the revision that its text is.

    ``is_kept``: a human put this very text back after a hide. ``is_edited``: another text
    was read of it before. ``text_seen``: when this very text was read first.
    """

    reply_id: int
    revision_id: int
    reply: Reply
    visibility: Visibility
    hidden_by_us: bool
    is_kept: bool
    is_edited: bool
    first_seen: datetime
    text_seen: datetime


def record(tx: Connection, batch: Sequence[Reply], *, at: datetime, since: datetime | None = None) -> Receipt:
    """Store a batch as read between ``since`` (without one: just now) and ``at``, and make
    truth of what humans are seen to have done on the forum (see forum_acts).

    Made for batches: one statement per step, not per reply. Of who can see a reply, a page
    says nothing that was read before the store learnt of it last (from an action, a re-reading).
    """
    unique = {reply.key: reply for reply in batch}
    known = _known(tx, unique)
    contradictions = [
        found for key, row in known.items() if (found := _contradiction(row, unique[key])) is not None
    ]
    for found in contradictions:
        del unique[found.key]
    ids = _insert_new(tx, [reply for key, reply in unique.items() if key not in known], at)
    ids.update({key: row["id"] for key, row in known.items()})
    changed = {key: reply for key, reply in unique.items() if merging.is_changed(known.get(key), reply)}
    revision_ids = _insert_revisions(tx, ids, known, changed, at)
    pairs = [(known[key], reply) for key, reply in unique.items() if key in known]
    _update_known(tx, pairs, at, since or at)
    opening_texts.keep(tx, unique.values(), at=at)
    seen = [_sighting(row, rows.visibility(reply)) for row, reply in pairs]
    forum_acts.learn(tx, seen, since=since or at, at=at)
    recorded = [
        _recorded(reply, ids[key], known.get(key), revision_ids.get(key)) for key, reply in unique.items()
    ]
    return Receipt(tuple(recorded), tuple(contradictions))


def unassessed(tx: Connection, forum: str, *, limit: int = 1000) -> list[Stored]:
    """Replies whose current text was stored but not judged (a crash between), oldest first.

    Parked ones are left out.
    """
    query = _full_reply().where(
        replies.c.forum == forum, replies.c.decision_id.is_(None), replies.c.parked.is_(None)
    )
    return _stored(tx, query.order_by(replies.c.id).limit(limit))


def count_unassessed(rx: Connection, forum: str) -> int:
    query = select(func.count()).where(
        replies.c.forum == forum, replies.c.decision_id.is_(None), replies.c.parked.is_(None)
    )
    return rx.scalar(query) or 0


def load(rx: Connection, reply_ids: Iterable[int]) -> dict[int, Stored]:
    """Replies by their row ids, rebuilt whole (with the opening post's text where known)."""
    found: list[Stored] = []
    for chunk in rows.chunks(list(reply_ids)):
        found += _stored(rx, _full_reply().where(replies.c.id.in_(chunk)))
    return {stored.reply_id: stored for stored in found}


def find(rx: Connection, key: ReplyKey) -> Stored | None:
    query = _full_reply().where(replies.c.forum == key.forum, replies.c.post_id == key.post_id)
    return next(iter(_stored(rx, query)), None)


def known_ids(rx: Connection, forum: str, post_ids: Iterable[int]) -> dict[int, int]:
    """Which of these posts are stored: post id → row id."""
    found: dict[int, int] = {}
    for chunk in rows.chunks(list(post_ids)):
        query = select(replies.c.post_id, replies.c.id).where(
            replies.c.forum == forum, replies.c.post_id.in_(chunk)
        )
        found.update({row.post_id: row.id for row in rx.execute(query)})
    return found


def began(rx: Connection, forum: str) -> datetime | None:
    """When the first reply of the forum was stored: its first start."""
    found: datetime | None = rx.scalar(
        select(func.min(replies.c.first_seen, type_=replies.c.first_seen.type)).where(
            replies.c.forum == forum
        )
    )
    return found


def saw(
    tx: Connection, seen: Mapping[int, Visibility], *, at: datetime, since: datetime | None = None
) -> None:
    """What ``record`` does, for replies (by row id) of which the forum shows only how they
    stand: gone, or waiting."""
    query = select(replies).where(replies.c.id.in_(list(seen)))
    found = [_sighting(row, seen[row["id"]]) for row in tx.execute(query).mappings()]
    fresh = [one for one in found if one.before_at <= (since or at)]
    for one in fresh:
        values = {"visibility": one.now, "visibility_at": at}
        tx.execute(update(replies).where(replies.c.id == one.reply_id).values(values))
    forum_acts.learn(tx, found, since=since or at, at=at)


def park(tx: Connection, reply_id: int, revision_id: int, problem: str) -> None:
    """Do not try to judge this revision again; ``problem`` says why. Another revision is tried."""
    statement = update(replies).where(replies.c.id == reply_id, replies.c.revision_id == revision_id)
    tx.execute(statement.values(parked=problem))


def unpark(tx: Connection, forum: str) -> int:
    """Let parked replies be judged again (after an upgrade); answers how many."""
    statement = update(replies).where(replies.c.forum == forum, replies.c.parked.is_not(None))
    return tx.execute(statement.values(parked=None)).rowcount


def parked(rx: Connection, forum: str, *, limit: int = 100) -> list[tuple[int, str]]:
    """``(post id, problem)`` of the replies that could not be judged, latest first."""
    query = select(replies.c.post_id, replies.c.parked).where(
        replies.c.forum == forum, replies.c.parked.is_not(None)
    )
    found = rx.execute(query.order_by(replies.c.id.desc()).limit(limit))
    return [(row.post_id, row.parked) for row in found]


def _known(tx: Connection, unique: Mapping[ReplyKey, Reply]) -> dict[ReplyKey, RowMapping]:
    posts: dict[str, list[int]] = {}
    for key in unique:
        posts.setdefault(key.forum, []).append(key.post_id)
    found: dict[ReplyKey, RowMapping] = {}
    base = select(replies, revisions.c.digest).join(revisions, revisions.c.id == replies.c.revision_id)
    for forum, post_ids in posts.items():
        for chunk in rows.chunks(post_ids):
            query = base.where(replies.c.forum == forum, replies.c.post_id.in_(chunk))
            for row in tx.execute(query).mappings():
                found[ReplyKey(forum, row["post_id"])] = row
    return found


def _contradiction(row: RowMapping, reply: Reply) -> Contradiction | None:
    author, posted_at = reply.author, reply.posted_at
    known = (row["author_id"], row["posted_at"])
    if None in (*known, author.id, posted_at) or row["author_id"] == author.id:
        return None
    assert posted_at is not None  # noqa: S101 - told to the type checker; checked above
    if abs(row["posted_at"] - posted_at) <= _SAME_TIME:
        return None
    return Contradiction(reply.key, row["author_name"], row["posted_at"], author.name, posted_at)


def _insert_new(tx: Connection, fresh: Sequence[Reply], at: datetime) -> dict[ReplyKey, int]:
    if not fresh:
        return {}
    seen = {"first_seen": at, "last_seen": at, "visibility_at": at}
    values = [
        {"forum": reply.forum, "post_id": reply.post_id, **rows.reply_columns(reply), **seen}
        for reply in fresh
    ]
    key = (replies.c.forum, replies.c.post_id)
    inserted = tx.execute(replies.insert().returning(*key, replies.c.id), values)
    return {ReplyKey(forum, post_id): reply_id for forum, post_id, reply_id in inserted}


def _insert_revisions(
    tx: Connection,
    ids: Mapping[ReplyKey, int],
    known: Mapping[ReplyKey, RowMapping],
    changed: Mapping[ReplyKey, Reply],
    at: datetime,
) -> dict[ReplyKey, int]:
    """Add the new texts and make them current. A text that was there before is current
    again with the judgement it got then."""
    digests = {ids[key]: text_digest(reply.text, reply.quoted) for key, reply in changed.items()}
    values = {
        ids[key]: {
            "reply_id": ids[key],
            "digest": digests[ids[key]],
            "text": reply.text,
            "quoted": reply.quoted,
            "seen_at": at,
        }
        for key, reply in changed.items()
    }
    found = _earlier_revisions(tx, {ids[key]: digests[ids[key]] for key in changed if key in known})
    fresh = [value for reply_id, value in values.items() if reply_id not in found]
    _make_current(tx, {reply_id: values[reply_id] | {"revision": found[reply_id]} for reply_id in found})
    if fresh:
        statement = revisions.insert().returning(revisions.c.reply_id, revisions.c.id)
        added = {row.reply_id: row.id for row in tx.execute(statement, fresh)}
        first = update(replies).where(replies.c.id == bindparam("row_id"))
        pointers = [{"row_id": row, "revision": revision} for row, revision in added.items()]
        fields: dict[str, Any] = {"revision_id": bindparam("revision"), "decision_id": None}
        fields |= {"parked": None, "forgotten_at": None}
        tx.execute(first.values(fields), pointers)
        found |= added
    return {key: found[ids[key]] for key in changed}


def _earlier_revisions(tx: Connection, digests: Mapping[int, str]) -> dict[int, int]:
    """Which of these replies had this very text before: reply row id → revision."""
    found: dict[int, int] = {}
    for chunk in rows.chunks(list(digests)):
        query = select(revisions.c.reply_id, revisions.c.digest, revisions.c.id)
        for reply_id, digest, revision_id in tx.execute(query.where(revisions.c.reply_id.in_(chunk))):
            if digests[reply_id] == digest:
                found[reply_id] = revision_id
    return found


def _make_current(tx: Connection, found: Mapping[int, Mapping[str, Any]]) -> None:
    """Let earlier revisions be the current ones, with their words, should those be forgotten."""
    if not found:
        return
    words = update(revisions).where(revisions.c.id == bindparam("row_id"))
    again = [
        {"row_id": value["revision"], "t": value["text"], "q": value["quoted"]} for value in found.values()
    ]
    tx.execute(words.values(text=bindparam("t"), quoted=bindparam("q")), again)
    judged = (
        select(func.max(decisions.c.id))
        .where(decisions.c.reply_id == bindparam("row_id"), decisions.c.revision_id == bindparam("revision"))
        .scalar_subquery()
    )
    statement = (
        update(replies)
        .where(replies.c.id == bindparam("row_id"))
        .values(revision_id=bindparam("revision"), decision_id=judged, parked=None, forgotten_at=None)
    )
    tx.execute(
        statement,
        [{"row_id": reply_id, "revision": value["revision"]} for reply_id, value in found.items()],
    )


def _update_known(
    tx: Connection, pairs: Sequence[tuple[RowMapping, Reply]], at: datetime, since: datetime
) -> None:
    same: list[int] = []
    other: list[dict[str, Any]] = []
    for row, reply in pairs:
        outdated = row["visibility_at"] > since
        shown = {name: row[name] for name in _SHOWN} if outdated else {"visibility_at": at}
        merged = {**merging.merged(row, reply), **shown}
        if not outdated and all(row[name] == merged[name] for name in _READ_COLUMNS):
            same.append(row["id"])
        else:
            other.append({f"new_{name}": value for name, value in merged.items()} | {"row_id": row["id"]})
    for chunk in rows.chunks(same):
        values = {"last_seen": at, "visibility_at": at}
        tx.execute(update(replies).where(replies.c.id.in_(chunk)).values(values))
    if other:
        names = (*_READ_COLUMNS, "visibility_at")
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(replies).where(replies.c.id == bindparam("row_id"))
        tx.execute(statement.values(columns | {"last_seen": at}), other)


def _sighting(row: RowMapping, now: Visibility) -> Sighting:
    ours = row["our_hide"] is not None or row["our_delete"] is not None
    return Sighting(row["id"], Visibility(row["visibility"]), row["visibility_at"], ours, now)


def _recorded(reply: Reply, reply_id: int, row: RowMapping | None, revision_id: int | None) -> Recorded:
    current = revision_id if revision_id is not None else (row["revision_id"] if row else 0)
    moved = row is not None and reply.thread_id not in (None, row["thread_id"])
    return Recorded(
        key=reply.key,
        reply_id=reply_id,
        revision_id=current,
        is_new=row is None,
        is_changed=row is not None and revision_id is not None,
        moved=moved and row is not None and row["thread_id"] is not None,
        appeared=row is not None and row["pending"] and not reply.pending,
    )


def _full_reply() -> Select[Any]:
    first_post = and_(openings.c.forum == replies.c.forum, openings.c.thread_id == replies.c.thread_id)
    return (
        select(
            replies,
            revisions.c.text,
            revisions.c.quoted,
            revisions.c.seen_at,
            openings.c.text.label("opening"),
        )
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .join(openings, first_post, isouter=True)
    )


def _stored(rx: Connection, query: Select[Any]) -> list[Stored]:
    return [
        Stored(
            reply_id=row["id"],
            revision_id=row["revision_id"],
            reply=rows.reply_of(row),
            visibility=Visibility(row["visibility"]),
            hidden_by_us=row["our_hide"] is not None,
            is_kept=row["kept_revision_id"] == row["revision_id"],
            is_edited=row["seen_at"] > row["first_seen"],
            first_seen=row["first_seen"],
            text_seen=row["seen_at"],
        )
        for row in rx.execute(query).mappings()
    ]
