"""Spot checks: replies that passed, drawn at random, for people to judge. Only they tell what is missed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from modbot.console import flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator, AViewer, OwnForm, Visitor
from modbot.domain import Label, Role
from modbot.errors import StoreError
from modbot.moderation import spot_checks as judging
from modbot.store import boards, spot_checks
from modbot.store.spot_checks import State

MENU = MenuEntry("/spot-checks", "console.spot.menu", Role.VIEWER)
SKIP: Literal["skip"] = "skip"
LATEST = 20
router = APIRouter(include_in_schema=False)


@router.get("/spot-checks")
def listing(request: Request, visitor: AViewer) -> HTMLResponse:
    house = console_of(request).house
    with house.store.read() as rx:
        waiting = spot_checks.listing(rx, state=State.OPEN, within=visitor.scope)
        judged = spot_checks.listing(rx, state=State.JUDGED, within=visitor.scope, limit=LATEST)
        names = boards.all_names(rx)
    return rendering.page(
        request,
        "spot_checks.html",
        visitor=visitor,
        waiting=waiting,
        judged=judged,
        boards=names,
        labels=tuple(Label),
        may_decide=visitor.may(Role.MODERATOR),
    )


@router.post("/spot-checks/{check_id}", dependencies=[OwnForm])
def answer(
    request: Request,
    visitor: AModerator,
    check_id: int,
    label: Annotated[Label | Literal["skip"], Form()],
    uphold: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """With ``uphold`` a bad one is hidden, too. Raises Conflict when somebody was first."""
    moderator = console_of(request).house.moderator(visitor.name)
    with moderator.store.read() as rx:
        _require(rx, visitor, check_id)
    told = None if label == SKIP else Label(label)
    judging.answer(moderator, check_id, told, uphold=uphold and told not in (None, Label.HAM))
    code = f"spotcheck.answered.{told.value if told else SKIP}"
    return flash.redirect(request, "/spot-checks", flash.Notice(code, "good", {"check": check_id}))


@router.post("/spot-checks/{check_id}/undo", dependencies=[OwnForm])
def undo(request: Request, visitor: AModerator, check_id: int) -> RedirectResponse:
    moderator = console_of(request).house.moderator(visitor.name)
    with moderator.store.read() as rx:
        _require(rx, visitor, check_id)
    judging.undo(moderator, check_id)
    notice = flash.Notice("spotcheck.undone", "good", {"check": check_id})
    return flash.redirect(request, "/spot-checks", notice)


def _require(rx: Connection, visitor: Visitor, check_id: int) -> None:
    found = spot_checks.get(rx, check_id)
    if not visitor.scope.covers(found.forum, found.board_id):
        raise StoreError(code="error.store.spot_check_unknown", check=check_id)
