"""Flags that a human opens, on replies that passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import Reason
from modbot.errors import Conflict, StoreError
from modbot.store import candidates, decisions, flags


def open(tx: Connection, reply_id: int, revision_id: int, reason: Reason, *, who: str, at: datetime) -> int:
    """The flag of a reply's text for a human's decision: the open one, else a new one.

    What the detectors said of the text stays: upheld, it teaches no other label than theirs.
    Raises Conflict when the reply says something else now or a human has decided about it
    already (naming who), StoreError when what was judged of it is forgotten.
    """
    [found] = candidates.of_reply(tx, reply_id)
    if found.revision_id != revision_id:
        raise Conflict(code="error.store.reply_changed", post=found.post_id)
    if found.flag_id is not None:
        return found.flag_id
    if found.decided is not None:
        raise decided(found)
    judged = decisions.current(tx, reply_id)
    if judged is None:
        raise StoreError(code="error.store.reply_unjudged", post=found.post_id)
    flag_id = flags.open(
        tx,
        forum=found.forum,
        reply_id=reply_id,
        revision_id=revision_id,
        decision_id=judged.id,
        decision=replace(judged.decision, reason=reason),
        campaign=found.campaign,
        at=at,
        who=who,
    )
    if flag_id is None:
        raise decided(found)
    return flag_id


def decided(found: candidates.Candidate) -> Conflict:
    """That a human has decided about the reply's present text, and who."""
    verdict = found.decided
    if verdict is None:
        return Conflict(code="error.store.reply_changed", post=found.post_id)
    at = verdict.at.isoformat(timespec="seconds")
    return Conflict(
        code="error.store.flag_decided", flag=verdict.flag_id, state=verdict.kind, who=verdict.who, at=at
    )
