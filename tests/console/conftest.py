"""A console over a store with flags in it, and people who are signed in to it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "store"))  # store_desk, also when run alone
sys.path.append(str(Path(__file__).parents[1] / "moderation"))  # moderation_room

from browser_desk import browsers, chromium, playwright
from console_desk import ConsoleDesk

import modbot.store

__all__ = ["browsers", "chromium", "playwright"]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("console") / "new.db"
    modbot.store.open(path).close()
    return path


@pytest.fixture
def desk(tmp_path: Path, empty_database: Path) -> Iterator[ConsoleDesk]:
    """Served on a free port of this machine while the test runs."""
    path = tmp_path / "modbot.db"
    shutil.copyfile(empty_database, path)
    store = modbot.store.open(path)
    with ConsoleDesk(store, folder=tmp_path) as made:
        yield made
    store.close()
