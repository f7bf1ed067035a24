"""The vocabulary of moderation as plain values: no I/O, no clock, no settings.

Every other module speaks in these words. A reply is *assessed* (signals and
calibrated probabilities), the assessment is *decided* (allow, queue or hide),
and a decision other than allow is a *flag* that a moderator gives a *verdict* on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Label(StrEnum):
    """What the text itself is. Repetition is a signal, never a label."""

    HAM = "ham"
    LOW_EFFORT = "low_effort"
    SPAM = "spam"


class DecisionKind(StrEnum):
    ALLOW = "allow"
    QUEUE = "queue"
    HIDE = "hide"


class Reason(StrEnum):
    """Why a reply was flagged: the one signal that carried the decision."""

    LOW_EFFORT = "low_effort"
    SPAM = "spam"
    REPEATED = "repeated"
    TITLE_ECHO = "title_echo"
    RULE = "rule"


class RuleOutcome(StrEnum):
    """What a rule of the operator does with a reply that it matches."""

    ALLOW = "allow"
    QUEUE = "queue"
    HIDE = "hide"
    LABEL = "label"


class Mode(StrEnum):
    """How much modbot may do unasked."""

    SHADOW = "shadow"
    QUEUE = "queue"
    ENFORCE = "enforce"


class ThreadKind(StrEnum):
    NORMAL = "normal"
    CHATTER = "chatter"
    SIGNIN = "signin"
    TRADE = "trade"
    ADS = "ads"
    MEMORIAL = "memorial"
    LOTTERY = "lottery"
    REPLY_TO_SEE = "reply_to_see"
    POLL = "poll"
    REWARD = "reward"
    PINNED = "pinned"


class Visibility(StrEnum):
    """What the forum shows of a reply when it is read again."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    PENDING = "pending"
    GONE = "gone"
    UNKNOWN = "unknown"


class ActionKind(StrEnum):
    HIDE = "hide"
    RESTORE = "restore"
    DELETE = "delete"
    UNDELETE = "undelete"
    APPROVE = "approve"
    IGNORE = "ignore"
    RECYCLE_THREAD = "recycle_thread"
    RESTORE_THREAD = "restore_thread"
    MOVE_THREAD = "move_thread"
    MUTE = "mute"
    UNMUTE = "unmute"


class ActionOutcome(StrEnum):
    """What became of one action, proved by reading the forum again."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    GONE = "gone"
    UNKNOWN = "unknown"


class OutboxState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    GONE = "gone"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CANCELLED = "cancelled"


class FlagState(StrEnum):
    PENDING = "pending"
    HIDDEN = "hidden"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    ALLOWED_HERE = "allowed_here"
    OVERTURNED = "overturned"
    WITHDRAWN = "withdrawn"


class VerdictKind(StrEnum):
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    ALLOW_HERE = "allow_here"
    REMOVE_DONT_LEARN = "remove_dont_learn"


class VerdictSource(StrEnum):
    CONSOLE = "console"
    TERMINAL = "terminal"
    FORUM = "forum"


class Role(StrEnum):
    """What a person may do in the console: a viewer looks, a moderator decides, an admin
    changes how modbot works, and for whom. Each may what those before may."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(needed)


class Removal(StrEnum):
    """How a moderator takes a post away; of its thread, when it is the first post."""

    HIDE = "hide"
    DELETE = "delete"
    RECYCLE = "recycle"
    MOVE = "move"


class StandingKind(StrEnum):
    """What a standing decision makes of a campaign's next copies."""

    CONDEMNED = "condemned"
    CUSTOMARY = "customary"


class ExceptionScope(StrEnum):
    """Where a policy exception (*allow here*) holds."""

    BOARD = "board"
    THREAD = "thread"
    KIND = "kind"


class ReplyKey(NamedTuple):
    """What identifies a reply for ever. Its thread may change (split, merge)."""

    forum: str
    post_id: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The places that a person works in: of each forum all boards (None), or these.
    ``places`` None: everywhere, in forums to come, too."""

    places: Mapping[str, frozenset[int] | None] | None = None

    def covers(self, forum: str, board_id: int | None) -> bool:
        """A reply of an unknown board is only theirs who have the whole forum."""
        if self.places is None:
            return True
        if forum not in self.places:
            return False
        boards = self.places[forum]
        return boards is None or board_id in boards

    def reaches(self, forum: str) -> bool:
        """Whether any of the forum is theirs."""
        return self.places is None or forum in self.places

    def has_whole(self, forum: str) -> bool:
        """Whether all of the forum is theirs."""
        return self.places is None or self.places.get(forum, frozenset()) is None


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Author:
    """A member as the page shows them. None means that the page did not say.

    ``group_id`` is the forum's user group, ``registered`` an aware UTC time.
    """

    id: int | None = None
    name: str = ""
    group_id: int | None = None
    posts: int | None = None
    credits: int | None = None
    registered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One post of a thread, the first post included, as read at one moment.

    ``text`` is what the author wrote here: quotes, edit notes, client tails and
    signatures are not in it. ``thread_id`` is None while a forum does not tell it
    (Discuz! X3.4 lists pending replies without their thread). ``posted_at`` is an
    aware UTC time; ``floor`` counts from 1 (the first post). ``hidden`` is True
    when the forum already hides the reply.
    """

    forum: str
    post_id: int
    text: str
    thread_id: int | None = None
    thread_title: str = ""
    thread_kind: ThreadKind = ThreadKind.NORMAL
    board_id: int | None = None
    author: Author = Author()
    is_thread_author: bool = False
    posted_at: datetime | None = None
    quoted: str = ""
    links: tuple[Link, ...] = ()
    images: int = 0
    floor: int | None = None
    region: str = ""
    client: str = ""
    opening: str = ""
    pending: bool = False
    hidden: bool = False

    @property
    def key(self) -> ReplyKey:
        return ReplyKey(self.forum, self.post_id)


