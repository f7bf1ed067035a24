"""Decisions and their undoing, as forms and programs send them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from modbot import i18n
from modbot.console import queueing
from modbot.console.house import House
from modbot.console.visitors import Visitor
from modbot.domain import ExceptionScope, FlagState, Removal, VerdictKind
from modbot.errors import Conflict, StoreError
from modbot.moderation import bulk, selecting, telling
from modbot.moderation.bulk import Ending, Result
from modbot.moderation.deciding import REMOVES, Choice, Moderator
from modbot.moderation.selecting import Selection
from modbot.store import flags, identities, verdicts
from modbot.store.carrying import Means
from modbot.store.exceptions import Where
from modbot.store.flags import Filter, Flag

MOST = 500
"""Flags in one request."""


class Seen(BaseModel):
    """A flag as it was shown: one that has changed since is not decided about."""

    id: int
    version: int


class Rest(BaseModel):
    """The flags of the card that were not shown one by one: ``number`` of them were told of."""

    number: Annotated[int, Field(ge=1)]
    listed: Annotated[list[int], Field(max_length=MOST)]


class Decision(BaseModel):
    """``how`` a removal is carried out (empty: as is due there); ``for_good``: also where nothing
    brings it back; ``stands``: also for the next copies (empty: of a campaign's flags);
    ``where`` an exception holds; ``confirmed``: also if that opens a whole board to adverts."""

    flags: Annotated[list[Seen], Field(min_length=1, max_length=MOST)]
    kind: VerdictKind
    how: Removal | None = None
    for_good: bool = False
    mute_days: Annotated[int | None, Field(ge=1, le=3650)] = None
    stands: bool | None = None
    where: ExceptionScope | None = None
    confirmed: bool = False
    note: Annotated[str, Field(max_length=2000)] = ""
    rest: Rest | None = None


class ResultView(BaseModel):
    """What became of one flag; ``message`` says why nothing was done, or by whom before."""

    flag: int | None
    ending: Ending
    message: str | None = None
    verdict: int | None = None


class Undoable(BaseModel):
    """By what a decision is taken back: a name for many, else one flag's verdict."""

    bulk: str | None = None
    flag: int | None = None
    verdict: int | None = None


class Given(BaseModel):
    """``seconds`` pass before the forum is changed."""

    done: int
    results: list[ResultView]
    undo: Undoable
    seconds: float
    message: str


class TakenBack(BaseModel):
    """``messages`` say what the forum keeps, and what was not taken back; ``actions`` wait for
    the forum still."""

    done: int
    results: list[ResultView]
    messages: list[str]
    actions: list[int]


def give(house: House, visitor: Visitor, decision: Decision) -> Given:
    """Record it at once. Raises Conflict when somebody was first with all of it, and what a
    single flag's verdict raises."""
    moderator = house.moderator(visitor.name)
    versions = {one.id: one.version for one in decision.flags}
    with house.store.read() as rx:
        found = queueing.flags_of(rx, visitor, list(versions))
        rest = _rest(rx, visitor, moderator, decision, found[0]) if decision.rest else []
    versions |= {flag.id: flag.version for flag in rest}
    given = bulk.give_flags(
        moderator, list(versions), decision.kind, _choice(decision, len(versions)), versions=versions
    )
    if not given.count(Ending.DONE):
        raise _problem_of(given.results)
    return _given(moderator, visitor, given, decision.kind)


def undo(house: House, visitor: Visitor, wanted: Undoable) -> TakenBack:
    """Raises Conflict when there is nothing (more) to undo, StoreError when it is unknown."""
    moderator = house.moderator(visitor.name)
    words = i18n.catalogue(visitor.language)
    if wanted.bulk is not None:
        _require_bulk(house, visitor, wanted.bulk)
        back = bulk.undo(moderator, wanted.bulk)
    else:
        with house.store.read() as rx:
            queueing.flag_of(rx, visitor, wanted.flag or 0)
        undone = moderator.undo(wanted.flag or 0, verdict_id=wanted.verdict)
        back = bulk.TakenBack(
            (Result(Ending.DONE, None, wanted.flag, None, undone.action_id, undone.unmute_id),), (undone,)
        )
    if not back.undone:
        raise _problem_of(back.results)
    return TakenBack(
        done=len(back.undone),
        results=[_result(one, visitor) for one in back.results],
        messages=telling.of_undone(back.undone, words),
        actions=sorted(_waiting(back.results)),
    )


def _choice(decision: Decision, number: int) -> Choice:
    """Of many, authors are told nothing: a campaign's would only learn what to change."""
    quiet = number > 1 and decision.kind in REMOVES
    return Choice(
        note=decision.note,
        means=Means(
            decision.how,
            deletes_pending=decision.how is Removal.DELETE,
            for_good=decision.for_good,
            mute_days=decision.mute_days if decision.kind in REMOVES else None,
        ),
        stands=decision.stands,
        where=Where(decision.where),
        notify=False if quiet else None,
        confirmed=decision.confirmed,
    )


def _rest(
    rx: Connection, visitor: Visitor, moderator: Moderator, decision: Decision, first: Flag
) -> list[Flag]:
    """The other flags of the card: nobody with standing among them, for they were not seen.
    Raises Conflict when there are more than were told of."""
    assert decision.rest is not None  # noqa: S101 - told to the type checker
    author = identities.Identity(first.forum, first.author_id, first.author_name, 0)
    selection = (
        Selection(first.forum, campaign=first.campaign)
        if first.campaign is not None
        else Selection(first.forum, author=author)
    )
    plan = selecting.plan(rx, moderator.loaded, decision.kind, selection)
    listed = {*decision.rest.listed, *(one.id for one in decision.flags)}
    ids = [one.flag_id for one in plan.items if one.flag_id is not None and one.flag_id not in listed]
    wanted = Filter(ids=tuple(ids), states=(FlagState.PENDING,), within=visitor.scope)
    found = flags.find(rx, wanted, limit=len(ids)) if ids else []
    found = [flag for flag in found if flag.campaign == first.campaign]
    if len(found) > decision.rest.number:
        raise Conflict(code="error.console.queue.more", told=decision.rest.number, found=len(found))
    return found


def _given(moderator: Moderator, visitor: Visitor, given: bulk.Given, kind: VerdictKind) -> Given:
    words = i18n.catalogue(visitor.language)
    verdict = words.text(f"verdict.{kind.value}")
    done = [one for one in given.results if one.ending is Ending.DONE]
    return Given(
        done=len(done),
        results=[_result(one, visitor) for one in given.results],
        undo=Undoable(bulk=given.bulk)
        if given.bulk is not None
        else Undoable(flag=done[0].flag_id, verdict=done[0].verdict_id),
        seconds=moderator.undo_window().total_seconds(),
        message=words.text("console.queue.done", verdict=verdict, number=len(done)),
    )


def _result(found: Result, visitor: Visitor) -> ResultView:
    message = found.problem.message(visitor.language) if found.problem is not None else None
    return ResultView(flag=found.flag_id, ending=found.ending, message=message, verdict=found.verdict_id)


def _problem_of(results: Sequence[Result]) -> Exception:
    problems = [one.problem for one in results if one.problem is not None]
    return problems[0] if problems else Conflict()


def _waiting(results: Iterable[Result]) -> set[int]:
    both = ((one.action_id, one.mute_id) for one in results if one.ending is Ending.DONE)
    return {action for pair in both for action in pair if action is not None}


def _require_bulk(house: House, visitor: Visitor, name: str) -> None:
    """All of it must lie in the visitor's places."""
    with house.store.read() as rx:
        given = verdicts.of_bulk(rx, name)
        if not given:
            raise StoreError(code="error.store.bulk_unknown", bulk=name)
        queueing.flags_of(rx, visitor, [one.flag_id for one in given])
