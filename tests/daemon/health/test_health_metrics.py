"""What is counted, that it is counted once, and that all of it is documented."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from prometheus_client import Metric, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from modbot import settings
from modbot.daemon.executor import NeedsHuman
from modbot.daemon.health.gauges import Exposition
from modbot.daemon.health.metrics import Metrics, kind_of
from modbot.daemon.health.rules import RULES
from modbot.daemon.health.status import Health, as_object
from modbot.daemon.polling import Poller
from modbot.domain import (
    ActionKind,
    DecisionKind,
    OutboxState,
    Reason,
    VerdictKind,
    VerdictSource,
    Visibility,
)
from modbot.errors import Blocked, ForumRolledBack, ModbotError, Retryable, Unreadable
from modbot.store import outbox, verdicts
from modbot.store.breakers import BreakerState

PAGES = ("docs/health.md", "docs/health.zh-CN.md")
ROW = re.compile(r"^\| `((?:modbot|process)_\w+)` \| (counter|gauge|histogram) \| ([^|]*)\|", re.MULTILINE)
CLOSED = (
    ("city", "", "backup", "true", "false", "none", "ok", "new", "changed", "known", "shown", "kept_back"),
    ("same", "failed", *Visibility),
    *(DecisionKind, Reason, ActionKind, OutboxState, BreakerState, Health, RULES, ("put_off",)),
)
VERSIONS = ("version", "python", "le")


def documented(page: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Of each metric its type and labels, as the page says."""
    text = (settings.project_root() / page).read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len({name for name, _, _ in rows}) == len(rows)
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def exposed(families: Iterable[Metric]) -> dict[str, tuple[str, frozenset[str]]]:
    """Of each metric its type and labels, as a scrape shows them."""
    found = {}
    for family in families:
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        if not family.name.endswith("_created"):
            found[name] = ("gauge" if family.type == "info" else family.type, frozenset(labels))
    return found


def exposition(page) -> str:
    return generate_latest(Exposition(page.metrics, page.look)).decode()


def scraped(page) -> dict[str, float]:
    """Every sample of a scrape, as it would be written in a query."""
    found = {}
    for family in text_string_to_metric_families(exposition(page)):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.mark.parametrize("page_of", PAGES)
def test_every_metric_is_documented_with_its_type_and_labels_and_no_other(page, page_of):
    page.something_of_everything()
    page.bench.executor(metrics=page.metrics)
    page.metrics.of("city").judges_with("baseline")
    page.metrics.of("city").judges_by(["gamble"])
    assert exposed(Exposition(page.metrics, page.look).collect()) == documented(page_of)


@pytest.mark.parametrize("page_of", PAGES)
def test_the_alerts_ask_for_metrics_that_there_are(page_of):
    text = (settings.project_root() / page_of).read_text(encoding="utf-8")
    asked = set(re.findall(r"\bmodbot_\w+", text.partition("groups:")[2]))
    assert len(asked) >= 3
    assert asked <= set(documented(page_of))


def test_labels_hold_names_and_words_of_closed_lists_alone(page):
    page.something_of_everything()
    page.bench.executor(metrics=page.metrics).work()
    poller(page).poll()
    closed = {str(word) for words in CLOSED for word in words}
    for family in text_string_to_metric_families(exposition(page)):
        for sample in family.samples:
            labels = {name: word for name, word in sample.labels.items() if name not in VERSIONS}
            assert set(labels.values()) <= closed, sample


def test_the_exposition_is_what_prometheus_reads(served):
    served.something_of_everything()
    plain = served.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert list(text_string_to_metric_families(plain.text))
    other = served.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert other.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert list(parse_openmetrics(other.text))
    assert served.get("/metrics", accept="image/png, ;;q=x, */*;version=").status_code == 200


