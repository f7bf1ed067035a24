"""The quality page and its API: the head for volunteers, and letting a reason hide unasked."""

from __future__ import annotations

import pytest
from console_desk import ConsoleDesk
from store_desk import FORUM, decision, reply

from modbot.domain import DecisionKind, Reason, Role, Scope, VerdictKind
from modbot.store import autonomy

SPAM = decision(DecisionKind.QUEUE)


def work(desk: ConsoleDesk) -> None:
    for post in (1, 2, 3):
        desk.give(desk.flag(reply(post), SPAM), VerdictKind.UPHOLD if post < 3 else VerdictKind.DISMISS)


def rulings(desk: ConsoleDesk) -> list[tuple[int | None, Reason, bool, str]]:
    with desk.store.read() as rx:
        return [(one.board_id, one.reason, one.granted, one.who) for one in autonomy.in_force(rx, FORUM)]


@pytest.mark.parametrize(
    ("language", "head"),
    [
        ("en", "This week: 2 confirmed, 1 wrong, 0 missed, about"),
        ("zh-CN", "本周：确认 2，误判 1，漏判 0，约"),
    ],
)
def test_its_head_tells_volunteers_what_they_did(desk: ConsoleDesk, language: str, head: str) -> None:
    work(desk)
    page = desk.person(role=Role.VIEWER).get("/quality", headers={"accept-language": language})
    assert page.status_code == 200
    assert head in page.text


def test_the_api_tells_the_same_with_its_intervals(desk: ConsoleDesk) -> None:
    work(desk)
    told = desk.person(role=Role.VIEWER).get("/api/quality").json()
    assert (told["week"]["confirmed"], told["week"]["wrong"]) == (2, 1)
    precision = told["whole"]["precision"]
    assert precision["value"] == pytest.approx(2 / 3)
    assert precision["low"] < 2 / 3 < precision["high"]
    assert [forum["name"] for forum in told["forums"]] == [FORUM]


def test_an_admin_grants_and_withdraws_and_is_held_to_the_evidence(desk: ConsoleDesk) -> None:
    ann = desk.person(role=Role.ADMIN)
    wish = {"forum": FORUM, "reason": "repeated", "board": "2"}
    refused = ann.post("/quality/autonomy", act="grant", **wish)
    assert (refused.status_code, rulings(desk)) == (303, [])
    assert "Tick the box to grant it anyway." in ann.get("/quality").text
    ann.post("/quality/autonomy", act="grant", anyway="true", **wish)
    assert rulings(desk) == [(2, Reason.REPEATED, True, "ann")]
    ann.post("/quality/autonomy", act="withdraw", **wish)
    assert rulings(desk) == [(2, Reason.REPEATED, False, "ann")]


def test_a_reason_that_never_may_is_refused(desk: ConsoleDesk) -> None:
    answer = desk.person(role=Role.ADMIN).post(
        "/quality/autonomy", forum=FORUM, reason="low_effort", act="grant"
    )
    assert (answer.status_code, rulings(desk)) == (422, [])


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.MODERATOR, None, 403),
        (Role.ADMIN, {FORUM: frozenset({2})}, 404),
        (Role.ADMIN, {"village": None}, 404),
    ],
)
def test_only_admins_of_the_whole_forum_rule(
    desk: ConsoleDesk, role: Role, scope: dict[str, frozenset[int] | None] | None, status: int
) -> None:
    person = desk.person("ben", role, scope=Scope(scope))
    wish = {"forum": FORUM, "reason": "repeated", "act": "withdraw"}
    assert person.post("/quality/autonomy", **wish).status_code == status
    by_api = person.http.post("/api/autonomy", json=wish, headers={"X-CSRF-Token": person.csrf})
    assert (by_api.status_code, rulings(desk)) == (status, [])


def test_the_api_rules_as_the_page_does(desk: ConsoleDesk) -> None:
    ann = desk.person(role=Role.ADMIN)
    wish = {"forum": FORUM, "reason": "rule", "act": "withdraw"}
    answer = ann.http.post("/api/autonomy", json=wish, headers={"X-CSRF-Token": ann.csrf})
    assert (answer.status_code, rulings(desk)) == (200, [(None, Reason.RULE, False, "ann")])
    assert ann.http.post("/api/autonomy", json=wish).status_code == 403, "without the form's mark"
