"""What health and metrics tell of a real journey, against what the store and the forum hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from modbot.daemon import house, wiring
from modbot.daemon.executor import Executor, ExecutorLimits
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.reading import examine
from modbot.daemon.judging import Judge
from modbot.daemon.moderating import Moderator
from modbot.daemon.polling import Poller
from modbot.domain import VerdictKind
from modbot.store import budget, flags, requests
from modbot.store.schema import decisions, outbox, replies

RECENT = timedelta(hours=20)


@pytest.fixture
def counted(town, start):
    """The town after everybody has written and modbot has done its round, with what it counted."""
    metrics = Metrics()
    running = start()
    store, name, clock = running.house.store, "city", town.clock
    forum = running.desk.forum
    rules = house.judging_rules(
        running.house.loaded,
        wiring.policy_book(running.house.loaded, running.house.detector.manifest.thresholds),
    )
    judge = Judge(
        forum=name,
        store=store,
        detector=running.house.detector,
        duplicates=wiring.duplicate_index(running.house.loaded.settings),
        rules=replace(rules, flag_since=clock() - RECENT),
        clock=clock,
        metrics=metrics,
    )
    executor = Executor(
        forum=forum, store=store, owner="me", limits=ExecutorLimits(), clock=clock, metrics=metrics
    )
    poller = Poller(forum=forum, store=store, clock=clock, metrics=metrics)
    running.desk = replace(running.desk, poller=poller, judge=judge, executor=executor)
    town.everybody_writes()
    running.round()
    return running, metrics


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    found = metrics.registry.get_sample_value(f"modbot_{name}", {"forum": "city", **labels})
    return found or 0.0


def test_the_counters_tell_what_the_store_holds(counted):
    running, metrics = counted
    with running.house.store.read() as rx:
        judged = Counter(
            (kind, reason or "none")
            for kind, reason in rx.execute(sa.select(decisions.c.kind, decisions.c.reason))
        )
        acted = Counter(rx.scalars(sa.select(outbox.c.state)))
        posted = list(rx.scalars(sa.select(replies.c.posted_at)))
    assert sample(metrics, "replies_read_total", found="new") == len(posted)
    for kind, reason in judged:
        counted_so = sample(metrics, "decisions_total", kind=kind, reason=reason)
        assert counted_so == judged[kind, reason], (kind, reason)
    fresh = [moment for moment in posted if moment >= running.clock() - RECENT]
    assert 0 < sample(metrics, "decision_latency_seconds_count") == len(fresh) < len(posted)
    hides = sample(metrics, "actions_total", kind="hide", outcome="done", unasked="true")
    assert hides == acted["done"] == sample(metrics, "hide_latency_seconds_count") > 0
    assert (
        metrics.registry.get_sample_value("modbot_model_info", {"forum": "city", "version": "baseline"}) == 1
    )


def test_a_human_who_takes_a_hide_back_is_counted(counted, town):
    running, metrics = counted
    moderator = Moderator(running.house.loaded, running.house.store, "ann", town.clock)
    with running.house.store.read() as rx:
        hidden = flags.find(rx, flags.Filter(forum="city", states=(flags.FlagState.HIDDEN,)))[0]
    moderator.give(hidden.id, VerdictKind.DISMISS)
    running.round()
    assert sample(metrics, "overturned_total") == 1


def test_the_status_tells_what_the_store_holds(counted, town):
    running, _ = counted
    store, loaded = running.house.store, running.house.loaded
    status = examine(store, loaded, ["city"], now=town.clock())
    [city] = status.forums
    with store.read() as rx:
        pending = flags.find(rx, flags.Filter(forum="city", states=(flags.FlagState.PENDING,)))
        today = budget.today(rx, "city", now=town.clock())
        made = requests.made(rx, "city", at=town.clock())
    assert city.shown.number == sum(flag.shown_at is not None for flag in pending)
    assert city.shown.since == min(flag.opened_at for flag in pending if flag.shown_at is not None)
    assert city.kept_back.number == today.kept_back
    assert (city.requests_made, city.requests_left) == (made, 100_000 - made)
    assert city.unjudged.number == 0
    assert city.last_action is not None
    assert status.model == city.judged_by == "baseline"
