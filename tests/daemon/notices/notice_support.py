"""Somebody who receives notices over HTTP, and a house whose troubles can be made."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

from modbot import i18n
from modbot.daemon.notices.addresses import Address
from modbot.daemon.notices.courier import Courier
from modbot.daemon.notices.hours import Hours, time_of_day
from modbot.daemon.notices.notifier import Notifier, Plan
from modbot.daemon.notices.watch import Limits, Watched
from modbot.daemon.redaction import Redactor
from modbot.domain import Reply
from modbot.store import Store, brake, breakers, chores, inbox, polls
from modbot.store.breakers import Breaker, BreakerState

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=SHANGHAI).astimezone(UTC)
TOKEN = "Zx81TokenOfTheAddress"


class Receiver:
    """A server on loopback that keeps what is posted to it, and answers ``status``; before it
    answers, it does what ``meanwhile`` says."""

    def __init__(self) -> None:
        self.status = 200
        self.meanwhile: Callable[[], object] = lambda: None
        self.got: list[dict[str, str]] = []
        self.calls: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append(self.path)
                if receiver.status == 200:
                    receiver.got.append(json.loads(body))
                receiver.meanwhile()
                self.answer()

            def do_GET(self) -> None:
                receiver.calls.append(self.path)
                self.answer()

            def answer(self) -> None:
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/{TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [message["title"].removeprefix("modbot · ") for message in self.got]

    @property
    def bodies(self) -> str:
        return "\n".join(message["message"] for message in self.got)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Watchtower:
    """A store, its notifier, and a clock; each trouble is made as the daemon would make it."""

    store: Store
    addresses: tuple[str, ...]
    now: datetime = NOON
    forums: tuple[str, ...] = ("city",)
    language: str = "en"
    quiet: tuple[str, str] = ("", "")
    digest_at: str = ""
    zone: ZoneInfo = SHANGHAI
    seconds: float = 20.0
    notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another process on the same store: whatever the notifier kept to itself is gone."""
        plan = Plan(
            forums=tuple(Watched(name, 100) for name in self.forums),
            limits=Limits(unreachable=timedelta(minutes=30), queue=timedelta(hours=48)),
            addresses=tuple(Address(number, url) for number, url in enumerate(self.addresses, start=1)),
            words=i18n.catalogue(self.language),
            hours=Hours(
                self.zone, *(time_of_day(each) for each in self.quiet), digest_at=time_of_day(self.digest_at)
            ),
            redact=Redactor(["backup-passphrase"]),
        )
        self.notifier = Notifier(self.store, plan, Courier(seconds=self.seconds))

    def tick(self, **later: float) -> dict[str, object]:
        self.now += timedelta(**later)
        return dict(self.notifier.tick(self.now))

    def tick_until(self, end: datetime, *, every: timedelta = timedelta(minutes=10)) -> None:
        while self.now < end:
            self.now = min(self.now + every, end)
            self.notifier.tick(self.now)

    def at(self, text: str) -> datetime:
        """A moment on the wall, such as ``2026-03-02 07:30``; the clock is moved there."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)
        return self.now

    def pull_brake(self, forum: str = "city") -> None:
        with self.store.write() as tx:
            brake.pull(tx, forum, "overturned", at=self.now)

    def lift_brake(self, forum: str = "city") -> None:
        with self.store.write() as tx:
            brake.lift(tx, forum, who="ann", at=self.now)

    def breaker(self, state: BreakerState, code: str = "error.forum.connection", forum: str = "city") -> None:
        with self.store.write() as tx:
            facts = {"forum": forum, "detail": "words of a forum"}
            breakers.save(tx, forum, Breaker(state, self.now, 5, None, code, facts))

    def polled(self, forum: str = "city") -> None:
        with self.store.write() as tx:
            polls.began(tx, forum, at=self.now)
            polls.succeeded(tx, forum, at=self.now, read=1, new=0, caught_up=True)

    def reads(self, post_id: int = 1, forum: str = "city") -> None:
        with self.store.write() as tx:
            inbox.record(tx, [Reply(forum, post_id, "你好", posted_at=self.now)], at=self.now)

    def chore(self, name: str, problem: str = "") -> None:
        with self.store.write() as tx:
            chores.began(tx, name, at=self.now)
            if problem:
                chores.failed(tx, name, problem=problem)
            else:
                chores.succeeded(tx, name, at=self.now, details={})


Build = Callable[..., Watchtower]
