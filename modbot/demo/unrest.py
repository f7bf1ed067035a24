"""What happens among a forum's people and unsettles whoever reads along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from types import MappingProxyType

from modbot.demo.community import Community
from modbot.demo.state import Fate, Member, Post, PostState, Thread

FEWEST_LEFT = 3
_NOTES = ("补充一句", "更正一下", "刚才没说完")


class Stir(StrEnum):
    EDIT = "edit"
    DELETION = "deletion"
    LATE_APPROVAL = "late_approval"
    MOVE = "move"
    SPLIT = "split"
    MERGE = "merge"


WEIGHTS: Mapping[Stir, float] = MappingProxyType(
    {
        Stir.EDIT: 5,
        Stir.DELETION: 3,
        Stir.LATE_APPROVAL: 4,
        Stir.MOVE: 1,
        Stir.SPLIT: 1,
        Stir.MERGE: 1,
    }
)


class Unrest:
    """Stirs a community by a seed; ``done`` counts what happened.

    ``keeper`` is the member of the staff who moderates. Only what nobody would hide is
    edited, deleted or approved, so that a post goes on deserving what it deserved.
    """

    def __init__(
        self,
        community: Community,
        keeper: Member,
        *,
        seed: int,
        weights: Mapping[Stir, float] = WEIGHTS,
    ) -> None:
        self.done: Counter[Stir] = Counter()
        self._community = community
        self._keeper = keeper
        self._chance = Random(seed)  # noqa: S311 - a game, played by seed
        self._weights = weights
        self._acts: Mapping[Stir, Callable[[], bool]] = {
            Stir.EDIT: self._edit,
            Stir.DELETION: self._delete,
            Stir.LATE_APPROVAL: self._approve,
            Stir.MOVE: self._move,
            Stir.SPLIT: self._split,
            Stir.MERGE: self._merge,
        }

    def stir(self) -> Stir | None:
        """Let something happen; None when the kind that was drawn finds nothing to happen to."""
        (kind,) = self._chance.choices(list(self._weights), list(self._weights.values()))
        with self._community.lock:
            if not self._acts[kind]():
                return None
        self.done[kind] += 1
        return kind

    def _replies(self) -> list[Post]:
        """Visible replies that may be edited or deleted."""
        return [
            post
            for thread in self._threads()
            for post in self._community.posts_of(thread.id)
            if not post.first and not post.hidden and _is_decent(post)
        ]

    def _threads(self) -> list[Thread]:
        return [thread for thread in self._community.threads.values() if self._community.thread(thread.id)]

    def _edit(self) -> bool:
        replies = self._replies()
        if not replies:
            return False
        post = self._chance.choice(replies)
        self._community.edit(post.id, f"{post.text}\n{self._chance.choice(_NOTES)}")
        return True

    def _delete(self) -> bool:
        replies = self._replies()
        if not replies:
            return False
        self._community.delete(self._chance.choice(replies).id, by=self._keeper)
        return True

    def _approve(self) -> bool:
        posts = self._community.posts.values()
        waiting = [post for post in posts if post.state is PostState.PENDING and _is_decent(post)]
        if not waiting:
            return False
        self._community.approve(self._chance.choice(waiting).id, by=self._keeper)
        return True

    def _move(self) -> bool:
        open_boards = [board.id for board in self._community.boards.values() if not board.staff_only]
        threads = self._threads()
        if len(open_boards) < 2 or not threads:
            return False
        thread = self._chance.choice(threads)
        elsewhere = [board for board in open_boards if board != thread.board_id]
        self._community.move(thread.id, self._chance.choice(elsewhere))
        return True

    def _split(self) -> bool:
        """Some of the later replies of a thread become a thread of their own."""
        long = [thread for thread in self._threads() if self._size(thread) > 2 * FEWEST_LEFT]
        if not long:
            return False
        thread = self._chance.choice(long)
        replies = [post for post in self._community.posts_of(thread.id) if not post.first][FEWEST_LEFT:]
        chosen = self._chance.sample(replies, max(1, len(replies) // 2))
        self._community.split([post.id for post in chosen], f"{thread.title}（另开一帖）")
        return True

    def _merge(self) -> bool:
        threads = [thread for thread in self._threads() if not thread.pinned]
        if len(threads) <= FEWEST_LEFT:
            return False
        one, other = self._chance.sample(threads, 2)
        self._community.merge(one.id, into=other.id)
        return True

    def _size(self, thread: Thread) -> int:
        return len(self._community.posts_of(thread.id))


def _is_decent(post: Post) -> bool:
    return post.fate in {None, Fate.GENUINE}
