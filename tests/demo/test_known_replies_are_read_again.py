"""What re-reading costs on the wire, and that it follows threads: the engine against the embedded forum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import modbot.store
from modbot.daemon.polling import Poller
from modbot.daemon.rereading import Rereader, RereadingRules, RereadReport
from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Member
from modbot.domain import Assessment, Decision, DecisionKind, Label, Probabilities, ReplyKey, Visibility
from modbot.forums.config import Credentials, EngineContext, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import engine
from modbot.forums.protocol import Forum
from modbot.store import Store, decisions, inbox, misses, requests, rereads

BOARD = 36
LET_PASS = Decision(
    DecisionKind.ALLOW, DecisionKind.ALLOW, None, Label.HAM, 0.1, None, (), (), policy="p", model="m"
)


@dataclass
class Village:
    """The embedded forum, an engine on it, and a store of what it read. ``now`` is everybody's time."""

    server: DemoServer
    store: Store
    folder: Path
    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.community = Community(name="小城", clock=lambda: self.now)
        self.moderator = self.community.join("modbot", group_id=2, password="secret")
        self.human = self.community.join("版主", group_id=2, password="secret")
        self.people: list[Member] = [self.community.join(f"居民{number}", posts=5) for number in range(3)]
        self.community.open_board("城事", board_id=BOARD)
        self.server.restage(self.community)
        config = ForumConfig(
            "village",
            self.server.url,
            credentials=Credentials(username="modbot", password="secret", password_over_http=True),
            polling=PollingMethod.SWEEP,
            politeness=Politeness(requests_per_second=1000),
        )
        ledger = requests.Ledger(self.store)
        context = EngineContext(self.folder, ledger, clock=lambda: self.now, sleep=self._sleep)
        self.forum: Forum = engine(config, context)
        self.rereader = Rereader(
            forum=self.forum, store=self.store, rules=RereadingRules(), clock=lambda: self.now
        )

    def _sleep(self, seconds: float) -> bool:
        self.now += timedelta(seconds=seconds)
        return False

    def thread(self) -> int:
        return self.community.start_thread(BOARD, self.people[0], "修路", "哪条路先修？").thread_id

    def reply(self, thread: int, text: str = "先修桥头那一段吧") -> int:
        self.now += timedelta(seconds=1)
        return self.community.post(thread, self.people[1], text).id

    def poll(self) -> None:
        """Read what is new, and let all of it pass."""
        self.now += timedelta(minutes=1)
        Poller(forum=self.forum, store=self.store, clock=lambda: self.now).poll()
        with self.store.write() as tx:
            fresh = inbox.unassessed(tx, "village")
            judged = [
                decisions.Judgement(
                    one.reply_id,
                    one.revision_id,
                    Assessment(one.reply.key, Probabilities(0.9, 0.05, 0.05), (), None, one.reply.text, "m"),
                    LET_PASS,
                    False,
                )
                for one in fresh
            ]
            decisions.record(tx, judged, at=self.now)
            rereads.plan(tx, [one.reply_id for one in fresh], RereadingRules().rhythm)

    def reread(self, **later: float) -> tuple[RereadReport, int]:
        """One round, and what it cost."""
        self.now += timedelta(**later)
        before = self.made()
        report = self.rereader.round()
        return report, self.made() - before

    def made(self) -> int:
        with self.store.read() as rx:
            return requests.total(rx, "village")

    def stored(self, post_id: int) -> inbox.Stored:
        with self.store.read() as rx:
            found = inbox.find(rx, ReplyKey("village", post_id))
        assert found is not None
        return found


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    store = modbot.store.open(tmp_path / "village.db")
    with DemoServer() as server:
        found = Village(server, store, tmp_path)
        yield found
        found.forum.close()
    store.close()


def test_ten_due_replies_of_a_thread_cost_one_request(village: Village) -> None:
    thread = village.thread()
    posts = [village.reply(thread, f"先修桥头那一段吧，{number}号路口也是") for number in range(9)]
    village.poll()
    village.community.edit(posts[3], "先修桥尾")
    village.community.hide(posts[4], by=village.human)
    report, cost = village.reread(hours=1)
    assert (report.read, report.changed, cost) == (10, 1, 1), "nine replies and the first post"
    assert village.stored(posts[3]).reply.text == "先修桥尾"
    assert village.stored(posts[4]).visibility is Visibility.HIDDEN


def test_the_due_replies_of_three_threads_cost_three_requests(village: Village) -> None:
    for _ in range(3):
        thread = village.thread()
        for _ in range(4):
            village.reply(thread)
    village.poll()
    report, cost = village.reread(hours=1)
    assert (report.read, cost) == (15, 3)


def test_a_round_in_which_nothing_is_due_costs_nothing(village: Village) -> None:
    village.reply(village.thread())
    village.poll()
    assert village.reread(minutes=30)[1] == 0


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_replies_that_were_split_off_are_followed_into_their_thread(village: Village, several: bool) -> None:
    thread = village.thread()
    posts = [village.reply(thread) for _ in range(4 if several else 1)]
    village.poll()
    there = village.community.split(posts, "修桥").id
    report, _ = village.reread(hours=1)
    assert (report.moved, report.gone) == (len(posts), 0)
    assert {village.stored(post).reply.thread_id for post in posts} == {there}
    assert village.reread(days=1)[0].gone == 0


def test_what_is_deleted_is_gone_and_counted(village: Village) -> None:
    post = village.reply(village.thread())
    village.poll()
    village.community.delete(post, by=village.human)
    report, _ = village.reread(hours=1)
    assert report.gone == 1
    with village.store.read() as rx:
        assert misses.count(rx, "village", village.now - timedelta(days=1)) == (0, 1)
