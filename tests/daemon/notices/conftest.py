"""Fixtures of the notices' tests: a real receiver, a real store, Apprise between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from notice_support import Build, Receiver, Watchtower

import modbot.store


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def other_receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def tower(tmp_path: Path, empty_store: Path, receiver: Receiver) -> Iterator[Build]:
    """Makes a watchtower that tells the receiver (or ``addresses``)."""
    path = tmp_path / "modbot.db"
    shutil.copyfile(empty_store, path)
    store = modbot.store.open(path)

    def build(**how: object) -> Watchtower:
        return Watchtower(store, how.pop("addresses", (receiver.address,)), **how)

    yield build
    store.close()
