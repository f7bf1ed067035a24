"""A forum that lives in a test's own time, and a bot that polls it and stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from forum_support import World

from modbot.demo.community import Community
from modbot.demo.server import DemoServer
from modbot.demo.state import Member
from modbot.domain import Reply
from modbot.forums.config import Credentials, ForumConfig, Politeness, PollingMethod
from modbot.forums.discuz import DiscuzForum
from modbot.forums.discuz.cursor import decode

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
