"""How many of everything: for the live view, the doctor and the summaries."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from modbot.domain import DecisionKind, FlagState
from modbot.store.schema import decisions, flags, replies


@dataclass(frozen=True, slots=True)
class Counts:
    """``decisions`` of the current texts by kind, ``flags`` by state; ``campaigns`` that
    carry at least one open or upheld flag."""

    replies: int
    decisions: dict[DecisionKind, int]
    flags: dict[FlagState, int]
    campaigns: int


def counts(rx: Connection, forum: str) -> Counts:
    judged = (
        select(decisions.c.kind, func.count())
        .join(replies, replies.c.decision_id == decisions.c.id)
        .where(replies.c.forum == forum)
        .group_by(decisions.c.kind)
    )
    by_state = select(flags.c.state, func.count()).where(flags.c.forum == forum).group_by(flags.c.state)
    standing = (FlagState.PENDING, FlagState.HIDDEN, FlagState.UPHELD)
    campaigns = select(func.count(flags.c.campaign.distinct())).where(
        flags.c.forum == forum, flags.c.reason == "repeated", flags.c.state.in_(standing)
    )
    return Counts(
        replies=rx.scalar(select(func.count()).where(replies.c.forum == forum)) or 0,
        decisions={DecisionKind(kind): number for kind, number in rx.execute(judged)},
        flags={FlagState(state): number for state, number in rx.execute(by_state)},
        campaigns=rx.scalar(campaigns) or 0,
    )
