"""The embedded forum's life: members write, moderators act, and every act is counted.

All methods take the lock, so that simulated members, the wire and a test may use one
forum from several threads.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from modbot.demo.state import (
    ADMINISTRATORS,
    MODERATORS,
    RIGHTS,
    SUPER_MODERATORS,
    Approval,
    Board,
    Fate,
    Member,
    ModLogEntry,
    Notice,
    Post,
    PostState,
    Right,
    Thread,
    group_for,
)

POSTS_PER_PAGE = 10
CREDITS_PER_POST = 2


@dataclass(slots=True)
class Content:
    """Everything that a backup of the forum's database would hold."""

    members: dict[int, Member] = field(default_factory=dict)
    boards: dict[int, Board] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    thread_posts: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    last_post_id: int = 0
    last_thread_id: int = 0
    mod_log: list[ModLogEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    violations: Counter[int] = field(default_factory=Counter)


class Community:
    """A forum in memory. ``clock`` answers aware UTC.

    ``hides`` and ``unhides`` count, per post id, the acts that changed something;
    ``idle_hides`` those that repeated what was so already.
    """

    def __init__(self, *, name: str, clock: Callable[[], datetime] | None = None) -> None:
        self.name = name
        self.clock = clock or (lambda: datetime.now(UTC))
        self.lock = threading.RLock()
        self.content = Content()
        self.hides: Counter[int] = Counter()
        self.unhides: Counter[int] = Counter()
        self.idle_hides: Counter[int] = Counter()
        self.withdrawn: set[tuple[int, Right]] = set()

    @property
    def members(self) -> dict[int, Member]:
        return self.content.members

    @property
    def boards(self) -> dict[int, Board]:
        return self.content.boards

    @property
    def threads(self) -> dict[int, Thread]:
        return self.content.threads

    @property
    def posts(self) -> dict[int, Post]:
        return self.content.posts

    # -- who and where -------------------------------------------------------------

    def join(
        self,
        name: str,
        *,
        posts: int = 0,
        group_id: int | None = None,
        registered: datetime | None = None,
        region: str = "",
        password: str = "",
    ) -> Member:
        with self.lock:
            credits = posts * CREDITS_PER_POST
            member = Member(
                id=len(self.content.members) + 1,
                name=name,
                group_id=group_for(credits) if group_id is None else group_id,
                posts=posts,
                credits=credits,
                registered=registered or self.clock(),
                region=region,
                password=password,
            )
            self.content.members[member.id] = member
            return member

    def open_board(self, name: str, *, board_id: int | None = None, staff_only: bool = False) -> Board:
        with self.lock:
            number = board_id or max(self.content.boards, default=1) + 1
            board = Board(number, name, staff_only=staff_only)
            self.content.boards[number] = board
            return board

    def member_named(self, name: str) -> Member | None:
        with self.lock:
            return next((m for m in self.content.members.values() if m.name == name), None)

    def require_approval(self, board_id: int, approval: Approval = Approval.REPLIES) -> None:
        with self.lock:
            self.content.boards[board_id].approval = approval

    def withdraw(self, group_id: int, right: Right) -> None:
        """Take a right away from a whole group."""
        with self.lock:
            self.withdrawn.add((group_id, right))

    def may(self, member: Member | None, right: Right) -> bool:
        if member is None or (member.group_id, right) in self.withdrawn:
            return False
        return right in RIGHTS.get(member.group_id, frozenset())

    def moderates(self, member: Member | None, board_id: int) -> bool:
        if member is None:
            return False
        if member.group_id in {ADMINISTRATORS, SUPER_MODERATORS}:
            return True
        board = self.content.boards.get(board_id)
        return board is not None and member.group_id in {MODERATORS, 16} and member.id in board.moderators

    def is_staff(self, member: Member | None) -> bool:
        return member is not None and member.group_id in RIGHTS

    # -- members write ---------------------------------------------------------------

    def start_thread(
        self,
        board_id: int,
        author: Member,
        title: str,
        text: str,
        *,
        at: datetime | None = None,
        pinned: bool = False,
        fate: Fate | None = None,
        veiled: str = "",
    ) -> Post:
        """Open a thread; answers its first post."""
        with self.lock:
            moment = at or self.clock()
            self.content.last_thread_id += 1
            thread = Thread(
                self.content.last_thread_id, board_id, title, author.id, created=moment, pinned=pinned
            )
            self.content.threads[thread.id] = thread
            waits = self.content.boards[board_id].approval is Approval.ALL
            return self._insert(
                Post(0, thread.id, author.id, text, moment, first=True, fate=fate, veiled=veiled),
                waits=waits and not self.is_staff(author),
            )

    def post(
        self,
        thread_id: int,
        author: Member,
        text: str,
        *,
        at: datetime | None = None,
        quotes: int | None = None,
        client: str = "",
        images: int = 0,
        fate: Fate | None = None,
    ) -> Post:
        with self.lock:
            thread = self.content.threads[thread_id]
            approval = self.content.boards[thread.board_id].approval
            reply = Post(0, thread_id, author.id, text, at or self.clock(), quotes=quotes)
            reply.client, reply.images, reply.fate = client, images, fate
            return self._insert(reply, waits=approval is not Approval.NONE and not self.is_staff(author))

    def _insert(self, post: Post, *, waits: bool) -> Post:
        self.content.last_post_id += 1
        post.id = self.content.last_post_id
        post.state = PostState.PENDING if waits else PostState.VISIBLE
        self.content.posts[post.id] = post
        self.content.thread_posts[post.thread_id].add(post.id)
        if not waits:
            self._credit(post)
        return post

    def _credit(self, post: Post) -> None:
        author = self.content.members[post.author_id]
        author.posts += 1
        author.credits += CREDITS_PER_POST
        if author.group_id in range(10, 16):
            author.group_id = group_for(author.credits)

    def edit(self, post_id: int, text: str, *, by: Member | None = None) -> None:
        with self.lock:
            post = self.content.posts[post_id]
            post.text = text
            post.edited_at = self.clock()
            post.edited_by = (by or self.content.members[post.author_id]).name

    # -- moderators act --------------------------------------------------------------

    def hide(self, post_id: int, *, by: Member, reason: str = "", notify: bool = False) -> None:
        self._ban(post_id, banned=True, by=by, reason=reason, notify=notify)

    def unhide(self, post_id: int, *, by: Member, reason: str = "", notify: bool = False) -> None:
        self._ban(post_id, banned=False, by=by, reason=reason, notify=notify)

    def _ban(self, post_id: int, *, banned: bool, by: Member, reason: str, notify: bool) -> None:
        with self.lock:
            post = self.content.posts[post_id]
            if post.hidden == banned:
                self.idle_hides[post_id] += banned
            else:
                (self.hides if banned else self.unhides)[post_id] += 1
            post.hidden = banned
            self.content.violations[post.author_id] += banned
            self.log("BNP" if banned else "UBN", post, by, reason, notify=notify)

    def delete(self, post_id: int, *, by: Member, reason: str = "", notify: bool = False) -> None:
        """Into the recycle bin where the board has one, else for good."""
        with self.lock:
            post = self.content.posts[post_id]
            page = self.page_of(post)
            if post.first:
                doomed = self.posts_of(post.thread_id, states=tuple(PostState))
            else:
                doomed = [post]
                self.content.threads[post.thread_id].hole_pages.add(page)
            recycle = self.content.boards[self.content.threads[post.thread_id].board_id].recycle_bin
            for gone in doomed:
                gone.state = PostState.RECYCLED
                if not recycle:
                    del self.content.posts[gone.id]
                    self.content.thread_posts[gone.thread_id].discard(gone.id)
            if post.first and not recycle:
                del self.content.threads[post.thread_id]
            self.log("DLP", post, by, reason, notify=notify)

    def approve(self, post_id: int, *, by: Member, reason: str = "") -> None:
        """Let a waiting or ignored post be seen. It keeps its id and its time."""
        with self.lock:
            post = self.content.posts[post_id]
            if post.state in {PostState.PENDING, PostState.IGNORED}:
                post.state = PostState.VISIBLE
                self._credit(post)
                self.log("MOD", post, by, reason, notify=True)

    def ignore(self, post_id: int, *, by: Member, reason: str = "") -> None:
        with self.lock:
            post = self.content.posts[post_id]
            if post.state is PostState.PENDING:
                post.state = PostState.IGNORED
                self.log("IGN", post, by, reason, notify=False)

    def log(self, action: str, post: Post, by: Member, reason: str, *, notify: bool) -> None:
        now = self.clock()
        self.content.mod_log.append(ModLogEntry(now, by.id, action, post.id, post.thread_id, reason))
        if notify:
            self.content.notices.append(Notice(now, post.author_id, post.id, action, reason))

    def merge(self, thread_id: int, into: int) -> None:
        """Move all posts of one thread into another; the emptied thread is gone."""
        with self.lock:
            self._move((post.id for post in self.posts_of(thread_id, states=tuple(PostState))), into)
            del self.content.threads[thread_id]

    def move(self, thread_id: int, board_id: int) -> None:
        """Into another board, without a trace in the old one."""
        with self.lock:
            self.content.threads[thread_id].board_id = self.content.boards[board_id].id

    def split(self, post_ids: Iterable[int], title: str) -> Thread:
        """Make a new thread of some replies; the earliest becomes its first post."""
        with self.lock:
            chosen = sorted((self.content.posts[post_id] for post_id in post_ids), key=_in_order)
            old = self.content.threads[chosen[0].thread_id]
            self.content.last_thread_id += 1
            thread = Thread(
                self.content.last_thread_id,
                old.board_id,
                title,
                chosen[0].author_id,
                created=chosen[0].posted_at,
            )
            self.content.threads[thread.id] = thread
            self._move((post.id for post in chosen), thread.id)
            return thread

    def _move(self, post_ids: Iterable[int], into: int) -> None:
        for post_id in list(post_ids):
            post = self.content.posts[post_id]
            self.content.thread_posts[post.thread_id].discard(post_id)
            self.content.thread_posts[into].add(post_id)
            post.thread_id = into
        everyone = self.posts_of(into, states=tuple(PostState))
        for post in everyone:
            post.first = post is everyone[0]

    # -- backups -----------------------------------------------------------------------

    def backup(self) -> Content:
        with self.lock:
            return copy.deepcopy(self.content)

    def restore_backup(self, backup: Content) -> None:
        """What was written since the backup is lost, and its ids are given again."""
        with self.lock:
            self.content = copy.deepcopy(backup)

    # -- what is there -----------------------------------------------------------------

    def posts_of(self, thread_id: int, *, states: tuple[PostState, ...] = (PostState.VISIBLE,)) -> list[Post]:
        """A thread's posts in reading order. The first is the opening post, if seen."""
        members = [self.content.posts[number] for number in self.content.thread_posts.get(thread_id, ())]
        return sorted((post for post in members if post.state in states), key=_in_order)

    def thread(self, thread_id: int) -> Thread | None:
        """A thread that can be seen: not waiting for approval, not recycled."""
        thread = self.content.threads.get(thread_id)
        if thread is None or not any(p.first for p in self.posts_of(thread_id)):
            return None
        return thread

    def threads_of(self, board_id: int) -> list[Thread]:
        return [
            thread
            for thread in self.content.threads.values()
            if thread.board_id == board_id and self.thread(thread.id)
        ]

    def last_post(self, thread_id: int) -> Post:
        return self.posts_of(thread_id)[-1]

    def page_of(self, post: Post) -> int:
        """The page of the thread that the post is on, or would be once approved."""
        before = sum(_in_order(other) < _in_order(post) for other in self.posts_of(post.thread_id))
        return before // POSTS_PER_PAGE + 1

    def waiting(self, *, first: bool, state: PostState = PostState.PENDING) -> list[Post]:
        """The approval queue, newest first: of threads (``first``) or of replies."""
        queue = [p for p in self.content.posts.values() if p.state is state and p.first == first]
        return sorted(queue, key=_in_order, reverse=True)

    def fated(self, *fates: Fate) -> list[Post]:
        with self.lock:
            return [post for post in self.content.posts.values() if post.fate in fates]

    def genuine_hidden(self) -> int:
        """How many genuine posts of the scene are hidden now. The demo wants none."""
        return sum(post.hidden for post in self.fated(Fate.GENUINE))


def _in_order(post: Post) -> tuple[bool, datetime, int]:
    return (not post.first, post.posted_at, post.id)
