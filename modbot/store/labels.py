"""What moderators taught: texts with their context and label, until forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause, RowMapping, Select, func, select, update

from modbot.domain import Label
from modbot.store import rows
from modbot.store.schema import boards, decisions, flags, labels, openings, replies, revisions
from modbot.store.types import text_digest


@dataclass(frozen=True, slots=True)
class Imported:
    """A labelled text from a file. ``context`` holds the other fields of a ``check`` object."""

    text: str
    label: Label
    context: Mapping[str, Any]


def teach(
    tx: Connection, flag_id: int, label: Label, *, verdict_id: int, source: str, who: str, at: datetime
) -> int:
    """Keep the flagged text, with its context, as an example of ``label``; answers its id."""
    row = tx.execute(_flagged().where(flags.c.id == flag_id)).mappings().one()
    given = {"flag_id": flag_id, "verdict_id": verdict_id, "source": source, "who": who, "given_at": at}
    return _keep(tx, row, label, given)


def teach_passed(
    tx: Connection, revision_id: int, decision_id: int, label: Label, *, source: str, who: str, at: datetime
) -> int:
    """Keep a text that was judged and not flagged, as it is now, as an example of ``label``;
    answers its id."""
    judged = decisions.c.id == decision_id
    found = replies.join(revisions, revisions.c.reply_id == replies.c.id).outerjoin(decisions, judged)
    query = _in_context(found)
    row = tx.execute(query.where(revisions.c.id == revision_id)).mappings().one()
    return _keep(tx, row, label, {"source": source, "who": who, "given_at": at})


def forget_one(tx: Connection, label_id: int, *, at: datetime) -> int:
    """Forget one example; answers how many that was (none, if it was forgotten before)."""
    taught = update(labels).where(labels.c.id == label_id, labels.c.forgotten_at.is_(None))
    return tx.execute(taught.values(forgotten_at=at)).rowcount


def add(tx: Connection, examples: Sequence[Imported], *, source: str, who: str, at: datetime) -> int:
    """Keep labelled texts from elsewhere; answers how many were new.

    An equal text with an equal label of the same source, not forgotten, is there already.
    """
    known = _digests(tx, source)
    fresh: dict[tuple[str, str], dict[str, Any]] = {}
    for example in examples:
        quoted = str(example.context.get("quoted") or "")
        mark = (text_digest(example.text, quoted), example.label.value)
        if mark not in known and mark not in fresh:
            fresh[mark] = {
                "digest": mark[0],
                "label": example.label,
                "text": example.text,
                "context": dict(example.context),
                "source": source,
                "who": who,
                "model": "",
                "policy": "",
                "given_at": at,
            }
    if fresh:
        tx.execute(labels.insert(), list(fresh.values()))
    return len(fresh)


def forget(tx: Connection, *, verdict_id: int, at: datetime) -> int:
    """Forget what a verdict taught; answers how many labels that was."""
    taught = update(labels).where(labels.c.verdict_id == verdict_id, labels.c.forgotten_at.is_(None))
    return tx.execute(taught.values(forgotten_at=at)).rowcount


def export(
    rx: Connection, *, forum: str | None = None, since: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Labels that are not forgotten, oldest first, as objects that ``check`` reads, with
    ``label`` and its provenance (``source``, ``who``, ``given_at``, ``model``, ``policy``)."""
    query = select(labels).where(labels.c.forgotten_at.is_(None)).order_by(labels.c.id)
    if forum is not None:
        query = query.where(labels.c.forum == forum)
    if since is not None:
        query = query.where(labels.c.given_at >= since)
    for row in rx.execute(query.execution_options(yield_per=1000)).mappings():
        provenance = {name: row[name] for name in ("source", "who", "model", "policy", "forum", "flag_id")}
        yield {
            "id": f"label-{row['id']}",
            "text": row["text"],
            **row["context"],
            "label": row["label"],
            **{name: value for name, value in provenance.items() if value not in ("", None)},
            "given_at": row["given_at"].isoformat(),
        }


def counts(rx: Connection, *, forum: str | None = None, since: datetime | None = None) -> dict[Label, int]:
    """How many labels of each kind (given ``since``) are not forgotten."""
    query = select(labels.c.label, func.count()).where(labels.c.forgotten_at.is_(None))
    if forum is not None:
        query = query.where(labels.c.forum == forum)
    if since is not None:
        query = query.where(labels.c.given_at >= since)
    return {Label(label): number for label, number in rx.execute(query.group_by(labels.c.label))}


def _digests(tx: Connection, source: str) -> set[tuple[str, str]]:
    query = select(labels.c.digest, labels.c.label).where(
        labels.c.source == source, labels.c.forgotten_at.is_(None)
    )
    return {(row.digest, row.label) for row in tx.execute(query)}


def _keep(tx: Connection, row: RowMapping, label: Label, given: Mapping[str, Any]) -> int:
    values = {
        "forum": row["forum"],
        "reply_id": row["id"],
        "revision_id": row["judged_revision"],
        "text": row["text"],
        **{name: row[name] or "" for name in ("model", "policy")},
        "digest": text_digest(row["text"], row["quoted"]),
        "label": label,
        "context": _context(row),
        **given,
    }
    label_id: int = tx.execute(labels.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    return label_id


def _flagged() -> Select[Any]:
    found = (
        flags.join(replies, replies.c.id == flags.c.reply_id)
        .join(revisions, revisions.c.id == flags.c.revision_id)
        .join(decisions, decisions.c.id == flags.c.decision_id)
    )
    return _in_context(found)


def _in_context(found: FromClause) -> Select[Any]:
    """Replies of ``found`` with their texts, judgements and surroundings."""
    return (
        select(
            replies,
            revisions.c.id.label("judged_revision"),
            revisions.c.text,
            revisions.c.quoted,
            openings.c.text.label("opening"),
            boards.c.name.label("board_name"),
            decisions.c.model,
            decisions.c.policy,
        )
        .select_from(found)
        .outerjoin(
            openings, (openings.c.forum == replies.c.forum) & (openings.c.thread_id == replies.c.thread_id)
        )
        .outerjoin(boards, (boards.c.forum == replies.c.forum) & (boards.c.board_id == replies.c.board_id))
    )


def _context(row: RowMapping) -> dict[str, Any]:
    """The fields of a ``check`` object, without those that are not known."""
    reply = rows.reply_of(row)
    fields = {
        "title": reply.thread_title,
        "opening": reply.opening,
        "quoted": reply.quoted,
        "author": str(reply.author.id) if reply.author.id is not None else reply.author.name,
        "author_posts": reply.author.posts,
        "author_registered": reply.author.registered.isoformat() if reply.author.registered else None,
        "posted_at": reply.posted_at.isoformat() if reply.posted_at else None,
        "board": row["board_name"] or (str(reply.board_id) if reply.board_id is not None else None),
        "thread": reply.thread_id,
        "thread_kind": reply.thread_kind.value,
        "floor": reply.floor,
        "region": reply.region,
        "links": [link.url for link in reply.links],
        "images": reply.images,
        "is_thread_author": reply.is_thread_author,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
