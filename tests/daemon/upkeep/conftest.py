from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "store"))  # store_desk, also when run alone

from installation import Installation, installed


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return installed(tmp_path / "here")
