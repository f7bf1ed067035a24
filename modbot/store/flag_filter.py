"""Which flags are asked for, as values and as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from modbot.domain import EVERYWHERE, FlagState, Label, Reason, Scope
from modbot.store import aliases, hides
from modbot.store.schema import campaign_aliases, flags, replies, skips

OPEN = (FlagState.PENDING, FlagState.HIDDEN)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which flags. Empty or None leaves a field out; PENDING are all that wait for a human;
    ``shown`` True leaves out what the budget keeps back, False asks for only that.
    ``at_least`` and ``at_most`` bound the score, ``before`` the time of opening; ``within``
    are the places of whoever asks; ``skipped_by`` leaves out what this person skipped."""

    ids: tuple[int, ...] | None = None
    forum: str | None = None
    states: tuple[FlagState, ...] = OPEN
    board_id: int | None = None
    thread_id: int | None = None
    reasons: tuple[Reason, ...] = ()
    campaign: str | None = None
    author_id: int | None = None
    author_name: str | None = None
    shown: bool | None = None
    since: datetime | None = None
    before: datetime | None = None
    labels: tuple[Label, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    within: Scope = EVERYWHERE
    skipped_by: int | None = None


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """The filter over flags ⋈ replies."""
    equal: list[tuple[ColumnElement[Any], object]] = [
        (flags.c.forum, wanted.forum),
        (replies.c.board_id, wanted.board_id),
        (replies.c.thread_id, wanted.thread_id),
        (replies.c.author_id, wanted.author_id),
        (replies.c.author_name, wanted.author_name),
    ]
    met: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.ids is not None:
        met.append(flags.c.id.in_(wanted.ids))
    if wanted.campaign is not None:
        of_forum = campaign_aliases.c.forum == flags.c.forum
        met.append(flags.c.campaign == aliases.present_name(wanted.campaign, of_forum))
    if wanted.states:
        met.append(hides.in_states(wanted.states))
        if set(wanted.states) <= set(OPEN):
            met.append(flags.c.closed_at.is_(None))  # so that only the index of the open ones is read
    if wanted.reasons:
        met.append(flags.c.reason.in_([reason.value for reason in wanted.reasons]))
    if wanted.shown is not None:
        met.append(flags.c.shown_at.is_not(None) if wanted.shown else flags.c.shown_at.is_(None))
    if wanted.labels:
        met.append(flags.c.label.in_([label.value for label in wanted.labels]))
    if wanted.within.places is not None:
        met.append(in_scope(wanted.within, flags.c.forum))
    if wanted.skipped_by is not None:
        met.append(~_skipped(wanted.skipped_by))
    return met + _bounds(wanted)


def reads_replies(wanted: Filter) -> bool:
    """Whether the filter's conditions are about more than the flags themselves."""
    of_reply = (wanted.board_id, wanted.thread_id, wanted.author_id, wanted.author_name)
    return wanted.within.places is not None or any(value is not None for value in of_reply)


def in_scope(scope: Scope, forum: ColumnElement[Any]) -> ColumnElement[bool]:
    """The places of a scope, over rows that ``replies`` is joined to."""
    if scope.places is None:
        return true()
    return or_(
        false(),
        *(
            forum == name if boards is None else and_(forum == name, replies.c.board_id.in_(sorted(boards)))
            for name, boards in scope.places.items()
        ),
    )


def _bounds(wanted: Filter) -> list[ColumnElement[bool]]:
    met: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        met.append(flags.c.opened_at >= wanted.since)
    if wanted.before is not None:
        met.append(flags.c.opened_at < wanted.before)
    if wanted.at_least is not None:
        met.append(flags.c.score >= wanted.at_least)
    if wanted.at_most is not None:
        met.append(flags.c.score <= wanted.at_most)
    return met


def _skipped(user_id: int) -> ColumnElement[bool]:
    return exists().where(skips.c.user_id == user_id, skips.c.flag_id == flags.c.id)
