"""People with passwords, and the forms by which they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from console_desk import QUICK, ConsoleDesk

from modbot.console import create_app
from modbot.daemon.webserver import WebServer
from modbot.domain import Role
from modbot.store import people

PASSWORD = "a ladder in the rain"


def member(
    desk: ConsoleDesk, name: str, role: Role = Role.MODERATOR, password: str = PASSWORD
) -> people.User:
    """Somebody with a password who is signed in nowhere."""
    kept = QUICK.kept(password)
    with desk.store.write() as tx:
        return people.add(tx, name, role, at=desk.now, made_by="test", password_hash=kept)


def form_mark_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(
    client: httpx.Client, name: str, password: str = PASSWORD, *, after: str = "/", **options: Any
) -> httpx.Response:
    """Fill the form of the sign-in page, and send it; also where a session is there already."""
    known = client.get("/sign-in", **options)
    page = known if known.status_code == 200 else client.get("/link/none", **options)
    fields = {"csrf": form_mark_of(page), "name": name, "password": password, "after": after}
    return client.post("/sign-in", data=fields, **options)


@contextmanager
def served_as(desk: ConsoleDesk, console_settings: str) -> Iterator[str]:
    """The desk's console once more, with these lines in ``[console]``; answers its address."""
    desk.told = f"[console]\n{console_settings}"
    proxies = [str(network) for network in desk.loaded().settings.console.trusted_proxies]
    app = create_app(desk.house(), passwords=QUICK)
    with WebServer(app, listen="127.0.0.1:0", proxies=proxies) as server:
        yield server.url.rstrip("/")
