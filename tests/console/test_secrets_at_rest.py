"""Of passwords, sessions, links and tokens the database keeps digests: who reads a copy of it comes
in by none of them."""

from __future__ import annotations

import re

from access_support import PASSWORD, form_mark_of, member, sign_in
from console_desk import ConsoleDesk

from modbot.accounts import invitations
from modbot.console.cookies import BROWSER, SESSION


def test_no_secret_stands_in_the_database_or_beside_it(desk: ConsoleDesk) -> None:
    ann = member(desk, "ann")
    with desk.store.write() as tx:
        link = invitations.invite(tx, ann, base=desk.url, at=desk.now, by="test").rpartition("/")[2]
    client = desk.visitor()
    assert sign_in(client, "ann").status_code == 303
    assert sign_in(desk.visitor(), "ann", "the right horse wrongly").status_code == 401
    mark = form_mark_of(client.get("/account"))
    page = client.post("/account/tokens", data={"csrf": mark, "name": "a program"})
    found = re.search(r"modbot_[\w-]{20,}", page.text)
    assert found
    secrets = {
        "password": PASSWORD,
        "wrong password": "the right horse wrongly",
        "link": link,
        "token": found[0],
        "session": client.cookies[SESSION],
        "known browser": client.cookies[BROWSER].partition(".")[2],
        "form": mark,
    }
    kept = b"".join(file.read_bytes() for file in desk.folder.iterdir() if file.is_file())
    assert b"ann" in kept
    assert [name for name, secret in secrets.items() if secret.encode() in kept] == []
    answer = desk.visitor().get("/api/me", headers={"authorization": f"Bearer {found[0]}"})
    assert answer.json()["name"] == "ann", "it is a token"
