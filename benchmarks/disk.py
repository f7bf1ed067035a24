"""How much disk a store takes per million replies, before and after its texts are forgotten.

    python benchmarks/disk.py [--replies 100000] [--store FILE] [--json]

The replies are those of a seeded grammar (see detection.py), read, judged and flagged by
the product's own inbox, detector and judge, 500 to a poll as `serve` does it. Then all of it
is made old, and the product's own purge runs. Bytes by table are SQLite's (dbstat), with
each table's indexes.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detection import made

from modbot import settings
from modbot.daemon import house, wiring
from modbot.daemon.judging import Judge
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Author, Reply
from modbot.store import engine, inbox, snapshot
from modbot.store.engine import Store

FORUM = "city"
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
A_POLL = 500
MILLION = 1_000_000


def replies_of(texts: Sequence[str]) -> list[Reply]:
    """A forum's days: 12 boards, threads of a dozen replies, a tenth of them with a quote,
    one in thirty with a link, 5,000 a day."""
    chance = random.Random(2)  # noqa: S311
    made_replies = []
    for number, text in enumerate(texts, 1):
        thread = number // 12
        made_replies.append(
            Reply(
                forum=FORUM,
                post_id=10_000_000 + number,
                text=text,
                thread_id=900_000 + thread,
                thread_title=f"{texts[thread % len(texts)][:18]}？",
                board_id=thread % 12,
                author=_author(chance),
                posted_at=BEGAN + timedelta(days=number / 5000),
                quoted=texts[number // 2][:40] if chance.random() < 0.1 else "",
                floor=number % 12 + 1,
                region=chance.choice(("", "来自 上海", "来自 德国")),
            )
        )
    return made_replies


def _author(chance: random.Random) -> Author:
    """Few write much: a heavy-tailed choice among 40,000 members."""
    member = int(chance.paretovariate(0.6)) % 40_000
    registered = BEGAN - timedelta(days=member % 3000)
    return Author(member, f"居民{member}号", 10 + member % 8, member % 4000, member % 9000, registered)


def fill(store: Store, posts: Sequence[Reply]) -> float:
    """Read and judge everything; answers the seconds it took."""
    loaded = settings.load(environ={})
    detector = Detector.load()
    clock = _Clock()
    judge = Judge(
        forum=FORUM,
        store=store,
        detector=detector,
        duplicates=wiring.duplicate_index(loaded.settings),
        rules=house.judging_rules(loaded, wiring.policy_book(loaded, detector.manifest.thresholds)),
        clock=clock,
    )
    begun = time.perf_counter()
    for first in range(0, len(posts), A_POLL):
        batch = posts[first : first + A_POLL]
        clock.now = batch[-1].posted_at or BEGAN
        with store.write() as tx:
            inbox.record(tx, batch, at=clock.now)
        judge.judge_waiting()
    return time.perf_counter() - begun


class _Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now


def by_table(path: Path) -> dict[str, int]:
    """Bytes per table with its indexes, free pages apart."""
    query = """
        SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat s
        LEFT JOIN sqlite_master m ON m.name = s.name GROUP BY 1 ORDER BY 2 DESC
    """
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = dict(raw.execute(query).fetchall())
        pages = raw.execute("PRAGMA freelist_count").fetchone()[0]
        return {**found, "(free)": pages * raw.execute("PRAGMA page_size").fetchone()[0]}
