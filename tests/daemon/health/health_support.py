"""A house in which all is well, for tests to spoil one thing of; and a real one with its page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
from executor_support import START, Bench

from modbot.daemon.health.metrics import Metrics
from modbot.daemon.health.reading import examine
from modbot.daemon.health.status import ForumStatus, Status
from modbot.domain import Mode, OutboxState
from modbot.settings import Loaded
from modbot.store import brake, breakers, chores, inbox, leases, polls, requests
from modbot.store.brake import Brake
from modbot.store.breakers import Breaker, BreakerState
from modbot.store.chores import Chore
from modbot.store.leases import Lease
from modbot.store.misses import Missed
from modbot.store.polls import Polled
from modbot.store.schema import REVISION
from modbot.store.vitals import Waiting

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATIENCE = timedelta(minutes=15)
UNFINISHED = (OutboxState.QUEUED, OutboxState.CLAIMED, OutboxState.UNKNOWN, OutboxState.DEAD)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def lease(**changes: object) -> Lease:
    running = Lease("token", "host", 4711, since=ago(days=2), until=NOW + timedelta(seconds=20))
    return replace(running, **changes)  # type: ignore[arg-type]


def polled(**changes: object) -> Polled:
    good = Polled(ago(minutes=2), ago(minutes=1), ago(minutes=1), 20, 3, True)
    return replace(good, **changes)  # type: ignore[arg-type]


def breaker(state: BreakerState) -> Breaker:
    return Breaker(state, ago(hours=1), 5, NOW, "error.forum.closed", {"forum": "city", "detail": "upgrade"})


def backup(**changes: object) -> Chore:
    done = Chore("backup", ago(hours=9), ago(hours=9), "", {})
    return replace(done, **changes)  # type: ignore[arg-type]


def forum(**changes: object) -> ForumStatus:
    well = ForumStatus(
        name="city",
        mode=Mode.ENFORCE,
        poll=polled(),
        read_at=ago(minutes=1),
        breaker=Breaker(BreakerState.CLOSED, ago(days=2)),
        brake=Brake(pulled=False),
        judged_by="baseline",
        unjudged=Waiting(),
        parked=0,
        unreadable=0,
        shown=Waiting(),
        kept_back=Waiting(),
        not_shown=(),
        actions=dict.fromkeys(UNFINISHED, Waiting()),
        due_at=None,
        rereads=Waiting(),
        by_forum=0,
        missed=Missed(0, 0),
        last_action=None,
        requests_made=100,
        requests_left=4900,
    )
    return replace(well, **changes)  # type: ignore[arg-type]


def house(*forums: ForumStatus, **changes: object) -> Status:
    well = Status(
        at=NOW,
        version="1.0",
        store="sqlite:///modbot.db",
        schema=REVISION,
        model="baseline",
        owner=lease(),
        chores=(backup(),),
        forums=forums or (forum(),),
    )
    return replace(well, **changes)  # type: ignore[arg-type]


def actions(**waiting: Waiting) -> dict[OutboxState, Waiting]:
    return {state: waiting.get(state.value, Waiting()) for state in UNFINISHED}


SECRET_TEXT = "a member wrote this"


@dataclass
class Page:
    """The health page of a bench. ``alive`` and ``ready`` are the daemon's answers."""

    bench: Bench
    loaded: Loaded
    metrics: Metrics = field(default_factory=Metrics)
    alive: bool = True
    ready: bool = True
    url: str = ""

    def look(self) -> Status:
        return examine(self.bench.store, self.loaded, ["city"], now=self.bench.now)

    def get(self, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            return client.request(method, path, headers=headers)

    def daemon_works(self) -> None:
        """A daemon that has just polled, and holds the store."""
        now = self.bench.now
        with self.bench.store.write() as tx:
            leases.take(tx, leases.Lease("t", "host", 4711, now, now + timedelta(hours=1)))
            polls.began(tx, "city", at=now)
            polls.succeeded(tx, "city", at=now, read=20, new=2, caught_up=True)

    def something_of_everything(self, at: datetime = START) -> None:
        """One of each thing that a status can tell of, with a member's words wherever they can be."""
        self.daemon_works()
        bench = self.bench
        bench.hides(1, 2)
        bench.executor().work()
        bench.hides(3, text=SECRET_TEXT)
        bench.flagged(4, text=SECRET_TEXT)
        with bench.store.write() as tx:
            breakers.save(
                tx,
                "city",
                Breaker(BreakerState.OPEN, at, 5, at, "error.forum.closed", {"detail": SECRET_TEXT}),
            )
            brake.pull(tx, "city", "overturned", at=at, details={"text": SECRET_TEXT})
            chores.began(tx, "backup", at=at)
            chores.failed(tx, "backup", problem=SECRET_TEXT)
            requests.spend(tx, "city", at=at, number=4990)
            (new,) = inbox.record(tx, [bench.forum.write(5, SECRET_TEXT)], at=at).rows
            inbox.park(tx, new.reply_id, new.revision_id, SECRET_TEXT)
            inbox.record(tx, [bench.forum.write(6, SECRET_TEXT)], at=at)
