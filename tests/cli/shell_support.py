"""The command line as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modbot import settings

RUN = str(settings.project_root() / "run.py")


@dataclass
class Shell:
    """Runs ``run.py`` in a folder of its own, with nothing of this machine's environment."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, RUN, *words],
            input=data,
            capture_output=True,
            cwd=self.folder,
            env=self.env,
            timeout=120,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, RUN, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.env,
        )

    def objects(self, *words: str, stdin: str | None = None) -> list[Any]:
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    @property
    def env(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("COV", "COVERAGE"))}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            **kept,
            **self.environ,
        }
