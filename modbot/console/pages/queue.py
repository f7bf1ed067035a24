"""The queue: cards that one decision closes, with all that is needed to judge them."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot.console import holding, judging, queue_query, queueing, rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.house import House
from modbot.console.queue_card import CardView
from modbot.console.queue_query import Asked
from modbot.console.visitors import AViewer, Visitor
from modbot.domain import Label, Reason, Role
from modbot.store.flags import Order

MENU = MenuEntry("/queue", "console.home", Role.VIEWER)
router = APIRouter(include_in_schema=False)
LONGEST = 1_500
"""Characters of a text that a card shows; the flag's own page has all of it."""
ORDERS = (Order.BEST, Order.OLDEST, Order.TEACHES)


@router.get("/")
@router.get("/queue")
def queue(request: Request, visitor: AViewer) -> HTMLResponse:
    house = console_of(request).house
    asked = queue_query.read(request.query_params)
    found = queueing.page(house, visitor, asked)
    free = [card for card in found.cards if card.claimed_by is None]
    if free and visitor.may(Role.MODERATOR):
        holding.take(house, visitor, free[0].forum, free[0].card)
    return rendering.page(
        request,
        "queue.html",
        visitor=visitor,
        asked=asked,
        decides=visitor.may(Role.MODERATOR),
        found=found,
        undoable=_undoable(request),
        choices=_choices(house, visitor),
        bounds=_bounds(house),
    )


@router.get("/queue/cards")
def cards(request: Request, visitor: AViewer) -> HTMLResponse:
    """The cards alone, for a page that has others already."""
    house = console_of(request).house
    asked = queue_query.read(request.query_params)
    found = queueing.page(house, visitor, asked)
    return _some(request, visitor, asked, found.cards)


@router.get("/queue/cards/{flag_id}")
def card(request: Request, visitor: AViewer, flag_id: int) -> HTMLResponse:
    """The card that an open flag is on."""
    found = queueing.card_with(console_of(request).house, visitor, flag_id)
    return _some(request, visitor, queue_query.read(request.query_params), (found,))


@router.get("/queue/flags/{flag_id}")
def alone(request: Request, visitor: AViewer, flag_id: int) -> HTMLResponse:
    """That card by itself, with more of its members."""
    return rendering.page(
        request,
        "queue_alone.html",
        visitor=visitor,
        asked=Asked(),
        decides=visitor.may(Role.MODERATOR),
        one=queueing.card_with(console_of(request).house, visitor, flag_id),
        bounds=_bounds(console_of(request).house),
    )


def _some(request: Request, visitor: Visitor, asked: Asked, found: tuple[CardView, ...]) -> HTMLResponse:
    return rendering.page(
        request,
        "queue_cards.html",
        visitor=visitor,
        asked=asked,
        decides=visitor.may(Role.MODERATOR),
        cards=found,
        bounds=_bounds(console_of(request).house),
    )


def _bounds(house: House) -> dict[str, int]:
    settings = house.loaded().settings
    return {
        "undo_seconds": math.ceil(settings.actions.undo_seconds),
        "claim_seconds": settings.console.claim_seconds,
        "longest": LONGEST,
    }


def _choices(house: House, visitor: Visitor) -> dict[str, object]:
    forums = [name for name in house.loaded().settings.forums if visitor.scope.reaches(name)]
    return {"forums": forums, "labels": list(Label), "reasons": list(Reason), "orders": ORDERS}


def _undoable(request: Request) -> judging.Undoable | None:
    """What the decision before this page can be taken back by."""
    bulk, flag, verdict = (request.query_params.get(name, "") for name in ("bulk", "flag", "verdict"))
    if bulk:
        return judging.Undoable(bulk=bulk[:20])
    if flag.isdecimal() and verdict.isdecimal() and len(flag + verdict) < 36:
        return judging.Undoable(flag=int(flag), verdict=int(verdict))
    return None
