"""The people of this console: for admins who are responsible for all of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.accounts import invitations, places
from modbot.console import rendering
from modbot.console.context import MenuEntry, console_of
from modbot.console.visitors import AnAdmin, Forbidden, InPerson, OwnForm, Visitor
from modbot.domain import Role, Scope
from modbot.errors import UsageError
from modbot.store import people, sessions, tokens
from modbot.store.people import User

MENU: MenuEntry | None = MenuEntry("/people", "people.title", Role.ADMIN)
router = APIRouter()
LONGEST_NAME = 60
IN_PERSON = [OwnForm, InPerson]


class Person(BaseModel):
    """``scope`` in words; empty: everywhere."""

    id: int
    name: str
    role: Role
    scope: str
    has_password: bool
    is_disabled: bool


@router.get("/api/people")
def all_people(request: Request, visitor: AnAdmin) -> list[Person]:
    """Everybody who may use this console."""
    _for_all(visitor)
    with console_of(request).house.store.read() as rx:
        return [_person(user) for user in people.listing(rx)]


@router.get("/people", include_in_schema=False, dependencies=[InPerson])
def listing(request: Request, visitor: AnAdmin) -> Response:
    _for_all(visitor)
    with console_of(request).house.store.read() as rx:
        found = [(user, places.told(user.scope)) for user in people.listing(rx)]
    return rendering.page(request, "people.html", visitor=visitor, people=found, roles=tuple(Role))


@router.post("/people", include_in_schema=False, dependencies=IN_PERSON)
def add(
    request: Request,
    visitor: AnAdmin,
    name: Annotated[str, Form()],
    role: Annotated[Role, Form()],
    scope: Annotated[str, Form()] = "",
) -> Response:
    _for_all(visitor)
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(code="error.people.name", most=LONGEST_NAME)
    house = console_of(request).house
    at, chosen = house.now(), _scope(request, scope)
    with house.store.write() as tx:
        user = people.add(tx, name, role, at=at, made_by=visitor.name, scope=chosen)
        link = invitations.invite(tx, user, base=_base(request), at=at, by=visitor.name)
    return _page(request, visitor, user.id, link=link)


@router.get("/people/{user_id}", include_in_schema=False, dependencies=[InPerson])
def person(request: Request, visitor: AnAdmin, user_id: int) -> Response:
    _for_all(visitor)
    return _page(request, visitor, user_id)


@router.post("/people/{user_id}/role", include_in_schema=False, dependencies=IN_PERSON)
def change_role(request: Request, visitor: AnAdmin, user_id: int, role: Annotated[Role, Form()]) -> Response:
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        people.set_role(tx, people.get(tx, user_id), role, at=house.now(), by=visitor.name)
    return _back(request, user_id)


@router.post("/people/{user_id}/scope", include_in_schema=False, dependencies=IN_PERSON)
def change_scope(
    request: Request, visitor: AnAdmin, user_id: int, scope: Annotated[str, Form()] = ""
) -> Response:
    _for_all(visitor)
    house, chosen = console_of(request).house, _scope(request, scope)
    with house.store.write() as tx:
        people.set_scope(tx, people.get(tx, user_id), chosen, at=house.now(), by=visitor.name)
    return _back(request, user_id)


@router.post("/people/{user_id}/disable", include_in_schema=False, dependencies=IN_PERSON)
def disable(request: Request, visitor: AnAdmin, user_id: int) -> Response:
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        people.disable(tx, people.get(tx, user_id), at=house.now(), by=visitor.name)
        sessions.end_all(tx, user_id, at=house.now())
    return _back(request, user_id)


@router.post("/people/{user_id}/enable", include_in_schema=False, dependencies=IN_PERSON)
def enable(request: Request, visitor: AnAdmin, user_id: int) -> Response:
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        people.enable(tx, people.get(tx, user_id), at=house.now(), by=visitor.name)
    return _back(request, user_id)


@router.post("/people/{user_id}/link", include_in_schema=False, dependencies=IN_PERSON)
def invite(request: Request, visitor: AnAdmin, user_id: int) -> Response:
    """The one page that shows the link."""
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        user = people.get(tx, user_id)
        link = invitations.invite(tx, user, base=_base(request), at=house.now(), by=visitor.name)
    return _page(request, visitor, user_id, link=link)


@router.post("/people/{user_id}/sessions/{session_id}/end", include_in_schema=False, dependencies=IN_PERSON)
def end_session(request: Request, visitor: AnAdmin, user_id: int, session_id: int) -> Response:
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        sessions.revoke(tx, session_id, user_id=user_id, at=house.now(), by=visitor.name)
    return _back(request, user_id)


@router.post("/people/{user_id}/tokens/{token_id}/revoke", include_in_schema=False, dependencies=IN_PERSON)
def revoke_token(request: Request, visitor: AnAdmin, user_id: int, token_id: int) -> Response:
    _for_all(visitor)
    house = console_of(request).house
    with house.store.write() as tx:
        tokens.revoke(tx, token_id, user_id=user_id, at=house.now(), by=visitor.name)
    return _back(request, user_id)


def _for_all(visitor: Visitor) -> None:
    """Who works in some places only could give themselves the others here. Raises Forbidden."""
    if visitor.scope.places is not None:
        raise Forbidden(code="error.console.everywhere")


def _scope(request: Request, words: str) -> Scope:
    return places.understood(words, tuple(console_of(request).house.loaded().settings.forums))


def _base(request: Request) -> str:
    """Where the invited reach the console: as the settings say, else as this admin did."""
    url = console_of(request).house.loaded().settings.console.url
    return url or str(request.base_url)


def _page(request: Request, visitor: Visitor, user_id: int, *, link: str = "") -> Response:
    house = console_of(request).house
    with house.store.read() as rx:
        user = people.get(rx, user_id)
        facts = _held(rx, request, user)
    return rendering.page(
        request, "person.html", visitor=visitor, user=user, link=link, roles=tuple(Role), **facts
    )


def _held(rx: Connection, request: Request, user: User) -> dict[str, Any]:
    now = console_of(request).house.now()
    return {
        "scope": places.told(user.scope),
        "sessions": sessions.listing(rx, now=now, user_id=user.id),
        "tokens": tokens.listing(rx, user.id),
    }


def _person(user: User) -> Person:
    return Person(
        id=user.id,
        name=user.name,
        role=user.role,
        scope=places.told(user.scope),
        has_password=user.has_password,
        is_disabled=user.disabled_at is not None,
    )


def _back(request: Request, user_id: int) -> Response:
    return RedirectResponse(f"{console_of(request).prefix}/people/{user_id}", 303)
