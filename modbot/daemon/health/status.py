"""The facts that health is judged by, as plain values, and how they look as JSON.

They hold moments rather than ages, so that two who look at the same store see the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from modbot.domain import Mode, OutboxState
from modbot.store.brake import Brake
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.budget import NotShown
from modbot.store.chores import Chore
from modbot.store.leases import Lease
from modbot.store.misses import Missed
from modbot.store.polls import Polled
from modbot.store.vitals import Settled, Waiting

RECENT = timedelta(days=7)
"""For how long back what happens now and then is counted."""


class Health(StrEnum):
    """``degraded``: it works, and somebody should look; ``failing``: it does not do its work."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why not all is well. ``forum`` is empty for what concerns the whole house,
    ``since`` None where nobody knows; ``number`` of what it counts."""

    code: str
    health: Health
    forum: str = ""
    since: datetime | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class ForumStatus:
    """One forum. ``read_at``: when the last batch of replies was stored; ``judged_by``: the
    model version of the last decision; ``due_at``: when the next action that nothing holds
    is to be carried out (in the past: nobody does it); ``not_shown``: what the queue's budget
    keeps back, by day and reason; ``rereads``: known replies that are due to be read again.
    Of the last RECENT: flags that people closed ``by_forum``, and what was ``missed``."""

    name: str
    mode: Mode
    poll: Polled | None
    read_at: datetime | None
    breaker: Breaker | None
    brake: Brake
    judged_by: str
    unjudged: Waiting
    parked: int
    unreadable: int
    shown: Waiting
    kept_back: Waiting
    not_shown: tuple[NotShown, ...]
    actions: Mapping[OutboxState, Waiting]
    due_at: datetime | None
    rereads: Waiting
    by_forum: int
    missed: Missed
    last_action: Settled | None
    requests_made: int
    requests_left: int

    @property
    def breaker_state(self) -> BreakerState:
        return BreakerState.CLOSED if self.breaker is None else self.breaker.state


@dataclass(frozen=True, slots=True)
class Status:
    """The house at the moment ``at``. ``model`` is the version that the next start loads,
    empty when it cannot be found; ``schema`` the database's revision; ``store`` its
    address without a password."""

    at: datetime
    version: str
    store: str
    schema: str
    model: str
    owner: Lease | None = None
    chores: tuple[Chore, ...] = ()
    forums: tuple[ForumStatus, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def daemon_runs(self) -> bool:
        return self.owner is not None and self.owner.is_live(self.at)

    @property
    def verdict(self) -> Health:
        """The worst of the problems."""
        found = {problem.health for problem in self.problems}
        return next((bad for bad in (Health.FAILING, Health.DEGRADED) if bad in found), Health.OK)


def as_object(status: Status) -> dict[str, Any]:
    """What ``/healthz`` answers and ``modbot status --json`` prints: codes, counts and times
    (ISO 8601, UTC). No text from a forum and none of an error's is in it."""
    owner = status.owner
    return {
        "verdict": status.verdict.value,
        "problems": [_problem(problem) for problem in status.problems],
        "at": _iso(status.at),
        "version": status.version,
        "model": status.model,
        "store": status.store,
        "schema": status.schema,
        "daemon": {
            "running": status.daemon_runs,
            "pid": owner.pid if owner else None,
            "host": owner.host if owner else None,
            "since": _iso(owner.since) if owner else None,
        },
        "chores": {chore.name: _chore(chore) for chore in status.chores},
        "forums": {forum.name: _forum(forum) for forum in status.forums},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "health": problem.health.value,
        "forum": problem.forum or None,
        "since": _iso(problem.since),
        "number": problem.number,
    }


def _chore(chore: Chore) -> dict[str, Any]:
    return {
        "began_at": _iso(chore.began_at),
        "succeeded_at": _iso(chore.succeeded_at),
        "failed": bool(chore.problem),
    }


def _forum(forum: ForumStatus) -> dict[str, Any]:
    return {
        "mode": forum.mode.value,
        "poll": _poll(forum),
        "breaker": _breaker(forum),
        "brake": {
            "on": forum.brake.pulled,
            "since": _iso(forum.brake.since) if forum.brake.pulled else None,
            "why": forum.brake.why if forum.brake.pulled else None,
        },
        "judged_by": forum.judged_by or None,
        "unjudged": _waiting(forum.unjudged),
        "parked": forum.parked,
        "unreadable": forum.unreadable,
        "queue": {
            "shown": _waiting(forum.shown),
            "kept_back": _waiting(forum.kept_back),
            "not_shown": [_not_shown(one) for one in forum.not_shown],
        },
        "actions": {state.value: _waiting(waiting) for state, waiting in forum.actions.items()},
        "rereads": _waiting(forum.rereads),
        "by_forum": forum.by_forum,
        "missed": forum.missed._asdict(),
        "last_action": _settled(forum.last_action),
        "requests": {"today": forum.requests_made, "left": forum.requests_left},
    }


def _poll(forum: ForumStatus) -> dict[str, Any]:
    poll = forum.poll
    return {
        "began_at": _iso(poll.began_at) if poll else None,
        "ended_at": _iso(poll.ended_at) if poll else None,
        "succeeded_at": _iso(poll.succeeded_at) if poll else None,
        "read_at": _iso(forum.read_at),
        "caught_up": poll.caught_up if poll else None,
    }


def _breaker(forum: ForumStatus) -> dict[str, Any]:
    breaker = forum.breaker
    return {
        "state": forum.breaker_state.value,
        "since": _iso(breaker.since) if breaker else None,
        "failures": breaker.failures if breaker else 0,
        "probe_at": _iso(breaker.probe_at) if breaker else None,
        "code": (breaker.code or None) if breaker else None,
    }


def _settled(action: Settled | None) -> dict[str, Any] | None:
    if action is None:
        return None
    return {"kind": action.kind.value, "state": action.state.value, "at": _iso(action.at)}


def _waiting(waiting: Waiting) -> dict[str, Any]:
    return {"number": waiting.number, "since": _iso(waiting.since)}


def _not_shown(found: NotShown) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "reason": found.reason.value,
        "number": found.number,
        "since": _iso(found.since),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
