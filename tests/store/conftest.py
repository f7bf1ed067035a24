"""A store in a temporary folder: a copy of one that was made by the migrations once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_desk import Desk

import modbot.store
from modbot.store import Store


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "new.db"
    modbot.store.open(path).close()
    return path


@pytest.fixture
def store(tmp_path: Path, new_database: Path) -> Iterator[Store]:
    path = tmp_path / "modbot.db"
    shutil.copyfile(new_database, path)
    opened = modbot.store.open(path)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)
