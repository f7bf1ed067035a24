"""The queue for programs, and for the scripts of its page: the same rooms, the same checks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from modbot.console import holding, judging, queue_query, queueing, watching
from modbot.console.context import MenuEntry, console_of
from modbot.console.judging import Decision, Given, TakenBack, Undoable
from modbot.console.queue_card import CardView
from modbot.console.visitors import AModerator, AViewer, OwnForm
from modbot.console.watching import ActionView, Changes
from modbot.domain import FlagState, Label, Reason, VerdictKind, VerdictSource
from modbot.errors import Conflict, UsageError
from modbot.store import claims, notes, skips, verdicts
from modbot.store.flags import Order

MENU: MenuEntry | None = None
router = APIRouter(prefix="/api", tags=["queue"])
FlagIds = Annotated[list[int], Field(min_length=1, max_length=judging.MOST)]


class QueueView(BaseModel):
    """``total`` cards meet the filter, ``kept_back`` more are out of sight by the queue's budget."""

    cards: list[CardView]
    total: int
    kept_back: int
    more: bool


class VerdictView(BaseModel):
    id: int
    kind: VerdictKind
    source: VerdictSource
    who: str
    note: str
    given_at: datetime
    undone_at: datetime | None
    undone_by: str | None


class FlagView(BaseModel):
    """A flag with its card: all that one decision is about while it is open, else itself alone."""

    flag: int
    state: FlagState
    version: int
    card: CardView
    verdicts: list[VerdictView]


class CardRef(BaseModel):
    forum: Annotated[str, Field(max_length=100)]
    card: Annotated[str, Field(max_length=120)]


class Claimed(BaseModel):
    """The card is yours until then, unless you ask again."""

    until: datetime


class FlagRefs(BaseModel):
    flags: FlagIds


class Skipped(BaseModel):
    number: int


class NewNote(BaseModel):
    flag: int
    text: Annotated[str, Field(min_length=1, max_length=notes.LONGEST)]


class Noted(BaseModel):
    id: int
    flag: int
    who: str
    text: str
    at: datetime


@router.get("/queue")
def queue(
    request: Request,
    visitor: AViewer,
    forum: str = "",
    board: str = "",
    label: Label | None = None,
    reason: Reason | None = None,
    author: str = "",
    campaign: str = "",
    least: str = "",
    most: str = "",
    newer: str = "",
    older: str = "",
    order: Order = Order.BEST,
    all: str = "",
    page: str = "",
    per: str = "",
) -> QueueView:
    """The cards that wait for a human, as the page of the same address shows them. ``least`` and
    ``most`` are percent, ``newer`` and ``older`` ages such as 12h, 7d, 2w."""
    del forum, board, label, reason, author, campaign, least, most, newer, older, order, all, page, per
    asked = queue_query.read(request.query_params)
    found = queueing.page(console_of(request).house, visitor, asked)
    return QueueView(cards=list(found.cards), total=found.total, kept_back=found.kept_back, more=found.more)


@router.get("/flags/{flag_id}")
def flag(request: Request, visitor: AViewer, flag_id: int) -> FlagView:
    house = console_of(request).house
    with house.store.read() as rx:
        found = queueing.flag_of(rx, visitor, flag_id)
        given = verdicts.history(rx, flag_id)
    return FlagView(
        flag=flag_id,
        state=found.state,
        version=found.version,
        card=queueing.card_with(house, visitor, flag_id),
        verdicts=[
            VerdictView(**{name: getattr(one, name) for name in VerdictView.model_fields}) for one in given
        ],
    )


@router.post("/decisions", dependencies=[OwnForm], responses={409: {"description": "Somebody was first"}})
def decide(request: Request, visitor: AModerator, decision: Decision) -> Given:
    """Decide about flags as they were seen. Recorded at once; the forum is changed after the undo
    window. 409 when somebody was first with all of them: the message says who decided what."""
    house = console_of(request).house
    given = judging.give(house, visitor, decision)
    holding.release(house, visitor)
    return given


@router.post("/undo", dependencies=[OwnForm])
def undo(request: Request, visitor: AModerator, wanted: Undoable) -> TakenBack:
    """Take a decision back, at any time; says what the forum keeps."""
    if (wanted.bulk is None) == (wanted.flag is None):
        raise UsageError(code="error.console.queue.undo_what")
    return judging.undo(console_of(request).house, visitor, wanted)


@router.post("/claims", dependencies=[OwnForm], responses={409: {"description": "Somebody else has it"}})
def claim(request: Request, visitor: AModerator, wanted: CardRef) -> Claimed:
    """Have a card before you; asked again, for longer. One card at a time for each session."""
    house = console_of(request).house
    with house.store.read() as rx:
        queueing.require_card(rx, visitor, wanted.forum, wanted.card)
    other = holding.take(house, visitor, wanted.forum, wanted.card)
    if other is not None:
        raise Conflict(code="error.console.queue.claimed", who=other.user_name)
    return Claimed(until=holding.until(house))


@router.delete("/claims", dependencies=[OwnForm], status_code=204)
def let_go(request: Request, visitor: AModerator, forum: str = "", card: str = "") -> None:
    """Let go of a card, or of all that this session has before it."""
    holding.release(console_of(request).house, visitor, forum, card)


@router.post("/skips", dependencies=[OwnForm])
def skip(request: Request, visitor: AModerator, wanted: FlagRefs) -> Skipped:
    """Leave flags out of your own queue; everybody else is still asked."""
    house = console_of(request).house
    with house.store.write() as tx:
        queueing.flags_of(tx, visitor, wanted.flags)
        skips.skip(tx, visitor.user.id, wanted.flags, at=house.now())
        claims.release_others(tx, visitor.user.id, visitor.session_id, None)
    return Skipped(number=len(wanted.flags))


@router.delete("/skips", dependencies=[OwnForm])
def unskip(request: Request, visitor: AModerator, wanted: FlagRefs) -> Skipped:
    """Be asked about them again."""
    with console_of(request).house.store.write() as tx:
        return Skipped(number=skips.take_back(tx, visitor.user.id, wanted.flags))


@router.post("/notes", dependencies=[OwnForm])
def note(request: Request, visitor: AModerator, wanted: NewNote) -> Noted:
    house = console_of(request).house
    with house.store.write() as tx:
        queueing.flag_of(tx, visitor, wanted.flag)
        made = notes.add(tx, wanted.flag, wanted.text, who=visitor.name, at=house.now())
    return Noted(id=made.id, flag=made.flag_id, who=made.who, text=made.text, at=made.at)


@router.get("/watch")
def watch(
    request: Request, visitor: AViewer, flag: Annotated[list[str], Query(max_length=judging.MOST)]
) -> Changes:
    """What became of flags that somebody is looking at, each as ``ID:VERSION``: who has their
    cards before them, and which are decided meanwhile."""
    return watching.changes(console_of(request).house, visitor, flag)


@router.get("/actions")
def actions(
    request: Request, visitor: AViewer, id: Annotated[list[int], Query(max_length=judging.MOST)]
) -> list[ActionView]:
    """How far actions on the forum are, and what it said when it refused."""
    return watching.actions(console_of(request).house, visitor, id)
