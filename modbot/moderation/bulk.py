"""One decision for many: each reply's verdict is a transaction of its own, so that one that
fails spoils no other and a crash between two leaves neither half done. They share a name,
by which all are taken back together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Connection

from modbot.domain import Reason, VerdictKind
from modbot.errors import Conflict, ModbotError, StoreError, UsageError
from modbot.moderation import exceptions as exception_rules
from modbot.moderation.deciding import REMOVES, USUAL, Choice, Moderator
from modbot.moderation.selecting import Plan
from modbot.store import byhand, exceptions, flags, verdicts
from modbot.store.candidates import Candidate
from modbot.store.exceptions import PolicyException
from modbot.store.verdicts import Undone, Verdict


class Ending(StrEnum):
    DONE = "done"
    CONFLICT = "conflict"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one reply. ``problem`` says who decided what before (a conflict), or why
    nothing was done; ``action_id`` is what waits for the forum, ``mute_id`` what waits for
    the author beside; ``standing_id`` is what decides about the next copies from now on,
    ``verdict_id`` what was given."""

    ending: Ending
    post_id: int | None
    flag_id: int | None
    forum: str | None
    action_id: int | None = None
    mute_id: int | None = None
    problem: ModbotError | None = None
    standing_id: int | None = None
    verdict_id: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """``bulk`` takes all of it back (None: one flag by itself)."""

    bulk: str | None
    results: tuple[Result, ...]

    def count(self, ending: Ending) -> int:
        return sum(result.ending is ending for result in self.results)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """``undone`` tells more of those results that are done."""

    results: tuple[Result, ...]
    undone: tuple[Undone, ...]

    def count(self, ending: Ending) -> int:
        return sum(result.ending is ending for result in self.results)


Told = Callable[[Result], None]


def _untold(result: Result) -> None:
    del result


def give(moderator: Moderator, plan: Plan, choice: Choice = USUAL, *, told: Told = _untold) -> Given:
    """Decide about every reply of the plan, the latest first; ``told`` hears of each as it is done.

    Unless chosen otherwise, authors are told nothing of hides in bulk. A mute is one action,
    with the first verdict that is given; of each campaign one verdict stands for the next
    copies. Raises UsageError when there is nothing to decide, or a mute is asked for that is
    not of one member.
    """
    _require_sense(plan, choice.means.mute_days)
    if plan.kind in REMOVES and choice.notify is None:
        choice = replace(choice, notify=False)
    bulk, window = new_name(), moderator.undo_window()
    results: list[Result] = []
    stands: set[str] = set()
    for one in reversed(plan.items):
        chosen = _for_one(one, choice, stands)
        results.append(_give_one(moderator, plan, one, chosen, bulk=bulk, window=window))
        if results[-1].ending is Ending.DONE:
            stands.add(one.campaign or "")
            choice = replace(choice, means=replace(choice.means, mute_days=None))
        told(results[-1])
    return Given(bulk, tuple(results))


def give_flags(
    moderator: Moderator,
    flag_ids: Sequence[int],
    kind: VerdictKind,
    choice: Choice = USUAL,
    *,
    versions: Mapping[int, int] = MappingProxyType({}),
    told: Told = _untold,
) -> Given:
    """Decide about flags that a moderator named one by one: whoever wrote them, as said.

    ``versions``: of those flags that must not have changed since. A mute is one action, with
    the first verdict that is given.
    """
    bulk = new_name() if len(flag_ids) > 1 else None
    results: list[Result] = []
    for flag_id in flag_ids:
        results.append(_give_flag(moderator, flag_id, kind, choice, bulk, versions.get(flag_id)))
        if results[-1].ending is Ending.DONE:
            choice = replace(choice, means=replace(choice.means, mute_days=None))
        told(results[-1])
    return Given(bulk, tuple(results))


def undo(moderator: Moderator, bulk: str, *, told: Told = _untold) -> TakenBack:
    """Take back what was given under this name and stands still, the last first.

    Raises StoreError when there is no such name.
    """
    with moderator.store.read() as rx:
        given = verdicts.of_bulk(rx, bulk)
    if not given:
        raise StoreError(code="error.store.bulk_unknown", bulk=bulk)
    results: list[Result] = []
    undone: list[Undone] = []
    for verdict in reversed(given):
        found = _undo_one(moderator, verdict)
        results.append(_result_of_undo(moderator, verdict, found))
        if isinstance(found, Undone):
            undone.append(found)
        told(results[-1])
    return TakenBack(tuple(results), tuple(undone))


def close_covered(
    moderator: Moderator, exception: PolicyException, choice: Choice = USUAL, *, told: Told = _untold
) -> Given:
    """Allow the open flags that an exception in force covers; it makes no more exceptions."""
    with moderator.store.read() as rx:
        found = exception_rules.covered(rx, exception, moderator.kinds_of)
    bulk, window = new_name(), moderator.undo_window()
    covered = replace(choice, where=None)
    results: list[Result] = []
    for flag in found:
        results.append(_allow_one(moderator, flag, exception, covered, bulk=bulk, window=window))
        told(results[-1])
    return Given(bulk, tuple(results))


