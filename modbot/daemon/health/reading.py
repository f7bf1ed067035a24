"""Look at the store (and at nothing that runs) and say how the house stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from modbot.daemon.health import rules
from modbot.daemon.health.status import RECENT, ForumStatus, Status
from modbot.errors import ModelError, StoreError
from modbot.settings import Loaded
from modbot.store import (
    brake,
    breakers,
    budget,
    chores,
    cursors,
    decisions,
    leases,
    migrate,
    misses,
    outbox,
    periods,
    polls,
    requests,
    rereads,
    unreadable,
    vitals,
)
from modbot.store.engine import Store
from modbot.training import versions


def examine(store: Store, loaded: Loaded, names: Sequence[str], *, now: datetime) -> Status:
    """The status of the forums ``names`` at ``now``, from one consistent view of the store.

    Never raises for a store that cannot be read: that is a problem of the status.
    """
    empty = Status(now, version("modbot"), store.url, "", _model(loaded))
    try:
        with store.read() as rx:
            status = replace(
                empty,
                schema=migrate.revision_of(rx) or "",
                owner=leases.load(rx),
                chores=tuple(chores.listing(rx)),
                forums=tuple(_forum(rx, loaded, name, now) for name in names),
            )
    except (StoreError, DBAPIError) as trouble:
        structlog.get_logger("health").error("store_unreadable", problem=type(trouble).__name__)
        return replace(empty, problems=(rules.problem("store_unreadable"),))
    return replace(status, problems=rules.problems(status, patience=patience(loaded)))


def patience(loaded: Loaded) -> timedelta:
    """How long what is due may wait: so many times the longest pause between two polls."""
    polling = loaded.settings.polling
    longest = max(polling.every_seconds, polling.quiet_every_seconds)
    return timedelta(seconds=longest * loaded.settings.health.late_factor)


class Lookout:
    """A status that is looked for once in ``seconds``, however many ask for it."""

    def __init__(self, look: Callable[[], Status], *, seconds: float = 2.0) -> None:
        self._look = look
        self._seconds = seconds
        self._lock = threading.Lock()
        self._seen: Status | None = None
        self._until = 0.0

    def __call__(self) -> Status:
        with self._lock:
            if self._seen is None or time.monotonic() >= self._until:
                self._seen = self._look()
                self._until = time.monotonic() + self._seconds
            return self._seen


def _model(loaded: Loaded) -> str:
    try:
        name = versions.in_use(loaded.models_dir)
        versions.folder_of(loaded.models_dir, name)
    except ModelError:
        return ""
    return name


def _forum(rx: Connection, loaded: Loaded, name: str, now: datetime) -> ForumStatus:
    read = cursors.last(rx, name)
    pulled = brake.state(rx, name)
    shown, kept_back = vitals.pending_flags(rx, name)
    made = requests.made(rx, name, at=now)
    return ForumStatus(
        name=name,
        mode=loaded.policy_for(name, None).mode,
        poll=polls.load(rx, name),
        read_at=read.at if read else None,
        breaker=breakers.load(rx, name),
        brake=pulled,
        judged_by=decisions.last_model(rx, name),
        unjudged=vitals.unjudged(rx, name),
        parked=vitals.parked(rx, name),
        unreadable=unreadable.count(rx, name),
        shown=shown,
        kept_back=kept_back,
        not_shown=tuple(budget.not_shown(rx, name, now=now)),
        actions=vitals.unfinished(rx, name),
        due_at=outbox.next_due(rx, name, hold_unasked=pulled.pulled),
        rereads=rereads.waiting(rx, name, now=now),
        by_forum=periods.closed_on_forum(rx, name, now - RECENT, now),
        missed=misses.count(rx, name, now - RECENT),
        last_action=vitals.last_settled(rx, name),
        requests_made=made,
        requests_left=max(0, loaded.settings.forums[name].requests_per_day - made),
    )
