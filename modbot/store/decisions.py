"""What was judged: an assessment and its decision, per revision, model, policy and campaign step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from modbot.domain import Assessment, Decision, DecisionKind, Label, Reason, ReplyKey
from modbot.store import campaigns, rows
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
    values = [_columns(judgement, at) for judgement in judgements]
    made = decisions.insert().returning(decisions.c.revision_id, decisions.c.id)
    by_revision = {row.revision_id: row.id for row in tx.execute(made, values)}
    ids = [by_revision[judgement.revision_id] for judgement in judgements]
    current = (
        update(replies)
        .where(replies.c.id == bindparam("row_id"), replies.c.revision_id == bindparam("revision"))
        .values(decision_id=bindparam("judged"), campaign=bindparam("joined"))
    )
    tx.execute(
        current,
        [
            {
                "row_id": value["reply_id"],
                "revision": value["revision_id"],
                "judged": decision_id,
                "joined": value["campaign"],
            }
            for value, decision_id in zip(values, ids, strict=True)
        ],
    )
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


def last_model(rx: Connection, forum: str) -> str:
    """The model version of the forum's last decision; empty before the first."""
    query = select(decisions.c.model).where(decisions.c.forum == forum)
    return rx.scalar(query.order_by(decisions.c.decided_at.desc()).limit(1)) or ""


def _columns(judgement: Judgement, at: datetime) -> dict[str, Any]:
    assessment, decision = judgement.assessment, judgement.decision
    repetition = assessment.repetition
    return {
        "reply_id": judgement.reply_id,
        "revision_id": judgement.revision_id,
        "forum": assessment.key.forum,
        "kind": decision.kind.value,
        "would_be": decision.would_be.value,
        "reason": decision.reason.value if decision.reason else None,
        "label": decision.label.value,
        "score": float(decision.score),
        "threshold": None if decision.threshold is None else float(decision.threshold),
        "held_by": list(decision.held_by),
        "ham": float(assessment.probabilities.ham),
        "low_effort": float(assessment.probabilities.low_effort),
        "spam": float(assessment.probabilities.spam),
        "signals": rows.signals_to_json(decision.signals or assessment.signals),
        "repetition": rows.repetition_to_json(repetition),
        "campaign": repetition.campaign if repetition else None,
        "canonical": assessment.canonical_text,
        "established": judgement.established,
        "model": decision.model,
        "policy": decision.policy,
        "decided_at": at,
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
    )
    names = ("id", "reply_id", "revision_id", "established", "decided_at")
    return Judged(assessment=assessment, decision=decision, **{name: row[name] for name in names})
