"""What a moderator is shown of what one decision is about: who, where, when, how the texts
differ, what is known of the author, and what each verdict will do on the forum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from modbot.detection.differences import differences
from modbot.domain import ActionKind, VerdictKind, Visibility
from modbot.errors import Unsuitable
from modbot.moderation.deciding import REMOVES, Choice, Moderator
from modbot.moderation.selecting import policy_of
from modbot.policy import standing_of
from modbot.store import candidates, carrying, flags, groups, inbox, verdicts
from modbot.store.candidates import Candidate
from modbot.store.carrying import Means
from modbot.store.flags import Flag
from modbot.store.groups import Group
from modbot.store.verdicts import Verdict

LAST = 5


@dataclass(frozen=True, slots=True)
class Member:
    """One flagged reply of a card. ``differs``: spans of its text that the card's first does
    not have."""

    flag: Flag
    differs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class AuthorNotes:
    """``standing`` None: the page does not say enough to know. ``last``: the latest replies,
    the latest first; ``verdicts`` stand on this author's replies."""

    author_id: int | None
    name: str
    standing: bool | None
    last: tuple[Candidate, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a verdict queues for the forum: an action at ``at``, nothing, or a refusal."""

    action: ActionKind | None
    at: datetime | None = None
    refused: Unsuitable | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """``passed`` are members of the campaign that were let pass, ``effects`` those on the
    first flag's reply."""

    group: Group
    members: tuple[Member, ...]
    authors: tuple[AuthorNotes, ...]
    passed: tuple[Candidate, ...]
    effects: Mapping[VerdictKind, Effect]


def whole(rx: Connection, moderator: Moderator, group: Group) -> Card:
    """Everything about a group. One query more for each of its (few) authors."""
    passed: Sequence[Candidate] = ()
    if group.key.campaign is not None:
        everyone = candidates.of_campaign(rx, group.key.forum, group.key.campaign)
        passed = [one for one in everyone if one.flag_id is None and one.decided is None]
    first = group.flags[0]
    return Card(
        group=group,
        members=members(group.flags),
        authors=tuple(_notes(rx, moderator, flag) for flag in _one_of_each_author(group.flags)),
        passed=tuple(passed),
        effects={kind: effect(rx, moderator, first, kind) for kind in VerdictKind},
    )


def members(found: Sequence[Flag]) -> tuple[Member, ...]:
    """With what each text has beside the first's."""
    return tuple(Member(flag, differences(flag.text, found[0].text)) for flag in found)


def of_flag(rx: Connection, flag_id: int) -> Group:
    """The group that an open flag is in. Raises StoreError when there is no such flag."""
    flag = flags.get(rx, flag_id)
    if flag.campaign is not None:
        wanted = flags.Filter(forum=flag.forum, campaign=flag.campaign)
    else:
        name = flag.author_name if flag.author_id is None else None
        wanted = flags.Filter(forum=flag.forum, author_id=flag.author_id, author_name=name)
    own = [one for one in groups.find(rx, wanted) if one.key.campaign == flag.campaign]
    return own[0] if own else groups.find(rx, flags.Filter(ids=(flag_id,), states=()))[0]


def effect(
    rx: Connection, moderator: Moderator, flag: Flag, kind: VerdictKind, choice: Choice | None = None
) -> Effect:
    """What the verdict would queue as things stand, at the end of the undo window."""
    at = moderator.clock() + moderator.undo_window()
    return effect_by(flag, kind, moderator.means(rx, flag, choice or Choice()), at=at)


def effect_by(flag: Flag, kind: VerdictKind, means: Means, *, at: datetime) -> Effect:
    """The same for who knows the means."""
    if kind not in REMOVES:
        if flag.hidden_by_us:
            return Effect(ActionKind.RESTORE, at)
        return Effect(ActionKind.APPROVE, at) if flag.visibility is Visibility.PENDING else Effect(None)
    if flag.hidden_by_us or flag.visibility is Visibility.GONE:
        return Effect(None)
    try:
        return Effect(carrying.removing(flag, means, flag.label).kind, at)
    except Unsuitable as problem:
        return Effect(None, refused=problem)


def _one_of_each_author(found: Sequence[Flag]) -> list[Flag]:
    """The latest flag of each author, of at most LAST authors."""
    latest: dict[tuple[int | None, str], Flag] = {}
    for flag in found:
        key = (flag.author_id, "" if flag.author_id is not None else flag.author_name)
        latest.setdefault(key, flag)
    return list(latest.values())[:LAST]


def _notes(rx: Connection, moderator: Moderator, flag: Flag) -> AuthorNotes:
    last = candidates.of_author(rx, flag.forum, flag.author_id, flag.author_name)[-LAST:][::-1]
    on_author = verdicts.on_author(rx, flag.forum, flag.author_id) if flag.author_id is not None else []
    upheld = sum(verdict.kind in REMOVES for verdict in on_author)
    author = inbox.load(rx, [flag.reply_id])[flag.reply_id].reply.author
    policy = policy_of(moderator.loaded, flag.forum, flag.board_id)
    return AuthorNotes(
        flag.author_id,
        flag.author_name,
        standing_of(author, policy, upheld=upheld),
        tuple(last),
        tuple(on_author),
    )
