"""Read a forum and judge it without storing anything and without acting."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from modbot.daemon import house, models, rulebook, wiring
from modbot.daemon.bylines import Bylines
from modbot.daemon.surroundings import Placed
from modbot.detection import observation
from modbot.domain import Decision, Reply
from modbot.policy import Circumstances, decide, has_standing
from modbot.settings import Loaded
from modbot.store import cursors, engine, requests


@dataclass(frozen=True, slots=True)
class Judged:
    reply: Reply
    decision: Decision

    def as_object(self) -> dict[str, Any]:
        reply, decision = self.reply, self.decision
        return {
            "forum": reply.forum,
            "post_id": reply.post_id,
            "thread_id": reply.thread_id,
            "author": reply.author.name,
            "text": reply.text,
            "would": decision.in_enforce.value,
            "reason": decision.reason.value if decision.reason else None,
            "label": decision.label.value,
            "score": round(decision.score, 4),
        }


def dry_run(loaded: Loaded, name: str, *, clock: house.Clock = house.utc_now) -> Iterator[Judged]:
    """What a poll of this forum would find and decide, as it is read.

    Requests are counted in a store of its own that is thrown away; the cursor is read
    from the real store when there is one, and never moved.
    """
    detector = models.load_detector(loaded)
    own = rulebook.load_rules(loaded)
    book = wiring.policy_book(loaded, detector.manifest.thresholds, rules=own.digest)
    own = rulebook.with_standing(own, book)
    duplicates = wiring.duplicate_index(loaded.settings)
    with tempfile.TemporaryDirectory() as folder, closing(engine.open(Path(folder) / "dry.db")) as scratch:
        ledger = requests.Ledger(scratch)
        with closing(wiring.open_forum(loaded, name, ledger=ledger, clock=clock, sleep=house.sleep)) as forum:
            if book.asks_names:
                book = book.knowing(name, {board.id: board.name for board in forum.boards()})
            for batch in forum.poll(_cursor(loaded, name), now=clock()):
                replies = sorted(batch.replies, key=_order)
                assessments = detector.assess(replies, duplicates=duplicates, now=clock(), rules=own)
                observed, bylines = [], Bylines.of_pages(replies)
                for reply, assessment in zip(replies, assessments, strict=True):
                    policy = book.for_reply(reply)
                    standing = has_standing(reply.author, policy)
                    observed.append(observation(reply, assessment, established=standing, at=clock()))
                    told = bylines.told(reply, assessment, Placed(policy, Circumstances(), standing))
                    yield Judged(reply, decide(reply, told, policy, Circumstances()))
                duplicates.insert(observed)


def _cursor(loaded: Loaded, name: str) -> str | None:
    file = Path(loaded.store_url.removeprefix("sqlite:///"))
    if not file.is_file():
        return None
    with closing(engine.open(loaded.store_url, create=False)) as store, store.read() as rx:
        return cursors.load(rx, name)


def _order(reply: Reply) -> tuple[bool, datetime | None, int]:
    return (reply.posted_at is not None, reply.posted_at, reply.post_id)
