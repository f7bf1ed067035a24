"""What every request passes, and what every answer carries."""

from __future__ import annotations

import socket

import httpx
import pytest
from access_support import PASSWORD, form_mark_of, member, served_as, sign_in
from console_desk import ConsoleDesk, Person
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from modbot.console import create_app
from modbot.console.cookies import SESSION
from modbot.console.fences import (
    HEADERS,
    LONGEST_BODY,
    LONGEST_HEAD,
    is_own_host,
    is_own_origin,
    without_prefix,
)
from modbot.console.throttle import ASKED_BY_ADDRESS, ASKED_BY_VISITOR, key_of_address
from modbot.daemon.webserver import WebServer
from modbot.store import sessions

LOCAL = ("127.0.0.1", 8321)
NAMES = frozenset({"mod.example.com", "bot.lan"})
THIS_PAGE = ""
"""A link by which a page is asked for again, wherever it was found."""


@pytest.mark.parametrize(
    ("host", "server", "is_ours"),
    [
        ("mod.example.com", LOCAL, True),
        ("MOD.example.com:443", LOCAL, True),
        ("mod.example.com.", LOCAL, True),
        ("bot.lan:8321", LOCAL, True),
        ("127.0.0.1:8321", LOCAL, True),
        ("localhost:8321", LOCAL, True),
        ("localhost:8321", ("192.168.1.9", 8321), False),
        ("192.168.1.9:8321", ("192.168.1.9", 8321), True),
        ("[::1]:8321", ("::1", 8321), True),
        ("127.0.0.1", ("192.168.1.9", 8321), False),
        ("evil.example", LOCAL, False),
        ("mod.example.com.evil.example", LOCAL, False),
        ("evil.example:mod.example.com", LOCAL, False),
        ("127.0.0.1.evil.example", LOCAL, False),
        ("", LOCAL, False),
        ("mod.example.com@evil.example", LOCAL, False),
    ],
)
def test_only_its_own_names_reach_the_console(host: str, server: tuple[str, int], is_ours: bool) -> None:
    assert is_own_host(host, NAMES, server) is is_ours


@given(st.text())
def test_no_other_name_does(name: str) -> None:
    assert not is_own_host(f"evil{name}", NAMES, LOCAL)


def test_another_name_that_points_here_is_told_nothing(desk: ConsoleDesk) -> None:
    ann = desk.person()
    answer = ann.get("/", headers={"host": "evil.example"})
    assert (answer.status_code, "hosts" in answer.text) == (421, True)
    assert "Queue" not in answer.text


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://mod.example.com"}, False),
        ({"origin": "https://mod.example.com"}, True),
        ({"origin": "http://10.0.0.7:8321"}, True),
        ({"origin": "https://mod.example.com:8443"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://mod.example.com.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "javascript://mod.example.com"}, False),
    ],
)
def test_only_our_own_pages_change_anything(headers: dict[str, str], is_ours: bool) -> None:
    told = Headers({"host": "10.0.0.7:8321", **headers})
    assert is_own_origin(told, "https://mod.example.com/bot") is is_ours


@pytest.mark.parametrize("mark", [None, "", "0" * 64], ids=["none", "empty", "wrong"])
def test_a_form_without_this_sessions_mark_changes_nothing(desk: ConsoleDesk, mark: str | None) -> None:
    ann = desk.person()
    data = {"language": "zh"} | ({} if mark is None else {"csrf": mark})
    answer = ann.http.post("/account/language", data=data)
    assert (answer.status_code, "form is out of date" in answer.text) == (403, True)
    assert ann.post("/account/language", language="zh").status_code == 303


def test_the_mark_of_another_session_is_none(desk: ConsoleDesk) -> None:
    ann, bob = desk.person("ann"), desk.person("bob")
    answer = ann.http.post("/account/language", data={"language": "zh", "csrf": bob.csrf})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/account", 200),
        ("/nowhere", 404),
        ("/api/me", 200),
        ("/link/none", 200),
        ("/api/openapi.json", 200),
        ("/static/console.css", 200),
        ("/static/none.js", 404),
    ],
)
def test_every_answer_carries_the_headers_that_keep_it_safe(
    desk: ConsoleDesk, path: str, status: int
) -> None:
    answer = desk.person().get(path)
    assert answer.status_code == status
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "server" not in answer.headers
    assert "'unsafe" not in answer.headers["content-security-policy"]


