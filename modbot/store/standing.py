"""Standing decisions: what was upheld (*condemned*) or dismissed (*customary*) of a campaign
decides about its next copies, until it is revoked or no copy was seen for long.

One campaign has one decision of a kind: verdicts on more of its flags join it, and it is
revoked with the last of them that is undone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, case, delete, func, literal, select, update

from modbot.domain import Label, Reason, StandingKind, VerdictKind, is_of_few_authors
from modbot.errors import StoreError
from modbot.store import aliases, audit, campaign_texts, dialect, rows, standing_hides
from modbot.store.campaign_texts import First, Sayings
from modbot.store.schema import (
    decisions,
    flags,
    replies,
    standing_authors,
    standing_changes,
    standing_decisions,
    standing_texts,
    verdicts,
)
from modbot.store.types import UtcTime, text_digest

_KINDS = {VerdictKind.UPHOLD: StandingKind.CONDEMNED, VerdictKind.DISMISS: StandingKind.CUSTOMARY}


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """``campaign`` as it was called then; None: made of a single reply. ``hits`` counts the
    copies that were recognised since."""

    id: int
    forum: str
    kind: StandingKind
    campaign: str | None
    label: Label
    reason: Reason
    verdict_id: int | None
    who: str
    note: str
    made_at: datetime
    last_copy_at: datetime
    hits: int
    revoked_at: datetime | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict with the flag that it is on; ``campaign`` by its present name, ``follows``
    the standing decision that flagged it."""

    verdict_id: int
    kind: StandingKind
    follows: int | None
    forum: str
    flag_id: int
    reply_id: int
    campaign: str | None
    label: Label
    reason: Reason
    canonical: str
    author_id: int | None
    posted_at: datetime
    who: str
    note: str


def stands_by_default(rx: Connection, flag_id: int) -> bool:
    """Whether a verdict on this flag decides about next copies unless told otherwise: it is
    one of a campaign's, or a standing decision's own."""
    query = select(flags.c.campaign, decisions.c.standing_id).join(
        decisions, decisions.c.id == flags.c.decision_id
    )
    campaign, standing_id = rx.execute(query.where(flags.c.id == flag_id)).one()
    return campaign is not None or standing_id is not None


def make(tx: Connection, verdict_id: int, *, now: datetime) -> int | None:
    """Let a verdict decide about the next copies of what it is on; the decision's id.

    Upholding condemns, dismissing makes a custom, of all texts of the flag's campaign as
    known now (without one: of the flag's text). A decision of this kind about the same
    campaign is widened. None: the verdict is of another kind, or its texts are forgotten.
    """
    judged = _judged(tx, verdict_id)
    sayings = _sayings(tx, judged) if judged is not None else None
    if judged is None or sayings is None:
        return None
    same = _of_campaign(tx, judged)
    standing_id = _insert(tx, judged, sayings, now) if same is None else same
    _widen(tx, standing_id, sayings)
    _changed(tx, judged.forum)
    details = {"standing": standing_id, "kind": judged.kind, "texts": len(sayings.texts)}
    _note(tx, judged, "standing.made" if same is None else "standing.widened", (judged.who, now), details)
    return standing_id


def revoke_of(tx: Connection, verdict_id: int, *, who: str, now: datetime) -> int | None:
    """A verdict is undone: revoke what it made; answers the id of what was revoked.

    Another verdict that said the same of the campaign takes the decision over instead.
    """
    judged = _judged(tx, verdict_id)
    made = _of_verdict(tx, verdict_id)
    if judged is None:
        return None
    for standing_id in made:
        heir = _heir(tx, judged)
        if heir is None:
            revoke(tx, standing_id, who=who, now=now)
            return standing_id
        same = standing_decisions.c.id == standing_id
        tx.execute(update(standing_decisions).where(same).values(verdict_id=heir))
    _speaks_no_more(tx, judged)
    return None


def revoke(tx: Connection, standing_id: int, *, who: str, now: datetime) -> bool:
    """End a decision; False when it was ended before. What it did stays, what it asked for and
    nobody has begun is cancelled."""
    known = get(tx, standing_id)
    if known.revoked_at is not None:
        return False
    values = {"revoked_at": now, "revoked_by": who}
    tx.execute(update(standing_decisions).where(standing_decisions.c.id == standing_id).values(values))
    _changed(tx, known.forum)
    cancelled = standing_hides.cancel_waiting(tx, standing_id, who=who, at=now)
    details = {"standing": standing_id, "kind": known.kind, "hits": known.hits, "cancelled": cancelled}
    audit.add(tx, audit.Entry(now, who, "standing.revoked", known.forum, details=details))
    return True


