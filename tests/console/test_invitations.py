"""One-time links: for the first who comes, and for whoever has no password."""

from __future__ import annotations

import re

import httpx
import pytest
from access_support import PASSWORD, form_mark_of, member, served_as, sign_in
from console_desk import ConsoleDesk

from modbot.accounts import invitations
from modbot.console.cookies import SESSION
from modbot.daemon import consoling
from modbot.domain import Role
from modbot.store import people, sessions


def link_for(desk: ConsoleDesk, user: people.User) -> str:
    """The path of a link that signs them in."""
    with desk.store.write() as tx:
        address = invitations.invite(tx, user, base=desk.url, at=desk.now, by="test")
    return address.removeprefix(desk.url)


def use(client: httpx.Client, link: str, password: str = "") -> httpx.Response:
    return client.post(link, data={"csrf": form_mark_of(client.get(link)), "password": password})


def test_a_link_signs_in_once(desk: ConsoleDesk) -> None:
    link = link_for(desk, member(desk, "ann"))
    client = desk.visitor()
    answer = use(client, link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "ann" in client.get("/account").text
    again = use(desk.visitor(), link)
    assert (again.status_code, "used already" in again.text) == (404, True)


def test_to_look_at_a_link_spends_nothing_and_tells_nothing(desk: ConsoleDesk) -> None:
    """A chat shows a preview of each link that is sent: it asks for the page, and sends no form."""
    link = link_for(desk, member(desk, "Kunigunde Ödipus"))
    looked = [desk.visitor().request(method, link) for method in ("GET", "HEAD", "GET")]
    assert SESSION not in " ".join(answer.headers.get("set-cookie", "") for answer in looked)
    assert "Kunigunde" not in looked[0].text
    assert mask(looked[0].text) == mask(desk.visitor().get("/link/none").text)
    assert use(desk.visitor(), link).status_code == 303


def mask(page: str) -> str:
    """Without what differs from link to link and from browser to browser."""
    return re.sub(r"/link/[\w-]+|[0-9a-f]{64}", "", page)


def test_a_link_is_good_for_ten_minutes(desk: ConsoleDesk) -> None:
    link = link_for(desk, member(desk, "ann"))
    desk.later(minutes=10)
    assert use(desk.visitor(), link).status_code == 404


def test_a_newer_link_voids_the_former_and_a_disabled_user_has_none(desk: ConsoleDesk) -> None:
    ann = member(desk, "ann")
    former, newer = link_for(desk, ann), link_for(desk, ann)
    assert use(desk.visitor(), former).status_code == 404
    with desk.store.write() as tx:
        people.disable(tx, ann, at=desk.now, by="test")
    assert use(desk.visitor(), newer).status_code == 404


def test_whoever_comes_by_a_link_may_choose_a_password_and_ends_the_other_sessions(desk: ConsoleDesk) -> None:
    ann = member(desk, "ann")
    elsewhere = desk.visitor()
    sign_in(elsewhere, "ann")
    link = link_for(desk, ann)
    short = use(desk.visitor(), link, "short")
    assert (short.status_code, "at least 10 characters" in short.text) == (422, True)
    assert use(desk.visitor(), link, "four words that differ").status_code == 303, "it was not spent"
    assert elsewhere.get("/").status_code == 303
    assert sign_in(desk.visitor(), "ann").status_code == 401
    assert sign_in(desk.visitor(), "ann", "four words that differ").status_code == 303


def test_a_link_from_another_sites_form_is_not_spent(desk: ConsoleDesk) -> None:
    link = link_for(desk, member(desk, "ann"))
    client = desk.visitor()
    mark = form_mark_of(client.get(link))
    foreign = client.post(link, data={"csrf": mark}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert desk.visitor().post(link).status_code == 403
    assert use(client, link).status_code == 303


def test_links_are_not_guessed_at_for_ever(desk: ConsoleDesk) -> None:
    client = desk.visitor()
    mark = form_mark_of(client.get("/link/none"))
    statuses = [client.post(f"/link/{n}", data={"csrf": mark}).status_code for n in range(41)]
    assert statuses == [404] * 40 + [429]


def test_the_first_who_comes_is_made_an_admin_and_is_asked_in_until_somebody_came(desk: ConsoleDesk) -> None:
    house = desk.house()
    first = consoling.first_visit(house, desk.url, to_terminal=True)
    assert first is not None
    assert first.link.startswith(f"{desk.url}/link/")
    desk.later(minutes=11)
    newer = consoling.first_visit(house, desk.url, to_terminal=True)
    assert newer is not None
    assert newer.link != first.link
    with desk.store.read() as rx:
        assert [(user.name, user.role) for user in people.listing(rx)] == [("admin", Role.ADMIN)]
    client = desk.visitor()
    assert use(client, first.link).status_code == 404
    assert use(client, newer.link).status_code == 303
    assert consoling.first_visit(house, desk.url, to_terminal=True) is None


@pytest.mark.parametrize("how", ["password", "session"])
def test_whoever_can_come_in_already_needs_no_first_link(desk: ConsoleDesk, how: str) -> None:
    if how == "password":
        member(desk, "ann", Role.ADMIN)
    else:
        desk.person("ann")
    assert consoling.first_visit(desk.house(), desk.url, to_terminal=True) is None


def test_an_admin_without_a_password_is_the_first_to_be_asked_in(desk: ConsoleDesk) -> None:
    with desk.store.write() as tx:
        people.add(tx, "bao", Role.ADMIN, at=desk.now, made_by="init")
    first = consoling.first_visit(desk.house(), desk.url, to_terminal=True)
    assert first is not None
    assert first.name == "bao"


def test_the_first_link_leads_to_the_address_that_people_use(desk: ConsoleDesk) -> None:
    with served_as(desk, 'url = "https://mod.example.com/bot"'):
        first = consoling.first_visit(desk.house(), desk.url, to_terminal=True)
    assert first is not None
    assert first.link.startswith("https://mod.example.com/bot/link/")


def test_where_there_is_no_terminal_no_link_is_made(desk: ConsoleDesk) -> None:
    first = consoling.first_visit(desk.house(), desk.url, to_terminal=False)
    assert first == consoling.FirstVisit("admin", "")


def test_a_session_by_link_is_like_any_other(desk: ConsoleDesk) -> None:
    ann = member(desk, "ann")
    client = desk.visitor()
    use(client, link_for(desk, ann))
    with desk.store.read() as rx:
        [session] = sessions.listing(rx, now=desk.now, user_id=ann.id)
    assert (session.address, session.agent.startswith("python-httpx")) == ("127.0.0.1", True)
    assert PASSWORD not in client.get("/account").text
