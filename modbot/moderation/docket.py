"""A page of the queue: its cards with all that is shown of each, whatever their number read in
a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.domain import EVERYWHERE, Mode, Removal, Scope, ThreadKind, VerdictKind
from modbot.moderation import cards
from modbot.moderation.cards import Effect, Member
from modbot.moderation.deciding import REMOVES, Choice, Moderator
from modbot.moderation.selecting import policy_of
from modbot.policy import Policy, standing_of
from modbot.store import boards, decisions, inbox, nearest, notes, surroundings
from modbot.store.boards import Known
from modbot.store.carrying import Means
from modbot.store.decisions import Judged
from modbot.store.flags import Flag
from modbot.store.groups import Group, GroupKind
from modbot.store.inbox import Stored
from modbot.store.nearest import Nearest
from modbot.store.notes import Note
from modbot.store.surroundings import AuthorKey, Neighbours, Passage

AUTHORS = 3
"""Of a card with more, the first are told about."""
EXPLAINED = 8
"""Members of an author's card whose own reasons are shown. A campaign's are those of its first."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a card's replies. ``standing`` None: the page does not say enough to know.
    ``last``: the latest replies, latest first; ``verdicts``: how many of each kind stand."""

    id: int | None
    name: str
    posts: int | None
    registered: datetime | None
    region: str
    standing: bool | None
    last: tuple[Passage, ...]
    verdicts: Mapping[VerdictKind, int]


@dataclass(frozen=True, slots=True)
class Effects:
    """What each verdict would do on the forum to the card's first reply, and what a removal
    would by another means than is due there."""

    of: Mapping[VerdictKind, Effect]
    by: Mapping[Removal, Effect]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A card. ``stored`` is its first flag's reply as it is now, ``beside`` what stands around
    it; ``judged`` by flag id, of the first member and those explained; ``nearest`` the earlier replies
    that the first is most like, ``mode`` that of its board; ``of_kind``: its thread is of a kind
    that something can be allowed in."""

    group: Group
    members: tuple[Member, ...]
    stored: Stored
    judged: Mapping[int, Judged]
    beside: Neighbours
    nearest: tuple[Nearest, ...]
    writers: tuple[Writer, ...]
    board: Known
    mode: Mode
    of_kind: bool
    effects: Effects
    notes: tuple[Note, ...]

    @property
    def first(self) -> Flag:
        return self.group.flags[0]


@dataclass(frozen=True, slots=True)
class _Read:
    """All that a page's cards need from the store."""

    stored: Mapping[int, Stored]
    judged: Mapping[int, Judged]
    beside: Mapping[int, Neighbours]
    nearest: Mapping[int, Sequence[Nearest]]
    latest: Mapping[AuthorKey, tuple[Passage, ...]]
    decided: Mapping[AuthorKey, Mapping[VerdictKind, int]]
    boards: Mapping[tuple[str, int], Known]
    notes: Mapping[int, Sequence[Note]]


def sheets(
    rx: Connection, moderator: Moderator, found: Sequence[Group], *, within: Scope = EVERYWHERE
) -> list[Sheet]:
    """The groups as cards, in their order; of other replies only what lies ``within``."""
    read = _read(rx, found, within)
    at = moderator.clock() + moderator.undo_window()
    policies = _Policies(moderator)
    return [_sheet(moderator, read, policies, group, at) for group in found]


