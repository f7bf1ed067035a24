"""How often the operator's rules fired, counted from the signals of the decisions kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, cast, select

from modbot.store import rows
from modbot.store.schema import decisions


@dataclass(frozen=True, slots=True)
class Hits:
    """Replies that a rule fired on, and when it last did."""

    replies: int
    last: datetime


def since(rx: Connection, moment: datetime, *, forums: Sequence[str]) -> dict[str, Hits]:
    """By rule, from ``moment`` on, in these forums; a rule that never fired is absent.

    A reply that was judged several times counts once. What ``[retention]`` has forgotten is
    not counted any more.
    """
    query = (
        select(decisions.c.reply_id, decisions.c.signals, decisions.c.decided_at)
        .where(
            decisions.c.forum.in_(forums),
            decisions.c.decided_at >= moment,
            cast(decisions.c.signals, String).like('%["rule",%'),
        )
        .order_by(decisions.c.decided_at)
    )
    seen: dict[str, set[int]] = {}
    last: dict[str, datetime] = {}
    for reply, signals, at in rx.execute(query):
        for signal in rows.signals_of(signals):
            if signal.code == "rule":
                name = str(signal.details["name"])
                seen.setdefault(name, set()).add(reply)
                last[name] = at
    return {name: Hits(len(replies), last[name]) for name, replies in seen.items()}