def test_the_gauges_tell_what_the_status_tells(page):
    page.something_of_everything()
    page.bench.later(minutes=5)
    found = scraped(page)
    told = as_object(page.look())["forums"]["city"]
    assert found["modbot_health{verdict=degraded}"] == 1
    assert found["modbot_health{verdict=ok}"] == 0
    assert found["modbot_problem{code=brake_on,forum=city}"] == 1
    assert found["modbot_breaker_state{forum=city,state=open}"] == 1
    assert found["modbot_breaker_state{forum=city,state=closed}"] == 0
    assert found["modbot_brake_on{forum=city}"] == 1
    assert found["modbot_queue_flags{forum=city,state=shown}"] == told["queue"]["shown"]["number"]
    assert found["modbot_oldest_pending_seconds{forum=city}"] == 300
    assert found["modbot_outbox_actions{forum=city,state=queued}"] == 1
    assert found["modbot_outbox_oldest_seconds{forum=city,state=queued}"] == 300
    assert found["modbot_outbox_oldest_seconds{forum=city,state=dead}"] == 0
    assert found["modbot_requests_today{forum=city}"] == told["requests"]["today"]
    assert found["modbot_requests_left{forum=city}"] == told["requests"]["left"]
    assert found["modbot_unjudged_replies{forum=city}"] == told["unjudged"]["number"] == 1
    assert found["modbot_parked_replies{forum=city}"] == told["parked"] == 1
    good = found["modbot_last_successful_poll_timestamp_seconds{forum=city}"]
    assert good == page.bench.now.timestamp() - 300
    assert found["modbot_chore_failed{chore=backup}"] == 1


def test_a_scrape_before_anything_happened_shows_zeros(page):
    page.metrics.of("city")
    found = scraped(page)
    assert found["modbot_polls_total{forum=city,result=ok}"] == 0
    assert found["modbot_overturned_total{forum=city}"] == 0
    assert found["modbot_last_successful_poll_timestamp_seconds{forum=city}"] == 0


def poller(page) -> Poller:
    return Poller(
        forum=page.bench.forum, store=page.bench.store, clock=page.bench.clock, metrics=page.metrics
    )


def test_polls_are_counted_with_what_they_found(page):
    for post in range(1, 5):
        page.bench.forum.write(post, "a")
    poller(page).poll()
    page.bench.forum.edit(1, "b")
    poller(page).poll()
    found = scraped(page)
    assert found["modbot_polls_total{forum=city,result=ok}"] == 2
    assert found["modbot_poll_seconds_count{forum=city}"] == 2
    assert found["modbot_replies_read_total{forum=city,found=new}"] == 4
    assert found["modbot_replies_read_total{forum=city,found=changed}"] == 1


