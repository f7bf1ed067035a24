"""One of many who write to one store at the same time. Usage: crash_writer.py ROLE SETTINGS SECONDS SEED

``console`` decides as the web console does, on the version of the flag that it saw; ``cli``
runs the commands of the terminal. Prints what came of it as one JSON object.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from modbot import settings
from modbot.cli import build
from modbot.daemon.house import open_store
from modbot.domain import FlagState, VerdictKind, VerdictSource
from modbot.errors import Conflict
from modbot.store import flags, verdicts
from modbot.store.engine import Store

KINDS = (VerdictKind.UPHOLD, VerdictKind.DISMISS, VerdictKind.ALLOW_HERE, VerdictKind.REMOVE_DONT_LEARN)
COMMANDS = ("uphold", "dismiss", "allow-here")
NEXT = 4
"""So many of the queue's first cards are chosen from: the moderators get in each other's way."""
DECIDED = tuple(FlagState(state) for state in ("upheld", "dismissed", "overturned", "allowed_here"))


def console(store: Store, draw: random.Random) -> str:
    undoes = draw.random() < 0.3
    wanted = flags.Filter(forum="city", states=DECIDED if undoes else flags.OPEN)
    with store.read() as rx:
        found = flags.find(rx, wanted, limit=NEXT)
    if not found:
        return "idle"
    flag = draw.choice(found)
    now = datetime.now(UTC)
    try:
        with store.write() as tx:
            if undoes:
                verdicts.undo(tx, flag.id, who="console", now=now, version=flag.version)
                return "undone"
            kind = draw.choice(KINDS)
            source = VerdictSource.CONSOLE
            verdicts.give(tx, flag.id, kind, source=source, who="console", now=now, version=flag.version)
    except Conflict:
        return "refused"
    return "given"


class Refused(Exception):
    """The terminal said no, in these words."""


def terminal(file: str, draw: random.Random) -> str:
    undoes = draw.random() < 0.3
    try:
        found = _run(file, "list", "--state", "upheld" if undoes else "pending", "--limit", str(NEXT))
        if not found:
            return "idle"
        flag = str(draw.choice(found)["id"])
        _run(file, "undo" if undoes else draw.choice(COMMANDS), flag)
    except Refused as refusal:
        if not re.search(r"^(Flag|The verdict on flag) \d+ ", str(refusal)):
            raise
        return "refused"
    return "undone" if undoes else "given"


def _run(file: str, *words: str) -> list[dict[str, object]]:
    """One command of the terminal, in this process; answers its JSON lines."""
    outcome = CliRunner().invoke(build(), ["queue", *words, "--json", "--settings", file, "--lang", "en"])
    told = [json.loads(line) for line in outcome.stdout.splitlines()]
    if isinstance(outcome.exception, SystemExit):
        raise Refused(told[0]["message"] if told else outcome.stderr)
    if outcome.exception is not None:
        raise outcome.exception
    return told


def work(step: Callable[[], str], seconds: float) -> dict[str, object]:
    counted, problems, longest = Counter[str](), [], 0.0
    ends = time.monotonic() + seconds
    while (began := time.monotonic()) < ends:
        try:
            counted[step()] += 1
        except Exception:  # noqa: BLE001 - whatever it is, the test is to read it
            problems.append(traceback.format_exc(limit=-3))
        longest = max(longest, time.monotonic() - began)
    return {"counts": dict(counted), "problems": problems, "longest": round(longest, 3)}


def main(role: str, file: str, seconds: str, seed: str) -> None:
    draw = random.Random(int(seed))  # noqa: S311 - a seeded life, no secret
    with open_store(settings.load(Path(file))) as store:
        step = (lambda: console(store, draw)) if role == "console" else (lambda: terminal(file, draw))
        sys.stdout.write(json.dumps(work(step, float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
