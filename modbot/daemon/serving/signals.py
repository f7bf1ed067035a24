"""Signals: SIGTERM and SIGINT end the work, a second one at once; SIGHUP reloads the daemon."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


@dataclass(slots=True)
class Signals:
    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)


@contextmanager
def heard(*, reloads: bool = False) -> Iterator[Signals]:
    """Handle signals while inside; the former handlers come back after. Whoever does not reload
    on SIGHUP ends with its terminal, as usual."""
    signals = Signals()

    def end(number: int, _frame: FrameType | None) -> None:
        if signals.stop.is_set():
            os._exit(128 + number)  # asked twice: no thread is waited for
        signals.stop.set()

    def reload(_number: int, _frame: FrameType | None) -> None:
        signals.reload.set()

    handlers = {signal.SIGTERM: end, signal.SIGINT: end, **({signal.SIGHUP: reload} if reloads else {})}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
