"""The console beside the daemon: what it is lent, and where it listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modbot import console
from modbot.accounts import invitations
from modbot.daemon import models, overlaying, rulebook, trying, wiring
from modbot.daemon.health.status import Status, as_object
from modbot.daemon.house import Clock
from modbot.daemon.inhouse import Moderator
from modbot.daemon.trying import Desks
from modbot.daemon.webserver import WebServer
from modbot.domain import Reply, VerdictSource
from modbot.moderation import changing
from modbot.moderation.trying import Found, Tried
from modbot.policy import PolicyBook
from modbot.settings import Loaded
from modbot.store.engine import Store

CONNECTIONS = 256
WHO = "modbot"


@dataclass(frozen=True, slots=True)
class House:
    """What a running daemon lends to its console. ``current`` answers the settings in force;
    ``take_up`` hears that others were chosen, or another model; ``desks`` are the forums at
    work in this process, if any are."""

    store: Store
    current: Callable[[], Loaded]
    clock: Clock
    look: Callable[[], Status]
    take_up: Callable[[], None] = lambda: None
    desks: Desks | None = None

    def now(self) -> datetime:
        return self.clock()

    def loaded(self) -> Loaded:
        return self.current()

    def moderator(self, who: str) -> Moderator:
        return Moderator(
            loaded=self.current(),
            store=self.store,
            who=who,
            clock=self.clock,
            source=VerdictSource.CONSOLE,
        )

    def status(self) -> Mapping[str, Any]:
        return as_object(self.look())

    def adopt(self, wishes: Mapping[str, Any], *, who: str, seen: int) -> None:
        loaded, now = self.current(), self.clock()
        changing.change(self.store, loaded, wishes, who=who, now=now, check=overlaying.check, seen=seen)
        self.take_up()

    def revert(self, change_id: int, *, who: str) -> None:
        loaded, now = self.current(), self.clock()
        changing.revert(self.store, loaded, change_id, who=who, now=now, check=overlaying.check)
        self.take_up()

    def assess(self, reply: Reply) -> Tried:
        return trying.assess(self.current(), self.store, self.desks, reply, now=self.clock())

    def read_post(self, where: str, *, forum: str) -> Found:
        return trying.read_post(self.current(), self.store, self.desks, where, forum)

    def promote(self, version: str, *, who: str) -> None:
        models.promote(self.current(), self.store, version, who=who, at=self.clock())
        self.take_up()

    def policy_book(self, loaded: Loaded) -> PolicyBook:
        thresholds = models.load_detector(loaded).manifest.thresholds
        return wiring.policy_book(loaded, thresholds, rules=rulebook.load_rules(loaded).digest)


@dataclass(frozen=True, slots=True)
class FirstVisit:
    """Nobody has ever been in the console of this installation. ``link`` lets the admin ``name``
    in; it is empty where nobody sits at the terminal, which may be a log."""

    name: str
    link: str


def first_visit(house: House, address: str, *, to_terminal: bool) -> FirstVisit | None:
    """Whom to let in first, and how; None as soon as anybody ever was in. ``address``: where
    the console listens."""
    with house.store.write() as tx:
        user = invitations.first_user(tx, at=house.now(), by=WHO)
        if user is None:
            return None
        base = house.loaded().settings.console.url or address
        link = invitations.invite(tx, user, base=base, at=house.now(), by=WHO) if to_terminal else ""
    return FirstVisit(user.name, link)


@contextmanager
def open_for_moderators(house: House) -> Iterator[str]:
    """Serve the console while inside; answers its address, empty when there is to be none.
    Raises SettingsError when it cannot listen."""
    chosen = house.loaded().settings.console
    if not chosen.listen:
        yield ""
        return
    with WebServer(
        console.create_app(house),
        listen=chosen.listen,
        key="console.listen",
        proxies=[str(network) for network in chosen.trusted_proxies],
        connections=CONNECTIONS,
    ) as server:
        yield server.url
