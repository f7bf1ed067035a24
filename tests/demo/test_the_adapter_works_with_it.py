"""The production adapter, unchanged, against the embedded forum: read, hide, restore."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modbot.demo import members, scene
from modbot.demo.server import DemoServer
from modbot.demo.state import Right
from modbot.domain import ActionOutcome, Visibility
from modbot.forums.config import Credentials, EngineContext, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import engine
from modbot.forums.protocol import CheckStatus, Forum, ReplyRef


class Ledger:
    """Counts requests, of all days together."""

    def __init__(self) -> None:
        self.spent = 0

    def spend(self, forum: str, *, at: datetime) -> int:
        self.spent += 1
        return self.spent


class LateClock:
    """The true time and a bit more."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.fixture
def late() -> LateClock:
    return LateClock()


@pytest.fixture(params=["utf-8", "gbk"])
def staged(request, late) -> Iterator[tuple[scene.Scene, DemoServer]]:
    staged = scene.stage(clock=late)
    with DemoServer(forum=staged.forum, charset=request.param) as server:
        yield staged, server


@pytest.fixture
def connect(staged, tmp_path):
    """An adapter that signs in as the demo's moderator."""
    opened: list[Forum] = []
    config = ForumConfig(
        name="demo",
        url=staged[1].url,
        credentials=Credentials(
            username=staged[1].moderator.name, password=staged[1].moderator.password, password_over_http=True
        ),
        politeness=Politeness(requests_per_second=500),
    )
    context = EngineContext(tmp_path, Ledger(), clock=staged[0].forum.clock, sleep=lambda _: False)

    def connected(**choices) -> Forum:
        opened.append(engine(replace(config, **choices), context))
        return opened[-1]

    yield connected
    for forum in opened:
        forum.close()


def everything(forum: Forum, now: datetime, cursor: str | None = None):
    found, unreadable = {}, []
    for batch in forum.poll(cursor, now=now):
        found |= {reply.post_id: reply for reply in batch.replies}
        unreadable += batch.unreadable
        cursor = batch.cursor
    assert unreadable == []
    return found, cursor


WAYS = {
    "sweep": {"polling": PollingMethod.SWEEP},
    "panel": {"polling": PollingMethod.PANEL, "panel_search": True, "panel_search_seconds": 0.0},
    "json": {"polling": PollingMethod.JSON},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_polling_reads_all_and_then_what_is_new(staged, connect, late, way):
    played, server = staged
    server.options.json_api = way == "json"
    adapter = connect(first_poll_days=90, **WAYS[way])
    first, cursor = everything(adapter, played.forum.clock())
    missing = set(played.forum.posts) - set(first)
    old = {number for number in missing if played.forum.posts[number].thread_id == played.threads["rules"]}
    assert missing == (old if way == "panel" else set())
    written = [members.write(played, arrival) for arrival in played.arrivals]
    late.by += timedelta(seconds=1)
    later, _ = everything(adapter, played.forum.clock(), cursor)
    expected = {post.id: post.text for post in written}
    assert {number: later[number].text for number in expected if number in later} == expected


@pytest.mark.parametrize("panel_search", [False, True])
def test_a_hide_is_done_once_and_a_restore_undoes_it(staged, connect, panel_search):
    played, _ = staged
    post = members.write(played, played.arrivals[1])
    adapter = connect(panel_search=panel_search)
    ref = ReplyRef(post.id, post.thread_id, 36)
    hidden = adapter.hide([ref], "重复发帖：“请勿刷屏”", notify=False)[post.id]
    again = adapter.hide([ref], "再来一次", notify=False)[post.id]
    assert (hidden.outcome, again.outcome) == (ActionOutcome.DONE, ActionOutcome.ALREADY)
    assert adapter.read_back(ref) is Visibility.HIDDEN
    assert played.forum.content.mod_log[-1].reason == "重复发帖：“请勿刷屏”"
    restored = adapter.restore([ref], "误判，恢复", notify=False)[post.id]
    assert restored.outcome is ActionOutcome.DONE
    assert adapter.read_back(ref) is Visibility.VISIBLE
    counts = (played.forum.hides, played.forum.idle_hides, played.forum.unhides)
    assert [count[post.id] for count in counts] == [1, 0, 1]


def test_success_that_is_not_true_is_seen_through(staged, connect):
    adapter = connect()
    result = adapter.hide([ReplyRef(999_999, 1, 36)], "广告", notify=False)[999_999]
    assert result.outcome is ActionOutcome.GONE


def test_the_doctor_finds_that_it_may_hide_or_that_it_may_not(staged, connect):
    played, _ = staged
    adapter = connect(panel_search=True)
    failed = [check for check in adapter.check_access() if check.status is CheckStatus.FAILED]
    assert failed == []
    played.forum.withdraw(played.forum.member_named(scene.MODERATOR).group_id, Right.HIDE)
    assert any(check.status is CheckStatus.FAILED for check in adapter.check_access())
    assert played.forum.content.mod_log == []


def test_an_author_is_known_by_their_profile(staged, connect):
    played, _ = staged
    known = played.forum.member_named("青山老李")
    author = connect().author(known.id)
    assert (author.name, author.group_id, author.posts) == (known.name, known.group_id, known.posts)
    assert author.credits == known.credits
    assert author.registered == known.registered.replace(second=0, microsecond=0)
