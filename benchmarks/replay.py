"""What modbot would have done to a forum's history: hidden, queued, not shown.

    python benchmarks/replay.py --data FILE.jsonl [--mode enforce] [--hidden FILE.jsonl]

``FILE`` holds posts as ``modbot check`` reads them (``time`` may stand for ``posted_at``), with
a ``label`` where one is known. They go, in the order of their times, through a real store and
the judge that the daemon uses, with the default settings; each day has its queue's budget. Authors
of whom nothing is told have no standing. Nobody gives verdicts; what is hidden counts as done, and
the brake is lifted at midnight. The hidden posts are listed in a file of their own, with their
words, which must not lie in the project.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, select

import modbot.store
from modbot import settings
from modbot.daemon import house, models, wiring
from modbot.daemon.exchange import BrokenLine, of_object
from modbot.daemon.judging import Judge
from modbot.domain import ActionOutcome, FlagState, Mode, Reply, Visibility
from modbot.errors import UsageError
from modbot.store import brake, decisions, flags, inbox, outbox, schema
from modbot.store.engine import Store

FORUM = "replay"
STEP = timedelta(minutes=5)
"""Posts of so long are read by one poll."""
LEASE = timedelta(minutes=3)
OPEN = (FlagState.PENDING, FlagState.HIDDEN)
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    reply: Reply
    label: str
    at: datetime


@dataclass
class Replay:
    """A store, a judge, and a clock that goes from poll to poll."""

    store: Store
    judge: Judge
    budget_day: datetime
    now: datetime
    brakes: int = 0
    late: Counter[str] = field(default_factory=Counter)

    def clock(self) -> datetime:
        return self.now

    def poll(self, at: datetime, replies: Sequence[Reply]) -> None:
        if at.date() > self.now.date():
            self._end_day()
        self.now = at
        with self.store.write() as tx:
            inbox.record(tx, replies, at=at)
        self.judge.judge_waiting()
        self._hide()

    def _end_day(self) -> None:
        with self.store.write() as tx:
            self.brakes += brake.lift(tx, FORUM, who="replay", at=self.now)
            waiting = flags.Filter(forum=FORUM, states=(FlagState.PENDING,), shown=False)
            self.late.update(
                flag.reason.value
                for flag in flags.find(tx, waiting, limit=1_000_000)
                if flag.opened_at.date() == self.now.date()
            )

    def _hide(self) -> None:
        """Carry out the hides, as a forum that does what it is told."""
        with self.store.write() as tx:
            while claimed := outbox.claim(tx, FORUM, "replay", now=self.now, lease=LEASE):
                for action in claimed:
                    done = {"outcome": ActionOutcome.DONE, "visibility": Visibility.HIDDEN, "at": self.now}
                    outbox.settle(tx, action.id, "replay", **done)


def read(file: Path) -> tuple[list[Post], int]:
    """The posts in the order of their times, and how many lines could not be used."""
    posts, broken = [], 0
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            post = _post(line, number)
            broken += post is None
            if post is not None:
                posts.append(post)
    return sorted(posts, key=lambda post: (post.at, post.reply.post_id)), broken


def _post(line: str, number: int) -> Post | None:
    try:
        item = json.loads(line)
        item.setdefault("posted_at", item.get("time"))
        reply = replace(of_object(item, number).reply, forum=FORUM)
    except (ValueError, UsageError):
        return None
    if isinstance(reply, BrokenLine) or reply.posted_at is None:
        return None
    return Post(reply, str(item.get("label") or "unlabeled"), reply.posted_at)


def polls(posts: Sequence[Post]) -> Iterator[tuple[datetime, list[Reply]]]:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    for step, group in groupby(posts, key=lambda post: (post.at - start) // STEP):
        yield start + (step + 1) * STEP, [post.reply for post in group]


def replay(posts: Sequence[Post], loaded: settings.Loaded, store: Store) -> Replay:
    detector = models.load_detector(loaded)
    book = wiring.policy_book(loaded, detector.manifest.thresholds)
    begins = posts[0].at
    journey: Replay
    judge = Judge(
        forum=FORUM,
        store=store,
        detector=detector,
        duplicates=wiring.duplicate_index(loaded.settings),
        rules=house.judging_rules(loaded, book),
        clock=lambda: journey.now,
    )
    journey = Replay(store, judge, begins, begins)
    for at, replies in polls(posts):
        journey.poll(at, replies)
    return journey


def summary(journey: Replay, posts: Sequence[Post], rx: Connection) -> Facts:
    labels = {post.reply.post_id: post.label for post in posts}
    counted: dict[str, dict[str, Counter[str]]] = {}
    cards: dict[str, set[str]] = {"queued": set(), "not_shown": set()}
    for flag in flags.find(rx, flags.Filter(forum=FORUM, states=OPEN), limit=1_000_000):
        fate = "hidden" if flag.hidden_by_us else "queued" if flag.shown_at else "not_shown"
        by_label = counted.setdefault(flag.reason.value, {}).setdefault(labels[flag.post_id], Counter())
        by_label[fate] += 1
        if fate in cards:
            cards[fate].add(flag.campaign or str(flag.id))
    total: Counter[str] = sum((each for row in counted.values() for each in row.values()), Counter())
    return {
        "posts": len(posts),
        "labels": dict(Counter(labels.values())),
        "days": len({post.at.date() for post in posts}),
        "total": {name: total[name] for name in ("hidden", "queued", "not_shown")},
        "cards": {name: len(found) for name, found in cards.items()},
        "by_reason": {
            reason: {label: dict(fates) for label, fates in sorted(rows.items())}
            for reason, rows in sorted(counted.items())
        },
        "not_shown_on_their_day": dict(journey.late),
        "brakes": journey.brakes,
    }


def hidden(posts: Sequence[Post], rx: Connection) -> Iterator[Facts]:
    """The hidden posts with what carried the decision."""
    known = {post.reply.post_id: post for post in posts}
    ids = list(rx.scalars(select(schema.flags.c.id).where(schema.flags.c.hidden_at.is_not(None))))
    for flag in (flags.get(rx, flag_id) for flag_id in ids):
        judged = decisions.load(rx, [flag.decision_id])[flag.decision_id]
        yield {
            "line": flag.post_id,
            "label": known[flag.post_id].label,
            "reason": flag.reason.value,
            "at": known[flag.post_id].at.isoformat(),
            "title": flag.thread_title,
            "author": flag.author_name,
            "text": flag.text,
            "campaign": flag.campaign,
            "campaign_size": flag.campaign_size,
            "limits": {limit.name: limit.value for limit in judged.decision.limits},
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.ENFORCE.value)
    parser.add_argument("--hidden", type=Path, default=Path(tempfile.gettempdir()) / "modbot-hidden.jsonl")
    chosen = parser.parse_args(arguments)
    if chosen.hidden.resolve().is_relative_to(settings.project_root()):
        parser.error("--hidden: the posts are not the project's; name a file outside of it")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    posts, broken = read(chosen.data)
    if not posts:
        parser.error(f"--data: no line of {chosen.data} is a post with a time")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "modbot.toml"
        models_dir = settings.project_root() / "models"
        file.write_text(
            f'[paths]\nmodels = {json.dumps(str(models_dir))}\n[policy]\nmode = "{chosen.mode}"\n',
            encoding="utf-8",
        )
        with closing(modbot.store.open(Path(folder) / "replay.db")) as store:
            journey = replay(posts, settings.load(file, environ={}), store)
            with store.read() as rx:
                told = {"mode": chosen.mode, **summary(journey, posts, rx), "unusable_lines": broken}
                rows = list(hidden(posts, rx))
    chosen.hidden.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    told["hidden_listed_in"] = str(chosen.hidden)
    json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
