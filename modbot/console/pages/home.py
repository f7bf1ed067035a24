"""Where a visitor begins: the queue."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot.console import rendering
from modbot.console.context import MenuEntry
from modbot.console.visitors import AViewer

MENU: MenuEntry | None = None
router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, visitor: AViewer) -> HTMLResponse:
    return rendering.page(request, "home.html", visitor=visitor)
