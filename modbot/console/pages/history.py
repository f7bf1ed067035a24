"""What somebody decided themselves, each to be taken back for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import i18n
from modbot.console import rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AModerator
from modbot.moderation import telling
from modbot.store import given_verdicts
from modbot.store.given_verdicts import Decided

MENU: MenuEntry | None = None
PAGE = 50
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Line:
    """``forum`` says how the forum took it; empty where nothing had to change."""

    decided: Decided
    forum: str


@router.get("/history")
def history(
    request: Request, visitor: AModerator, page: Annotated[int, Query(ge=1, le=1000)] = 1
) -> HTMLResponse:
    words = i18n.catalogue(visitor.language)
    with console_of(request).house.store.read() as rx:
        found = given_verdicts.by(
            rx, visitor.name, within=visitor.scope, limit=PAGE + 1, offset=(page - 1) * PAGE
        )
    return rendering.page(
        request,
        "history.html",
        visitor=visitor,
        lines=[Line(one, _on_forum(one, words)) for one in found[:PAGE]],
        page=page,
        more=len(found) > PAGE,
    )


def _on_forum(found: Decided, words: i18n.Catalogue) -> str:
    action = found.action
    if action is None:
        return ""
    return telling.of_action(action.kind, action.state, words, flag=found.flag_id, detail=action.detail)
