"""Fixtures of the daemon's tests: real stores, a scripted forum, the embedded one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_support import Bench

import modbot.store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the migrations once; each test has a copy."""
    path = tmp_path_factory.mktemp("daemon-store") / "new.db"
    modbot.store.open(path).close()
    return path


@pytest.fixture
def bench(tmp_path: Path, empty_store: Path) -> Iterator[Bench]:
    path = tmp_path / "modbot.db"
    shutil.copyfile(empty_store, path)
    store = modbot.store.open(path)
    yield Bench(store)
    store.close()
