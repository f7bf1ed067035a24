"""How the console looks to whoever uses this browser: language and colours."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse

from modbot import i18n
from modbot.console import flash, rendering
from modbot.console.context import LANGUAGE, MenuEntry, console_of
from modbot.console.signing_in import local
from modbot.console.visitors import OwnForm

MENU: MenuEntry | None = None
KEPT = timedelta(days=365)
router = APIRouter(include_in_schema=False)


@router.post("/looks", dependencies=[OwnForm])
def choose(
    request: Request,
    back: Annotated[str, Form()] = "/",
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Kept in this browser; what is no choice changes nothing."""
    answer = flash.redirect(request, local(back))
    path = console_of(request).prefix or "/"
    if language in i18n.LANGUAGES:
        answer.set_cookie(LANGUAGE, language, max_age=int(KEPT.total_seconds()), path=path, samesite="lax")
    if theme in rendering.THEMES:
        answer.set_cookie(
            rendering.THEME, theme, max_age=int(KEPT.total_seconds()), path=path, samesite="lax"
        )
    elif theme == "auto":
        answer.delete_cookie(rendering.THEME, path=path, samesite="lax")
    return answer
