"""What is read for a status, and how often."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from health_support import house

from modbot import settings
from modbot.daemon.health.gauges import Exposition
from modbot.daemon.health.reading import Lookout, examine
from modbot.daemon.health.status import Health


class Looks:
    """Counts how often somebody looked; a look takes until ``go_on``."""

    def __init__(self) -> None:
        self.number = 0
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self):
        self.number += 1
        assert self.go_on.wait(5)
        return house()


def test_however_many_ask_it_is_looked_for_once():
    looks = Looks()
    looks.go_on.clear()
    lookout = Lookout(looks, seconds=60)
    with ThreadPoolExecutor(4) as askers:
        answers = [askers.submit(lookout) for _ in range(4)]
        looks.go_on.set()
        assert len({id(answer.result(5)) for answer in answers}) == 1
    assert looks.number == 1


def test_after_its_time_it_is_looked_for_again():
    looks = Looks()
    lookout = Lookout(looks, seconds=0)
    lookout()
    lookout()
    assert looks.number == 2


def test_a_scrape_looks_once(page):
    looks = Looks()
    assert list(Exposition(page.metrics, looks).collect())
    assert looks.number == 1


def test_a_model_that_cannot_be_found_is_told_before_the_next_start_fails(page, tmp_path):
    page.daemon_works()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current").write_text("v7", "utf-8")
    file = tmp_path / "other.toml"
    file.write_text('[paths]\nmodels = "models"\n[forums.city]\nurl = "https://bbs.example.com/"\n', "utf-8")
    found = examine(page.bench.store, settings.load(file, environ={}), ["city"], now=page.bench.now)
    assert (found.model, found.verdict) == ("", Health.DEGRADED)
    assert [problem.code for problem in found.problems] == ["model_missing"]


def test_a_password_in_the_databases_address_is_not_told(page):
    engine = page.bench.store.engine
    engine.url = engine.url.set(username="modbot", password="very-secret")
    assert "very-secret" not in page.look().store
    assert "modbot:***@" in page.look().store