def new_name() -> str:
    return f"b{secrets.token_hex(4)}"


def _require_sense(plan: Plan, mute_days: int | None) -> None:
    if not plan.items:
        raise UsageError(code="error.moderation.nothing", left_out=len(plan.left_out))
    if mute_days is None:
        return
    if plan.selection.author is None or plan.kind not in REMOVES:
        raise UsageError(code="error.moderation.mute_whom")
    if plan.selection.author.id is None:
        raise UsageError(code="error.moderation.mute_guest", name=plan.selection.author.name)


def _for_one(one: Candidate, choice: Choice, stands: set[str]) -> Choice:
    """Of a campaign whose verdict stands already, no other needs to."""
    return replace(choice, stands=False) if one.campaign in stands else choice


def _give_one(
    moderator: Moderator, plan: Plan, one: Candidate, choice: Choice, *, bulk: str, window: timedelta
) -> Result:
    result = Result(Ending.DONE, one.post_id, one.flag_id, one.forum)
    try:
        with moderator.store.write(lasting=True) as tx:
            flag_id = _flag_of(tx, moderator, one, plan.reason)
            verdict = moderator.give_in(tx, flag_id, plan.kind, choice, window=window, bulk=bulk)
    except Conflict as conflict:
        return replace(result, ending=Ending.CONFLICT, problem=conflict)
    except ModbotError as problem:
        return replace(result, ending=Ending.FAILED, problem=problem)
    return _given(replace(result, flag_id=flag_id), verdict)


def _give_flag(
    moderator: Moderator,
    flag_id: int,
    kind: VerdictKind,
    choice: Choice,
    bulk: str | None,
    version: int | None,
) -> Result:
    result = Result(Ending.DONE, None, flag_id, None)
    try:
        verdict = moderator.give(flag_id, kind, choice, bulk=bulk, version=version)
    except Conflict as conflict:
        return replace(result, ending=Ending.CONFLICT, problem=conflict)
    except ModbotError as problem:
        return replace(result, ending=Ending.FAILED, problem=problem)
    return _given(replace(result, forum=verdict.forum), verdict)


def _given(result: Result, verdict: Verdict) -> Result:
    return replace(
        result,
        action_id=verdict.action_id,
        mute_id=verdict.mute_id,
        standing_id=verdict.standing_id,
        verdict_id=verdict.id,
    )


def _flag_of(tx: Connection, moderator: Moderator, one: Candidate, reason: Reason) -> int:
    """The flag to decide about, opened if the reply had passed. Raises Conflict when its text
    is not the one that the moderator was shown."""
    if one.flag_id is None:
        return byhand.open(tx, one.reply_id, one.revision_id, reason, who=moderator.who, at=moderator.clock())
    flag = flags.get(tx, one.flag_id)
    if flag.revision_id != one.revision_id and flag.is_open:
        raise Conflict(code="error.store.reply_changed", post=one.post_id)
    return one.flag_id


def _allow_one(
    moderator: Moderator,
    flag: flags.Flag,
    exception: PolicyException,
    choice: Choice,
    *,
    bulk: str,
    window: timedelta,
) -> Result:
    result = Result(Ending.DONE, flag.post_id, flag.id, flag.forum)
    try:
        with moderator.store.write(lasting=True) as tx:
            _require_in_force(tx, exception)
            verdict = moderator.give_in(tx, flag.id, VerdictKind.ALLOW_HERE, choice, window=window, bulk=bulk)
    except Conflict as conflict:
        return replace(result, ending=Ending.CONFLICT, problem=conflict)
    return replace(result, action_id=verdict.action_id)


def _require_in_force(tx: Connection, exception: PolicyException) -> None:
    if exceptions.get(tx, exception.id).revoked_at is not None:
        raise Conflict(code="error.moderation.exception_gone", exception=exception.id)


def _undo_one(moderator: Moderator, verdict: Verdict) -> Undone | ModbotError:
    try:
        return moderator.undo(verdict.flag_id, verdict_id=verdict.id)
    except ModbotError as problem:
        return problem


def _result_of_undo(moderator: Moderator, verdict: Verdict, found: Undone | ModbotError) -> Result:
    with moderator.store.read() as rx:
        post_id = flags.get(rx, verdict.flag_id).post_id
    result = Result(Ending.DONE, post_id, verdict.flag_id, verdict.forum)
    if isinstance(found, Undone):
        return replace(result, action_id=found.action_id, mute_id=found.unmute_id)
    ending = Ending.CONFLICT if isinstance(found, Conflict) else Ending.FAILED
    return replace(result, ending=ending, problem=found)
