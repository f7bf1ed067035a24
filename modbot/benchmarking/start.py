"""How long a fresh process takes until it can assess, and what memory it then holds."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_READY = """
import json, sys, time
begun = time.perf_counter()
from datetime import UTC, datetime
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Reply
accelerate = sys.argv[1] == "fast"
detector = Detector.load(accelerate=accelerate)
index = DuplicateIndex(accelerate=accelerate)
detector.assess([Reply("bench", 1, "准备好了吗")], duplicates=index, now=datetime.now(UTC))
seconds = time.perf_counter() - begun
from modbot.benchmarking.start import resident_mb
print(json.dumps({"seconds": seconds, "memory_mb": resident_mb()}))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """``seconds`` of wall time from the first import to the first answer; ``memory_mb`` resident
    then (the system counts a new process's peak from the memory of the one that began it)."""

    seconds: float
    memory_mb: float


def measure(*, accelerate: bool, runs: int = 3) -> Start:
    """The best of some starts (the first may compile, or read from a cold disk)."""
    found = [_start(accelerate=accelerate) for _ in range(runs)]
    return min(found, key=lambda start: start.seconds)


def resident_mb() -> float:
    """The memory that this process holds now; the most it held where the system tells no more."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _start(*, accelerate: bool) -> Start:
    command = [sys.executable, "-c", _READY, "fast" if accelerate else "plain"]
    answered = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)  # noqa: S603
    return Start(**json.loads(answered.stdout.splitlines()[-1]))
