"""Judging replies that passed: drawn at random, answered by people, acted on where they ask."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import DecisionKind, FlagState, Label, VerdictKind
from modbot.errors import Conflict, UsageError
from modbot.moderation.deciding import Choice, Moderator
from modbot.store import decisions, flags, spot_checks, verdicts
from modbot.store.engine import Store
from modbot.store.spot_checks import Check


def draw_for(
    store: Store, forums: Sequence[str], *, per_day: int, now: datetime
) -> dict[str, dict[str, int]]:
    """Draw the day's spot checks of every forum that has had none today; answers their numbers."""
    told = {}
    choose = random.SystemRandom().sample
    for forum in forums:
        with store.write() as tx:
            found = spot_checks.draw(tx, forum, number=per_day, now=now, choose=choose)
        if found is not None:
            told[forum] = {"drawn": found.drawn, "population": found.population}
    return told


@dataclass(frozen=True, slots=True)
class Answered:
    """``verdict`` upholds the flag that the answer opened, if it was to."""

    check: Check
    verdict: verdicts.Verdict | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The check as it was; ``undone`` what became of the verdict that the answer led to;
    ``forgotten`` labels."""

    check: Check
    undone: verdicts.Undone | None
    forgotten: int


def answer(
    moderator: Moderator, check_id: int, label: Label | None, *, uphold: bool = False, note: str = ""
) -> Answered:
    """Answer a check, and with ``uphold`` hide the reply, in one transaction. Raises as
    :func:`judge` does."""
    window, verdict = moderator.undo_window(), None
    with moderator.store.write(lasting=True) as tx:
        check = judge(tx, check_id, label, uphold=uphold, who=moderator.who, now=moderator.clock())
        if check.flag_id is not None:
            verdict = moderator.give_in(tx, check.flag_id, VerdictKind.UPHOLD, Choice(note), window=window)
    return Answered(check, verdict)


def undo(moderator: Moderator, check_id: int) -> TakenBack:
    """Take an answer back with all that it led to, in one transaction. Raises Conflict when
    there is none."""
    undone = None
    with moderator.store.write(lasting=True) as tx:
        check = spot_checks.get(tx, check_id)
        if check.flag_id is not None and verdicts.standing(tx, check.flag_id) is not None:
            undone = moderator.undo_in(tx, check.flag_id)
        forgotten = take_back(tx, check_id, who=moderator.who, now=moderator.clock())
    return TakenBack(check, undone, forgotten)


def judge(
    tx: Connection, check_id: int, label: Label | None, *, uphold: bool, who: str, now: datetime
) -> Check:
    """Answer a check (None skips it). With ``uphold`` the answer opens a flag in place of
    teaching by itself: the verdict that the caller gives on it then teaches, and acts.

    Raises UsageError for upholding what is not bad, Conflict when somebody was first.
    """
    if uphold and label in (None, Label.HAM):
        raise UsageError(code="error.spot_check.nothing_to_uphold")
    check = spot_checks.answer(tx, check_id, label, who=who, now=now, teach=not uphold)
    if uphold and label is not None:
        spot_checks.led_to(tx, check_id, _flag(tx, check, label, now))
        return spot_checks.get(tx, check_id)
    return check


def take_back(tx: Connection, check_id: int, *, who: str, now: datetime) -> int:
    """Take an answer back, and withdraw the flag that it opened, whose verdict the caller has
    undone; answers how many labels were forgotten. Raises Conflict when there is no answer."""
    check = spot_checks.get(tx, check_id)
    forgotten = spot_checks.undo(tx, check_id, who=who, now=now)
    if check.flag_id is not None:
        flag = flags.get(tx, check.flag_id)
        if flag.is_open:
            version, state = flag.version, FlagState.WITHDRAWN
            flags.transition(
                tx, flag.id, from_version=version, to=state, at=now, who=who, why="spot_check_undone"
            )
    return forgotten


def _flag(tx: Connection, check: Check, label: Label, now: datetime) -> int:
    there = flags.open_of(tx, [check.reply_id]).get(check.reply_id)
    if there is not None:
        return there
    judged = decisions.load(tx, [check.decision_id]).get(check.decision_id)
    made = None
    if judged is not None:
        asked = replace(
            judged.decision,
            kind=DecisionKind.QUEUE,
            would_be=DecisionKind.QUEUE,
            reason=spot_checks.reason_of(label),
            label=label,
            score=judged.assessment.probabilities.of(label),
        )
        made = flags.open(
            tx,
            forum=check.forum,
            reply_id=check.reply_id,
            revision_id=check.revision_id,
            decision_id=check.decision_id,
            decision=asked,
            campaign=None,
            at=now,
        )
    if made is None:
        raise Conflict(code="error.store.spot_check_decided", check=check.id)
    return made
