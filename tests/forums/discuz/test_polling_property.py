"""Whatever happens between polls, and wherever they crash, no reply is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forum_support import World
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from town_support import AUDITED, BOARD, Town

from modbot.demo.server import DemoServer
from modbot.forums.config import PollingMethod

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("reply"), st.integers(0, 9), st.integers(1, 14)),
        st.tuples(st.just("thread"), st.integers(0, 1), st.integers(1, 30)),
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
        self.unseen = ""

    def _alone(self, kind: str) -> bool:
        """An approval and a deletion between two polls leave every count as it was: only the
        panel's queue tells of the approval, and not every town has it."""
        alone = self.unseen in {"", kind}
        self.unseen = self.unseen or kind
        return alone

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
        for _ in range(two):
            self.town.thread((BOARD, AUDITED)[one])
            self.town.world.pass_minutes(1)

    def wait(self, one: int, two: int) -> None:
        threads = self._threads(AUDITED)
        for _ in range(two if threads else 0):
            self.waiting.append(self.town.reply(threads[one % len(threads)]))

    def approve(self, one: int, two: int) -> None:
        if self.waiting and self._alone("approval"):
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
            if replies and self._alone("deletion"):
                self.town.community.delete(replies[-1 - one % len(replies)], by=self.town.bot)
        self.town.world.pass_minutes(1)

    def minutes(self, one: int, two: int) -> None:
        self.town.world.pass_minutes(one)

    def poll(self, one: int, two: int) -> None:
        self.town.poll()
        self.unseen = ""

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
    events=[("thread", 1, 1), ("wait", 0, 3), ("poll", 0, 0), ("approve", 0, 0), ("minutes", 60, 0)],
    panel=False,
    method=PollingMethod.SWEEP,
)
def test_every_reply_is_seen_whatever_happens_between_polls(
    embedded: DemoServer,
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[str, int, int]],
    panel: bool,
    method: PollingMethod,
) -> None:
    state_dir: Path = tmp_path_factory.mktemp("town")
    town = Town(embedded, World(state_dir))
    try:
        embedded.options.json_api = True
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
