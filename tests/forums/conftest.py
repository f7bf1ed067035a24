"""Fixtures of the engine tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forum_support import Site, World, scripted_site


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state")


@pytest.fixture
def site() -> Iterator[Site]:
    with scripted_site() as running:
        yield running
