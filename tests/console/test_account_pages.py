"""One's own account, and the people of the console."""

from __future__ import annotations

import re

import httpx
import pytest
from access_support import member, sign_in
from console_desk import ConsoleDesk, Person

from modbot.accounts import places
from modbot.domain import EVERYWHERE, Role, Scope
from modbot.store import audit, people


def token_of(answer: httpx.Response) -> str:
    found = re.search(r"modbot_[\w-]{43}", answer.text)
    assert found, answer.text
    return found[0]


def make_token(person: Person, name: str = "a script") -> str:
    return token_of(person.post("/account/tokens", name=name))


def bearer(desk: ConsoleDesk, token: str) -> httpx.Client:
    client = desk.visitor()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def whats(desk: ConsoleDesk) -> list[str]:
    with desk.store.read() as rx:
        return [entry.what for entry in audit.listing(rx)]


def test_a_token_is_shown_once_and_speaks_for_its_user(desk: ConsoleDesk) -> None:
    ann = desk.person("ann", Role.MODERATOR, scope=Scope({"city": frozenset({2})}))
    token = make_token(ann)
    page = ann.get("/account").text
    assert token not in page
    assert "a script" in page
    me = bearer(desk, token).get("/api/me").json()
    assert (me["name"], me["role"], me["scope"]) == ("ann", "moderator", "city:2")
    assert token not in str(desk.rows("api_tokens", "audit"))
    [kept] = desk.rows("api_tokens")["api_tokens"]
    assert kept["used_at"] == desk.now


def test_a_token_ends_when_it_is_revoked_and_when_its_user_is_disabled(desk: ConsoleDesk) -> None:
    ann, admin = desk.person("ann"), desk.person("root", Role.ADMIN)
    first, second = make_token(ann), make_token(ann)
    [newer, older] = re.findall(r"/account/tokens/(\d+)/revoke", ann.get("/account").text)
    assert ann.post(f"/account/tokens/{older}/revoke").status_code == 303
    assert [bearer(desk, token).get("/api/me").status_code for token in (first, second)] == [401, 200]
    admin.post(f"/people/{ann.user.id}/disable")
    assert bearer(desk, second).get("/api/me").status_code == 401
    assert newer != older


def test_a_wrong_token_is_not_made_good_by_a_cookie(desk: ConsoleDesk) -> None:
    ann = desk.person()
    answer = ann.get("/api/me", headers={"authorization": "Bearer modbot_wrong"})
    assert answer.status_code == 401


def test_nobody_revokes_anothers_token_or_session(desk: ConsoleDesk) -> None:
    ann, bob = desk.person("ann"), desk.person("bob")
    token = make_token(ann)
    assert [bob.post(f"/account/{what}").status_code for what in ("tokens/1/revoke", "sessions/1/end")] == [
        404
    ] * 2
    assert bearer(desk, token).get("/api/me").status_code == 200
    assert ann.get("/account").status_code == 200


