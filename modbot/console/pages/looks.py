"""How the console looks to whoever uses this browser: language and colours."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse

from modbot import i18n
from modbot.console import cookies, flash, rendering, signing_in
from modbot.console.context import LANGUAGE, MenuEntry, console_of
from modbot.console.visitors import AViewer, InPerson, OwnForm
from modbot.store import people

MENU: MenuEntry | None = None
KEPT = timedelta(days=365)
router = APIRouter(include_in_schema=False)


@router.post("/looks", dependencies=[OwnForm, InPerson])
def choose(
    request: Request,
    visitor: AViewer,
    back: Annotated[str, Form()] = "/",
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Colours are kept in this browser, the language with the person, and in this browser for
    when nobody is signed in. What is no choice changes nothing."""
    answer = flash.redirect(request, signing_in.local(back))
    if language in i18n.LANGUAGES:
        with console_of(request).house.store.write() as tx:
            people.set_language(tx, visitor.user.id, language)
        answer.set_cookie(
            LANGUAGE,
            language,
            max_age=int(KEPT.total_seconds()),
            path=console_of(request).prefix or "/",
            secure=cookies.is_secure(request),
            httponly=True,
            samesite="lax",
        )
    if theme in rendering.THEMES:
        cookies.keep(request, answer, rendering.THEME, theme, lasts=KEPT)
    elif theme == "auto":
        cookies.drop(request, answer, rendering.THEME)
    return answer
