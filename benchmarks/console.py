"""The console over a large store: how long its pages take, and how heavy they are.

    python benchmarks/console.py [--scale 1.0] [--rounds 20] [--folder /tmp] [--json]

At scale 1 the store holds 2,000,000 replies and 100,000 flags, 20,000 of them open. It is made of
a seeded grammar once, in about ten minutes, and kept in the folder for the next run. Times are
of whole HTTP requests over loopback to a console in this process, after one that warms up; the
store's pages may or may not be in the system's cache, as in life. ``--functions`` measures the store's
own functions without a server.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog

from modbot import console, garbage, settings
from modbot.benchmarking import bigstore
from modbot.benchmarking.bigstore import FORUM
from modbot.console.cookies import SESSION
from modbot.console.visitors import csrf_of
from modbot.daemon import consoling
from modbot.daemon.health.reading import examine
from modbot.daemon.webserver import WebServer
from modbot.domain import Role
from modbot.moderation import searching
from modbot.store import engine, flags, groups, people, sessions
from modbot.store.engine import Store

COMMON = ("微信", "一起", "谢谢", "什么", "可以")
RARE = ("包头", "鹳雀", "龘靐", "枢机", "的是")
SETTINGS = f"""
[policy]
mode = "queue"
[forums.{FORUM}]
url = "http://bbs.example.com/"
username = "modbot"
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds; ``kilobytes`` of the largest answer."""

    what: str
    p50: float
    p95: float
    kilobytes: float = 0.0
    target_p95: float | None = None


def timed(
    what: str, calls: Sequence[Callable[[], int]], *, rounds: int, target: float | None = None
) -> Timed:
    """Each of ``calls`` answers the bytes of what it got."""
    took, size = [], 0
    for call in calls:
        call()
    for _ in range(rounds):
        for call in calls:
            begun = time.perf_counter()
            size = max(size, call())
            took.append(1000 * (time.perf_counter() - begun))
    return Timed(what, statistics.median(took), _p95(took), size / 1024, target)


def _p95(took: Sequence[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(0.95 * len(took)))]


def functions(store: Store, *, rounds: int) -> list[Timed]:
    """What the pages are made of."""

    def reading(work: Callable[[engine.Connection], object]) -> Callable[[], int]:
        def call() -> int:
            with store.read() as rx:
                work(rx)
            return 0

        return call

    def looking(word: str) -> Callable[[], int]:
        return reading(lambda rx: searching.find(rx, word))

    orders = [reading(lambda rx, order=order: groups.find(rx, order=order)) for order in flags.Order]
    return [
        timed("search, common pairs", [looking(word) for word in COMMON], rounds=rounds, target=100),
        timed("search, rare pairs", [looking(word) for word in RARE], rounds=rounds, target=100),
        timed("groups of 50", orders, rounds=max(1, rounds // 4), target=150),
        timed("groups, counted", [reading(groups.count)], rounds=max(1, rounds // 4)),
    ]


@contextmanager
def signed_in(store: Store, folder: Path) -> Iterator[tuple[httpx.Client, str]]:
    """An admin's browser before a console over ``store``, and the mark of its forms."""
    file = folder / "modbot.toml"
    file.write_text(SETTINGS, "utf-8")
    loaded = settings.load(file, environ={f"MODBOT_FORUMS__{FORUM.upper()}__PASSWORD": "x"})
    house = consoling.House(
        store,
        lambda: loaded,
        lambda: datetime.now(UTC),
        lambda: examine(store, loaded, [FORUM], now=datetime.now(UTC)),
    )
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with store.write() as tx:
        user = people.find(tx, "bench") or people.add(tx, "bench", Role.ADMIN, at=now, made_by="bench")
        sessions.begin(tx, user.id, secret, at=now, until=now + timedelta(days=1))
    with (
        WebServer(console.create_app(house), listen="127.0.0.1:0") as server,
        httpx.Client(base_url=server.url, cookies={SESSION: secret}, trust_env=False, timeout=120) as http,
    ):
        yield http, csrf_of(secret)


def pages(http: httpx.Client, csrf: str, store: Store, *, rounds: int) -> list[Timed]:
    def page(path: str, **query: str | int) -> Callable[[], int]:
        def call() -> int:
            answer = http.get(path, params=query)
            answer.raise_for_status()
            return len(answer.content)

        return call

    author = bigstore.busiest_author(store)
    return [
        timed("queue page of 50 cards", [page("/queue", per=50)], rounds=rounds, target=150),
        timed(
            "search page, common pairs",
            [page("/search", q=word) for word in COMMON],
            rounds=rounds,
            target=100,
        ),
        timed(
            "search page, rare pairs", [page("/search", q=word) for word in RARE], rounds=rounds, target=100
        ),
        timed("audit page", [page("/audit")], rounds=rounds, target=150),
        timed("quality page", [page("/quality")], rounds=max(1, rounds // 5), target=None),
        timed("health page", [page("/health")], rounds=max(1, rounds // 5), target=None),
        timed("author page", [page(f"/authors/{FORUM}/{author}")], rounds=rounds, target=150),
        *decisions(http, csrf, store, rounds=rounds),
    ]


def decisions(http: httpx.Client, csrf: str, store: Store, *, rounds: int) -> list[Timed]:
    """Dismissing single flags one after another, and taking each back."""
    with store.read() as rx:
        some = iter([one for one in groups.find(rx, limit=50 + 4 * rounds) if one.number == 1])
    given: list[object] = []

    def send(path: str, body: object) -> httpx.Response:
        answer = http.post(path, json=body, headers={"x-csrf-token": csrf})
        answer.raise_for_status()
        return answer

    def decide() -> int:
        flag = next(some).flags[0]
        seen = {"id": flag.id, "version": flag.version}
        answer = send("/api/decisions", {"flags": [seen], "kind": "dismiss"})
        given.append(answer.json()["undo"])
        return len(answer.content)

    def undo() -> int:
        return len(send("/api/undo", given.pop()).content)

    return [
        timed("decision", [decide], rounds=rounds, target=80),
        timed("decision taken back", [undo], rounds=rounds, target=80),
    ]


def served(store: Store, *, rounds: int) -> list[Timed]:
    with tempfile.TemporaryDirectory() as folder, signed_in(store, Path(folder)) as (http, csrf):
        http.get("/queue").raise_for_status()
        with garbage.kept_out():  # as where modbot serves
            return pages(http, csrf, store, rounds=rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--functions", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    path = bigstore.made(asked.folder, asked.scale, told=lambda line: print(line, file=sys.stderr))
    with closing(engine.open(path)) as store:
        if asked.functions:
            found = functions(store, rounds=asked.rounds)
        else:
            found = served(store, rounds=asked.rounds)
    if asked.json:
        print(json.dumps({"scale": asked.scale, "timed": [asdict(one) for one in found]}, ensure_ascii=False))
        return 0
    for one in found:
        target = f"(≤ {one.target_p95:.0f})" if one.target_p95 else ""
        print(
            f"{one.what:<28} p50 {one.p50:8.1f} ms  p95 {one.p95:8.1f} ms {target:<9} {one.kilobytes:7.1f} KB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
