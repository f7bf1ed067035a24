"""Whatever happens in between, undo leaves nothing behind: histories against a plain model.

``undo_machine.py`` runs in a process of its own, with a fixed seed for hashes: which
histories are tried depends on that seed and on what the process has collected.
``MODBOT_UNDO_EXAMPLES=200`` tries more of them, other ones each time, or those of
``MODBOT_UNDO_SEED=7``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MACHINE = Path(__file__).with_name("undo_machine.py")


def test_undo_is_whole_after_any_history() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(MACHINE)],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
