"""Heavy work in a process of its own: it takes neither the daemon's memory nor its breath."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from modbot.errors import ModbotError

LOOK_SECONDS = 0.2
ENDS_WITHIN = 5.0
NICENESS = 10


class HeavyFailed(ModbotError):
    """A command that the daemon ran beside itself failed, or took too long."""

    code = "error.heavy_failed"


def run(
    command: Sequence[str],
    *,
    settings_file: Path | None,
    seconds: float,
    stopping: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Run ``modbot COMMAND --json``; answers the object of its last line.

    Raises HeavyFailed when it fails, lasts longer than ``seconds`` or ``stopping`` says so;
    it is ended then.
    """
    arguments = [sys.executable, "-m", "modbot", *command, "--json"]
    if settings_file is not None:
        arguments += ["--settings", str(settings_file)]
    with subprocess.Popen(  # noqa: S603 - our own command line
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_be_nice,  # noqa: PLW1509 - os.nice is all that it calls
    ) as process:
        ends = time.monotonic() + seconds
        output = _output(process, lambda: stopping() or time.monotonic() > ends)
    if process.returncode != 0:
        raise HeavyFailed(command=" ".join(command), status=process.returncode, detail=_last_line(output[1]))
    answer = json.loads(_last_line(output[0]) or "{}")
    return answer if isinstance(answer, dict) else {"answer": answer}


def _output(process: subprocess.Popen[str], ends: Callable[[], bool]) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if not ends():
                continue
        process.terminate()
        try:
            return process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()


def _be_nice() -> None:
    with suppress(PermissionError):  # a sandbox may forbid it, and it is but a courtesy
        os.nice(NICENESS)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")
