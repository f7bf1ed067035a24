"""An author: standing, what was seen of them, and deciding about many of their replies at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modbot.console import authors, flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.pages.search import BYHAND
from modbot.console.visitors import AModerator, AViewer, OwnForm, Visitor
from modbot.domain import Role, VerdictKind
from modbot.errors import Conflict
from modbot.moderation import bulk, selecting
from modbot.moderation.bulk import Ending
from modbot.moderation.deciding import Choice
from modbot.moderation.selecting import Plan, Selection
from modbot.store.carrying import Means
from modbot.store.profiles import Subject

MENU: MenuEntry | None = None
KINDS = (VerdictKind.UPHOLD, VerdictKind.REMOVE_DONT_LEARN, VerdictKind.DISMISS)
DAYS = (1, 7, 30)
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be decided of an author: the latest ``days`` (0: ever), the ``last`` so many
    (0: all), also what ``passed``."""

    kind: VerdictKind
    days: int = 0
    passed: bool = False
    last: int = 0


@router.get("/authors/{forum}/{who}")
def author(
    request: Request,
    visitor: AViewer,
    forum: str,
    who: str,
    name: str = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> HTMLResponse:
    house = console_of(request).house
    subject = authors.subject_of(forum, who, name, visitor.scope)
    with house.store.read() as rx:
        found = authors.profile(rx, house.loaded(), subject, now=house.now(), page=page)
    more = found.extent.replies > page * authors.PAGE
    return rendering.page(
        request,
        "author.html",
        visitor=visitor,
        profile=found,
        page=page,
        more=more,
        kinds=KINDS,
        days=DAYS,
        byhand=BYHAND,
        may_decide=visitor.may(Role.MODERATOR),
        decide_path=_decide_path(forum, who),
    )


def _wish(
    kind: VerdictKind,
    days: Annotated[int, Query(ge=0, le=3650)] = 0,
    passed: bool = False,
    last: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Wish:
    return Wish(kind, days, passed=passed, last=last)


@router.get("/authors/{forum}/{who}/decide")
def look_first(
    request: Request,
    visitor: AModerator,
    forum: str,
    who: str,
    wish: Annotated[Wish, Depends(_wish)],
    name: str = "",
) -> HTMLResponse:
    """What a decision would take in and leave out. Changes nothing."""
    house = console_of(request).house
    subject = authors.subject_of(forum, who, name, visitor.scope)
    with house.store.read() as rx:
        plan = _plan(rx, request, visitor, subject, wish)
    return rendering.page(
        request,
        "author_decide.html",
        visitor=visitor,
        path=_path(forum, who, name),
        decide_path=_decide_path(forum, who),
        plan=plan,
        wish=wish,
        can_mute=subject.author_id is not None and wish.kind is not VerdictKind.DISMISS,
    )


@router.post("/authors/{forum}/{who}/decide", dependencies=[OwnForm])
def decide(
    request: Request,
    visitor: AModerator,
    forum: str,
    who: str,
    kind: Annotated[VerdictKind, Form()],
    shown: Annotated[int, Form()],
    days: Annotated[int, Form(ge=0, le=3650)] = 0,
    passed: Annotated[bool, Form()] = False,
    last: Annotated[int, Form(ge=0, le=1000)] = 0,
    mute: Annotated[str, Form(pattern="^[0-9]{0,4}$")] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """``shown``: how many the moderator saw it would be about; another number by now is a
    Conflict, and nothing is done."""
    subject = authors.subject_of(forum, who, name, visitor.scope)
    with console_of(request).house.store.read() as rx:
        plan = _plan(rx, request, visitor, subject, Wish(kind, days, passed=passed, last=last))
    if len(plan.items) != shown:
        raise Conflict(code="error.console.plan_changed", shown=shown, now=len(plan.items))
    choice = Choice(note, Means(mute_days=int(mute) if mute else None))
    given = bulk.give(console_of(request).house.moderator(visitor.name), plan, choice)
    ends = {ending.value: given.count(ending) for ending in Ending}
    tone: flash.Tone = "good" if ends["done"] == shown else "caution"
    notice = flash.Notice("console.author.decided", tone, {"bulk": given.bulk or "", **ends})
    return flash.redirect(request, _path(forum, who, name), notice)


def _plan(rx: Connection, request: Request, visitor: Visitor, subject: Subject, wish: Wish) -> Plan:
    house = console_of(request).house
    since = house.now() - timedelta(days=wish.days) if wish.days else None
    selection = Selection(
        subject.forum,
        author=authors.identity_of(rx, subject),
        since=since,
        last=wish.last or None,
        passed=wish.passed,
    )
    return authors.within(selecting.plan(rx, house.loaded(), wish.kind, selection), visitor.scope)


def _path(forum: str, who: str, name: str) -> str:
    """Of the author's page, without the prefix."""
    author_id = int(who) if who.isdecimal() else None
    return rendering.author_address("", forum, author_id, name)


def _decide_path(forum: str, who: str) -> str:
    return f"/authors/{quote(forum, safe='')}/{quote(who, safe='')}/decide"
