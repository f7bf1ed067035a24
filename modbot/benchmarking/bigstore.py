"""A store as a busy forum's is after years, made of a seeded grammar by plain SQL.

Of 25 flags in a hundred a campaign of a few dozen members is made; the rest are of authors who
have one flag or some. What was closed was decided by three people over half a year.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from modbot.benchmarking import posts
from modbot.detection.canonical import canonicalise
from modbot.domain import Duplicate, Repetition, ReplyKey, Signal
from modbot.store import engine, schema, search_index
from modbot.store import rows as stored
from modbot.store.engine import Store
from modbot.store.types import microseconds, text_digest

FORUM = "bench"
REPLIES, FLAGS, OPEN = 2_000_000, 100_000, 20_000
THREADS, BOARDS, AUTHORS = 90_000, 40, 60_000
KEPT_AS = "modbot-console-{scale:g}-v2.db"
SPREAD = timedelta(days=180)
_RARE = ("包头的朋友", "龘靐齉齾", "鹳雀楼下")
_PEOPLE = ("ann", "ben", "晨光")
_AT_ONCE = 20_000


def made(folder: Path, scale: float, *, told: Callable[[str], None]) -> Path:
    """The store of that size (1: REPLIES), made if it is not in ``folder`` yet."""
    path = folder / KEPT_AS.format(scale=scale)
    if path.exists():
        return path
    draft = path.with_suffix(".draft")
    for old in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
        old.unlink(missing_ok=True)
    engine.open(draft).close()
    with closing(sqlite3.connect(draft, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        _fill(raw, _Plan(scale), told)
    with closing(engine.open(draft)) as store:
        _index(store, told)
    draft.rename(path)
    return path


def busiest_author(store: Store) -> int:
    with store.read() as rx:
        number = func.count()
        query = select(schema.replies.c.author_id).group_by(schema.replies.c.author_id)
        found: int = rx.scalar(query.order_by(number.desc()).limit(1)) or 0
    return found


class _Plan:
    """How much of everything there is to be; draws the rest."""

    def __init__(self, scale: float) -> None:
        self.replies = int(REPLIES * scale)
        self.flags = int(FLAGS * scale)
        self.open = int(OPEN * scale)
        self.chance = random.Random(8)  # noqa: S311 - reproducible by its seed
        self.base = posts.made(20_000, seed=5)
        self.now = datetime.now(UTC)
        self.step = SPREAD / self.replies
        self.every = self.replies // self.flags

    def text(self, number: int) -> str:
        if number % 50_000 == 77:
            return f"{_RARE[number // 50_000 % len(_RARE)]}{number}"
        first, second = self.chance.choice(self.base), self.chance.choice(self.base)
        if self.chance.random() < 0.5:
            return first
        return f"{first[: len(first) // 2]}{second[len(second) // 2 :]}{number % 97}"

    def author(self, number: int) -> int:
        return 1 + int(AUTHORS * self.chance.random() ** 3) if number % 7 else 1 + number % AUTHORS

    def at(self, number: int) -> int:
        return microseconds(self.now - SPREAD + number * self.step)


def _fill(raw: sqlite3.Connection, plan: _Plan, told: Callable[[str], None]) -> None:
    for first in range(1, plan.replies + 1, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, plan.replies + 1))
        texts = [plan.text(number) for number in numbers]
        plain = canonicalise(texts)
        rows = [
            _Rows(plan, number, text, said) for number, text, said in zip(numbers, texts, plain, strict=True)
        ]
        raw.execute("BEGIN")
        for table in ("replies", "revisions", "decisions", "flags", "verdicts", "audit"):
            _insert(raw, table, (row for one in rows for row in one.of(table)))
        raw.execute("COMMIT")
        if first % (_AT_ONCE * 10) == 1:
            told(f"{first - 1:,} of {plan.replies:,} replies")
    boards = (
        {"forum": FORUM, "board_id": n, "name": f"版块{n}", "posts": 1, "seen_at": plan.at(0)}
        for n in range(1, BOARDS + 1)
    )
    _insert(raw, "boards", boards)
    raw.execute("ANALYZE")


class _Rows:
    """What hangs on one reply, as rows of the tables."""

    def __init__(self, plan: _Plan, number: int, text: str, canonical: str) -> None:
        self._plan, self._number = plan, number
        self._text, self._canonical = text, canonical
        self._at = plan.at(number)
        self._flag = number // plan.every if number % plan.every == 0 else None
        grouped = self._flag is not None and self._flag % 4 == 0
        self._campaign = f"c{self._flag // 120:016x}" if grouped and self._flag is not None else None
        self._author = plan.author(number)
        self._is_open = self._flag is not None and self._flag > plan.flags - plan.open

    def of(self, table: str) -> Iterator[dict[str, Any]]:
        always = table in ("replies", "revisions", "decisions")
        if always or (self._flag is not None and not (table == "verdicts" and self._is_open)):
            yield getattr(self, f"_{table}")()

    def _replies(self) -> dict[str, Any]:
        number, author = self._number, self._author
        thread = 1 + number * 7_919 % THREADS
        return {
            "id": number, "forum": FORUM, "post_id": number, "revision_id": number, "decision_id": number,
            "campaign": self._campaign, "thread_id": thread, "thread_title": f"主题{thread}里说的事",
            "thread_kind": "normal", "board_id": 1 + thread % BOARDS, "author_id": author,
            "author_name": f"member{author}", "author_group": 10, "author_posts": author % 900,
            "is_thread_author": 0, "posted_at": self._at, "floor": 2 + number % 90, "region": "",
            "client": "", "links": "[]", "images": 0, "pending": 0, "hidden": 0,
            "first_seen": self._at, "last_seen": self._at,
            "visibility": "visible", "visibility_at": self._at,
        }  # fmt: skip

    def _revisions(self) -> dict[str, Any]:
        digest = text_digest(self._text)
        return {
            "id": self._number, "reply_id": self._number, "digest": digest, "text": self._text, "quoted": "",
            "seen_at": self._at,
        }  # fmt: skip

    def _decisions(self) -> dict[str, Any]:
        flagged = self._flag is not None
        kind = "queue" if flagged else "allow"
        return {
            "id": self._number, "reply_id": self._number, "revision_id": self._number, "forum": FORUM,
            "kind": kind, "would_be": kind, "reason": self._reason if flagged else None,
            "label": "spam" if flagged else "ham", "score": self._score, "threshold": 0.8, "held_by": "[]",
            "ham": 0.1, "low_effort": 0.1, "spam": 0.8, "canonical": self._canonical,
            "signals": json.dumps(stored.signals_to_json(signals_of(self._text)) if flagged else []),
            "repetition": json.dumps(self._repetition), "campaign": self._campaign,
            "established": 0, "model": "baseline", "policy": "p1", "decided_at": self._at,
        }  # fmt: skip

    @property
    def _repetition(self) -> dict[str, Any] | None:
        if self._campaign is None:
            return None
        return stored.repetition_to_json(repetition(self._campaign, self._number, self._plan.every))

    @property
    def _reason(self) -> str:
        return "repeated" if self._campaign else ("spam", "low_effort")[self._number % 2]

    @property
    def _score(self) -> float:
        return 0.5 + self._number * 104_729 % 1_000 / 2_000

    def _flags(self) -> dict[str, Any]:
        wrong = self._number % 17 == 0
        state = "pending" if self._is_open else ("dismissed" if wrong else "upheld")
        return {
            "id": self._flag, "forum": FORUM, "reply_id": self._number, "revision_id": self._number,
            "decision_id": self._number, "state": state, "action_state": "none", "would_hide": 0,
            "reason": self._reason, "label": "spam", "score": self._score, "threshold": 0.8,
            "campaign": self._campaign, "writer_id": self._author,
            "shown_at": self._at, "opened_at": self._at, "closed_at": None if self._is_open else self._closed,
            "version": 1 if self._is_open else 2,
        }  # fmt: skip

    @property
    def _closed(self) -> int:
        return self._at + 40_000_000 + self._number % 100_000_000

    def _verdicts(self) -> dict[str, Any]:
        return {
            "forum": FORUM, "flag_id": self._flag, "reply_id": self._number,
            "kind": "dismiss" if self._number % 17 == 0 else "uphold", "source": "console",
            "who": _PEOPLE[(self._flag or 0) % 3], "note": "", "given_at": self._closed,
        }  # fmt: skip

    def _audit(self) -> dict[str, Any]:
        return {
            "at": self._at, "who": "modbot", "what": "flag.opened", "forum": FORUM, "flag_id": self._flag,
            "reply_id": self._number, "details": "{}",
        }  # fmt: skip


def signals_of(text: str) -> list[Signal]:
    """Two, with as much evidence as a detector's have."""
    half, end = len(text) // 2, len(text)
    weighed: dict[str, Any] = {
        "toward": "spam",
        "weight": 8.24,
        "base": -5.96,
        "features": ("contact_wechat",),
    }
    weighed |= {"feature_values": (1,), "feature_weights": (1.26,), "rest": 0.04, "percent": 97}
    return [
        Signal("spam_text", 0.97, {**weighed, "evidence": text[half:end], "pieces": (text[half:end],),
                                   "spans": (half, end)}),
        Signal("contact", 1.0, {"kind": "wechat", "toward": "spam", "weight": 1.26, "evidence": text[:2],
                                "pieces": (text[:2],), "spans": (0, min(2, end))}),
    ]  # fmt: skip


def repetition(campaign: str, number: int, step: int) -> Repetition:
    """That of a reply that repeats the two flagged ones before it."""
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    before = [ReplyKey(FORUM, max(1, number - 4 * back * step)) for back in (1, 2)]
    return Repetition(
        campaign=campaign, size=30, authors=12, newcomers=11, threads=20, similarity=0.97,
        canonical_length=30, is_first_author=False, author_posts=2, author_threads=2, author_texts=1,
        slip=None, first_post=before[-1], first_seen=seen, last_seen=seen, nearest=before[0],
        population=1_000_000, surprise=14.2,
        duplicates=tuple(Duplicate(key, 0.97, 1, 1, seen) for key in before),
    )  # fmt: skip


def _insert(raw: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(first)
    places = ", ".join("?" * len(first))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - our own names
    raw.execute(statement, tuple(first.values()))
    while some := list(islice(rows, _AT_ONCE)):
        raw.executemany(statement, [tuple(row.values()) for row in some])


def _index(store: Store, told: Callable[[str], None]) -> None:
    while True:
        with store.write() as tx:
            taken = search_index.advance(tx, limit=_AT_ONCE)
        if not taken:
            return
        with store.read() as rx:
            told(f"{search_index.progress(rx).waiting:,} to be indexed")
