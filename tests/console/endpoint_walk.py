"""Every endpoint of the console, and a town in which all that their addresses name exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from console_desk import ConsoleDesk, Person
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from modbot.console import pages
from modbot.console.visitors import REQUIRES, own_form
from modbot.domain import Role

SAFE = {"GET", "HEAD"}
STREAMS = {"/live"}
"""They go on until the browser goes."""
QUESTIONS = {"/authors/{forum}/{who}/decide": {"kind": "uphold"}}
"""What a page must be asked to have anything to show."""


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    role: Role | None
    has_own_form: bool
    asks: tuple[str, ...] = ()
    """The names of its query's parameters."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changes_something(self) -> bool:
        return self.method not in SAFE


def endpoints() -> Iterator[Endpoint]:
    for area in pages.AREAS:
        for route in area.router.routes:
            assert isinstance(route, APIRoute), f"{route} is not seen by this test"
            calls = list(_calls(route.dependant))
            roles = [role for role, required in REQUIRES.items() if required in calls]
            for method in sorted(route.methods):
                role = max(roles, key=_rank, default=None)
                asks = tuple(_asked(route.dependant))
                yield Endpoint(method, route.path, role, own_form in calls, asks)


def _rank(role: Role) -> int:
    return tuple(Role).index(role)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    yield dependant.call
    for one in dependant.dependencies:
        yield from _calls(one)


def _asked(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for one in dependant.dependencies:
        yield from _asked(one)


@dataclass
class Town:
    """A desk with one flag in it, of everything that addresses name."""

    desk: ConsoleDesk
    names: dict[str, str]

    def call(self, person: Person | httpx.Client, endpoint: Endpoint, **headers: str) -> httpx.Response:
        """Its answer; of one that does not end, its head."""
        client = person.http if isinstance(person, Person) else person
        if isinstance(person, Person):
            headers["x-csrf-token"] = person.csrf
        asked = QUESTIONS.get(endpoint.path) if endpoint.method in SAFE else None
        with client.stream(endpoint.method, self.path(endpoint), headers=headers, params=asked) as answer:
            if endpoint.path in STREAMS and answer.status_code == httpx.codes.OK:
                return httpx.Response(answer.status_code, headers=answer.headers)
            answer.read()
        return answer

    def path(self, endpoint: Endpoint) -> str:
        """Its address here. A number that means nothing is 1."""
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: self.names.get(found[1], "1"), endpoint.path)
