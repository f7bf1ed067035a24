"""What one poll has gathered and not yet handed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from modbot.domain import Reply
from modbot.errors import ForumRolledBack
from modbot.forums.discuz.cursor import Progress, minute_of
from modbot.forums.protocol import Batch, UnreadableBlock

_FULL_REPLIES = 50
_FULL_REQUESTS = 10
_MAX_UNREADABLE = 200
_CLOCK_SLACK_MINUTES = 30
"""A server whose clock was wrong for a while dates later replies before earlier ones."""


@dataclass(slots=True)
class Harvest:
    """Replies and unreadable blocks since the last batch, and the requests of this poll."""

    replies: dict[int, Reply] = field(default_factory=dict)
    unreadable: list[UnreadableBlock] = field(default_factory=list)
    fresh: int = 0
    late: int = 0
    since_batch: int = 0

    def count(self, *, late: bool) -> None:
        self.since_batch += 1
        if late:
            self.late += 1
        else:
            self.fresh += 1

    def watch(self, replies: Iterable[Reply], progress: Progress) -> None:
        """Raise ForumRolledBack for replies of a forum that was restored from a backup.

        Ids only grow: a reply posted clearly after the greatest known one, with a lesser
        id, means that ids have started over. First posts prove nothing and are left out:
        they may be published long after they got their id.
        """
        limit = progress.top_minute + _CLOCK_SLACK_MINUTES
        for reply in replies:
            if reply.post_id < progress.top and minute_of(reply.posted_at) > limit:
                raise ForumRolledBack(
                    forum=reply.forum,
                    detail=f"reply {reply.post_id} is newer than reply {progress.top}",
                )

    def take(self, replies: Iterable[Reply], progress: Progress) -> None:
        for reply in replies:
            self.replies[reply.post_id] = reply
            if reply.post_id > progress.top and reply.posted_at and not reply.pending:
                progress.top, progress.top_minute = reply.post_id, minute_of(reply.posted_at)

    def note(self, blocks: Iterable[UnreadableBlock]) -> None:
        self.unreadable.extend(blocks)
        del self.unreadable[_MAX_UNREADABLE:]

    @property
    def requests(self) -> int:
        return self.fresh + self.late

    @property
    def full(self) -> bool:
        waiting = bool(self.replies or self.unreadable)
        return len(self.replies) >= _FULL_REPLIES or (waiting and self.since_batch >= _FULL_REQUESTS)

    def hand_over(self, progress: Progress) -> Batch:
        batch = Batch(
            replies=tuple(self.replies.values()),
            cursor=progress.encode(),
            unreadable=tuple(self.unreadable),
            caught_up=progress.caught_up,
        )
        self.replies, self.unreadable, self.since_batch = {}, [], 0
        return batch
