"""A store with flags in it, and moderators who decide about them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "store"))  # store_desk, also when run alone

from moderation_room import Room

import modbot.store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("moderation") / "new.db"
    modbot.store.open(path).close()
    return path


@pytest.fixture
def room(tmp_path: Path, empty_database: Path) -> Iterator[Room]:
    path = tmp_path / "modbot.db"
    shutil.copyfile(empty_database, path)
    store = modbot.store.open(path)
    yield Room(store, folder=tmp_path)
    store.close()
