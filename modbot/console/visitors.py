"""Who asks: the user behind a request, and what they may do."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from modbot.console.context import console_of, language_of
from modbot.domain import Role, Scope
from modbot.errors import ModbotError
from modbot.store import sessions
from modbot.store.people import User

COOKIE = "modbot_session"


class SignInNeeded(ModbotError):
    """Nobody is signed in, or not any more."""

    code = "error.console.sign_in_needed"


class Forbidden(ModbotError):
    """This user may not do that, or a form did not come from the console's own page."""

    code = "error.console.forbidden"


@dataclass(frozen=True, slots=True)
class Visitor:
    """``csrf`` is the mark that forms of this session carry; ``language`` is ``en`` or ``zh``."""

    user: User
    session_id: int | None
    csrf: str
    language: str

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
    """Who is signed in, if anybody. Notes the visit now and then."""
    secret = request.cookies.get(COOKIE, "")
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


def _at_least(role: Role) -> Callable[[Request], Visitor]:
    def required(request: Request) -> Visitor:
        found = visitor_of(request)
        if found is None:
            raise SignInNeeded()
        if not found.may(role):
            raise Forbidden(code="error.console.role", role=role.value)
        return found

    return required


AViewer = Annotated[Visitor, Depends(_at_least(Role.VIEWER))]
AModerator = Annotated[Visitor, Depends(_at_least(Role.MODERATOR))]
AnAdmin = Annotated[Visitor, Depends(_at_least(Role.ADMIN))]
"""Who calls an endpoint, as a parameter of it: raises SignInNeeded or Forbidden."""


async def own_form(request: Request) -> None:
    """Refuses what another site's page sends with our cookie. A dependency of every endpoint
    that changes something. Raises Forbidden."""
    told = request.headers.get("x-csrf-token")
    if told is None:
        form = await request.form()
        told = str(form.get("csrf", ""))
    wanted = csrf_of(request.cookies.get(COOKIE, ""))
    if not hmac.compare_digest(told.encode(), wanted.encode()):
        raise Forbidden(code="error.console.foreign_form")


OwnForm = Depends(own_form)