def _read(rx: Connection, found: Sequence[Group], within: Scope) -> _Read:
    firsts = {group.flags[0].reply_id for group in found}
    written = {flag.reply_id for group in found for flag in _writers_flags(group.flags)}
    explained = [flag.decision_id for group in found for flag in _explained(group)]
    stored = inbox.load(rx, written | firsts)
    judged = decisions.load(rx, explained)
    first_decisions = {group.flags[0].decision_id for group in found}
    authors = {_key(one) for one in stored.values() if one.reply.author.id is not None}
    return _Read(
        stored=stored,
        judged=judged,
        beside=surroundings.neighbours(rx, firsts),
        nearest={
            decision_id: [one for one in alike if within.covers(one.duplicate.key.forum, one.board_id)]
            for decision_id, alike in nearest.find(
                rx, [one for one in judged.values() if one.id in first_decisions]
            ).items()
        },
        latest=surroundings.latest(rx, written, within=within),
        decided=surroundings.decided(rx, authors, within=within),
        boards=boards.known(rx, {group.key.forum for group in found}),
        notes=notes.of_flags(rx, [flag.id for group in found for flag in group.flags]),
    )


def _sheet(moderator: Moderator, read: _Read, policies: _Policies, group: Group, at: datetime) -> Sheet:
    first = group.flags[0]
    board = read.boards.get((first.forum, first.board_id or 0), Known())
    stored = read.stored[first.reply_id]
    by_flag = {flag.id: read.judged[flag.decision_id] for flag in _explained(group)}
    return Sheet(
        group=group,
        members=cards.members(group.flags),
        stored=stored,
        judged=by_flag,
        beside=read.beside.get(first.reply_id, surroundings.ALONE),
        nearest=tuple(read.nearest.get(first.decision_id, ())),
        writers=tuple(_writer(read, policies.of(flag), flag) for flag in _writers_flags(group.flags)),
        board=board,
        mode=policies.of(first).mode,
        of_kind=any(kind is not ThreadKind.NORMAL for kind in moderator.kinds_of(stored.reply)),
        effects=_effects(moderator, first, board, at),
        notes=tuple(note for flag in group.flags for note in read.notes.get(flag.id, ())),
    )


def _explained(group: Group) -> Sequence[Flag]:
    return group.flags[: 1 if group.kind is GroupKind.CAMPAIGN else EXPLAINED]


def _writers_flags(found: Sequence[Flag]) -> list[Flag]:
    """The first flag of each author, of at most AUTHORS."""
    of: dict[tuple[int | None, str], Flag] = {}
    for flag in found:
        of.setdefault((flag.author_id, "" if flag.author_id is not None else flag.author_name), flag)
    return list(of.values())[:AUTHORS]


def _writer(read: _Read, policy: Policy, flag: Flag) -> Writer:
    reply = read.stored[flag.reply_id].reply
    author = reply.author
    key = _key(read.stored[flag.reply_id])
    verdicts = read.decided.get(key, {})
    upheld = sum(number for kind, number in verdicts.items() if kind in REMOVES)
    return Writer(
        id=author.id,
        name=author.name,
        posts=author.posts,
        registered=author.registered,
        region=reply.region,
        standing=standing_of(author, policy, upheld=upheld),
        last=tuple(one for one in read.latest.get(key, ()) if one.reply_id != flag.reply_id),
        verdicts=verdicts,
    )


def _key(stored: Stored) -> AuthorKey:
    """Guests share one that nothing is known of."""
    return AuthorKey(stored.reply.forum, stored.reply.author.id or 0)


def _effects(moderator: Moderator, flag: Flag, board: Known, at: datetime) -> Effects:
    usual = moderator.means_where(Choice(), recycles=board.recycles)
    return Effects(
        of={kind: cards.effect_by(flag, kind, usual, at=at) for kind in VerdictKind},
        by={
            how: cards.effect_by(
                flag,
                VerdictKind.UPHOLD,
                moderator.means_where(Choice(means=Means(how=how)), recycles=board.recycles),
                at=at,
            )
            for how in Removal
        },
    )


class _Policies:
    """The policy of each board, worked out once."""

    def __init__(self, moderator: Moderator) -> None:
        self._loaded = moderator.loaded
        self._known: dict[tuple[str, int | None], Policy] = {}

    def of(self, flag: Flag) -> Policy:
        place = (flag.forum, flag.board_id)
        if place not in self._known:
            self._known[place] = policy_of(self._loaded, *place)
        return self._known[place]
