"""Coming in by a password, and going: cookies, sessions, and what is kept of it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from access_support import PASSWORD, form_mark_of, member, sign_in
from argon2 import PasswordHasher
from console_desk import ConsoleDesk

from modbot.console.cookies import BROWSER, SESSION
from modbot.console.signing_in import local
from modbot.domain import Role
from modbot.store import audit, people, sessions


def entries(desk: ConsoleDesk) -> list[tuple[str, str]]:
    with desk.store.read() as rx:
        return [(entry.who, entry.what) for entry in audit.listing(rx) if entry.what.startswith("session.")]


def test_name_and_password_lead_to_where_one_wanted_to_go(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    visitor = desk.visitor()
    sent_away = visitor.get("/account?from=chat")
    assert sent_away.headers["location"] == "/sign-in?after=/account%3Ffrom%3Dchat"
    assert 'value="/account?from=chat"' in visitor.get(sent_away.headers["location"]).text
    answer = sign_in(visitor, "ann", after="/account?from=chat")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?from=chat")
    assert "ann" in visitor.get("/account").text
    assert visitor.get("/sign-in").headers["location"] == "/", "who is in needs no form"
    assert entries(desk) == [("ann", "session.begun")]


@pytest.mark.parametrize(
    "typed", ["ANN", " ann ", "\uff41\uff4e\uff4e"], ids=["case", "blanks", "full width"]
)
def test_a_name_is_known_however_it_is_typed(desk: ConsoleDesk, typed: str) -> None:
    member(desk, "Ann")
    assert sign_in(desk.visitor(), typed).status_code == 303


@pytest.mark.parametrize(
    ("name", "password", "kept"),
    [("ann", "not the password", "ann"), ("nobody", PASSWORD, "-"), ("", "", "-")],
    ids=["wrong password", "unknown name", "nothing"],
)
def test_what_does_not_belong_together_is_refused_in_one_sentence(
    desk: ConsoleDesk, name: str, password: str, kept: str
) -> None:
    member(desk, "ann")
    answer = sign_in(desk.visitor(), name, password)
    assert answer.status_code == 401
    assert "Name and password do not belong together." in answer.text
    assert SESSION not in answer.cookies
    assert entries(desk) == [(kept, "session.refused")], "a mistyped name may be a password"


def test_who_is_disabled_or_has_no_password_comes_in_by_none(desk: ConsoleDesk) -> None:
    gone = member(desk, "gone")
    desk.person("linked")
    with desk.store.write() as tx:
        people.disable(tx, gone, at=desk.now, by="test")
    assert [sign_in(desk.visitor(), name).status_code for name in ("gone", "linked")] == [401, 401]


def test_a_session_is_begun_anew_at_each_sign_in(desk: ConsoleDesk) -> None:
    """A secret that somebody had put there before (session fixation) is good for nothing after."""
    member(desk, "bob")
    ann = desk.person("ann")
    ann.http.cookies.set(BROWSER, "1.made-up")
    assert sign_in(ann.http, "bob").status_code == 303
    assert "bob" in ann.get("/account").text
    with desk.store.read() as rx:
        assert sessions.find(rx, ann.secret, now=desk.now) is None


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites_forms(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    told = sign_in(desk.visitor(), "ann").headers.get_list("set-cookie")
    [kept] = [cookie for cookie in told if cookie.startswith(f"{SESSION}=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=2592000"} <= set(kept.split("; "))
    assert "Secure" not in kept, "a browser would not send it back over http"


def test_who_signs_out_is_out_everywhere_that_this_cookie_went(desk: ConsoleDesk) -> None:
    ann = desk.person("ann")
    answer = ann.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    again = desk.visitor()
    again.cookies.set(SESSION, ann.secret)
    assert again.get("/").status_code == 303
    assert entries(desk) == [("ann", "session.ended")]


@pytest.mark.parametrize(
    ("after", "leads_to"),
    [
        ("/", "/"),
        ("/queue?label=spam&forum=city", "/queue?label=spam&forum=city"),
        ("", "/"),
        ("queue", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example/", "/"),
        ("/\n/evil.example/", "/"),
        (" //evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/%0d%0aset-cookie:x=1", "/%0d%0aset-cookie:x=1"),
        ("/queue\r\nset-cookie: x=1", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_console(after: str, leads_to: str) -> None:
    assert local(after) == leads_to


def test_a_sign_in_form_of_another_site_is_refused(desk: ConsoleDesk) -> None:
    """Who is signed in as somebody else without noticing works in their name."""
    member(desk, "mallory")
    visitor = desk.visitor()
    fields = {"name": "mallory", "password": PASSWORD, "after": "/"}
    assert visitor.post("/sign-in", data=fields).status_code == 403, "no mark"
    mark = form_mark_of(visitor.get("/sign-in"))
    assert desk.visitor().post("/sign-in", data={**fields, "csrf": mark}).status_code == 403, "another's mark"
    foreign = {"origin": "https://evil.example"}
    assert visitor.post("/sign-in", data={**fields, "csrf": mark}, headers=foreign).status_code == 403
    assert visitor.post("/sign-in", data={**fields, "csrf": mark}).status_code == 303


def test_a_password_kept_in_a_weak_way_is_kept_in_a_strong_way_from_its_next_use(desk: ConsoleDesk) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with desk.store.write() as tx:
        user = people.add(tx, "ann", Role.VIEWER, at=desk.now, made_by="test", password_hash=weak)
    assert sign_in(desk.visitor(), "ann").status_code == 303
    with desk.store.read() as rx:
        kept = people.password_hash(rx, user.id)
    assert kept is not None
    assert re.search(r"^\$argon2id\$.*m=64,", kept)
    assert sign_in(desk.visitor(), "ann").status_code == 303


def signed_in(desk: ConsoleDesk, name: str) -> httpx.Client:
    client = desk.visitor()
    assert sign_in(client, name).status_code == 303
    return client


def test_a_new_password_ends_the_other_sessions_and_no_token(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    here, elsewhere = signed_in(desk, "ann"), signed_in(desk, "ann")
    answer = change_password(here, current=PASSWORD, fresh="four words that differ")
    assert answer.status_code == 303
    assert (here.get("/").status_code, elsewhere.get("/").status_code) == (200, 303)
    assert sign_in(desk.visitor(), "ann").status_code == 401
    assert sign_in(desk.visitor(), "ann", "four words that differ").status_code == 303


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"current": "guessed wrongly", "fresh": "four words that differ"}, 403, "not your password so far"),
        ({"current": PASSWORD, "fresh": "short"}, 422, "at least 10 characters"),
        ({"current": PASSWORD, "fresh": "x" * 257}, 422, "at most 256 characters"),
        ({"current": PASSWORD, "fresh": "Qwertyuiop"}, 422, "Everybody tries this"),
        ({"current": PASSWORD, "fresh": "annabel jones"}, 422, "Everybody tries this"),
        ({"current": PASSWORD, "fresh": "1212121212121"}, 422, "Everybody tries this"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(
    desk: ConsoleDesk, fields: dict[str, str], status: int, told: str
) -> None:
    member(desk, "Annabel Jones")
    client = signed_in(desk, "Annabel Jones")
    answer = change_password(client, **fields)
    assert (answer.status_code, told in answer.text) == (status, True)
    assert sign_in(desk.visitor(), "Annabel Jones").status_code == 303


def change_password(client: httpx.Client, **fields: Any) -> httpx.Response:
    mark = form_mark_of(client.get("/account"))
    return client.post("/account/password", data={"csrf": mark, **fields})
