"""A store in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_desk import Desk

import modbot.store
from modbot.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = modbot.store.open(tmp_path / "modbot.db")
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)
