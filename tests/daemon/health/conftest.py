"""A real store with something of everything in it, and the health page beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_support import Bench
from health_support import Page

from modbot import settings
from modbot.daemon.health.web import Probes, create_app
from modbot.daemon.webserver import WebServer
from modbot.settings import Loaded


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    file = tmp_path / "modbot.toml"
    models = settings.project_root() / "models"
    file.write_text(
        f'[paths]\nmodels = "{models}"\n[forums.city]\nurl = "https://bbs.example.com/"\n', "utf-8"
    )
    return settings.load(file, environ={"MODBOT_FORUMS__CITY__PASSWORD": "very-secret"})


@pytest.fixture
def page(bench: Bench, loaded: Loaded) -> Page:
    return Page(bench, loaded)


@pytest.fixture
def served(page: Page) -> Iterator[Page]:
    """The page on a port of this machine."""
    probes = Probes(alive=lambda: page.alive, ready=lambda: page.ready, look=page.look)
    with WebServer(create_app(probes, page.metrics), listen="127.0.0.1:0") as server:
        page.url = server.url
        yield page