SignalValue = str | int | float | bool | None | tuple[str, ...] | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """One detector's evidence: a stable ``code``, a score in [0, 1], details.

    The sentence a human reads is made from ``code`` and ``details`` where it is
    shown, in the reader's language; it is never stored.
    """

    code: str
    score: float
    details: Mapping[str, SignalValue] = field(default_factory=dict)


class Probabilities(NamedTuple):
    """Calibrated, summing to 1."""

    ham: float
    low_effort: float
    spam: float

    @property
    def label(self) -> Label:
        if self.ham >= self.low_effort and self.ham >= self.spam:
            return Label.HAM
        return Label.LOW_EFFORT if self.low_effort >= self.spam else Label.SPAM

    def of(self, label: Label) -> float:
        return {Label.HAM: self.ham, Label.LOW_EFFORT: self.low_effort, Label.SPAM: self.spam}[label]

    def having(self, label: Label, score: float) -> Probabilities:
        """With ``label`` at ``score``; the others share the rest as they did before."""
        others = {other: self.of(other) for other in Label if other is not label}
        total = sum(others.values())
        shares = {other: value / total if total else 0.5 for other, value in others.items()}
        return Probabilities(**{label.value: score, **{o.value: (1 - score) * s for o, s in shares.items()}})


class Slip(StrEnum):
    """Why a repeated or empty post means nothing: its author's hand slipped."""

    DOUBLE_CLICK = "double_click"
    BLANKED = "blanked"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An earlier reply that says the same or nearly so. ``posted_at`` is aware UTC."""

    key: ReplyKey
    similarity: float
    author_id: int | None
    thread_id: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Repetition:
    """How a reply stands in its campaign, itself counted, within the window.

    ``similarity`` is 1.0 for an equal canonical text, else the normalised edit
    similarity to the campaign's representative. ``newcomers`` counts authors
    without standing. ``author_posts``/``author_threads`` count this author's own
    copies within the burst window, ``author_texts`` how many different texts this
    author has repeated, ``texts`` how many texts the campaign repeats (more than one
    when few authors share them). ``slip`` says why the reply is no card.
    ``aliases`` are the earlier ids of campaigns that are one with this now, told once; of a
    text's campaign only what the reply's author wrote is one with a campaign of few authors.
    ``population`` counts all replies that repetition was looked for in.
    ``surprise`` is −log10 of the chance that unrelated members wrote this so often
    by themselves, ``author_surprise`` the same of this author's own copies; None where
    nobody asked. ``duplicates`` are the nearest earlier ones.
    """

    campaign: str
    size: int
    authors: int
    newcomers: int
    threads: int
    similarity: float
    canonical_length: int
    is_first_author: bool
    author_posts: int
    author_threads: int
    author_texts: int
    slip: Slip | None
    first_post: ReplyKey
    first_seen: datetime | None
    last_seen: datetime | None
    nearest: ReplyKey | None = None
    texts: int = 1
    aliases: tuple[str, ...] = ()
    population: int = 0
    surprise: float | None = None
    author_surprise: float | None = None
    duplicates: tuple[Duplicate, ...] = ()


def is_of_few_authors(campaign: str) -> bool:
    """Whether a campaign's id says that it is all that a few authors repeat, not one text."""
    return re.fullmatch(r"a[0-9a-f]{16}", campaign) is not None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the detectors say of one revision of one reply."""

    key: ReplyKey
    probabilities: Probabilities
    signals: tuple[Signal, ...]
    repetition: Repetition | None
    canonical_text: str
    model: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the policy that a reply passed: ``value`` is at least ``limit``.

    ``name`` is that of the setting. Counts are whole numbers, probabilities and shares
    floats in [0, 1].
    """

    name: str
    value: float
    limit: float

    @property
    def margin(self) -> float:
        """By how much it was passed."""
        return self.value - self.limit


LACKS_EVIDENCE = "evidence"
"""In ``Decision.held_by``: the reason's threshold does not prove the precision that is asked for."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy makes of an assessment.

    ``kind`` is what is done; ``would_be`` what would have been done had mode,
    brake and evidence allowed it (shadow mode keeps it for the record).
    ``score`` is the probability or strength of the carrying reason, ``threshold``
    what it had to pass, ``held_by`` the codes of what softened the decision. ``limits``
    are all limits that the reason passed (a repetition has several, and no threshold).
    ``standing`` is the id of the standing decision that decided, if one did.
    """

    kind: DecisionKind
    would_be: DecisionKind
    reason: Reason | None
    label: Label
    score: float
    threshold: float | None
    signals: tuple[Signal, ...]
    held_by: tuple[str, ...]
    policy: str
    model: str
    limits: tuple[Limit, ...] = ()
    standing: int | None = None

    @property
    def in_enforce(self) -> DecisionKind:
        """What ``enforce`` does by itself: where evidence is missing it asks a human."""
        return DecisionKind.QUEUE if LACKS_EVIDENCE in self.held_by else self.would_be
