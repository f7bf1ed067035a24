"""What is one's own: password, language, sessions, tokens for programs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import i18n
from modbot.accounts import passwords, places
from modbot.console import rendering
from modbot.console.context import LANGUAGE, MenuEntry, console_of
from modbot.console.fences import address_of
from modbot.console.signing_in import WrongPassword
from modbot.console.visitors import AViewer, InPerson, OwnForm, Visitor
from modbot.errors import UsageError
from modbot.store import people, sessions, tokens

MENU: MenuEntry | None = None
router = APIRouter()
LONGEST_TOKEN_NAME = 80
TOKEN_MARK = "modbot_"  # noqa: S105 - so that scanners of leaked secrets know what they found
IN_PERSON = [OwnForm, InPerson]


@dataclass(frozen=True, slots=True)
class Me:
    """``scope`` in words; empty: everywhere."""

    name: str
    role: str
    scope: str
    language: str


@router.get("/api/me")
def me(visitor: AViewer) -> Me:
    """Who asks."""
    return Me(visitor.name, visitor.user.role, places.told(visitor.scope), visitor.language)


@router.get("/account", include_in_schema=False, dependencies=[InPerson])
def account(request: Request, visitor: AViewer) -> Response:
    return _page(request, visitor)


@router.post("/account/password", include_in_schema=False, dependencies=IN_PERSON)
def change_password(
    request: Request,
    visitor: AViewer,
    fresh: Annotated[str, Form()],
    current: Annotated[str, Form()] = "",
) -> Response:
    """Ends the other sessions: who knew the former password may be in one of them."""
    console = console_of(request)
    store, user, at = console.house.store, visitor.user, console.house.now()
    passwords.accept(fresh, name=user.name)
    if user.has_password:
        _prove(request, visitor, current)
    kept = console.passwords.kept(fresh)
    with store.write() as tx:
        people.set_password(tx, user, kept, at=at, by=user.name)
        sessions.end_all(tx, user.id, at=at, but=visitor.session_id)
    return _back(request)


@router.post("/account/language", include_in_schema=False, dependencies=IN_PERSON)
def change_language(request: Request, visitor: AViewer, language: Annotated[str, Form()] = "") -> Response:
    """Empty: as the browser says. What was chosen in this browser only is over."""
    if language and language not in i18n.LANGUAGES:
        raise UsageError(code="error.people.language", language=language)
    with console_of(request).house.store.write() as tx:
        people.set_language(tx, visitor.user.id, language or None)
    answer = _back(request)
    answer.delete_cookie(LANGUAGE, path=console_of(request).prefix or "/", samesite="lax")
    return answer


@router.post("/account/sessions/others/end", include_in_schema=False, dependencies=IN_PERSON)
def end_others(request: Request, visitor: AViewer) -> Response:
    house = console_of(request).house
    with house.store.write() as tx:
        sessions.end_all(tx, visitor.user.id, at=house.now(), but=visitor.session_id)
    return _back(request)


@router.post("/account/sessions/{session_id}/end", include_in_schema=False, dependencies=IN_PERSON)
def end_session(request: Request, visitor: AViewer, session_id: int) -> Response:
    house = console_of(request).house
    with house.store.write() as tx:
        sessions.revoke(tx, session_id, user_id=visitor.user.id, at=house.now(), by=visitor.name)
    return _back(request)


@router.post("/account/tokens", include_in_schema=False, dependencies=IN_PERSON)
def make_token(request: Request, visitor: AViewer, name: Annotated[str, Form()]) -> Response:
    """The one page that shows the token."""
    if not name.strip() or len(name) > LONGEST_TOKEN_NAME:
        raise UsageError(code="error.people.token_name", most=LONGEST_TOKEN_NAME)
    house = console_of(request).house
    secret = TOKEN_MARK + secrets.token_urlsafe(32)
    with house.store.write() as tx:
        tokens.make(tx, visitor.user, name.strip(), secret, at=house.now())
    return _page(request, visitor, shown=secret)


@router.post("/account/tokens/{token_id}/revoke", include_in_schema=False, dependencies=IN_PERSON)
def revoke_token(request: Request, visitor: AViewer, token_id: int) -> Response:
    house = console_of(request).house
    with house.store.write() as tx:
        tokens.revoke(tx, token_id, user_id=visitor.user.id, at=house.now(), by=visitor.name)
    return _back(request)


def _prove(request: Request, visitor: Visitor, password: str) -> None:
    """Raises WrongPassword; TooMany when it was guessed at too often."""
    console = console_of(request)
    key = people.key_of(visitor.name)
    console.throttle.try_to_sign_in(name=key, address=address_of(request.scope), browser=visitor.session_id)
    with console.house.store.read() as rx:
        kept = people.password_hash(rx, visitor.user.id)
    if not console.passwords.check(kept, password).is_right:
        raise WrongPassword(code="error.console.wrong_current_password")
    console.throttle.signed_in(name=key, browser=visitor.session_id)


def _page(request: Request, visitor: Visitor, *, shown: str = "") -> Response:
    house = console_of(request).house
    with house.store.read() as rx:
        open_sessions = sessions.listing(rx, now=house.now(), user_id=visitor.user.id)
        held = tokens.listing(rx, visitor.user.id)
    return rendering.page(
        request,
        "account.html",
        visitor=visitor,
        scope=places.told(visitor.scope),
        sessions=open_sessions,
        tokens=held,
        shown=shown,
        shortest=passwords.SHORTEST,
    )


def _back(request: Request) -> Response:
    return RedirectResponse(f"{console_of(request).prefix}/account", 303)
