"""Hands messages to Apprise, in a process of its own.

Measured: in this process Apprise would cost 20 MB that stay and 0.25 s; a process for each
message costs 46 MB and 0.4 s for its length, a few times a day. It is worth that, because
nothing else bounds the time of 140 plugins (a mail server that answers one byte a minute
holds a thread for ever; a process can be ended), and because what they log of addresses
and tokens stays outside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modbot.daemon.notices.addresses import Address
from modbot.daemon.notices.compose import Message

PROGRAM = Path(__file__).with_name("delivering.py")
SECONDS = 30.0
TOGETHER_SECONDS = 60.0
"""For all addresses, so that many that hang never look like work that is stuck."""
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message at one address. ``service`` is Apprise's name for the kind of
    address (``Telegram``); ``problem`` its words, which may hold pieces of the address. ``answered``
    False: Apprise ended, or was ended, before it said anything."""

    address: Address
    ok: bool
    service: str = ""
    problem: str = ""
    answered: bool = True


class Courier:
    """``seconds`` is how long one address may take; ``stopping`` cuts that short."""

    def __init__(self, *, seconds: float = SECONDS, stopping: Callable[[], bool] = lambda: False) -> None:
        self._seconds = seconds
        self._stopping = stopping

    def send(self, message: Message, address: Address) -> Delivery:
        order = {"title": message.title, "body": message.body, "tone": message.tone.value}
        return self._run(order, [address])[0]

    def not_understood(self, addresses: Sequence[Address]) -> list[Address]:
        """Those that Apprise takes for no addresses. Sends nothing."""
        if not addresses:
            return []
        answers = self._run({}, addresses)
        return [answer.address for answer in answers if not answer.ok and answer.answered]

    def _run(self, order: dict[str, str], addresses: Sequence[Address]) -> list[Delivery]:
        given = json.dumps({**order, "urls": [address.url for address in addresses]})
        try:
            printed, problem = self._watched(_begin(), given)
        except OSError as failure:  # no memory or no process left: later, perhaps
            printed, problem = "", str(failure)
        told = [json.loads(line) for line in printed.splitlines()]
        silent = [{"ok": False, "answered": False, "problem": problem}] * (len(addresses) - len(told))
        return [Delivery(address, **each) for address, each in zip(addresses, told + silent, strict=True)]

    def _watched(self, child: subprocess.Popen[str], given: str) -> tuple[str, str]:
        """What it prints until it ends or its time is over, and what is wrong when that is not all."""
        ends = time.monotonic() + self._seconds
        order: str | None = given
        while True:
            try:
                printed, said = child.communicate(order, timeout=LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                order = None  # it may be given only once
                if time.monotonic() < ends and not self._stopping():
                    continue
                child.kill()
                printed, _ = child.communicate()
                return printed, f"no answer within {self._seconds:g} s"
            else:
                return printed, said.strip().rpartition("\n")[2]


def _begin() -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program, and nothing secret in its arguments
        [sys.executable, "-P", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={name: value for name, value in os.environ.items() if not name.startswith("MODBOT_")},
    )
