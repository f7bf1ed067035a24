"""How things stand, read from the store when a scrape asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.status import ForumStatus, Health, Status
from modbot.store.breakers import BreakerState
from modbot.store.vitals import Waiting


class Exposition(Collector):
    """Everything that ``/metrics`` shows: what was counted, and how things stand."""

    def __init__(self, metrics: Metrics, look: Callable[[], Status]) -> None:
        self._metrics = metrics
        self._look = look

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics.registry.collect()
        status = self._look()
        yield from _of_house(status)
        yield from _of_forums(status)


def _of_house(status: Status) -> Iterator[Metric]:
    verdict = _gauge("modbot_health", "1 for the verdict that holds, 0 for the others.", "verdict")
    for health in Health:
        verdict.add_metric([health.value], status.verdict is health)
    yield verdict
    problems = _gauge("modbot_problem", "1 for every problem that there is.", "forum", "code")
    for problem in status.problems:
        problems.add_metric([problem.forum, problem.code], 1)
    yield problems
    yield _gauge_of("modbot_daemon_runs", "Whether a daemon holds the store.", status.daemon_runs)
    done = _gauge("modbot_chore_last_success_timestamp_seconds", "When a chore was done last.", "chore")
    failed = _gauge("modbot_chore_failed", "Whether a chore failed the last time.", "chore")
    for chore in status.chores:
        done.add_metric([chore.name], _timestamp(chore.succeeded_at))
        failed.add_metric([chore.name], bool(chore.problem))
    yield done
    yield failed


def _of_forums(status: Status) -> Iterator[Metric]:
    forums = status.forums
    yield _each(
        "modbot_last_successful_poll_timestamp_seconds",
        "When the last good poll ended; 0 before the first.",
        forums,
        lambda forum: _timestamp(forum.poll.succeeded_at if forum.poll else None),
    )
    yield _each(
        "modbot_last_action_timestamp_seconds",
        "When the last action ended; 0 before the first.",
        forums,
        lambda forum: _timestamp(forum.last_action.at if forum.last_action else None),
    )
    yield _each("modbot_brake_on", "Whether unasked hiding is paused.", forums, lambda f: f.brake.pulled)
    yield _breakers(forums)
    yield _each("modbot_requests_today", "Requests sent today (UTC).", forums, lambda f: f.requests_made)
    yield _each("modbot_requests_left", "Requests left of today's.", forums, lambda f: f.requests_left)
    yield _each("modbot_unjudged_replies", "Stored and not judged.", forums, lambda f: f.unjudged.number)
    yield _each("modbot_parked_replies", "Set aside: not to be judged.", forums, lambda f: f.parked)
    yield _each("modbot_unreadable_blocks", "Kept for inspection.", forums, lambda f: f.unreadable)
    yield _each("modbot_rereads_due", "To be read again, now.", forums, lambda f: f.rereads.number)
    yield _each("modbot_closed_on_forum", "Flags closed by people there.", forums, lambda f: f.by_forum)
    yield _missed(forums)
    yield from _queue(status)
    yield from _actions(status)


def _breakers(forums: tuple[ForumStatus, ...]) -> Metric:
    family = _gauge("modbot_breaker_state", "1 for the breaker's state, 0 for the others.", "forum", "state")
    for forum in forums:
        for state in BreakerState:
            family.add_metric([forum.name, state.value], forum.breaker_state is state)
    return family


def _missed(forums: tuple[ForumStatus, ...]) -> Metric:
    family = _gauge("modbot_missed", "Passed, and hidden or gone since.", "forum", "seen")
    for forum in forums:
        family.add_metric([forum.name, "hidden"], forum.missed.hidden)
        family.add_metric([forum.name, "gone"], forum.missed.gone)
    return family


def _queue(status: Status) -> Iterator[Metric]:
    number = _gauge("modbot_queue_flags", "Flags that wait for a human.", "forum", "state")
    for forum in status.forums:
        number.add_metric([forum.name, "shown"], forum.shown.number)
        number.add_metric([forum.name, "kept_back"], forum.kept_back.number)
    yield number
    yield _each(
        "modbot_oldest_pending_seconds",
        "Age of the oldest flag shown in the queue; 0 without one.",
        status.forums,
        lambda forum: _age(forum.shown, status.at),
    )


def _actions(status: Status) -> Iterator[Metric]:
    number = _gauge("modbot_outbox_actions", "Actions that have not ended, and dead ones.", "forum", "state")
    oldest = _gauge("modbot_outbox_oldest_seconds", "Age of the oldest of them.", "forum", "state")
    for forum in status.forums:
        for state, waiting in forum.actions.items():
            number.add_metric([forum.name, state.value], waiting.number)
            oldest.add_metric([forum.name, state.value], _age(waiting, status.at))
    yield number
    yield oldest


def _each(
    name: str, meaning: str, forums: tuple[ForumStatus, ...], value: Callable[[ForumStatus], float]
) -> Metric:
    family = _gauge(name, meaning, "forum")
    for forum in forums:
        family.add_metric([forum.name], value(forum))
    return family


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, labels=labels)


def _gauge_of(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)


def _timestamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _age(waiting: Waiting, now: datetime) -> float:
    return max(0.0, (now - waiting.since).total_seconds()) if waiting.since else 0.0
