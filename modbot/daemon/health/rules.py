"""When all is well and when not. docs/health.md states the same rules for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from modbot.daemon.health.status import ForumStatus, Health, Problem, Status
from modbot.domain import OutboxState
from modbot.store.breakers import BreakerState
from modbot.store.schema import REVISION

RULES = {
    "store_unreadable": Health.FAILING,
    "other_schema": Health.FAILING,
    "no_daemon": Health.FAILING,
    "daemon_lost": Health.FAILING,
    "model_missing": Health.DEGRADED,
    "chore_failed": Health.DEGRADED,
    "never_polled": Health.FAILING,
    "poll_late": Health.FAILING,
    "breaker_open": Health.DEGRADED,
    "breaker_stopped": Health.DEGRADED,
    "budget_spent": Health.DEGRADED,
    "judging_late": Health.DEGRADED,
    "actions_late": Health.DEGRADED,
    "brake_on": Health.DEGRADED,
    "dead_actions": Health.DEGRADED,
    "parked_replies": Health.DEGRADED,
}
"""Every code with how bad it is, in the order in which they are told."""
CHORES_ARE_TRIED_WITHIN = timedelta(days=2)
"""A chore that failed is tried again soon; one that is not was switched off."""


def problems(status: Status, *, patience: timedelta) -> tuple[Problem, ...]:
    """What is wrong, the worst first. ``patience``: how long something that is due may wait."""
    found = list(_of_house(status))
    for forum in status.forums:
        found += _of_forum(forum, status, patience)
    order = list(RULES)
    return tuple(
        sorted(found, key=lambda one: (one.health is not Health.FAILING, order.index(one.code), one.forum))
    )


def problem(code: str, *, forum: str = "", since: datetime | None = None, number: int = 0) -> Problem:
    return Problem(code, RULES[code], forum, since, number)


def _of_house(status: Status) -> Iterator[Problem]:
    owner = status.owner
    if status.schema != REVISION:
        yield problem("other_schema")
    if owner is None or owner.released:
        yield problem("no_daemon", since=owner.until if owner else None)
    elif not status.daemon_runs:
        yield problem("daemon_lost", since=owner.until)
    if not status.model:
        yield problem("model_missing")
    tried = status.at - CHORES_ARE_TRIED_WITHIN
    failed = [chore for chore in status.chores if chore.problem and chore.began_at >= tried]
    if failed:
        yield problem("chore_failed", since=min(chore.began_at for chore in failed), number=len(failed))


def _of_forum(forum: ForumStatus, status: Status, patience: timedelta) -> Iterator[Problem]:
    # Without a daemon everything is late, and that there is none is told already.
    if status.owner is not None and status.daemon_runs:
        yield from _late(forum, status.owner.since, status.at - patience)
    if forum.breaker is not None and forum.breaker.state is BreakerState.STOPPED:
        yield problem("breaker_stopped", forum=forum.name, since=forum.breaker.since)
    elif forum.breaker is not None and forum.breaker.state is not BreakerState.CLOSED:
        yield problem("breaker_open", forum=forum.name, since=forum.breaker.since)
    if forum.requests_left == 0:
        yield problem("budget_spent", forum=forum.name, number=forum.requests_made)
    if forum.brake.pulled:
        yield problem("brake_on", forum=forum.name, since=forum.brake.since)
    dead = forum.actions[OutboxState.DEAD]
    if dead.number:
        yield problem("dead_actions", forum=forum.name, since=dead.since, number=dead.number)
    if forum.parked:
        yield problem("parked_replies", forum=forum.name, number=forum.parked)


def _late(forum: ForumStatus, started: datetime, limit: datetime) -> Iterator[Problem]:
    """What should have been done before ``limit``; a daemon that has just started at
    ``started`` is given its time."""
    if started >= limit:
        return
    read = _last_good_read(forum)
    if read is None:
        yield problem("never_polled", forum=forum.name, since=started)
    elif read < limit:
        yield problem("poll_late", forum=forum.name, since=read)
    if forum.unjudged.since is not None and forum.unjudged.since < limit:
        yield problem(
            "judging_late", forum=forum.name, since=forum.unjudged.since, number=forum.unjudged.number
        )
    if forum.due_at is not None and forum.due_at < limit:
        yield problem("actions_late", forum=forum.name, since=forum.due_at)


def _last_good_read(forum: ForumStatus) -> datetime | None:
    """The end of the last good poll; what a poll under way has stored counts as well, for
    the first one reads a month and takes its time."""
    if forum.poll is None:
        return None
    under_way = forum.poll.ended_at is None
    known = (forum.poll.succeeded_at, forum.read_at if under_way else None)
    return max((moment for moment in known if moment is not None), default=None)