def test_the_answer_to_a_defect_does_so_too_and_tells_nothing_of_it(desk: ConsoleDesk) -> None:
    app = create_app(desk.house())
    app.add_api_route("/broken", lambda: 1 // 0)
    with WebServer(app, listen="127.0.0.1:0") as server:
        answer = httpx.get(f"{server.url}broken", trust_env=False)
    assert answer.status_code == 500
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "ZeroDivisionError" not in answer.text
    assert "defect of modbot" in answer.text


def test_pages_are_not_kept_and_static_files_are_by_their_version(desk: ConsoleDesk) -> None:
    ann = desk.person()
    page = ann.get("/")
    assert page.headers["cache-control"] == "no-store"
    [address] = [part.split('"')[0] for part in page.text.split('href="') if "console.css" in part]
    style = ann.get(address)
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ann.get("/static/console.css?old").headers["cache-control"] == "no-cache"
    unchanged = ann.get("/static/console.css", headers={"if-none-match": style.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, "no-cache")
    assert ann.get("/static/../app.py").status_code == 404
    assert ann.get("/static/none.css").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "in chunks"])
def test_more_than_a_form_ever_holds_is_not_taken_in(desk: ConsoleDesk, is_chunked: bool) -> None:
    ann = desk.person()
    body = f"csrf={ann.csrf}&language=".encode() + b"z" * LONGEST_BODY
    content = iter([body[:1000], body[1000:]]) if is_chunked else body
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = ann.http.post("/account/language", content=content, headers=headers)
    assert answer.status_code == 413
    assert ann.get("/account").status_code == 200


def test_a_form_in_chunks_is_taken_in_whole(desk: ConsoleDesk) -> None:
    ann = desk.person()
    body = f"csrf={ann.csrf}&language=zh".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    pieces = iter([body[:10], body[10:20], body[20:]])
    answer = ann.http.post("/account/language", content=pieces, headers=headers)
    assert answer.status_code == 303


def test_headers_without_end_are_cut_off(desk: ConsoleDesk) -> None:
    ann = desk.person()
    answer = ann.get("/account", headers={"x-long": "x" * (2 * LONGEST_HEAD)})
    assert answer.status_code == 431


def test_a_visitor_who_asks_without_end_is_told_when_to_come_again(desk: ConsoleDesk) -> None:
    ann, bob = desk.person("ann"), desk.person("bob")
    app = create_app(desk.house())
    visitor = f"session {session_of(desk, ann)}"
    for _ in range(ASKED_BY_VISITOR.amount):
        app.state.console.throttle.visit(visitor)
    with WebServer(app, listen="127.0.0.1:0") as server:
        answer, others = (
            httpx.get(f"{server.url}api/me", cookies={SESSION: who.secret}, trust_env=False)
            for who in (ann, bob)
        )
    assert (answer.status_code, 0 < int(answer.headers["retry-after"]) <= 60) == (429, True)
    assert others.status_code == 200


def test_an_address_that_asks_without_end_gets_no_page(desk: ConsoleDesk) -> None:
    app = create_app(desk.house())
    for _ in range(ASKED_BY_ADDRESS.amount):
        app.state.console.throttle.ask(address="127.0.0.1")
    with WebServer(app, listen="127.0.0.1:0") as server:
        answer = httpx.get(f"{server.url}sign-in", trust_env=False)
    assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (429, True)
    assert HEADERS.items() <= dict(answer.headers).items()


def session_of(desk: ConsoleDesk, person: Person) -> int:
    with desk.store.read() as rx:
        found = sessions.find(rx, person.secret, now=desk.now)
    assert found is not None
    return found[0].id


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_whoever_has_a_network_is_one_visitor(address: str, key: str) -> None:
    assert key_of_address(address) == key


@pytest.mark.parametrize(
    ("path", "prefix", "left"),
    [
        ("/bot/queue", "/bot", "/queue"),
        ("/bot/", "/bot", "/"),
        ("/bot", "/bot", "/"),
        ("/queue", "/bot", "/queue"),
        ("/botany", "/bot", "/botany"),
        ("/queue", "", "/queue"),
        ("/bot/bot/x", "/bot", "/bot/x"),
        ("/a/b/queue", "/a/b", "/queue"),
    ],
)
def test_a_proxy_may_strip_the_prefix_or_leave_it(path: str, prefix: str, left: str) -> None:
    assert without_prefix({"path": path}, prefix)["path"] == left


