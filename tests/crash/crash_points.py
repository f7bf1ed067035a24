"""Where a daemon is killed: at a counted event inside it, or after a time.

``tear`` wraps the product's own doors (a store's write transaction, a request's way over
the wire) so that each passage is counted, and the process kills itself with SIGKILL at
the passage that was asked for. Nothing else about them changes.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from modbot.forums.http import Response, Wire
from modbot.store import cursors, decisions, migrate, outbox
from modbot.store.engine import Store

STARTING = "starting"
RUNNING = "running"
FIRST = ("commit:migrate", "committed:migrate")
"""How the first lives end: before and after the database is there."""

ACTING = {
    "commit:claim": 1,
    "committed:claim": 1,
    "request:act": 2,
    "wire:act": 2,
    "answer:act": 2,
    "commit:settle": 3,
    "committed:settle": 3,
}
"""Events while an action is under way, and among how many the fatal one is drawn."""
READING = {
    "commit:poll": 2,
    "committed:poll": 2,
    "commit:judge": 3,
    "committed:judge": 3,
    "request:page": 25,
    "answer:page": 25,
    "committed:other": 40,
}


@dataclass(frozen=True, slots=True)
class Kill:
    """``event`` is counted inside the daemon and fatal at its ``at``-th time; STARTING and
    RUNNING kill from outside, ``at`` seconds after the process began, or was ready.
    ``gently``: it is SIGTERM that comes then."""

    event: str
    at: float
    gently: bool = False

    @property
    def is_timed(self) -> bool:
        return self.event in (STARTING, RUNNING)

    @property
    def signal(self) -> signal.Signals:
        return signal.SIGTERM if self.gently else signal.SIGKILL

    @property
    def kind(self) -> str:
        return f"{self.event}, SIGTERM" if self.gently else self.event

    def __str__(self) -> str:
        when = f"+{self.at:.2f}s" if self.is_timed else f"#{self.at:.0f}"
        return self.kind + when


def plan(seed: int, number: int) -> list[Kill]:
    """As many kills with SIGKILL, half of them at a random time and half at a counted event;
    and for every ten of them one SIGTERM while something is under way."""
    draw = random.Random(seed)  # noqa: S311 - a seeded scene, no secret
    first = [Kill(event, 1) for event in FIRST]
    rest = [_timed(draw) if turn % 2 else _counted(draw) for turn in range(number - len(first))]
    for turn in range(0, number // 10):
        rest.insert(turn * 11, Kill(draw.choice(list(ACTING)), 1, gently=True))
    return first + rest


def _timed(draw: random.Random) -> Kill:
    if draw.random() < 0.2:
        return Kill(STARTING, draw.uniform(0.1, 1.2))
    return Kill(RUNNING, draw.uniform(0.0, 1.5))


def _counted(draw: random.Random) -> Kill:
    among = ACTING if draw.random() < 0.7 else READING
    event = draw.choice(list(among))
    return Kill(event, draw.randint(1, among[event]))


class Reaper:
    """Counts what happens, and ends the process at the event that it was given."""

    def __init__(self, fatal: Kill | None) -> None:
        self._fatal = fatal
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def passes(self, event: str) -> None:
        if self._is_fatal(event):
            self._strike()

    def passes_soon(self, event: str) -> None:
        """The same from beside: while the request is on its way or being answered."""
        if self._is_fatal(event):
            threading.Timer(random.uniform(0, 0.004), self._strike).start()  # noqa: S311 - any moment will do

    def _strike(self) -> None:
        assert self._fatal is not None
        os.kill(os.getpid(), self._fatal.signal)

    def _is_fatal(self, event: str) -> bool:
        with self._lock:
            self._counts[event] += 1
            return (
                self._fatal is not None
                and event == self._fatal.event
                and self._counts[event] == self._fatal.at
            )


def tear(reaper: Reaper) -> None:
    """Let every transaction and every request of this process pass the reaper."""
    names = _Names()
    names.watch(migrate, "upgrade", "migrate")
    names.watch(outbox, "claim", "claim", when=bool)
    names.watch(outbox, "settle", "settle")
    names.watch(cursors, "save", "poll")
    names.watch(decisions, "record", "judge", when=bool)
    _tear_store(reaper, names)
    _tear_wire(reaper)


class _Names:
    """What the transaction that this thread is in is about, by what was called in it."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def watch(
        self, module: Any, function: str, name: str, *, when: Callable[[Any], bool] = lambda _: True
    ) -> None:
        original = getattr(module, function)

        def called(*values: Any, **named: Any) -> Any:
            answer = original(*values, **named)
            if when(answer):
                self._of_thread.name = name
            return answer

        setattr(module, function, called)

    def begin(self) -> None:
        self._of_thread.name = "other"

    @property
    def current(self) -> str:
        name: str = self._of_thread.name
        return name


def _tear_store(reaper: Reaper, names: _Names) -> None:
    original = Store.write

    @contextmanager
    def write(self: Store, **options: Any) -> Iterator[Any]:
        names.begin()
        with original(self, **options) as tx:
            yield tx
            name = names.current
            reaper.passes(f"commit:{name}")
        reaper.passes(f"committed:{name}")

    Store.write = write  # type: ignore[method-assign]


def _tear_wire(reaper: Reaper) -> None:
    original = Wire.send

    def send(self: Wire, *request: Any) -> Response:
        name = _name_of(request)
        reaper.passes(f"request:{name}")
        reaper.passes_soon(f"wire:{name}")
        answer = original(self, *request)
        reaper.passes(f"answer:{name}")
        return answer

    Wire.send = send  # type: ignore[method-assign]


def _name_of(request: Sequence[Any]) -> str:
    body = request[3] if len(request) > 3 else b""
    if b"banned=" in body:
        return "act"
    return "sign-in" if body else "page"
