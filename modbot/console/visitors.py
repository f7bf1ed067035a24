"""Who asks: the user behind a request, and what they may do."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from modbot.console import cookies
from modbot.console.context import console_of, language_of
from modbot.domain import Role, Scope
from modbot.errors import ModbotError
from modbot.store import sessions, tokens
from modbot.store.people import User


class SignInNeeded(ModbotError):
    """Nobody is signed in, or not any more."""

    code = "error.console.sign_in_needed"


class Forbidden(ModbotError):
    """This user may not do that, or a form did not come from the console's own page."""

    code = "error.console.forbidden"


@dataclass(frozen=True, slots=True)
class Visitor:
    """``csrf`` is the mark that forms of this session carry; ``language`` is ``en`` or ``zh``.
    A program has no session, and no forms: it comes by the token ``token_id``."""

    user: User
    session_id: int | None
    csrf: str
    language: str
    token_id: int | None = None

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def scope(self) -> Scope:
        return self.user.scope

    def may(self, needed: Role) -> bool:
        return self.user.role.may(needed)


def csrf_of(secret: str) -> str:
    """The mark of a session's forms: it tells nothing of the secret."""
    return hmac.new(secret.encode(), b"forms", sha256).hexdigest()


def visitor_of(request: Request) -> Visitor | None:
    """Who is signed in, if anybody. A token is believed instead of a cookie, never beside it."""
    told = bearer_of(request)
    return _by_cookie(request) if told is None else _by_token(request, told)


def bearer_of(request: Request) -> str | None:
    """The token of a program's request; None when it is none. A page of another site cannot
    make a browser send one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _by_cookie(request: Request) -> Visitor | None:
    """Notes the visit now and then."""
    secret = cookies.read(request, cookies.SESSION)
    if not secret:
        return None
    house = console_of(request).house
    now = house.now()
    with house.store.read() as rx:
        found = sessions.find(rx, secret, now=now)
    if found is None:
        return None
    session, user = found
    if now - session.seen_at >= sessions.SEEN_EVERY:
        until = now + timedelta(days=house.loaded().settings.console.session_days)
        with house.store.write() as tx:
            sessions.seen(tx, session.id, at=now, until=until)
    return Visitor(user, session.id, csrf_of(secret), language_of(request, user.language))


def _by_token(request: Request, secret: str) -> Visitor | None:
    house = console_of(request).house
    now = house.now()
    with house.store.read() as rx:
        found = tokens.find(rx, secret)
    if found is None:
        return None
    token, user = found
    if token.used_at is None or now - token.used_at >= tokens.USED_EVERY:
        with house.store.write() as tx:
            tokens.used(tx, token.id, at=now)
    return Visitor(user, None, "", language_of(request, user.language), token_id=token.id)


def _at_least(role: Role) -> Callable[[Request], Visitor]:
    def required(request: Request) -> Visitor:
        found = visitor_of(request)
        if found is None:
            raise SignInNeeded()
        if not found.may(role):
            raise Forbidden(code="error.console.role", role=role.value)
        by = f"session {found.session_id}" if found.token_id is None else f"token {found.token_id}"
        console_of(request).throttle.visit(by)
        return found

    return required


REQUIRES: Mapping[Role, Callable[[Request], Visitor]] = MappingProxyType(
    {role: _at_least(role) for role in Role}
)
AViewer = Annotated[Visitor, Depends(REQUIRES[Role.VIEWER])]
AModerator = Annotated[Visitor, Depends(REQUIRES[Role.MODERATOR])]
AnAdmin = Annotated[Visitor, Depends(REQUIRES[Role.ADMIN])]
"""Who calls an endpoint, as a parameter of it: raises SignInNeeded or Forbidden."""


def in_person(request: Request) -> None:
    """Refuses programs: who finds a token must not make others of it, or people. Raises Forbidden."""
    if bearer_of(request) is not None:
        raise Forbidden(code="error.console.in_person")


InPerson = Depends(in_person)


def form_secret(request: Request) -> str:
    """What the mark of this browser's forms is made of; empty when it was never here."""
    return cookies.read(request, cookies.SESSION) or cookies.read(request, cookies.FORM)


async def own_form(request: Request) -> None:
    """Refuses what another site's page sends with our cookie. A dependency of every endpoint
    that changes something. Raises Forbidden."""
    if bearer_of(request) is not None:
        return
    secret, told = form_secret(request), request.headers.get("x-csrf-token")
    if told is None:
        form = await request.form()
        told = str(form.get("csrf", ""))
    if not secret or not hmac.compare_digest(told.encode(), csrf_of(secret).encode()):
        raise Forbidden(code="error.console.foreign_form")


OwnForm = Depends(own_form)
