"""What was judged: an assessment and its decision, per revision, model, policy and campaign step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select, update

from modbot.domain import Assessment, Decision, DecisionKind, Label, Reason, ReplyKey
from modbot.store import bulk, campaigns, rows
from modbot.store.schema import decisions, replies


@dataclass(frozen=True, slots=True)
class Judgement:
    """One revision, what the detectors said and what policy made of it.

    ``established``: the author had standing then.
    """

    reply_id: int
    revision_id: int
    assessment: Assessment
    decision: Decision
    established: bool


class Outcome(NamedTuple):
    """What of a decision is acted on."""

    kind: DecisionKind
    would_be: DecisionKind
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement as stored."""

    id: int
    reply_id: int
    revision_id: int
    assessment: Assessment
    decision: Decision
    established: bool
    decided_at: datetime


def record(tx: Connection, judgements: Sequence[Judgement], *, at: datetime) -> list[int]:
    """Store judgements; answers their decision ids in the same order.

    One judgement per revision. They become the current ones of their replies (unless the text has changed
    meanwhile), and replies with a repetition join their campaigns.
    """
    if not judgements:
        return []
    ids = bulk.insert(tx, decisions, _columns(judgements, at))
    current = (
        update(replies)
        .where(
            decisions.c.id.between(ids[0], ids[-1]),
            replies.c.id == decisions.c.reply_id,
            replies.c.revision_id == decisions.c.revision_id,
        )
        .values(decision_id=decisions.c.id, campaign=decisions.c.campaign)
    )
    tx.execute(current)
    campaigns.begin(tx, [judgement.assessment for judgement in judgements], at=at)
    return ids


def load(rx: Connection, decision_ids: Sequence[int]) -> dict[int, Judged]:
    """Judgements by decision id."""
    found: dict[int, Judged] = {}
    base = select(decisions, replies.c.post_id).join(replies, replies.c.id == decisions.c.reply_id)
    for chunk in rows.chunks(decision_ids):
        for row in rx.execute(base.where(decisions.c.id.in_(chunk))).mappings():
            found[row["id"]] = _judged(row)
    return found


def current(rx: Connection, reply_id: int) -> Judged | None:
    """The judgement of the reply's present text; None when it was not judged yet, or is forgotten."""
    decision_id = rx.scalar(select(replies.c.decision_id).where(replies.c.id == reply_id))
    return None if decision_id is None else load(rx, [decision_id]).get(decision_id)


def outcome(decision: Decision) -> Outcome:
    """What of a decision is acted on."""
    return Outcome(decision.kind, decision.would_be, decision.reason)


def outcomes(rx: Connection, reply_ids: Sequence[int]) -> dict[int, Outcome]:
    """What was decided on the present texts, by reply id."""
    query = select(replies.c.id, decisions.c.kind, decisions.c.would_be, decisions.c.reason).join(
        decisions, decisions.c.id == replies.c.decision_id
    )
    return {
        row.id: Outcome(
            DecisionKind(row.kind), DecisionKind(row.would_be), Reason(row.reason) if row.reason else None
        )
        for chunk in rows.chunks(reply_ids)
        for row in rx.execute(query.where(replies.c.id.in_(chunk)))
    }


def last_model(rx: Connection, forum: str) -> str:
    """The model version of the forum's last decision; empty before the first."""
    query = select(decisions.c.model).where(decisions.c.forum == forum)
    return rx.scalar(query.order_by(decisions.c.decided_at.desc()).limit(1)) or ""


def mark(rx: Connection, forum: str) -> str:
    """What tells the forum's last decision from those of any other store; empty before it."""
    last = select(decisions).where(decisions.c.forum == forum).order_by(decisions.c.id.desc()).limit(1)
    row = rx.execute(last).one_or_none()
    return "" if row is None else _mark(row.id, row.reply_id, row.decided_at)


def marked(rx: Connection, forum: str, text: str) -> int | None:
    """The id of the decision with this ``mark``; None when this store has none such."""
    number = text.partition(" ")[0]
    if not number.isdecimal():
        return None
    found = select(decisions).where(decisions.c.id == int(number), decisions.c.forum == forum)
    row = rx.execute(found).one_or_none()
    is_it = row is not None and _mark(row.id, row.reply_id, row.decided_at) == text
    return int(number) if is_it else None


def _mark(decision_id: int, reply_id: int, at: datetime) -> str:
    return f"{decision_id} {reply_id} {at.isoformat()}"


def _columns(judgements: Sequence[Judgement], at: datetime) -> dict[str, list[Any]]:
    assessed = [judgement.assessment for judgement in judgements]
    decided = [judgement.decision for judgement in judgements]
    probabilities = [assessment.probabilities for assessment in assessed]
    repetitions = [assessment.repetition for assessment in assessed]
    nothing: list[Any] = []
    return {
        "reply_id": [judgement.reply_id for judgement in judgements],
        "revision_id": [judgement.revision_id for judgement in judgements],
        "forum": [assessment.key.forum for assessment in assessed],
        "kind": [decision.kind for decision in decided],
        "would_be": [decision.would_be for decision in decided],
        "reason": [decision.reason for decision in decided],
        "label": [decision.label for decision in decided],
        "score": [float(decision.score) for decision in decided],
        "threshold": [
            None if decision.threshold is None else float(decision.threshold) for decision in decided
        ],
        "limits": [rows.limits_to_json(decision.limits) for decision in decided],
        "held_by": [list(decision.held_by) if decision.held_by else nothing for decision in decided],
        "ham": [float(found.ham) for found in probabilities],
        "low_effort": [float(found.low_effort) for found in probabilities],
        "spam": [float(found.spam) for found in probabilities],
        "signals": [
            rows.signals_to_json(said) if (said := decision.signals or assessment.signals) else nothing
            for decision, assessment in zip(decided, assessed, strict=True)
        ],
        "repetition": [rows.repetition_to_json(repetition) for repetition in repetitions],
        "campaign": [repetition.campaign if repetition else None for repetition in repetitions],
        "canonical": [assessment.canonical_text for assessment in assessed],
        "established": [judgement.established for judgement in judgements],
        "model": [decision.model for decision in decided],
        "policy": [decision.policy for decision in decided],
        "standing_id": [decision.standing for decision in decided],
        "decided_at": [at] * len(judgements),
    }


def _judged(row: RowMapping) -> Judged:
    signals = rows.signals_of(row["signals"])
    assessment = Assessment(
        key=ReplyKey(row["forum"], row["post_id"]),
        probabilities=rows.probabilities_of(row),
        signals=signals,
        repetition=rows.repetition_of(row["repetition"]),
        canonical_text=row["canonical"],
        model=row["model"],
    )
    decision = Decision(
        kind=DecisionKind(row["kind"]),
        would_be=DecisionKind(row["would_be"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        label=Label(row["label"]),
        score=row["score"],
        threshold=row["threshold"],
        signals=signals,
        held_by=tuple(row["held_by"]),
        policy=row["policy"],
        model=row["model"],
        limits=rows.limits_of(row["limits"]),
        standing=row["standing_id"],
    )
    names = ("id", "reply_id", "revision_id", "established", "decided_at")
    return Judged(assessment=assessment, decision=decision, **{name: row[name] for name in names})
