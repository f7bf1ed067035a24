"""The embedded forum seen through a site that twists some of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx
from forum_support import Asked, Site, Told, World

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Member
from modbot.domain import Reply
from modbot.forums.config import Credentials, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import DiscuzForum
from modbot.forums.protocol import Batch, UnreadableBlock

Twist = Callable[[Asked], Told | None]
BOARD = 36


@dataclass
class Wicked:
    """The embedded forum seen through a site that twists some answers."""

    site: Site
    server: DemoServer
    world: World
    twists: list[Twist] = field(default_factory=list)
    cursor: str | None = None
    unreadable: list[UnreadableBlock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.community = Community(name="小城", clock=self.world.clock)
        self.bot = self.community.join("modbot", group_id=2, password="secret")
        self.anna: Member = self.community.join("安娜", posts=5)
        self.community.open_board("城事", board_id=BOARD)
        self.community.open_board("别处", board_id=37)
        self.server.restage(self.community)
        self.client = httpx.Client(follow_redirects=False, trust_env=False)
        self.site.answer = self.answer
        self.config = ForumConfig(
            "town",
            self.site.url,
            credentials=Credentials(username="modbot", password="secret", password_over_http=True),
            polling=PollingMethod.SWEEP,
            politeness=Politeness(requests_per_second=1000, requests_per_day=10**9, attempts=1),
        )

    def answer(self, asked: Asked) -> Told:
        for twist in self.twists:
            told = twist(asked)
            if told is not None:
                return told
        url = self.server.url.rstrip("/") + asked.path
        headers = {
            key: asked.headers[key]
            for key in ("user-agent", "cookie", "content-type")
            if key in asked.headers
        }
        got = self.client.request(
            asked.method, f"{url}?{urlencode(asked.query)}", content=asked.body, headers=headers
        )
        self.client.cookies.clear()  # they are the bot's, which sends them itself
        kept = [
            (name, value) for name, value in got.headers.multi_items() if name in {"set-cookie", "location"}
        ]
        return Told(got.content, got.status_code, tuple(kept), got.headers.get("content-type", ""))

    def thread(self, board: int = BOARD, replies: int = 1) -> int:
        first = self.community.start_thread(board, self.anna, f"话题{board}", "说说")
        for number in range(replies):
            self.world.pass_minutes(0.1)
            self.community.post(first.thread_id, self.anna, f"第{number}条")
        self.world.pass_minutes(2)
        return first.thread_id

    @contextmanager
    def opened(self, **choices: object) -> Iterator[DiscuzForum]:
        forum = DiscuzForum(replace(self.config, **choices), self.world.context)  # type: ignore[arg-type]
        try:
            yield forum
        finally:
            forum.close()

    def poll(self, forum: DiscuzForum) -> list[Reply]:
        found: list[Reply] = []
        batches: Iterator[Batch] = forum.poll(self.cursor, now=self.world.now)
        for batch in batches:
            self.cursor = batch.cursor
            self.unreadable += batch.unreadable
            found += batch.replies
        return found


def on_thread(thread: int, told: Told, **query: str) -> Twist:
    wanted = {"mod": "viewthread", "tid": str(thread), **query}
    return lambda asked: told if wanted.items() <= asked.query.items() else None


def threads_of(replies: list[Reply]) -> set[int | None]:
    return {reply.thread_id for reply in replies}
