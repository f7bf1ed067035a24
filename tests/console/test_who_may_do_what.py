"""Every endpoint that there is: who may call it, from where, and with whose form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from console_desk import ConsoleDesk
from endpoint_walk import Endpoint, Town, endpoints
from moderation_room import newcomer
from starlette.routing import BaseRoute, Mount, Route
from store_desk import FORUM

from modbot.console import create_app, pages
from modbot.domain import EVERYWHERE, Role, Scope

FOR_ANYBODY = {"/sign-in", "/link/{link}"}
ELSEWHERE = Scope({"village": None})
EVERYWHERE_ONLY = re.compile(r"^(/api)?/people\b")


ALL = sorted(endpoints(), key=str)
CLOSED = [endpoint for endpoint in ALL if endpoint.path not in FOR_ANYBODY]
CHANGING = [endpoint for endpoint in ALL if endpoint.changes_something]


@pytest.mark.parametrize("endpoint", ALL, ids=str)
def test_every_endpoint_says_who_may_and_asks_for_its_own_form(endpoint: Endpoint) -> None:
    assert (endpoint.role is None) == (endpoint.path in FOR_ANYBODY)
    assert endpoint.has_own_form == endpoint.changes_something


def test_no_endpoint_is_there_but_those_that_are_walked(desk: ConsoleDesk) -> None:
    there = set(paths_of(create_app(desk.house()).routes))
    assert there == {endpoint.path for endpoint in ALL} | {"/api/openapi.json", "/static"}


def paths_of(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route | Mount):
            yield route.path
        else:  # FastAPI keeps an included router as it is
            yield from paths_of(vars(route)["original_router"].routes)


def test_a_viewer_changes_nothing_but_what_is_their_own() -> None:
    theirs = {str(one) for one in CHANGING if one.role in {None, Role.VIEWER}}
    assert theirs == {
        "POST /account/language",
        "POST /account/password",
        "POST /account/sessions/others/end",
        "POST /account/sessions/{session_id}/end",
        "POST /account/tokens",
        "POST /account/tokens/{token_id}/revoke",
        "POST /link/{link}",
        "POST /looks",
        "POST /sign-in",
        "POST /sign-out",
    }


def test_people_settings_and_models_are_changed_by_admins_alone() -> None:
    about = re.compile(r"^(/api)?/(people|settings|models)\b")
    roles = {str(one): one.role for one in ALL if about.match(one.path) and one.changes_something}
    assert set(roles.values()) == {Role.ADMIN}, roles
    assert {one.role for one in ALL if EVERYWHERE_ONLY.match(one.path)} == {Role.ADMIN}


@pytest.fixture
def town(desk: ConsoleDesk) -> Town:
    flag = desk.member(1, author=newcomer(7))
    return Town(desk, {"flag_id": str(flag), "forum": FORUM, "who": "7", "name": "c0123456789abcdef"})


def test_who_is_not_signed_in_gets_nowhere(town: Town) -> None:
    visitor = town.desk.visitor()
    answers = {str(endpoint): town.call(visitor, endpoint) for endpoint in CLOSED}
    wrong = {
        name: answer.status_code
        for name, answer in answers.items()
        if not (answer.status_code in {401, 403} or answer.headers.get("location", "").startswith("/sign-in"))
    }
    assert wrong == {}


def test_no_role_may_what_only_a_higher_one_may(town: Town) -> None:
    people = {role: town.desk.person(role.value, role) for role in Role}
    wrong = {}
    for endpoint in CLOSED:
        for role, person in people.items():
            assert endpoint.role is not None
            if not role.may(endpoint.role):
                status = town.call(person, endpoint).status_code
                if status != 403:
                    wrong[f"{role.value}: {endpoint}"] = status
    assert wrong == {}


def test_each_role_may_look_at_every_page_of_its_menu(town: Town) -> None:
    for role in Role:
        person = town.desk.person(role.value, role)
        for area in pages.AREAS:
            if area.MENU is not None and role.may(area.MENU.role):
                assert person.get(area.MENU.path).status_code == 200, (role, area.MENU.path)


def test_another_sites_form_changes_nothing_whoever_is_signed_in(town: Town) -> None:
    admin = town.desk.person("root", Role.ADMIN)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        statuses = {str(one): town.call(admin, one, **headers).status_code for one in CHANGING}
        assert set(statuses.values()) == {403}, statuses
    unmarked = {
        str(one): town.call(admin.http, one).status_code for one in CHANGING if one.path not in FOR_ANYBODY
    }
    assert set(unmarked.values()) == {403}, unmarked


def test_whoever_works_elsewhere_finds_nothing_of_this_forum(town: Town) -> None:
    """A flag, an author, a campaign of another forum: as if there were none."""
    stranger = town.desk.person("stranger", Role.ADMIN, scope=ELSEWHERE)
    for endpoint in CLOSED:
        if endpoint.changes_something:
            continue
        answer = town.call(stranger, endpoint)
        if EVERYWHERE_ONLY.match(endpoint.path):
            assert answer.status_code == 403, endpoint
            continue
        assert answer.status_code < 500, endpoint
        if re.search(r"\{(flag_id|forum)", endpoint.path):
            assert answer.status_code == 404, endpoint
        assert "newcomer7" not in answer.text, endpoint


def test_whoever_works_there_finds_it(town: Town) -> None:
    for scope in (EVERYWHERE, Scope({FORUM: None})):
        person = town.desk.person(f"of {scope.places}", Role.ADMIN, scope=scope)
        for endpoint in CLOSED:
            if not endpoint.changes_something and re.search(r"\{(flag_id|forum)", endpoint.path):
                assert town.call(person, endpoint).status_code == 200, endpoint
