"""A town judged by its own settings, with the shipped model: what its threads are for decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from executor_support import START, Bench

from modbot import settings
from modbot.daemon import house, rulebook, wiring
from modbot.daemon.judging import Judge
from modbot.daemon.polling import Poller
from modbot.detection import Detector, DuplicateIndex
from modbot.domain import Assessment, Author, Decision, FlagState, Reply, VerdictKind, VerdictSource
from modbot.store import boards as kept_boards
from modbot.store import decisions, flags, verdicts

ENFORCE = f"""
[paths]
models = "{settings.project_root() / "models"}"
[policy]
mode = "enforce"
[forums.city]
url = "https://bbs.example.com/"
"""


def newcomer(number: int, name: str = "", posts: int = 2) -> Author:
    return Author(id=5000 + number, name=name or f"新人{number}", posts=posts, group_id=10)


def regular(number: int) -> Author:
    return Author(id=100 + number, name=f"老友{number}", posts=3000 + number, group_id=12)


@dataclass
class Town:
    """Replies are written, polled and judged in the order of posting."""

    bench: Bench
    folder: Path
    detector: Detector
    own_settings: str = ""
    written: int = 0
    duplicates: DuplicateIndex = field(default_factory=lambda: DuplicateIndex(capacity=10_000))

    def name_boards(self, **names: str) -> None:
        """``b7="二手市场"`` names board 7."""
        rows = [(int(board.removeprefix("b")), name, None) for board, name in names.items()]
        with self.bench.store.write() as tx:
            kept_boards.save(tx, "city", rows, at=self.bench.now)

    def write(self, text: str, author: Author, *, thread: int = 1, **fields: object) -> Reply:
        self.written += 1
        facts: dict[str, object] = {"board_id": 1, "floor": 5, "thread_title": "随便说说"} | fields
        return self.bench.forum.write(self.written, text, thread_id=thread, author=author, **facts)

    def loaded(self) -> settings.Loaded:
        file = self.folder / "modbot.toml"
        file.write_text(ENFORCE + self.own_settings, encoding="utf-8")
        return settings.load(file, environ={})

    def judge(self) -> None:
        loaded = self.loaded()
        own = rulebook.load_rules(loaded)
        book = wiring.policy_book(loaded, self.detector.manifest.thresholds, rules=own.digest)
        Poller(forum=self.bench.forum, store=self.bench.store, clock=self.bench.clock).poll()
        Judge(
            forum="city",
            store=self.bench.store,
            detector=self.detector,
            duplicates=self.duplicates,
            rules=replace(house.judging_rules(loaded, book), flag_since=START - timedelta(days=1), own=own),
            clock=self.bench.clock,
        ).judge_waiting()

    def uphold(self, reply: Reply) -> None:
        flag_id = self.flagged()[reply.post_id].id
        with self.bench.store.write() as tx:
            source, now = VerdictSource.TERMINAL, self.bench.now
            verdicts.give(tx, flag_id, VerdictKind.UPHOLD, source=source, who="ann", now=now)

    def flagged(self) -> dict[int, flags.Flag]:
        wanted = flags.Filter(forum="city", states=tuple(FlagState), shown=None)
        with self.bench.store.read() as rx:
            return {flag.post_id: flag for flag in flags.find(rx, wanted, limit=5000)}

    def reasons(self) -> Counter[str]:
        return Counter(flag.reason.value for flag in self.flagged().values())

    def judged(self, reply: Reply) -> tuple[Assessment, Decision]:
        """What was made of a reply that is flagged."""
        flag = self.flagged()[reply.post_id]
        with self.bench.store.read() as rx:
            one = decisions.load(rx, [flag.decision_id])[flag.decision_id]
        return one.assessment, one.decision

    def texts_flagged(self, replies: Iterable[Reply]) -> list[str]:
        found = self.flagged()
        return [reply.text for reply in replies if reply.post_id in found]
