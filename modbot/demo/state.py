"""What the embedded forum knows: plain dataclasses, without a lock or a clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

GUESTS = 7
ADMINISTRATORS = 1
SUPER_MODERATORS = 2
MODERATORS = 3
MUTED = 4

GROUP_TITLES = {
    1: "管理员",
    2: "超级版主",
    3: "版主",
    4: "禁止发言",
    7: "游客",
    10: "新手上路",
    11: "注册会员",
    12: "中级会员",
    13: "高级会员",
    14: "金牌会员",
    15: "论坛元老",
    16: "实习版主",
}
CREDIT_STEPS = ((3000, 15), (1000, 14), (500, 13), (200, 12), (50, 11))


class Right(StrEnum):
    """What a moderator's group may do, by the forum's own names."""

    HIDE = "allowbanpost"
    DELETE = "allowdelpost"
    APPROVE = "allowmodpost"
    MOVE = "allowmovethread"
    MUTE = "allowbanuser"


RIGHTS = {
    1: frozenset(Right),
    2: frozenset(Right),
    3: frozenset(Right),
    16: frozenset({Right.HIDE}),
}


class PostState(IntEnum):
    """Numbers are the forum's own (column ``invisible``)."""

    VISIBLE = 0
    PENDING = -2
    IGNORED = -3
    RECYCLED = -5


class Approval(StrEnum):
    """What must wait for a moderator in a board."""

    NONE = "none"
    REPLIES = "replies"
    ALL = "all"


class Fate(StrEnum):
    """What a post of the scene deserves: what the demo is measured against."""

    GENUINE = "genuine"
    LOW_EFFORT = "low_effort"
    SPAM = "spam"
    CAMPAIGN = "campaign"


@dataclass(slots=True)
class Member:
    """``posts`` and ``credits`` count what was there before the scene began, too.

    While muted, ``muted_until`` is the end (None: for ever) and ``unmuted_group`` the group to
    go back to.
    """

    id: int
    name: str
    group_id: int
    posts: int
    credits: int
    registered: datetime
    region: str = ""
    password: str = field(default="", repr=False)
    muted_until: datetime | None = None
    unmuted_group: int | None = None


@dataclass(slots=True)
class Board:
    """``moderators`` are the uids of those of group 3 who may act here."""

    id: int
    name: str
    approval: Approval = Approval.NONE
    recycle_bin: bool = True
    staff_only: bool = False
    moderators: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Thread:
    """``hole_pages`` are pages that lost a post and were not looked at since: their
    first view answers a redirect, as on the real forum."""

    id: int
    board_id: int
    title: str
    author_id: int
    created: datetime
    views: int = 0
    pinned: bool = False
    hole_pages: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Post:
    """``veiled`` is text that shows only to those who have replied."""

    id: int
    thread_id: int
    author_id: int
    text: str
    posted_at: datetime
    first: bool = False
    state: PostState = PostState.VISIBLE
    hidden: bool = False
    edited_at: datetime | None = None
    edited_by: str = ""
    quotes: int | None = None
    client: str = ""
    veiled: str = ""
    images: int = 0
    fate: Fate | None = None


@dataclass(frozen=True, slots=True)
class ModLogEntry:
    """One line of the moderators' log; ``action`` is the forum's short name."""

    at: datetime
    moderator_id: int
    action: str
    post_id: int
    thread_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What an author was told of an action on their post."""

    at: datetime
    author_id: int
    post_id: int
    action: str
    reason: str


def group_for(credits: int) -> int:
    """The group of an ordinary member with that many credits."""
    return next((group for least, group in CREDIT_STEPS if credits >= least), 10)
