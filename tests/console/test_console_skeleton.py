"""What holds for every page: who may see it, in which language, and what a problem looks like."""

from __future__ import annotations

import pytest
from console_desk import ConsoleDesk

from modbot.domain import EVERYWHERE, Role, Scope


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(desk: ConsoleDesk) -> None:
    answer = desk.visitor().get("/")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?after=/"


def test_a_program_that_is_not_signed_in_is_told_so_in_json(desk: ConsoleDesk) -> None:
    answer = desk.visitor().get("/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (401, "error.console.sign_in_needed")


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [("en", "Queue"), ("zh-CN,zh;q=0.9", "队列"), ("fr, zh;q=0.5", "队列"), ("fr", "队列")],
)
def test_a_page_speaks_the_language_of_the_browser(desk: ConsoleDesk, accepted: str, shown: str) -> None:
    answer = desk.person().get("/", headers={"accept-language": accepted})
    assert (answer.status_code, shown in answer.text) == (200, True)


def test_a_session_is_over_after_its_days_and_with_its_user(desk: ConsoleDesk) -> None:
    ann = desk.person()
    desk.later(days=29)
    assert ann.get("/").status_code == 200
    desk.later(days=29)
    assert ann.get("/").status_code == 200, "each visit lengthens it"
    desk.later(days=31)
    assert ann.get("/").status_code == 303


def test_an_unknown_page_is_told_in_words(desk: ConsoleDesk) -> None:
    answer = desk.person().get("/nowhere")
    assert (answer.status_code, "There is no such page." in answer.text) == (404, True)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_those_before_it_may(role: Role) -> None:
    roles = tuple(Role)
    assert [role.may(needed) for needed in roles] == [
        needed in roles[: roles.index(role) + 1] for needed in roles
    ]


def test_a_scope_covers_its_boards_and_nothing_else() -> None:
    scope = Scope({"city": frozenset({2, 37}), "village": None})
    assert scope.covers("city", 2)
    assert not scope.covers("city", 9)
    assert not scope.covers("city", None)
    assert scope.covers("village", None)
    assert not scope.covers("elsewhere", 2)
    assert EVERYWHERE.covers("elsewhere", None)
