"""How much disk a store takes per million replies, before and after what is old is forgotten.

    python benchmarks/disk.py [--replies 100000] [--store FILE] [--json]

Replies of a seeded grammar (as in sentences.py) are read, judged and flagged by the product's
own inbox, detector and judge, 500 to a poll. Then all of it is made old, a part of the flags
is decided, and the product's own purge runs; at last the same number of replies is read
once more, to see whether the file grows. Bytes by table are SQLite's (dbstat), each with
its indexes.
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

from sentences import COMMON, PARTS

from modbot import settings
from modbot.daemon import house, logs, upkeep, wiring
from modbot.daemon.judging import Judge
from modbot.detection import Detector
from modbot.domain import Author, Label, Reply, VerdictKind, VerdictSource
from modbot.store import engine, flags, inbox, verdicts
from modbot.store.engine import Store
from modbot.training.grammar import sentences

FORUM = "city"
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
A_DAY = 5_000
A_POLL = 500
MILLION = 1_000_000
LOADED = settings.load(environ={})


def texts_of(count: int, seed: int) -> list[str]:
    """A healthy forum's mixture: one in twenty says nothing, one in two hundred advertises."""
    chance = random.Random(seed)  # noqa: S311
    empty, adverts = (sentences(label, 5_000, seed=1) for label in (Label.LOW_EFFORT, Label.SPAM))
    texts = []
    for _ in range(count):
        lot = chance.random()
        if lot < 0.005:
            texts.append(chance.choice(adverts))
        elif lot < 0.055:
            texts.append(chance.choice(empty))
        else:
            plain = "".join(chance.choice(part) for part in PARTS) * chance.choice((1, 1, 1, 2))
            texts.append(plain + "".join(chance.choices(COMMON, k=chance.randint(4, 30))))
    return texts


def replies_of(texts: Sequence[str], *, since: datetime, first: int) -> list[Reply]:
    """12 boards, threads of a dozen replies, every tenth with a quote, 5,000 a day."""
    chance = random.Random(first)  # noqa: S311
    return [
        Reply(
            forum=FORUM,
            post_id=first + number,
            text=text,
            thread_id=(first + number) // 12,
            thread_title=f"{texts[number // 12][:18]}？",
            board_id=number // 12 % 12,
            author=_author(chance),
            posted_at=since + timedelta(days=number / A_DAY),
            quoted=texts[number // 2][:40] if chance.random() < 0.1 else "",
            floor=number % 12 + 1,
            region=chance.choice(("", "来自 上海", "来自 德国")),
        )
        for number, text in enumerate(texts)
    ]


def _author(chance: random.Random) -> Author:
    """Few write much: a heavy-tailed choice among 40,000 members."""
    member = int(chance.paretovariate(0.6)) % 40_000
    registered = BEGAN - timedelta(days=member % 3000)
    return Author(member, f"居民{member}号", 10 + member % 8, member % 4000, member % 9000, registered)


def fill(store: Store, posts: Sequence[Reply]) -> float:
    """Read and judge everything; answers the seconds that took."""
    detector = Detector.load()
    now = BEGAN
    judge = Judge(
        forum=FORUM,
        store=store,
        detector=detector,
        duplicates=wiring.duplicate_index(LOADED.settings),
        rules=house.judging_rules(LOADED, wiring.policy_book(LOADED, detector.manifest.thresholds)),
        clock=lambda: now,
    )
    begun = time.perf_counter()
    for first in range(0, len(posts), A_POLL):
        batch = posts[first : first + A_POLL]
        now = batch[-1].posted_at or BEGAN
        with store.write() as tx:
            inbox.record(tx, batch, at=now)
        judge.judge_waiting()
    return time.perf_counter() - begun


def decide_flags(store: Store, now: datetime) -> int:
    """A human on the forum itself deals with every flag; answers how many those were."""
    with store.read() as rx:
        ids = [flag.id for flag in flags.find(rx, limit=MILLION)]
    for first in range(0, len(ids), 200):
        with store.write() as tx:
            for flag_id in ids[first : first + 200]:
                kind = VerdictKind.UPHOLD if flag_id % 3 else VerdictKind.DISMISS
                verdicts.give(tx, flag_id, kind, source=VerdictSource.FORUM, who="forum", now=now)
    return len(ids)


def by_table(path: Path) -> dict[str, int]:
    """Bytes per table with its indexes; pages that nothing uses apart."""
    query = """
        SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat s
        LEFT JOIN sqlite_master m ON m.name = s.name GROUP BY 1 ORDER BY 2 DESC
    """
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = dict(raw.execute(query).fetchall())
        free = raw.execute("PRAGMA freelist_count").fetchone()[0]
        return {**found, "(free)": free * raw.execute("PRAGMA page_size").fetchone()[0]}


def packed(path: Path) -> int:
    """Bytes of the same data in a file that was written anew."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(path)) as raw:
        raw.execute("VACUUM INTO ?", (f"{folder}/packed.db",))
        return (Path(folder) / "packed.db").stat().st_size


def measure(path: Path, count: int) -> dict[str, object]:
    """One whole life: bytes are per million replies, unless their name says otherwise."""

    def per_million(number: float) -> int:
        return round(number * MILLION / count)

    store = engine.open(path)
    judging = fill(store, replies_of(texts_of(count, 1), since=BEGAN, first=count))
    full = by_table(path)
    flagged = decide_flags(store, BEGAN + timedelta(days=count / A_DAY))
    later = BEGAN + timedelta(days=count / A_DAY + 400)
    decided = path.stat().st_size
    begun = time.perf_counter()
    purged = upkeep.purge(store, LOADED.settings, now=later)
    purging = time.perf_counter() - begun
    empty, vacuumed = by_table(path), packed(path)
    fill(store, replies_of(texts_of(count, 2), since=later, first=9 * count))
    again = by_table(path)
    store.close()
    return {
        "replies": count,
        "flagged": flagged,
        "judging_seconds": round(judging, 1),
        "full_by_table": {name: per_million(size) for name, size in full.items()},
        "full": per_million(sum(full.values())),
        "full_with_decided_flags": per_million(decided),
        "purged": dict(purged),
        "purge_seconds": round(purging, 1),
        "purge_replies_per_second": round(count / purging),
        "purged_by_table": {name: per_million(size) for name, size in empty.items()},
        "purged_in_use": per_million(sum(empty.values()) - empty["(free)"]),
        "purged_if_packed": per_million(vacuumed),
        "grown_by_as_many_replies_again": per_million(sum(again.values()) - sum(empty.values())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--replies", type=int, default=100_000)
    parser.add_argument("--store", type=Path, help="keep the database here")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    logs.configure(level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(chosen.store or Path(folder) / "modbot.db", chosen.replies)
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}:")
        for part, number in value.items() if isinstance(value, dict) else [("", value)]:
            shown = f"{number / 1e6:,.1f} MB" if isinstance(number, int) and number > MILLION else number
            print(f"    {part:<24} {shown}")


if __name__ == "__main__":
    main()
