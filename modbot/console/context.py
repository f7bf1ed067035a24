"""What a request finds: the console that it came to, in its language and under its prefix."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jinja2
from starlette.requests import Request

from modbot import i18n
from modbot.accounts.passwords import Passwords
from modbot.console.house import House
from modbot.console.throttle import Throttle
from modbot.console.turns import Turns
from modbot.domain import Role

LANGUAGE = "modbot_language"
"""The cookie with the language that was chosen in a browser."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """``code`` is that of its name; ``role`` who sees it."""

    path: str
    code: str
    role: Role


@dataclass(frozen=True, slots=True)
class Console:
    """One application's own things. ``styles`` marks the version of the static files, ``turns``
    bound what visitors try."""

    house: House
    templates: jinja2.Environment
    styles: str
    menu: tuple[MenuEntry, ...]
    passwords: Passwords
    turns: Turns = field(default_factory=Turns)
    throttle: Throttle = field(default_factory=Throttle)

    @property
    def prefix(self) -> str:
        """The path under which a proxy shows the console; empty without one."""
        return urlsplit(self.house.loaded().settings.console.url).path.rstrip("/")


def console_of(request: Request) -> Console:
    found: Console = request.app.state.console
    return found


def language_of(request: Request, chosen: str | None = None) -> str:
    """``en`` or ``zh``: what was chosen in this browser, else what the user chose for all of them,
    else the first that it asks for, else the installation's."""
    for wanted in (request.cookies.get(LANGUAGE), chosen):
        if wanted in i18n.LANGUAGES:
            return wanted
    for wanted in request.headers.get("accept-language", "").split(","):
        short = wanted.strip().partition(";")[0].partition("-")[0].lower()
        if short in i18n.LANGUAGES:
            return short
    fixed = console_of(request).house.loaded().settings.language
    return "zh" if fixed == "auto" else fixed