def touch(tx: Connection, seen: Mapping[int, datetime], *, hits: Mapping[int, int]) -> None:
    """Copies were recognised: when the latest of each decision was posted, and how many were
    recognised for the first time."""
    for standing_id, at in seen.items():
        same = standing_decisions.c.id == standing_id
        later = (standing_decisions.c.last_copy_at < at, literal(at, UtcTime))
        values: dict[str, Any] = {
            "hits": standing_decisions.c.hits + hits.get(standing_id, 0),
            "last_copy_at": case(later, else_=standing_decisions.c.last_copy_at),
        }
        tx.execute(update(standing_decisions).where(same).values(values))


def get(rx: Connection, standing_id: int) -> StandingDecision:
    """One decision. Raises StoreError when there is none of that number."""
    found = load(rx, [standing_id])
    if not found:
        raise StoreError(code="error.store.standing_unknown", standing=standing_id)
    return found[0]


def load(rx: Connection, ids: Collection[int]) -> list[StandingDecision]:
    query = select(standing_decisions).where(standing_decisions.c.id.in_(ids))
    return [_decision(row) for row in rx.execute(query).mappings()]


def listing(rx: Connection, *, forum: str | None = None, revoked: bool = False) -> list[StandingDecision]:
    """Decisions that are not revoked (or all), the last made first."""
    query = select(standing_decisions).order_by(standing_decisions.c.id.desc())
    if forum is not None:
        query = query.where(standing_decisions.c.forum == forum)
    if not revoked:
        query = query.where(standing_decisions.c.revoked_at.is_(None))
    return [_decision(row) for row in rx.execute(query).mappings()]


def texts(rx: Connection, standing_id: int) -> list[str]:
    """The canonical texts that a decision is about."""
    return texts_of(rx, [standing_id]).get(standing_id, [])


def texts_of(rx: Connection, standing_ids: Collection[int]) -> dict[int, list[str]]:
    """The same of many, by decision."""
    query = select(standing_texts.c.standing_id, standing_texts.c.canonical)
    found: dict[int, list[str]] = {}
    for chunk in rows.chunks(sorted(standing_ids)):
        some = query.where(standing_texts.c.standing_id.in_(chunk)).order_by(standing_texts.c.canonical)
        for row in rx.execute(some):
            found.setdefault(row.standing_id, []).append(row.canonical)
    return found


def authors(rx: Connection, standing_id: int) -> set[int]:
    """In whose mouths its short texts are meant."""
    query = select(standing_authors.c.author_id).where(standing_authors.c.standing_id == standing_id)
    return set(rx.scalars(query))


def forget_author(tx: Connection, forum: str, author_id: int) -> int:
    """Forget that this author had to do with decisions; answers of how many rows that was."""
    of_forum = select(standing_decisions.c.id).where(standing_decisions.c.forum == forum)
    own = standing_authors.c.standing_id.in_(of_forum) & (standing_authors.c.author_id == author_id)
    first = standing_texts.c.standing_id.in_(of_forum) & (standing_texts.c.first_author_id == author_id)
    forgotten = tx.execute(delete(standing_authors).where(own)).rowcount
    forgotten += tx.execute(update(standing_texts).where(first).values(first_author_id=None)).rowcount
    if forgotten:
        _changed(tx, forum)
    return forgotten


def _judged(rx: Connection, verdict_id: int) -> _Judged | None:
    query = (
        select(
            verdicts,
            flags.c.campaign,
            flags.c.label,
            flags.c.reason,
            decisions.c.canonical,
            decisions.c.standing_id,
            replies.c.author_id,
            func.coalesce(replies.c.posted_at, replies.c.first_seen).label("posted_at"),
        )
        .join(flags, flags.c.id == verdicts.c.flag_id)
        .join(decisions, decisions.c.id == flags.c.decision_id)
        .join(replies, replies.c.id == verdicts.c.reply_id)
        .where(verdicts.c.id == verdict_id)
    )
    row = rx.execute(query).mappings().one()
    kind = _KINDS.get(VerdictKind(row["kind"]))
    if kind is None:
        return None
    names = ("forum", "flag_id", "reply_id", "canonical", "author_id", "posted_at", "who", "note")
    return _Judged(
        verdict_id=verdict_id,
        kind=kind,
        campaign=_campaign(rx, row),
        follows=row["standing_id"],
        label=Label(row["label"]),
        reason=Reason(row["reason"]),
        **{name: row[name] for name in names},
    )


def _campaign(rx: Connection, row: RowMapping) -> str | None:
    """The flag's campaign by its present name, or that of the decision which flagged it."""
    campaign = row["campaign"]
    if campaign is None and row["standing_id"] is not None:
        of = standing_decisions.c.id == row["standing_id"]
        campaign = rx.scalar(select(standing_decisions.c.campaign).where(of))
    return None if campaign is None else aliases.resolve(rx, row["forum"], campaign)


