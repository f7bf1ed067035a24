"""A real console on a real port, over a store that a test fills."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import httpx
from argon2 import PasswordHasher
from moderation_room import Room

from modbot import console
from modbot.accounts.passwords import Passwords
from modbot.console.cookies import SESSION
from modbot.console.visitors import csrf_of
from modbot.daemon import consoling
from modbot.daemon.health.status import Status
from modbot.daemon.webserver import WebServer
from modbot.domain import EVERYWHERE, Role, Scope
from modbot.store import people, sessions

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
"""Passwords that take no time, and would not be safe."""


@dataclass
class Person:
    """Somebody signed in: ``http`` carries their cookie, ``csrf`` belongs into their forms."""

    http: httpx.Client
    csrf: str
    user: people.User
    secret: str

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form, as a page of the console would."""
        return self.http.post(path, data={"csrf": self.csrf, **fields})


@dataclass
class ConsoleDesk(Room):
    """A room whose flags are decided about in the console."""

    server: WebServer = field(init=False)
    clients: list[httpx.Client] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.server = WebServer(console.create_app(self.house(), passwords=QUICK), listen="127.0.0.1:0")
        self.server.start()
        return self

    def restart(self, house: consoling.House) -> None:
        """Serve the console of another house from now on."""
        self.server.stop()
        self.server = WebServer(console.create_app(house), listen="127.0.0.1:0")
        self.server.start()

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        self.server.stop()

    @property
    def url(self) -> str:
        return self.server.url.rstrip("/")

    def house(self) -> consoling.House:
        return consoling.House(self.store, self.loaded, lambda: self.now, self.look)

    def look(self) -> Status:
        return Status(self.now, "0", self.store.url, "", "")

    def visitor(self) -> httpx.Client:
        """A browser that nobody is signed in with."""
        client = httpx.Client(base_url=self.url, headers={"accept-language": "en"}, trust_env=False)
        self.clients.append(client)
        return client

    def person(self, name: str = "ann", role: Role = Role.MODERATOR, *, scope: Scope = EVERYWHERE) -> Person:
        """Somebody who is signed in; another browser when there is one of that name."""
        secret = secrets.token_urlsafe(32)
        until = self.now + timedelta(days=30)
        with self.store.write() as tx:
            user = people.find(tx, name) or people.add(
                tx, name, role, at=self.now, made_by="test", scope=scope
            )
            sessions.begin(tx, user.id, secret, at=self.now, until=until)
        client = self.visitor()
        client.cookies.set(SESSION, secret)
        return Person(client, csrf_of(secret), user, secret)

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now