@pytest.mark.parametrize(
    ("trouble", "result"),
    [
        (Retryable(code="error.forum.closed", forum="city"), "retryable"),
        (Blocked(forum="city", detail="captcha"), "blocked"),
        (ForumRolledBack(forum="city"), "rolled_back"),
        (Unreadable(forum="city", detail="?"), "unreadable"),
        (RuntimeError("a mistake"), "defect"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failed_poll_is_counted_by_the_kind_of_its_error(page, trouble, result):
    page.bench.forum.trouble["poll"].append(trouble)
    with pytest.raises(type(trouble)):
        poller(page).poll()
    assert scraped(page)[f"modbot_polls_total{{forum=city,result={result}}}"] == 1
    assert scraped(page)["modbot_polls_total{forum=city,result=ok}"] == 0


@pytest.mark.parametrize("page_of", PAGES)
def test_every_kind_of_error_is_documented(page_of):
    def family(kind: type[ModbotError]) -> set[type[ModbotError]]:
        return {kind}.union(*(family(child) for child in kind.__subclasses__()))

    text = (settings.project_root() / page_of).read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "modbot_polls_total" in line)
    own = {kind for kind in family(ModbotError) if kind.__module__ == "modbot.errors"}
    assert {kind_of(kind()) for kind in own} <= set(re.findall(r"`(\w+)`", row))


def test_an_engines_own_kind_of_error_is_counted_as_the_kind_that_it_is():
    class StandsInLine(Retryable):
        code = "error.forum.stands_in_line"

    assert kind_of(StandsInLine()) == "retryable"


def test_actions_are_counted_by_what_became_of_them(page):
    bench = page.bench
    bench.forum.veiled.add(3)
    bench.hides(1)
    bench.hides(2, thread_id=2)
    bench.hides(3, thread_id=3)
    bench.forum.conceal(2)
    bench.executor(metrics=page.metrics).work()
    found = scraped(page)
    asked = "forum=city,kind=hide,outcome={},unasked=false"
    assert found[f"modbot_actions_total{{{asked.format('done')}}}"] == 1
    assert found[f"modbot_actions_total{{{asked.format('already')}}}"] == 1
    assert found[f"modbot_actions_total{{{asked.format('put_off')}}}"] == 1


def test_an_action_that_is_given_up_is_counted_dead_once(page):
    bench = page.bench
    bench.forum.veiled.add(1)
    bench.hides(1)
    for _ in range(6):
        bench.executor(metrics=page.metrics).work()
        bench.later(hours=2)
    asked = "forum=city,kind=hide,outcome={},unasked=false"
    found = scraped(page)
    assert found[f"modbot_actions_total{{{asked.format('dead')}}}"] == 1
    assert found[f"modbot_actions_total{{{asked.format('put_off')}}}"] == 2


def test_what_waits_for_a_human_is_counted_as_put_off(page):
    page.bench.hides(1)
    page.bench.forum.trouble["hide"].append(Blocked(forum="city", detail="captcha"))
    with pytest.raises(NeedsHuman):
        page.bench.executor(metrics=page.metrics).work()
    put_off = "modbot_actions_total{forum=city,kind=hide,outcome=put_off,unasked=false}"
    assert scraped(page)[put_off] == 1


def test_an_unasked_hide_is_timed_and_its_overturning_counted(page):
    bench = page.bench
    bench.flagged(1)
    bench.queue(1, unasked=True)
    bench.later(seconds=90)
    bench.executor(metrics=page.metrics).work()
    found = scraped(page)
    assert found["modbot_hide_latency_seconds_sum{forum=city}"] == 90
    assert found["modbot_hide_latency_seconds_count{forum=city}"] == 1
    assert found["modbot_overturned_total{forum=city}"] == 0
    with bench.store.write() as tx:
        verdicts.give(
            tx, bench.flags[1], VerdictKind.DISMISS, source=VerdictSource.TERMINAL, who="ann", now=bench.now
        )
    bench.executor(metrics=page.metrics).work()
    assert scraped(page)["modbot_overturned_total{forum=city}"] == 1


def test_a_forum_whose_clock_is_ahead_is_no_time_machine(page):
    bench = page.bench
    bench.flagged(1, posted_at=bench.now + timedelta(minutes=7))
    bench.queue(1, unasked=True)
    bench.executor(metrics=page.metrics).work()
    found = scraped(page)
    assert found["modbot_hide_latency_seconds_sum{forum=city}"] == 0
    assert found["modbot_hide_latency_seconds_count{forum=city}"] == 1


def test_a_restore_of_what_a_human_had_hidden_overturns_nothing(page):
    bench = page.bench
    bench.hides(1)
    bench.executor(metrics=page.metrics).work()
    bench.queue(1, ActionKind.RESTORE)
    bench.executor(metrics=page.metrics).work()
    found = scraped(page)
    assert found["modbot_actions_total{forum=city,kind=restore,outcome=done,unasked=false}"] == 1
    assert found["modbot_overturned_total{forum=city}"] == 0
    assert found["modbot_hide_latency_seconds_count{forum=city}"] == 0


def test_what_is_not_wanted_any_more_is_counted_as_cancelled(page):
    bench = page.bench
    [action] = bench.hides(1)
    bench.forum.edit(1, "another text")
    bench.executor(metrics=page.metrics).work()
    cancelled = "modbot_actions_total{forum=city,kind=hide,outcome=cancelled,unasked=false}"
    assert scraped(page)[cancelled] == 1
    with bench.store.read() as rx:
        assert outbox.get(rx, action).state == "cancelled"


def test_each_house_counts_for_itself():
    first, second = Metrics(), Metrics()
    first.of("city").parked()
    first.of("city").parked()
    assert first.registry.get_sample_value("modbot_replies_parked_total", {"forum": "city"}) == 2
    assert second.registry.get_sample_value("modbot_replies_parked_total", {"forum": "city"}) is None
