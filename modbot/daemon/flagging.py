"""From recorded decisions to flags and queued hides, in the decisions' own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from modbot.detection.rules import RuleBook
from modbot.domain import ActionKind, DecisionKind, FlagState, Reason
from modbot.policy import BrakeLimits, PolicyBook, QueueBudget
from modbot.store import decisions, flags, outbox
from modbot.store.rereads import Rhythm

WHO = "modbot"


@dataclass(frozen=True, slots=True)
class JudgingRules:
    """What the operator chose. ``reasons`` are the sentences sent to authors, by reason, ``own``
    are the operator's own rules; ``standing`` is how long after its last copy a standing
    decision holds, ``rhythm`` when what is read again."""

    book: PolicyBook
    brake: BrakeLimits
    budget: QueueBudget
    reasons: dict[Reason, str]
    notify: frozenset[Reason] = frozenset()
    flag_since: datetime | None = None
    own: RuleBook | None = None
    standing: timedelta = timedelta(days=90)
    rhythm: Rhythm = field(default_factory=Rhythm)


def flag(
    tx: Connection,
    forum: str,
    judged: Mapping[int, decisions.Judgement],
    rules: JudgingRules,
    *,
    at: datetime,
) -> None:
    """Open the flags that decisions (``judged`` by decision id) ask for, and take away those of
    replies for which none asks now."""
    opened = {
        judgement.reply_id: _opened(decision_id, judgement)
        for decision_id, judgement in judged.items()
        if judgement.decision.kind is not DecisionKind.ALLOW and judgement.decision.reason is not None
    }
    let_be = [judgement.reply_id for judgement in judged.values() if judgement.reply_id not in opened]
    for open_flag in flags.open_of(tx, let_be).values():
        _withdraw(tx, open_flag, at)
    first = flags.open_first(tx, forum, opened, at=at, shown=False)
    for reply_id, one in opened.items():
        flag_id: int | None = first.get(reply_id)
        if flag_id is None:
            flag_id = flags.open(tx, forum=forum, reply_id=reply_id, **one._asdict(), at=at, shown=False)
        if flag_id is not None and one.decision.kind is DecisionKind.HIDE:
            _hide(tx, forum, reply_id, one, flag_id, rules, at)


def _opened(decision_id: int, judgement: decisions.Judgement) -> flags.Opened:
    repetition = judgement.assessment.repetition
    campaign = repetition.campaign if repetition else None
    return flags.Opened(judgement.revision_id, decision_id, judgement.decision, campaign)


def _hide(
    tx: Connection,
    forum: str,
    reply_id: int,
    opened: flags.Opened,
    flag_id: int,
    rules: JudgingRules,
    at: datetime,
) -> None:
    reason, standing = opened.decision.reason, opened.decision.standing
    outbox.enqueue(
        tx,
        forum=forum,
        kind=ActionKind.HIDE,
        reply_id=reply_id,
        revision_id=opened.revision_id,
        at=at,
        reason=rules.reasons[reason] if reason else "",
        notify=(reason if standing is None else Reason.REPEATED) in rules.notify,
        unasked=True,
        standing=standing,
        flag_id=flag_id,
    )


def _withdraw(tx: Connection, flag_id: int, at: datetime) -> None:
    """The text was edited into a decent one: nobody need look at the old card."""
    found = flags.get(tx, flag_id)
    if found.state is FlagState.PENDING:
        flags.transition(
            tx,
            flag_id,
            from_version=found.version,
            to=FlagState.WITHDRAWN,
            at=at,
            who=WHO,
            why="edited",
        )
