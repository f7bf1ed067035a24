"""The replies that a decision for many may take in: of a campaign, or of an author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, select, union

from modbot.domain import Author, Label, Reason, VerdictKind, Visibility
from modbot.store import aliases
from modbot.store.schema import decisions, flags, replies, revisions, verdicts

MOST = 20_000
"""A decision for more at once than this is no decision; the latest are taken."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a human decided about the reply's present text."""

    flag_id: int
    kind: VerdictKind
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reply as it is now. ``flag_id`` is its open flag, with that flag's reason. ``judged``
    is the label of its present text's judgement, None when there is none (not judged yet, or
    forgotten). ``is_gone`` when the forum does not show it to be acted on any more."""

    reply_id: int
    forum: str
    post_id: int
    revision_id: int
    author: Author
    thread_id: int | None
    thread_title: str
    board_id: int | None
    posted_at: datetime | None
    first_seen: datetime
    text: str
    campaign: str | None
    visibility: Visibility
    flag_id: int | None
    reason: Reason | None
    judged: Label | None
    decided: Decided | None

    @property
    def is_gone(self) -> bool:
        return self.visibility is Visibility.GONE

    @property
    def at(self) -> datetime:
        return self.posted_at or self.first_seen


def of_campaign(rx: Connection, forum: str, campaign: str) -> list[Candidate]:
    """The members of a campaign, by its present name or a former one, first posted first."""
    name = aliases.resolve(rx, forum, campaign)
    member = select(replies.c.id).where(replies.c.forum == forum, replies.c.campaign == name)
    flagged = select(flags.c.reply_id).where(
        flags.c.forum == forum, flags.c.campaign == name, flags.c.closed_at.is_(None)
    )
    return _find(rx, replies.c.id.in_(union(member, flagged)))


def of_author(
    rx: Connection, forum: str, author_id: int | None, name: str, *, since: datetime | None = None
) -> list[Candidate]:
    """An author's replies, first posted first; a guest's (without an id) by name."""
    nameless = and_(replies.c.author_id.is_(None), replies.c.author_name == name)
    conditions = [replies.c.author_id == author_id if author_id is not None else nameless]
    if since is not None:
        conditions.append(func.coalesce(replies.c.posted_at, replies.c.first_seen) >= since)
    return _find(rx, replies.c.forum == forum, *conditions)


def of_replies(rx: Connection, reply_ids: Sequence[int]) -> list[Candidate]:
    """The replies of these (few) row ids, first posted first."""
    return _find(rx, replies.c.id.in_(reply_ids)) if reply_ids else []


def of_reply(rx: Connection, reply_id: int) -> list[Candidate]:
    """The reply of this row id, if there is one."""
    return _find(rx, replies.c.id == reply_id)


def _find(rx: Connection, *conditions: ColumnElement[bool]) -> list[Candidate]:
    at = func.coalesce(replies.c.posted_at, replies.c.first_seen)
    latest = _query().where(*conditions).order_by(at.desc(), replies.c.id.desc()).limit(MOST)
    return [_candidate(row) for row in reversed(rx.execute(latest).mappings().all())]


def _query() -> Select[Any]:
    """Replies ⟕ open flag ⟕ judgement of the present text ⟕ the human's verdict on it."""
    open_flag = and_(flags.c.reply_id == replies.c.id, flags.c.closed_at.is_(None))
    decided = flags.alias("decided")
    last = (
        select(func.max(verdicts.c.id))
        .join(decided, decided.c.id == verdicts.c.flag_id)
        .where(verdicts.c.reply_id == replies.c.id, verdicts.c.undone_at.is_(None))
        .where(decided.c.revision_id == replies.c.revision_id)
        .correlate(replies)
        .scalar_subquery()
    )
    return (
        select(
            replies,
            revisions.c.text,
            flags.c.id.label("open_flag"),
            flags.c.reason,
            decisions.c.label.label("judged"),
            verdicts.c.flag_id.label("decided_flag"),
            verdicts.c.kind.label("verdict"),
            verdicts.c.who,
            verdicts.c.given_at,
        )
        .join(revisions, revisions.c.id == replies.c.revision_id)
        .outerjoin(flags, open_flag)
        .outerjoin(decisions, decisions.c.id == replies.c.decision_id)
        .outerjoin(verdicts, verdicts.c.id == last)
    )


def _candidate(row: RowMapping) -> Candidate:
    author = Author(
        id=row["author_id"],
        name=row["author_name"],
        group_id=row["author_group"],
        posts=row["author_posts"],
        credits=row["author_credits"],
        registered=row["author_registered"],
    )
    decided = None
    if row["verdict"] is not None:
        decided = Decided(row["decided_flag"], VerdictKind(row["verdict"]), row["who"], row["given_at"])
    same = ("forum", "post_id", "revision_id", "thread_id", "thread_title", "board_id", "posted_at")
    return Candidate(
        reply_id=row["id"],
        **{name: row[name] for name in (*same, "first_seen", "text", "campaign")},
        author=author,
        visibility=Visibility(row["visibility"]),
        flag_id=row["open_flag"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        judged=Label(row["judged"]) if row["judged"] else None,
        decided=decided,
    )
