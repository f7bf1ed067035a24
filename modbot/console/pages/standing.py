"""What was decided for good: standing decisions about next copies, and exceptions; ending them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from modbot.console import flash, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator, AViewer, OwnForm, Visitor
from modbot.domain import ExceptionScope, Role
from modbot.errors import StoreError
from modbot.moderation import exceptions as exception_rules
from modbot.moderation import standing
from modbot.store import boards, exceptions
from modbot.store import standing as decisions
from modbot.store.exceptions import PolicyException

MENU = MenuEntry("/standing", "console.standing.menu", Role.VIEWER)
router = APIRouter(include_in_schema=False)


@router.get("/standing")
def listing(request: Request, visitor: AViewer, ended: bool = False) -> HTMLResponse:
    house = console_of(request).house
    with house.store.read() as rx:
        entries = standing.listing(
            rx, forum=None, now=house.now(), lasting=_lasting(request), everything=ended
        )
        allowed = exceptions.listing(rx, revoked=ended)
        names = boards.all_names(rx)
    return rendering.page(
        request,
        "standing.html",
        visitor=visitor,
        entries=[one for one in entries if visitor.scope.covers(one.decision.forum, None)],
        exceptions=[one for one in reversed(allowed) if _reaches(visitor, one)],
        boards=names,
        ended=ended,
        may_decide=visitor.may(Role.MODERATOR),
    )


@router.get("/standing/{standing_id}")
def show(request: Request, visitor: AViewer, standing_id: int) -> HTMLResponse:
    house = console_of(request).house
    with house.store.read() as rx:
        _require(rx, visitor, standing_id)
        card = standing.show(rx, standing_id, now=house.now(), lasting=_lasting(request))
        preview = standing.preview(rx, standing_id)
    return rendering.page(
        request,
        "standing_decision.html",
        visitor=visitor,
        card=card,
        preview=preview,
        may_decide=visitor.may(Role.MODERATOR),
    )


@router.post("/standing/{standing_id}/revoke", dependencies=[OwnForm])
def revoke(
    request: Request,
    visitor: AModerator,
    standing_id: int,
    restore: Annotated[bool, Form()] = False,
) -> RedirectResponse:
    """End it; with ``restore`` what it hid is shown again. Says how many of how many."""
    house = console_of(request).house
    with house.store.read() as rx:
        _require(rx, visitor, standing_id)
    found = standing.revoke(house.store, standing_id, who=visitor.name, now=house.now())
    done = standing.restore(house.moderator(visitor.name), found.hidden) if restore else []
    failed = sum(one.problem is not None for one in done)
    facts = {
        "standing": standing_id,
        "cancelled": found.cancelled,
        "left": len(found.hidden) - len(done),
        "restored": len(done) - failed,
        "failed": failed,
    }
    code = "console.standing.restored" if restore else "console.standing.revoked"
    notice = flash.Notice(code, "caution" if failed else "good", facts)
    return flash.redirect(request, f"/standing/{standing_id}", notice)


@router.post("/exceptions/{exception_id}/revoke", dependencies=[OwnForm])
def revoke_exception(request: Request, visitor: AModerator, exception_id: int) -> RedirectResponse:
    """The reason flags there again what is read from now on. Raises Conflict when somebody was first."""
    house = console_of(request).house
    with house.store.read() as rx:
        if not _reaches(visitor, exceptions.get(rx, exception_id)):
            raise StoreError(code="error.store.exception_unknown", exception=exception_id)
    exception_rules.revoke(house.store, exception_id, who=visitor.name, clock=house.now)
    notice = flash.Notice("queue.exception_revoked", "good", {"exception": exception_id})
    return flash.redirect(request, "/standing", notice)


def _require(rx: Connection, visitor: Visitor, standing_id: int) -> None:
    """A standing decision holds in the whole forum: it is theirs who have all of it."""
    if not visitor.scope.covers(decisions.get(rx, standing_id).forum, None):
        raise StoreError(code="error.store.standing_unknown", standing=standing_id)


def _reaches(visitor: Visitor, exception: PolicyException) -> bool:
    board = None if exception.scope is ExceptionScope.KIND else exception.board_id
    return visitor.scope.covers(exception.forum, board)


def _lasting(request: Request) -> timedelta:
    return timedelta(days=console_of(request).house.loaded().settings.standing.days)