def _sayings(rx: Connection, judged: _Judged) -> Sayings | None:
    """What the verdict is on. Of a single reply nobody is known to have written it before."""
    found = None
    if judged.campaign is not None:
        found = campaign_texts.of_campaign(rx, judged.forum, judged.campaign)
    followed = standing_texts.c.standing_id == judged.follows
    texts = {
        row.canonical: First(row.first_author_id, row.first_at)
        for row in rx.execute(select(standing_texts).where(followed))
    }
    texts.update(found.texts if found is not None else {})
    if judged.canonical:
        texts.setdefault(judged.canonical, First(None, None))
    if not texts:
        return None
    authors = frozenset([judged.author_id] if judged.author_id is not None else [])
    if found is not None and judged.campaign is not None and is_of_few_authors(judged.campaign):
        authors |= found.authors
    return Sayings(texts, authors, max(judged.posted_at, found.last) if found else judged.posted_at)


def _of_campaign(rx: Connection, judged: _Judged) -> int | None:
    """The decision of this kind that is made already about the campaign."""
    if judged.campaign is None:
        return None
    query = select(standing_decisions.c.id).where(
        standing_decisions.c.forum == judged.forum,
        standing_decisions.c.kind == judged.kind,
        standing_decisions.c.campaign.in_(_names(rx, judged)),
        standing_decisions.c.revoked_at.is_(None),
    )
    found: int | None = rx.scalar(query.order_by(standing_decisions.c.id).limit(1))
    return found


def _names(rx: Connection, judged: _Judged) -> list[str]:
    """The names of the verdict's campaign. What was said of one text is not said of all that
    its authors repeat: the name of a text is none of theirs."""
    if judged.campaign is None:
        return []
    of_few = is_of_few_authors(judged.campaign)
    known = aliases.names(rx, judged.forum, [judged.campaign])
    return [name for name in known if is_of_few_authors(name) is of_few]


def _insert(tx: Connection, judged: _Judged, sayings: Sayings, now: datetime) -> int:
    named = ("forum", "kind", "campaign", "label", "reason", "verdict_id", "who", "note")
    values = {
        **{name: getattr(judged, name) for name in named},
        "made_at": now,
        "last_copy_at": sayings.last,
        "hits": 0,
    }
    made: int = tx.execute(standing_decisions.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
    return made


def _widen(tx: Connection, standing_id: int, sayings: Sayings) -> None:
    """Texts and authors that the decision does not know yet; who was first stays so."""
    about = {"standing_id": standing_id}
    texts = [
        {**about, "digest": text_digest(text), "canonical": text, "first_author_id": by, "first_at": at}
        for text, (by, at) in sayings.texts.items()
    ]
    dialect.upsert(tx, standing_texts, texts, keys=["standing_id", "digest"], update=["canonical"])
    authors = [{**about, "author_id": author} for author in sorted(sayings.authors)]
    dialect.upsert(tx, standing_authors, authors, keys=["standing_id", "author_id"], update=["author_id"])
    touch(tx, {standing_id: sayings.last}, hits={})


def _of_verdict(rx: Connection, verdict_id: int) -> list[int]:
    query = select(standing_decisions.c.id).where(
        standing_decisions.c.verdict_id == verdict_id, standing_decisions.c.revoked_at.is_(None)
    )
    return list(rx.scalars(query))


def _heir(rx: Connection, judged: _Judged) -> int | None:
    """The earliest other verdict in force that says the same of the same campaign."""
    query = (
        select(verdicts.c.id)
        .join(flags, flags.c.id == verdicts.c.flag_id)
        .where(
            flags.c.forum == judged.forum,
            flags.c.campaign.in_(_names(rx, judged)),
            verdicts.c.kind.in_([given for given, kind in _KINDS.items() if kind is judged.kind]),
            verdicts.c.undone_at.is_(None),
            verdicts.c.id != judged.verdict_id,
        )
    )
    found: int | None = rx.scalar(query.order_by(verdicts.c.id).limit(1))
    return found


def _speaks_no_more(tx: Connection, judged: _Judged) -> None:
    """The decision goes on, but what this author wrote is not upheld any more."""
    standing_id = _of_campaign(tx, judged)
    if standing_id is None or judged.campaign is None or is_of_few_authors(judged.campaign):
        return
    own = standing_authors.c.author_id == judged.author_id
    tx.execute(delete(standing_authors).where(standing_authors.c.standing_id == standing_id, own))
    _changed(tx, judged.forum)


def _changed(tx: Connection, forum: str) -> None:
    more = {"number": standing_changes.c.number + 1}
    dialect.upsert(tx, standing_changes, [{"forum": forum, "number": 1}], keys=["forum"], computed=more)


def _note(
    tx: Connection, judged: _Judged, what: str, by: tuple[str, datetime], details: Mapping[str, object]
) -> None:
    who, at = by
    entry = audit.Entry(at, who, what, judged.forum, judged.flag_id, judged.reply_id, details)
    audit.add(tx, entry)


def _decision(row: RowMapping) -> StandingDecision:
    fields = {name: row[name] for name in StandingDecision.__slots__}
    fields["kind"] = StandingKind(row["kind"])
    fields["label"] = Label(row["label"])
    fields["reason"] = Reason(row["reason"])
    return StandingDecision(**fields)