def test_a_token_makes_no_tokens_and_no_people(desk: ConsoleDesk) -> None:
    """Whoever finds one must not be able to stay when it is revoked."""
    client = bearer(desk, make_token(desk.person("root", Role.ADMIN)))
    answers = [
        client.get("/account"),
        client.post("/account/tokens", data={"name": "another"}),
        client.post("/account/password", data={"fresh": "four words that differ"}),
        client.get("/people"),
        client.post("/people", data={"name": "eve", "role": "admin"}),
        client.post("/people/1/link"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6
    assert [person["name"] for person in client.get("/api/people").json()] == ["root"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_token_says_what_it_is_for(desk: ConsoleDesk, name: str) -> None:
    assert desk.person().post("/account/tokens", name=name).status_code == 422


def test_a_chosen_language_goes_before_that_of_the_browser(desk: ConsoleDesk) -> None:
    ann = desk.person()
    assert ann.post("/account/language", language="zh").status_code == 303
    assert "我的账号" in ann.get("/account").text
    ann.post("/looks", language="en")
    assert "Your account" in ann.get("/account").text, "in this browser"
    ann.post("/account/language", language="zh")
    assert "我的账号" in ann.get("/account").text
    ann.post("/account/language", language="")
    assert "Your account" in ann.get("/account").text
    assert ann.post("/account/language", language="xx").status_code == 422


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(desk: ConsoleDesk) -> None:
    here, phone, lost = desk.person("ann"), desk.person("ann"), desk.person("ann")
    page = here.get("/account").text
    ends = re.findall(r"/account/sessions/(\d+)/end", page)
    assert len(ends) == 2
    assert "this browser" in page
    here.post(f"/account/sessions/{max(map(int, ends))}/end")
    assert [one.get("/account").status_code for one in (here, phone, lost)] == [200, 200, 303]
    here.post("/account/sessions/others/end")
    assert [one.get("/account").status_code for one in (here, phone)] == [200, 303]


def test_an_admin_invites_somebody_who_works_in_two_boards(desk: ConsoleDesk) -> None:
    admin = desk.person("root", Role.ADMIN)
    answer = admin.post("/people", name="ann", role="viewer", scope="city:37,2")
    link = re.search(rf"{desk.url}(/link/[\w-]+)", answer.text)
    assert link
    with desk.store.read() as rx:
        ann = people.find(rx, "ann")
    assert ann is not None
    assert (ann.role, ann.scope) == (Role.VIEWER, Scope({"city": frozenset({2, 37})}))
    assert link[1] not in admin.get(f"/people/{ann.id}").text, "shown once"
    assert "city:2,37" in admin.get("/people").text
    assert {"user.added", "user.link"} <= set(whats(desk))


def test_role_places_and_access_change_at_once(desk: ConsoleDesk) -> None:
    admin, ann = desk.person("root", Role.ADMIN), desk.person("ann", Role.VIEWER)
    base = f"/people/{ann.user.id}"
    assert admin.post(f"{base}/role", role="admin").status_code == 303
    assert ann.get("/people").status_code == 200
    admin.post(f"{base}/scope", scope="city")
    assert ann.get("/api/me").json()["scope"] == "city"
    assert ann.get("/people").status_code == 403, "an admin of some places only"
    admin.post(f"{base}/scope", scope="")
    admin.post(f"{base}/role", role="viewer")
    assert ann.get("/people").status_code == 403
    admin.post(f"{base}/disable")
    assert ann.get("/account").status_code == 303
    admin.post(f"{base}/enable")
    assert ann.get("/account").status_code == 303, "signing in again is needed"
    changes = [what for what in whats(desk) if what.startswith("user.") and what != "user.added"]
    assert changes == ["user.role", "user.scope", "user.scope", "user.role", "user.disabled", "user.enabled"]


def test_an_admin_ends_others_sessions_and_tokens(desk: ConsoleDesk) -> None:
    admin, ann = desk.person("root", Role.ADMIN), desk.person("ann")
    token = make_token(ann)
    page = admin.get(f"/people/{ann.user.id}").text
    for path in re.findall(r'action="(/people/\d+/(?:sessions|tokens)/\d+/(?:end|revoke))"', page):
        assert admin.post(path).status_code == 303
    assert ann.get("/account").status_code == 303
    assert bearer(desk, token).get("/api/me").status_code == 401


def test_somebody_stays_who_may_do_everything(desk: ConsoleDesk) -> None:
    admin = desk.person("root", Role.ADMIN)
    base = f"/people/{admin.user.id}"
    for answer in (admin.post(f"{base}/disable"), admin.post(f"{base}/role", role="viewer")):
        assert (answer.status_code, "only admin left" in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "root", "role": "viewer"}, 409),
        ({"name": "RoOt", "role": "viewer"}, 409),
        ({"name": " ", "role": "viewer"}, 422),
        ({"name": "x" * 61, "role": "viewer"}, 422),
        ({"name": "a\u202eb", "role": "viewer"}, 422),
        ({"name": "ann", "role": "god"}, 422),
        ({"name": "ann"}, 422),
        ({"name": "ann", "role": "viewer", "scope": "nowhere"}, 422),
        ({"name": "ann", "role": "viewer", "scope": "city:a"}, 422),
    ],
)
def test_who_cannot_be_added_is_not(desk: ConsoleDesk, fields: dict[str, str], status: int) -> None:
    admin = desk.person("root", Role.ADMIN)
    assert admin.post("/people", **fields).status_code == status
    with desk.store.read() as rx:
        assert people.count(rx) == 1


@pytest.mark.parametrize("path", ["/people/99", "/people/99/role"])
def test_whom_there_is_not_is_not_found(desk: ConsoleDesk, path: str) -> None:
    admin = desk.person("root", Role.ADMIN)
    answer = admin.post(path, role="viewer") if path.endswith("role") else admin.get(path)
    assert answer.status_code == 404


def test_a_password_guessed_at_in_a_session_left_open_is_slowed_down(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    client = desk.visitor()
    sign_in(client, "ann")
    mark = re.search(r'name="csrf" value="(\w+)"', client.get("/account").text)
    assert mark
    fields = {"csrf": mark[1], "fresh": "four words that differ"}
    statuses = [
        client.post("/account/password", data={**fields, "current": f"guess number {n}"}).status_code
        for n in range(11)
    ]
    assert statuses == [403] * 10 + [429]


def test_a_scope_survives_its_words() -> None:
    for scope in (EVERYWHERE, Scope({"a": None}), Scope({"a": frozenset({3, 1}), "b": None})):
        assert places.understood(places.told(scope), ("a", "b")) == scope
    assert places.understood("a:1 a:2", ("a",)) == Scope({"a": frozenset({1, 2})})
    assert places.understood("a:1 a", ("a",)) == Scope({"a": None})
