"""``modbot status`` as a real process, beside a store that modbot itself has filled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from modbot import settings
from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.reading import examine
from modbot.daemon.health.web import Probes, create_app
from modbot.daemon.house import open_house, utc_now
from modbot.daemon.webserver import WebServer
from modbot.store import Store, brake, breakers, chores, engine, leases
from modbot.store.breakers import Breaker, BreakerState

NASTY = "closed \x1b[31m\u202e [bold]until noon"


@contextmanager
def store_of(city) -> Iterator[Store]:
    with closing(engine.open(city.shell.folder / "var" / "modbot.db")) as store:
        yield store


@pytest.fixture
def worked(city):
    """A city that was polled once; its daemon works, as far as the store can tell."""
    city.shell.environ["MODBOT_POLLING__QUIET_EVERY_SECONDS"] = "300"
    city.everybody_writes()
    loaded = settings.load(city.shell.folder / "modbot.toml", environ=city.shell.environ)
    with open_house(loaded, ["city"]) as house:
        house.desks["city"].poll()
        house.desks["city"].executor.work()
    now = datetime.now(UTC)
    with store_of(city) as store, store.write() as tx:
        leases.take(tx, leases.Lease("t", "host", 4711, now, now + timedelta(hours=1)))
    return city


def spoil(city) -> None:
    now = datetime.now(UTC)
    with store_of(city) as store, store.write() as tx:
        brake.pull(tx, "city", "overturned", at=now)
        breakers.save(
            tx, "city", Breaker(BreakerState.OPEN, now, 5, now, "error.forum.refused", {"detail": NASTY})
        )
        chores.began(tx, "backup", at=now)
        chores.failed(tx, "backup", problem="the disk is full")


def test_without_a_database_it_says_what_to_do(city):
    done = city.shell("status")
    assert done.returncode == 1
    assert "modbot serve" in done.stderr
    assert not (city.shell.folder / "var" / "modbot.db").exists()


def test_without_a_daemon_it_fails_and_says_so(city):
    city.everybody_writes()
    city.shell("poll", "--once")
    done = city.shell("status")
    assert done.returncode == 1
    assert done.stdout.startswith("✗ modbot ")
    assert "No daemon is running" in done.stdout
    assert "city: last action: " in done.stdout


def test_a_working_house_is_told_line_by_line(worked):
    done = worked.shell("status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("✓ modbot ")
    assert "process 4711 on host" in done.stdout
    assert "city: mode: enforce" in done.stdout
    assert "city: breaker: closed" in done.stdout
    assert "hide: done" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_degraded_house_ends_well_and_tells_every_problem(worked):
    spoil(worked)
    done = worked.shell("status", "--lang", "zh")
    assert done.returncode == 0
    assert done.stdout.startswith("! modbot ")
    for told in ("自动屏蔽自", "熔断", "例行任务 backup: 失败", "the disk is full"):
        assert told in done.stdout


def test_words_of_a_forum_cannot_steer_the_terminal(worked):
    spoil(worked)
    shown = worked.shell("status").stdout
    assert "closed \\u001b[31m\\u202e [bold]until noon" in shown
    assert "\x1b" not in shown


def test_it_prints_as_json_what_the_health_page_answers(worked):
    spoil(worked)
    [printed] = worked.shell.objects("status", "--json")
    file = worked.shell.folder / "modbot.toml"
    loaded = settings.load(file, environ=worked.shell.environ)
    with store_of(worked) as store:
        probes = Probes(bool, bool, lambda: examine(store, loaded, ["city"], now=utc_now()))
        with WebServer(create_app(probes, Metrics()), listen="127.0.0.1:0") as server:
            answered = httpx.get(f"{server.url}healthz", trust_env=False).json()
    assert printed.pop("at") <= answered.pop("at")
    assert printed == answered
    assert printed["verdict"] == "degraded"
    assert printed["forums"]["city"]["last_action"]["state"] == "done"
    assert NASTY not in json.dumps(printed, ensure_ascii=False)


def test_another_forum_is_refused(city):
    done = city.shell("status", "--forum", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
