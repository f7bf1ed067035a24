"""The health page as its callers see it: over HTTP on loopback, beside a real store."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from datetime import datetime

import httpx
import pytest
from health_support import SECRET_TEXT

from modbot import i18n, settings
from modbot.daemon.health.status import as_object
from modbot.daemon.health.web import Probes, create_app
from modbot.daemon.webserver import WebServer
from modbot.domain import OutboxState
from modbot.errors import SettingsError
from modbot.store.actions import UNSETTLED

PAGES = ("/livez", "/readyz", "/healthz", "/metrics")


@pytest.mark.parametrize(("path", "name"), [("/livez", "alive"), ("/readyz", "ready")])
def test_a_probe_answers_what_the_daemon_says(served, path, name):
    assert (served.get(path).status_code, served.get(path).json()) == (200, {name: True})
    setattr(served, name, False)
    assert (served.get(path).status_code, served.get(path).json()) == (503, {name: False})


def test_a_working_daemon_is_healthy(served):
    served.daemon_works()
    answer = served.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "ok"
    assert answer.json()["problems"] == []
    assert answer.headers["cache-control"] == "no-store"


def test_a_degraded_house_is_no_failure(served):
    served.something_of_everything()
    answer = served.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "degraded"
    told = {problem["code"] for problem in answer.json()["problems"]}
    assert told == {"breaker_open", "brake_on", "chore_failed", "parked_replies"}


def test_without_a_daemon_it_fails(served):
    answer = served.get("/healthz")
    assert answer.status_code == 503
    assert [problem["code"] for problem in answer.json()["problems"]] == ["no_daemon"]


def test_it_tells_of_a_forum_what_operators_ask_for(served):
    served.something_of_everything()
    found = served.get("/healthz").json()
    city = found["forums"]["city"]
    now = served.bench.now.isoformat()
    assert city["poll"]["succeeded_at"] == now
    assert city["last_action"] == {"kind": "hide", "state": "done", "at": now}
    assert city["breaker"]["state"] == "open"
    assert city["brake"] == {"on": True, "since": now, "why": "overturned"}
    assert city["unjudged"] == {"number": 1, "since": now}
    assert city["actions"]["queued"] == {"number": 1, "since": now}
    assert city["queue"]["shown"]["number"] == 2
    assert city["parked"] == 1
    assert city["requests"] == {"today": 4990, "left": 10}
    assert city["judged_by"] == "m"
    assert found["daemon"] == {"running": True, "pid": 4711, "host": "host", "since": now}
    assert found["chores"]["backup"]["failed"]


def test_no_page_tells_a_members_words_or_a_secret(served):
    served.something_of_everything()
    for path in PAGES:
        text = served.get(path).text
        assert SECRET_TEXT not in text
        assert "very-secret" not in text


def test_a_database_that_cannot_be_read_fails_and_the_metrics_still_answer(served):
    served.daemon_works()
    with served.bench.store.write() as tx:
        tx.exec_driver_sql("DROP TABLE polls")
    answer = served.get("/healthz")
    assert answer.status_code == 503
    assert [problem["code"] for problem in answer.json()["problems"]] == ["store_unreadable"]
    metrics = served.get("/metrics")
    assert metrics.status_code == 200
    assert 'modbot_problem{code="store_unreadable",forum=""} 1.0' in metrics.text
    assert served.get("/livez").status_code == 200


def test_a_head_request_gets_the_head(served):
    served.daemon_works()
    for path in PAGES:
        answer = served.get(path, method="HEAD")
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/metrics/x", "/..%2f", "//livez"])
def test_another_path_is_not_found_in_json(served, path):
    answer = served.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_in_json(served, method):
    for path in PAGES:
        answer = served.get(path, method=method)
        assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_the_host_header_is_used_for_nothing(served):
    served.daemon_works()
    for path in (*PAGES, "/healthz/", "/nowhere"):
        answer = served.get(path, host="evil.example", **{"x-forwarded-host": "evil.example"})
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text


def test_a_defect_is_told_in_json_and_the_server_goes_on(served, caplog):
    def broken() -> bool:
        raise ZeroDivisionError

    probes = Probes(alive=broken, ready=lambda: True, look=served.look)
    with WebServer(create_app(probes, served.metrics), listen="127.0.0.1:0") as server:
        failed = httpx.get(f"{server.url}livez", trust_env=False)
        assert (failed.status_code, failed.json()) == (500, {"error": "Internal Server Error"})
        assert httpx.get(f"{server.url}readyz", trust_env=False).status_code == 200
    assert "ZeroDivisionError" in caplog.text


def test_a_taken_port_is_told_with_the_setting_that_names_it(served):
    listen = served.url.removeprefix("http://").rstrip("/")
    second = WebServer(create_app(Probes(bool, bool, served.look), served.metrics), listen=listen)
    with pytest.raises(SettingsError, match=r"health\.listen") as caught:
        second.start()
    assert listen in str(caught.value)
    assert "in use" in str(caught.value)
    second.stop()


@pytest.mark.parametrize("listen", ["127.0.0.1:99999", "203.0.113.7:8320", "no..name:8320"])
def test_an_address_that_is_not_ours_is_told(served, listen):
    server = WebServer(create_app(Probes(bool, bool, served.look), served.metrics), listen=listen)
    with pytest.raises(SettingsError, match=listen):
        server.start()


def test_a_stopped_server_gives_its_port_back(served):
    app = create_app(Probes(bool, bool, served.look), served.metrics)
    with WebServer(app, listen="127.0.0.1:0") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass
    server.stop()  # again: nothing happens


def test_a_slow_answer_does_not_hold_up_the_end(served):
    asked, go_on = threading.Event(), threading.Event()

    def slow():
        asked.set()
        go_on.wait(10)
        return served.look()

    def ask(url: str) -> None:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{url}healthz", trust_env=False)

    server = WebServer(create_app(Probes(bool, bool, slow), served.metrics), listen="127.0.0.1:0")
    server.start()
    caller = threading.Thread(target=ask, args=(server.url,))
    caller.start()
    assert asked.wait(5)
    began = time.monotonic()
    server.stop()
    took = time.monotonic() - began
    go_on.set()
    caller.join(10)
    assert took < 3


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_an_ipv6_address(served):
    app = create_app(Probes(lambda: True, bool, served.look), served.metrics)
    try:
        with WebServer(app, listen="[::1]:0") as server:
            assert server.url.startswith("http://[::1]:")
            assert httpx.get(f"{server.url}livez", trust_env=False).status_code == 200
    except SettingsError:
        pytest.skip("this machine has no ::1")


def test_the_status_as_json_holds_only_json_and_aware_times(served):
    served.something_of_everything()
    told = as_object(served.look())
    assert told == served.get("/healthz").json()
    assert datetime.fromisoformat(told["at"]).utcoffset() is not None


def keys_of(told: object) -> set[str]:
    if not isinstance(told, dict):
        return set().union(*map(keys_of, told)) if isinstance(told, list) else set()
    return set(told) | set().union(*map(keys_of, told.values()))


@pytest.mark.parametrize("language", ["docs/health.md", "docs/health.zh-CN.md"])
def test_every_key_of_the_answer_is_documented(served, language):
    served.something_of_everything()
    text = (settings.project_root() / language).read_text(encoding="utf-8")
    section = text.partition("## /healthz")[2].partition("\n## ")[0]
    documented = {word for name in re.findall(r"`([\w.]+)`", section) for word in name.split(".")}
    assert keys_of(as_object(served.look())) - {"city", "backup"} <= documented | {"chores", "forums"}


@pytest.mark.parametrize("state", [state for state in OutboxState if state not in UNSETTLED])
def test_every_end_of_an_action_has_a_word(state):
    for language in i18n.LANGUAGES:
        assert f"health.outcome.{state.value}" in i18n.catalogue(language).templates
