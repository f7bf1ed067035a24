"""Memory of a real ``serve`` over simulated days, beside the embedded forum, both on one fast clock.

    python benchmarks/endurance.py [--days 7] [--minutes 10] [--a-day 3000] [--indexed 0] [--json]

``--minutes`` is how long the simulated days take. ``--indexed`` judged replies, spread over the
window of the duplicate index, are put into the store first, through the product's own judge: with
as many a day as members write afterwards, as many leave the index as come. Each simulated day
gives one line: resident memory, replies, requests, size of the database. It ends with how much
the memory grew per day after the first (least squares), as a share of its size.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
from fast_serve import START, FastClock
from sentences import genuine, made

from modbot import settings
from modbot.daemon import logs
from modbot.daemon.house import judging_rules, open_store
from modbot.daemon.judging import Judge
from modbot.daemon.models import load_detector
from modbot.daemon.wiring import duplicate_index, policy_book
from modbot.demo.community import Community
from modbot.demo.scene import stage
from modbot.demo.server import DemoServer
from modbot.domain import Author, Reply
from modbot.store import inbox, overview, requests
from modbot.store import open as open_database
from modbot.store.engine import Store

DRIVER = Path(__file__).with_name("fast_serve.py")
FORUM = "city"
SETTINGS = """
[policy]
mode = "enforce"
[polling]
every_seconds = 0.2
quiet_every_seconds = 0.4
[daemon]
stalled_seconds = 600
[health]
listen = "127.0.0.1:0"
[paths]
models = "{models}"
[forums.city]
url = "{url}"
username = "{username}"
password_over_http = true
requests_per_second = 20
requests_per_day = 1000000
"""


def write_for_ever(forum: Community, threads: list[int], a_day: float, clock: FastClock) -> None:
    """Members write ``a_day`` replies: seven in ten genuine, the others adverts and empty praise."""
    chance = random.Random(3)  # noqa: S311
    people = [forum.join(f"会员{number}", posts=chance.choice((1, 5, 80, 400))) for number in range(400)]
    texts = made(50_000)
    written = 0
    while True:
        due = int((clock() - START).total_seconds() / 86400 * a_day)
        for number in range(written, due):
            forum.post(chance.choice(threads), chance.choice(people), texts[number % len(texts)])
        written = due
        time.sleep(0.05)


def fill(store: Store, loaded: settings.Loaded, count: int) -> None:
    detector = load_detector(loaded)
    judge = Judge(
        forum=FORUM,
        store=store,
        detector=detector,
        duplicates=duplicate_index(loaded.settings),
        rules=judging_rules(loaded, policy_book(loaded, detector.manifest.thresholds)),
        clock=lambda: START,
    )
    texts = genuine(count, random.Random(4))  # noqa: S311
    apart = timedelta(days=loaded.settings.duplicates.window_days) / max(count, 1)
    for first in range(0, count, 4096):
        some = [
            Reply(
                FORUM,
                10_000_000 + number,
                text,
                thread_id=1_000_000 + number // 20,
                board_id=2,
                author=Author(1_000_000 + number % 9_000, f"旧会员{number % 9_000}", 10, 200),
                posted_at=START - apart * (count - number),
            )
            for number, text in enumerate(texts[first : first + 4096], first)
        ]
        with store.write() as tx:
            inbox.record(tx, some, at=START - timedelta(days=1))
        judge.judge_waiting()


@contextmanager
def running(folder: Path, speed: float, indexed: int, a_day: float) -> Iterator[tuple[int, Path]]:
    """A forum at which members write, and a ``serve`` beside it: its process id and its database."""
    begun = time.time()
    clock = FastClock(speed, begun)
    scene = stage(clock=clock)
    with DemoServer(forum=scene.forum, clock=clock) as server:
        file = folder / "modbot.toml"
        text = SETTINGS.format(
            models=settings.project_root() / "models", url=server.url, username=server.moderator.name
        )
        file.write_text(text, "utf-8")
        secret = {"MODBOT_FORUMS__CITY__PASSWORD": server.moderator.password}
        loaded = settings.load(file, environ=secret)
        with open_store(loaded) as store:
            fill(store, loaded, indexed)
        members = threading.Thread(
            target=write_for_ever, args=(scene.forum, list(scene.threads.values()), a_day, clock), daemon=True
        )
        members.start()
        words = [sys.executable, str(DRIVER), str(file), str(speed), str(begun)]
        log = (folder / "log").open("w")
        with (
            log,
            subprocess.Popen(  # noqa: S603 - our own driver
                words, env={**os.environ, **secret}, stderr=log, stdout=log
            ) as process,
        ):
            try:
                yield process.pid, folder / "var" / "modbot.db"
            finally:
                process.send_signal(signal.SIGTERM)


def resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def observe(pid: int, database: Path, days: int, seconds_a_day: float) -> Iterator[dict[str, float]]:
    for day in range(1, days + 1):
        time.sleep(seconds_a_day)
        with closing(open_database(database)) as store, store.read() as rx:
            replies = overview.counts(rx, FORUM).replies
            asked = requests.made(rx, FORUM, at=START + timedelta(days=day - 0.5))
        yield {
            "day": day,
            "rss_mb": round(resident_megabytes(pid), 1),
            "replies": replies,
            "requests_that_day": asked,
            "database_mb": round(database.stat().st_size / 1e6, 1),
        }


def growth_per_day(rows: list[dict[str, float]]) -> float:
    later = rows[1:] or rows
    sizes = np.array([row["rss_mb"] for row in later])
    slope = np.polyfit(np.arange(len(sizes)), sizes, 1)[0] if len(sizes) > 1 else 0.0
    return float(slope / sizes.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--a-day", type=float, default=3000)
    parser.add_argument("--indexed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    logs.configure(level="WARNING")
    seconds_a_day = chosen.minutes * 60 / chosen.days
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="modbot-endurance-") as folder,
        running(Path(folder), 86400 / seconds_a_day, chosen.indexed, chosen.a_day) as (pid, database),
    ):
        for row in observe(pid, database, chosen.days, seconds_a_day):
            rows.append(row)
            print(json.dumps(row), flush=True)
    print(json.dumps({"growth_per_day": round(growth_per_day(rows), 4)}))


if __name__ == "__main__":
    main()
