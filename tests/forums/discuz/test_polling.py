"""Finding every reply, once at least, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from forum_support import World
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Approval, Member
from modbot.domain import Reply
from modbot.errors import ForumRolledBack, Unreadable
from modbot.forums.config import Credentials, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import DiscuzForum
from modbot.forums.discuz.cursor import decode
from modbot.forums.protocol import Capability

BOARD, AUDITED = 36, 38
SUPER = 2


@dataclass
class Town:
    """A forum that lives in a test's own time, its bot, and what the bot has stored."""

    server: DemoServer
    world: World
    community: Community = field(init=False)
    people: list[Member] = field(init=False)
    bot: Member = field(init=False)
    config: ForumConfig = field(init=False)
    engine: DiscuzForum | None = None
    cursor: str | None = None
    seen: dict[int, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.community = Community(name="小城", clock=self.world.clock)
        self.bot = self.community.join("modbot", group_id=SUPER, password="secret")
        self.people = [self.community.join(f"居民{number}", posts=5) for number in range(4)]
        self.community.open_board("城事", board_id=BOARD)
        self.community.open_board("先审后发", board_id=AUDITED)
        self.community.require_approval(AUDITED)
        self.server.restage(self.community)
        self.config = ForumConfig(
            "town",
            self.server.url,
            credentials=Credentials(username="modbot", password="secret", password_over_http=True),
            polling=PollingMethod.SWEEP,
            politeness=Politeness(requests_per_second=1000, requests_per_day=10**9),
        )

    def choose(self, **choices: object) -> None:
        self.close()
        self.config = replace(self.config, **choices)  # type: ignore[arg-type]

    def thread(self, board: int = BOARD) -> int:
        title = f"话题{self.community.content.last_thread_id + 1}"
        return self.community.start_thread(board, self.people[0], title, "说说看").thread_id

    def reply(self, thread: int, text: str = "支持一下", by: int = 1) -> int:
        self.world.now = self.world.now.replace(microsecond=0)
        self.world.pass_minutes(1 / 60)
        return self.community.post(thread, self.people[by], text).id

    def poll(self, *, batches: int | None = None) -> list[Reply]:
        """Poll and store; with ``batches`` the process dies after having stored so many."""
        self.engine = self.engine or DiscuzForum(self.config, self.world.context)
        found: list[Reply] = []
        for number, batch in enumerate(self.engine.poll(self.cursor, now=self.world.now)):
            if number == batches:
                self.close()
                break
            self.cursor = batch.cursor
            self.seen.update({reply.post_id: reply for reply in batch.replies})
            found += batch.replies
        return found

    def poll_until_quiet(self, polls: int = 60) -> None:
        for _ in range(polls):
            self.poll()
            self.world.pass_minutes(1)
            if self.cursor and decode(self.cursor).caught_up:
                return
        raise AssertionError("never caught up")

    def missing(self) -> set[int]:
        """Visible posts that were never seen."""
        content = self.community.content
        shown = {post.id for thread in content.threads for post in self.community.posts_of(thread)}
        return shown - {pid for pid, reply in self.seen.items() if not reply.pending}

    def close(self) -> None:
        if self.engine:
            self.engine.close()
        self.engine = None


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def town(server: DemoServer, world: World) -> Iterator[Town]:
    with ExitStack() as after:
        there = Town(server, world)
        after.callback(there.close)
        yield there


def ids(replies: list[Reply]) -> set[int]:
    return {reply.post_id for reply in replies}


METHODS = pytest.mark.parametrize("method", [PollingMethod.SWEEP, PollingMethod.PANEL, PollingMethod.JSON])


@METHODS
def test_every_way_finds_new_replies_and_only_those(town: Town, method: PollingMethod) -> None:
    town.server.options.json_api = True
    town.choose(polling=method, panel_search=True, panel_search_seconds=60)
    thread = town.thread()
    first = town.reply(thread)
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    assert first in town.seen
    assert town.seen[first].author.name == "居民1"
    town.world.pass_minutes(5)
    second = town.reply(thread, "今天风大")
    town.world.pass_minutes(2)
    assert second in ids(town.poll())
    assert town.seen[second].text == "今天风大"
    assert town.seen[second].author.posts is not None
    town.world.pass_minutes(2)
    assert not town.poll()
    assert not town.missing()


def test_a_quiet_forum_costs_one_request_a_poll(town: Town) -> None:
    town.reply(town.thread())
    town.poll_until_quiet()
    town.poll()
    before = town.world.requests
    town.poll()
    assert town.world.requests - before == 1


def test_the_first_poll_reads_the_last_days_only(town: Town) -> None:
    town.choose(first_poll_days=2)
    old = town.thread()
    ancient = town.reply(old)
    town.world.pass_minutes(3 * 24 * 60)
    fresh = town.reply(old)
    silent = town.thread()
    town.poll_until_quiet()
    assert fresh in town.seen
    assert silent
    assert ancient not in town.seen


def test_a_long_outage_is_caught_up_in_bounded_polls_the_newest_first(town: Town) -> None:
    threads = [town.thread() for _ in range(45)]
    town.poll_until_quiet()
    for _ in range(6):
        for thread in threads:
            town.reply(thread)
            town.reply(thread)
    town.world.pass_minutes(60)
    busy = [town.reply(threads[0]) for _ in range(5)]
    before = town.world.requests
    first = town.poll()
    assert town.world.requests - before <= 200
    assert set(busy) <= ids(first)
    assert town.cursor is not None
    newest = town.reply(threads[7])
    assert newest in ids(town.poll())
    town.poll_until_quiet()
    assert not town.missing()


def test_a_crash_after_some_of_many_changed_threads_loses_none(town: Town) -> None:
    threads = [town.thread() for _ in range(25)]
    town.poll_until_quiet()
    for thread in threads:
        town.reply(thread)
    town.poll(batches=1)
    assert town.missing()
    town.poll_until_quiet()
    assert not town.missing()


def test_a_long_thread_is_read_a_bounded_piece_at_a_time(town: Town) -> None:
    thread = town.thread()
    town.poll_until_quiet()
    for _ in range(700):
        town.reply(thread)
    before = town.world.requests
    town.poll()
    assert town.world.requests - before <= 65
    assert town.missing()
    late = town.reply(thread)
    town.poll()
    assert late in town.seen
    town.poll_until_quiet()
    assert not town.missing()


def test_replies_deleted_while_a_gap_is_read_hide_none_of_the_rest(town: Town) -> None:
    thread = town.thread()
    town.poll_until_quiet()
    pids = [town.reply(thread) for _ in range(800)]
    town.poll()
    for pid in pids[-40:]:
        town.community.delete(pid, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert not town.missing()


def test_a_reply_approved_late_is_found_below_the_known_ones(town: Town) -> None:
    thread = town.thread(AUDITED)
    waiting = town.reply(thread)
    for _ in range(25):
        town.community.approve(town.reply(thread), by=town.bot)
    town.poll_until_quiet()
    assert waiting not in town.seen
    town.world.pass_minutes(30)
    town.community.approve(waiting, by=town.bot)
    town.poll_until_quiet()
    assert waiting in town.seen


def test_a_late_approval_in_a_thread_far_down_is_found_within_hours(town: Town) -> None:
    thread = town.thread(AUDITED)
    waiting = town.reply(thread)
    for _ in range(30):
        town.thread(AUDITED)
    town.poll_until_quiet()
    town.community.approve(waiting, by=town.bot)
    town.community.approve(town.reply(town.thread(AUDITED)), by=town.bot)
    town.poll_until_quiet()
    town.world.pass_minutes(7 * 60)
    town.poll_until_quiet()
    assert waiting in town.seen


def test_the_approval_queue_is_read_and_its_replies_followed(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    thread = town.thread(AUDITED)
    town.poll_until_quiet()
    waiting = town.reply(thread, "等一等")
    refused = town.reply(thread, "广告")
    town.world.pass_minutes(2)
    found = {reply.post_id: reply for reply in town.poll()}
    assert found[waiting].pending
    assert found[waiting].thread_id is None
    assert found[waiting].text == "等一等"
    town.community.approve(waiting, by=town.bot)
    town.community.ignore(refused, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert not town.seen[waiting].pending
    assert town.seen[waiting].thread_id == thread
    assert town.seen[refused].pending


def test_a_queue_longer_than_one_look_forgets_nobody(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    thread = town.thread(AUDITED)
    first = [town.reply(thread) for _ in range(5)]
    town.world.pass_minutes(2)
    town.poll()
    for _ in range(110):
        town.reply(thread)
    town.world.pass_minutes(2)
    town.poll()
    assert town.cursor is not None
    assert set(first) <= set(decode(town.cursor).pending)


def test_a_thread_approved_late_is_found(town: Town) -> None:
    town.choose(panel_search=True, panel_search_seconds=60)
    town.community.require_approval(AUDITED, Approval.ALL)
    first = town.community.start_thread(AUDITED, town.people[1], "新来的", "大家好")
    for _ in range(25):
        town.community.approve(
            town.community.start_thread(AUDITED, town.people[2], "别的", "话").id, by=town.bot
        )
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert first.id not in town.seen
    town.community.approve(first.id, by=town.bot)
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert first.id in town.seen


def test_a_merged_or_split_thread_changes_the_thread_and_nothing_else(town: Town) -> None:
    one, two = town.thread(), town.thread()
    pid = town.reply(one)
    others = [town.reply(two) for _ in range(3)]
    town.poll_until_quiet()
    town.community.merge(one, two)
    town.world.pass_minutes(1)
    fresh = town.reply(two)
    town.poll_until_quiet()
    assert fresh in town.seen
    new = town.community.split(others, "分出来的")
    town.world.pass_minutes(1)
    after = town.reply(new.id)
    town.poll_until_quiet()
    assert town.seen[after].thread_id == new.id
    assert pid in town.seen
    assert not town.missing()


@METHODS
def test_a_forum_restored_from_a_backup_raises_an_alarm_every_time(town: Town, method: PollingMethod) -> None:
    town.server.options.json_api = True
    town.choose(polling=method, panel_search=True, panel_search_seconds=60)
    thread = town.thread()
    town.reply(thread)
    backup = town.community.backup()
    for _ in range(15):
        town.reply(thread)
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    town.community.restore_backup(backup)
    town.world.pass_minutes(30)
    town.reply(thread)
    town.world.pass_minutes(2)
    before = town.cursor
    for _ in range(2):
        with pytest.raises(ForumRolledBack, match="backup"):
            town.poll()
        town.world.pass_minutes(2)
    assert town.cursor is not None
    assert decode(town.cursor).top == decode(before or "").top


def test_a_board_that_vanishes_takes_nothing_with_it(town: Town) -> None:
    board = town.community.open_board("短命", board_id=50)
    gone, stays = town.thread(board.id), town.thread()
    town.poll_until_quiet()
    town.reply(gone)
    pid = town.reply(stays)
    del town.community.content.boards[board.id]
    town.community.content.threads.pop(gone)
    town.poll_until_quiet()
    assert pid in town.seen
    assert town.cursor is not None
    assert board.id not in decode(town.cursor).boards


def test_boards_can_be_chosen_and_skipped(town: Town) -> None:
    here, there = town.thread(BOARD), town.thread(AUDITED)
    town.choose(boards=(BOARD, AUDITED), skip_boards=(AUDITED,))
    town.poll_until_quiet()
    assert here in {reply.thread_id for reply in town.seen.values()}
    assert there not in {reply.thread_id for reply in town.seen.values()}
    town.choose(boards=(4711,))
    with pytest.raises(Unreadable, match="none of the wanted boards"):
        town.poll()


def test_a_cursor_that_is_none_is_told(town: Town) -> None:
    town.cursor = "{}"
    with pytest.raises(Unreadable, match="polling position"):
        town.poll()


def test_a_closed_forum_is_told_after_what_was_read_is_handed_over(town: Town) -> None:
    town.thread()
    town.poll_until_quiet()
    town.server.options.closed = "站点维护中"
    try:
        with pytest.raises(Exception, match="closed"):
            town.poll()
    finally:
        town.server.options.closed = ""


def test_more_than_the_panel_can_list_is_split_by_board_then_swept(town: Town) -> None:
    town.choose(polling=PollingMethod.PANEL, panel_search=True, panel_search_seconds=60)
    threads = [town.thread() for _ in range(3)]
    town.world.pass_minutes(1)
    town.poll_until_quiet()
    for number in range(1100):
        town.reply(threads[number % 3])
    town.world.pass_minutes(3)
    town.poll_until_quiet()
    assert not town.missing()


def test_a_refused_panel_falls_back_to_the_sweep_by_itself(town: Town) -> None:
    town.bot.group_id = 10
    town.choose(polling=PollingMethod.AUTO, panel_search=True, panel_search_seconds=60)
    pid = town.reply(town.thread())
    town.world.pass_minutes(2)
    town.poll_until_quiet()
    assert pid in town.seen
    assert town.engine is not None
    assert Capability.PANEL_SEARCH not in town.engine.capabilities()


# --- whatever happens ---------------------------------------------------------------------

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), st.integers(0, 9), st.integers(1, 14)),
        st.tuples(st.just("thread"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 9), st.integers(1, 3)),
        st.tuples(st.just("approve"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.integers(0, 99), st.integers(1, 6)),
        st.tuples(st.just("minutes"), st.integers(1, 500), st.just(0)),
        st.tuples(st.just("poll"), st.just(0), st.just(0)),
        st.tuples(st.just("crash"), st.integers(0, 3), st.just(0)),
    ),
    max_size=25,
)


class Fate:
    """Carries out events on a town; what an event names is taken modulo what is there."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.waiting: list[int] = []

    def _threads(self, board: int | None = None) -> list[int]:
        threads = self.town.community.content.threads.values()
        return [thread.id for thread in threads if board in {None, thread.board_id}]

    def befall(self, event: tuple[str, int, int]) -> None:
        kind, one, two = event
        act: Callable[[int, int], None] = getattr(self, kind)
        act(one, two)

    def reply(self, one: int, two: int) -> None:
        threads = self._threads(BOARD)
        for _ in range(two if threads else 0):
            self.town.reply(threads[one % len(threads)], by=two % 4)

    def thread(self, one: int, two: int) -> None:
        self.town.thread((BOARD, AUDITED)[one])

    def wait(self, one: int, two: int) -> None:
        threads = self._threads(AUDITED)
        for _ in range(two if threads else 0):
            self.waiting.append(self.town.reply(threads[one % len(threads)]))

    def approve(self, one: int, two: int) -> None:
        if self.waiting:
            pid = self.waiting.pop(one % len(self.waiting))
            if pid in self.town.community.content.posts:
                self.town.community.approve(pid, by=self.town.bot)

    def merge(self, one: int, two: int) -> None:
        threads = self._threads(BOARD)
        if len(threads) > 1 and one % len(threads) != two % len(threads):
            self.town.community.merge(threads[one % len(threads)], threads[two % len(threads)])

    def delete(self, one: int, two: int) -> None:
        """Deleting and answering within one and the same minute leaves no trace in any list."""
        content = self.town.community.content
        self.town.world.pass_minutes(1)
        for _ in range(two):
            replies = [post.id for post in content.posts.values() if not post.first]
            if replies:
                self.town.community.delete(replies[-1 - one % len(replies)], by=self.town.bot)
        self.town.world.pass_minutes(1)

    def minutes(self, one: int, two: int) -> None:
        self.town.world.pass_minutes(one)

    def poll(self, one: int, two: int) -> None:
        self.town.poll()

    def crash(self, one: int, two: int) -> None:
        self.town.poll(batches=one)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    events=EVENTS,
    panel=st.booleans(),
    method=st.sampled_from([PollingMethod.SWEEP, PollingMethod.PANEL, PollingMethod.JSON]),
)
@example(
    events=[("thread", 1, 0), ("wait", 0, 3), ("poll", 0, 0), ("approve", 0, 0), ("minutes", 60, 0)],
    panel=False,
    method=PollingMethod.SWEEP,
)
def test_every_reply_is_seen_whatever_happens_between_polls(
    server: DemoServer,
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[str, int, int]],
    panel: bool,
    method: PollingMethod,
) -> None:
    state_dir: Path = tmp_path_factory.mktemp("town")
    town = Town(server, World(state_dir))
    try:
        server.options.json_api = True
        searches = panel or method is PollingMethod.PANEL
        town.choose(polling=method, panel_search=searches, panel_search_seconds=60, first_poll_days=5)
        town.thread(BOARD)
        town.thread(AUDITED)
        fate = Fate(town)
        for event in events:
            fate.befall(event)
        town.world.pass_minutes(2)
        town.poll_until_quiet()
        town.world.pass_minutes(7 * 60)
        town.poll_until_quiet()
        assert not town.missing()
    finally:
        town.close()
