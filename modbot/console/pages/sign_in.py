"""Coming in, by password or by a one-time link, and going."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.accounts.passwords import SHORTEST
from modbot.console import cookies, rendering, signing_in
from modbot.console.context import MenuEntry, console_of, language_of
from modbot.console.throttle import TooMany
from modbot.console.visitors import AViewer, OwnForm, csrf_of, form_secret, visitor_of
from modbot.errors import ModbotError, UsageError

MENU: MenuEntry | None = None
router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request, after: str = "/") -> Response:
    if visitor_of(request) is not None:
        return RedirectResponse(f"{console_of(request).prefix}{signing_in.local(after)}", 303)
    return _form(request, "sign_in.html", after=after, name="")


@router.post("/sign-in", dependencies=[OwnForm])
def sign_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    after: Annotated[str, Form()] = "/",
) -> Response:
    try:
        secret = signing_in.by_password(request, name, password)
    except signing_in.WrongPassword as problem:
        return _form(request, "sign_in.html", problem, 401, after=after, name=name)
    except TooMany as problem:
        answer = _form(request, "sign_in.html", problem, 429, after=after, name=name)
        answer.headers["retry-after"] = str(problem.retry_after)
        return answer
    return signing_in.welcome(request, secret, after=after)


@router.get("/link/{link}")
def link_page(request: Request, link: str) -> Response:
    """Spends nothing: a chat that shows a preview of the link asks for this page, too."""
    return _form(request, "link.html", link=link, shortest=SHORTEST)


@router.post("/link/{link}", dependencies=[OwnForm])
def use_link(request: Request, link: str, password: Annotated[str, Form()] = "") -> Response:
    try:
        secret = signing_in.by_link(request, link, password)
    except UsageError as problem:
        return _form(request, "link.html", problem, 422, link=link, shortest=SHORTEST)
    return signing_in.welcome(request, secret, after="/")


@router.post("/sign-out", dependencies=[OwnForm])
def sign_out(request: Request, visitor: AViewer) -> Response:
    return signing_in.leave(request, visitor)


def _form(
    request: Request, template: str, problem: ModbotError | None = None, status: int = 200, **facts: Any
) -> Response:
    """A page whose form may be sent without being signed in: its mark hangs on a cookie of its own."""
    known = form_secret(request)
    secret = known or secrets.token_urlsafe(32)
    sentence = problem.message(language_of(request)) if problem else ""
    answer = rendering.page(
        request, template, status=status, form_mark=csrf_of(secret), sentence=sentence, **facts
    )
    if not known:
        cookies.keep(request, answer, cookies.FORM, secret)
    return answer