@pytest.mark.parametrize("given", ["/bot", ""], ids=["left", "stripped"])
def test_under_a_prefix_every_address_has_it(desk: ConsoleDesk, given: str) -> None:
    member(desk, "ann")
    with (
        served_as(desk, 'url = "https://mod.example.com/bot"') as url,
        httpx.Client(base_url=url, trust_env=False, headers={"host": "mod.example.com"}) as client,
    ):
        sent_away = client.get(f"{given}/account")
        assert sent_away.headers["location"] == "/bot/sign-in?after=/account"
        page = client.get(f"{given}/sign-in?after=/account")
        links = [part.split('"')[0] for part in page.text.split('href="')[1:]]
        assert all(link.startswith(("/bot/", "#")) or link == THIS_PAGE for link in links), links
        assert 'action="/bot/sign-in"' in page.text
        mark = page.headers["set-cookie"]
        assert mark.startswith("__Secure-modbot_form=")
        cookie = {"cookie": mark.partition(";")[0]}
        fields = {"csrf": form_mark_of(page), "name": "ann", "password": PASSWORD, "after": "/account"}
        answer = client.post(f"{given}/sign-in", data=fields, headers=cookie)
        assert (answer.status_code, answer.headers["location"]) == (303, "/bot/account")
        [kept] = [told for told in answer.headers.get_list("set-cookie") if "modbot_session" in told]
        assert kept.startswith("__Secure-modbot_session=")
        assert {"Secure", "Path=/bot"} <= set(kept.split("; "))


def test_over_https_no_neighbour_can_slip_in_a_session(desk: ConsoleDesk) -> None:
    """Only the console itself can set a cookie of such a name; what has a plain one is not looked at."""
    ann = desk.person()
    with served_as(desk, 'url = "https://mod.example.com"') as url:
        own = {"host": "mod.example.com"}
        with_plain = {**own, "cookie": f"modbot_session={ann.secret}"}
        assert httpx.get(f"{url}/account", headers=with_plain, trust_env=False).status_code == 303
        with_marked = {**own, "cookie": f"__Host-modbot_session={ann.secret}"}
        assert httpx.get(f"{url}/account", headers=with_marked, trust_env=False).status_code == 200


def test_a_trusted_proxy_is_believed_that_visitors_come_by_https(desk: ConsoleDesk) -> None:
    for trusted, cookie in (('["127.0.0.1"]', "__Host-modbot_form"), ("[]", "modbot_form")):
        with served_as(desk, f"trusted_proxies = {trusted}") as url:
            answer = httpx.get(f"{url}/sign-in", headers={"x-forwarded-proto": "https"}, trust_env=False)
        assert answer.headers["set-cookie"].startswith(f"{cookie}=")


def test_a_request_without_a_host_is_refused(desk: ConsoleDesk) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(b"GET /sign-in HTTP/1.0\r\n\r\n")
        assert b" 421 " in line.recv(100)


def test_who_guesses_is_slowed_down_and_the_owner_is_not_kept_out(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    known = desk.visitor()
    assert sign_in(known, "ann").status_code == 303
    guesses = [sign_in(desk.visitor(), "ann", f"guess number {n}").status_code for n in range(11)]
    assert guesses == [401] * 10 + [429]
    late = sign_in(desk.visitor(), "ann")
    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)
    assert sign_in(known, "ann").status_code == 303, "a browser that she was signed in with before"
    assert sign_in(desk.visitor(), "bob", "who is bob, then").status_code == 401, "another name"


def test_no_forged_header_makes_a_guesser_somebody_else(desk: ConsoleDesk) -> None:
    """Each guess says that it comes from elsewhere; the console believes the line that it came by."""
    with httpx.Client(base_url=desk.url, trust_env=False) as client:
        statuses = [
            sign_in(client, f"name{n}", headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code
            for n in range(42)
        ]
    assert statuses == [401] * 40 + [429] * 2


def test_behind_a_trusted_proxy_one_guesser_keeps_nobody_else_out(desk: ConsoleDesk) -> None:
    member(desk, "ann")
    with (
        served_as(desk, 'trusted_proxies = ["127.0.0.0/8"]') as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        statuses = []
        for n in range(42):  # what the guesser forges stands before what the proxy saw
            seen = {"x-forwarded-for": f"198.51.100.{n}, 203.0.113.66"}
            statuses.append(sign_in(client, f"name{n}", headers=seen).status_code)
        assert statuses == [401] * 40 + [429] * 2
        assert sign_in(client, "ann", headers={"x-forwarded-for": "203.0.113.67"}).status_code == 303
