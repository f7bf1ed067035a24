"""What must be true of the town in the end, kept in plain dicts beside it.

Of each post: how people alone would have it (``base``: members and humans on the forum), and
what modbot has made of it beside (``ours``), at a policy's, a standing decision's or a
moderator's wish. What the forum shows in the end is ``ours``, or else ``base``.

A moderator who decides while a human acts on the forum unseen is in a race that either may
win: such a post is ``contested`` until all has settled. Nothing is demanded of how it is
shown then, but that store and forum agree on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from modbot.domain import Removal, VerdictKind

REMOVES = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN)


@dataclass(frozen=True)
class Post:
    """``covered``: we had hidden it before we took it away, so it comes back hidden by us."""

    base: str
    ours: str | None = None
    contested: bool = False
    covered: bool = False

    @property
    def expected(self) -> str:
        return self.ours or self.base

    @property
    def is_unpublished(self) -> bool:
        """It waits for the forum's approval, or was taken away while it did."""
        return self.base == "waiting"


@dataclass(frozen=True)
class Given:
    """A moderator's verdict that stands. ``before``: the post when it was given; ``acts``:
    it asked something of the forum."""

    post: int
    kind: VerdictKind
    before: Post
    acts: bool

    @property
    def removes(self) -> bool:
        return self.kind in REMOVES


@dataclass(frozen=True)
class Remembered:
    """A post as it was, and the flags whose verdicts asked something of the forum for it."""

    post: Post
    acting: frozenset[int]


@dataclass
class Model:
    """``given`` by flag; ``said``: how many verdicts of each kind were given and undone;
    ``unread``: what is remembered of posts on which people acted since modbot read them last."""

    posts: dict[int, Post] = field(default_factory=dict)
    unread: dict[int, Remembered] = field(default_factory=dict)
    given: dict[int, Given] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)

    # --- members and humans on the forum ----------------------------------------------------

    def written(self, post: int, base: str) -> None:
        self.posts[post] = Post(base)

    def acted_on_forum(self, post: int, base: str, *, was_seen: bool = False) -> None:
        """A human there had the last word: nothing of ours remains of it, but the hide on a post
        that they brought back covered. ``was_seen``: modbot knew how it was shown before."""
        about = {flag: one for flag, one in self.given.items() if one.post == post}
        if was_seen:
            acting = frozenset(flag for flag, one in about.items() if one.acts)
            self.unread[post] = Remembered(self.posts[post], acting)
        now = self.posts[post]
        if base == "hidden" and now.ours == "deleted" and now.covered:
            self.posts[post] = replace(now, ours="hidden")
        else:
            self.posts[post] = replace(now, base=base, ours=None)
        self.given |= {flag: replace(one, acts=False) for flag, one in about.items()}

    def acted_and_took_it_back(self, post: int, base: str) -> None:
        """People left it as modbot had read it, between two readings: they restored what we
        hide, say, and hid it again. A forum's page tells neither who hid a post nor when, so
        whatever reads it finds what it knew, and what was ours before is ours still."""
        before = self.unread.pop(post, None)
        if before is None:
            self.acted_on_forum(post, base)
            return
        self.posts[post] = replace(before.post, contested=self.posts[post].contested)
        again = {flag: self.given[flag] for flag in before.acting & self.given.keys()}
        self.given |= {flag: replace(one, acts=True) for flag, one in again.items()}

    def contest(self, post: int) -> None:
        self.posts[post] = replace(self.posts[post], contested=True)

    def left_alone(self, post: int) -> None:
        """An unasked hide was given up before it was done: policy thought better of it, the text
        is another one now, or a moderator let it stand while the forum was out of reach. That
        verdict brought nothing back then, and its undoing takes nothing away."""
        self.posts[post] = _not_hidden(self.posts[post])
        about = {flag: one for flag, one in self.given.items() if one.post == post}
        self.given |= {flag: replace(one, before=_not_hidden(one.before)) for flag, one in about.items()}

    def left_waiting(self, post: int) -> None:
        """Its approval was given up before it was done."""
        self.posts[post] = replace(self.posts[post], base="waiting")

    # --- modbot by itself -------------------------------------------------------------------

    def hidden_unasked(self, post: int) -> None:
        if self.posts[post].expected == "shown":
            self.posts[post] = replace(self.posts[post], ours="hidden")

    def approved_unasked(self, post: int) -> None:
        if self.posts[post].expected == "waiting":
            self.posts[post] = replace(self.posts[post], base="shown")

    # --- moderators -------------------------------------------------------------------------

    def gave(
        self, flag: int, post: int, kind: VerdictKind, how: Removal | None, *, acts: bool, is_same: bool
    ) -> None:
        """``is_same``: the post still says what was flagged; another text is not taken away."""
        before = self.posts[post]
        self.given[flag] = Given(post, kind, before, acts)
        self._count(f"verdict.{kind.value}")
        if kind not in REMOVES:
            base = "shown" if before.is_unpublished else before.base
            self.posts[post] = replace(before, base=base, ours=None, covered=False)
        elif is_same:
            covered = before.covered or before.ours == "hidden"
            self.posts[post] = replace(before, ours=_removed(before, how), covered=covered)

    def undid(self, flag: int | None, post: int, *, published: bool, stays: bool, is_same: bool) -> None:
        """``published`` and ``stays``: what the moderator was told of it, that an approval
        cannot be taken back, or that what was never published stays away. Without a verdict
        of a moderator (None), only our own hide was undone."""
        verdict = self.given.pop(flag) if flag is not None else None
        now = self.posts[post]
        if published:
            self.posts[post] = replace(now, base="shown", ours="hidden" if is_same else None)
        elif verdict is not None and not verdict.removes:
            self.posts[post] = _again(verdict, now, is_same=is_same)
        elif not stays and not self._is_removed_since(flag, post):
            self.posts[post] = replace(now, ours=None, covered=False)

    def counted_undo(self) -> None:
        self._count("verdict.undone")

    def _is_removed_since(self, flag: int | None, post: int) -> bool:
        """Whether another text of the post was upheld after the one that the flag is about."""
        later = [one for other, one in self.given.items() if flag is not None and other > flag]
        return any(one.post == post and one.removes for one in later)

    def _count(self, what: str) -> None:
        self.said[what] = self.said.get(what, 0) + 1


def _not_hidden(post: Post) -> Post:
    return replace(post, ours=None) if post.ours == "hidden" else post


def _removed(post: Post, how: Removal | None) -> str | None:
    if post.expected in ("gone", "deleted", "ignored"):
        return post.ours
    if how in (Removal.DELETE, Removal.RECYCLE):
        return "deleted"
    if how is Removal.MOVE:
        return "moved"
    if post.is_unpublished:
        return post.ours or "ignored"
    return post.ours or "hidden"


def _again(verdict: Given, now: Post, *, is_same: bool) -> Post:
    """What a dismissal had brought back goes away again, unless it says something else now."""
    if not verdict.acts:
        return now
    return replace(now, base=verdict.before.base, ours=verdict.before.ours if is_same else None)
