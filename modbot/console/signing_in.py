"""Coming in and going: passwords, one-time links, sessions."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.accounts import passwords
from modbot.console import cookies
from modbot.console.context import console_of
from modbot.console.fences import address_of
from modbot.console.visitors import Visitor
from modbot.errors import ModbotError
from modbot.store import audit, links, people, sessions
from modbot.store.people import User

LONGEST_NAME = 200


class WrongPassword(ModbotError):
    """Name and password do not belong together."""

    code = "error.console.wrong_password"


class DeadLink(ModbotError):
    """A sign-in link was used, is too old, or never was one."""

    code = "error.console.dead_link"


def by_password(request: Request, name: str, password: str) -> str:
    """The secret of a new session. Raises WrongPassword, and TooMany
    before anything is looked at."""
    console = console_of(request)
    address, key = address_of(request.scope), people.key_of(name)[:LONGEST_NAME]
    with console.house.store.read() as rx:
        user = people.find(rx, name)
        kept = None if user is None or user.disabled_at else people.password_hash(rx, user.id)
        browser = _browser(rx, request, user)
    console.throttle.try_to_sign_in(name=key, address=address, browser=browser)
    checked = console.passwords.check(kept, password)
    if user is None or not checked.is_right:
        _note_failure(request, user)
        raise WrongPassword()
    console.throttle.signed_in(name=key, browser=browser)
    with console.house.store.write() as tx:
        if checked.fresh is not None:
            people.keep_hash(tx, user.id, checked.fresh)
        return _begin(tx, request, user, how="password")


def by_link(request: Request, link: str, password: str) -> str:
    """As :func:`by_password`, by a one-time link; ``password`` is their new one, empty for none.
    Raises DeadLink, TooMany, and UsageError for a password that will not do: then the link is
    as it was."""
    console = console_of(request)
    store, now = console.house.store, console.house.now()
    console.throttle.try_link(address=address_of(request.scope))
    with store.read() as rx:
        invited = links.find(rx, link, now=now)
    if invited is None:
        raise DeadLink()
    if password:
        passwords.accept(password, name=invited.name)
    kept = console.passwords.kept(password) if password else None
    with store.write() as tx:
        user = links.spend(tx, link, now=now)
        if user is None:
            raise DeadLink()
        if kept is not None:
            people.set_password(tx, user, kept, at=now, by=user.name)
            sessions.end_all(tx, user.id, at=now)
        return _begin(tx, request, user, how="link")


def welcome(request: Request, secret: str, *, after: str) -> Response:
    """To where they wanted to go, with the session's cookie, and that of a known browser."""
    console = console_of(request)
    answer = RedirectResponse(f"{console.prefix}{local(after)}", 303)
    lasts = timedelta(days=console.house.loaded().settings.console.session_days)
    cookies.keep(request, answer, cookies.SESSION, secret, lasts=lasts)
    with console.house.store.read() as rx:
        found = sessions.find(rx, secret, now=console.house.now())
    if found is not None:
        session, _ = found
        known = f"{session.id}.{_browser_mark(sessions.digest_of(secret))}"
        cookies.keep(request, answer, cookies.BROWSER, known, lasts=cookies.KEPT_BROWSER)
    cookies.drop(request, answer, cookies.FORM)
    return answer


def leave(request: Request, visitor: Visitor) -> Response:
    """End this session."""
    console = console_of(request)
    now = console.house.now()
    if visitor.session_id is not None:
        with console.house.store.write() as tx:
            sessions.end(tx, visitor.session_id, at=now)
            details = {"session": visitor.session_id, "user": visitor.user.id}
            audit.add(tx, audit.Entry(now, visitor.name, "session.ended", details=details))
    answer = RedirectResponse(f"{console.prefix}/sign-in", 303)
    cookies.drop(request, answer, cookies.SESSION)
    return answer


def local(after: str) -> str:
    """``after`` when it is a path of this console, else its beginning. A browser takes ``//host``
    and ``/\\host`` for other sites, and drops line breaks before it looks."""
    found = urlsplit(after) if after.isprintable() and "\\" not in after and " " not in after else None
    if found is None or found.scheme or found.netloc or not after.startswith("/") or after.startswith("//"):
        return "/"
    return after


def _begin(tx: Connection, request: Request, user: User, *, how: str) -> str:
    """A new session, always: one that was there before may be somebody else's doing."""
    house = console_of(request).house
    now, secret = house.now(), secrets.token_urlsafe(32)
    former = sessions.find(tx, cookies.read(request, cookies.SESSION), now=now)
    if former is not None:
        sessions.end(tx, former[0].id, at=now)
    session_id = sessions.begin(
        tx,
        user.id,
        secret,
        at=now,
        until=now + timedelta(days=house.loaded().settings.console.session_days),
        address=address_of(request.scope),
        agent=request.headers.get("user-agent", ""),
    )
    details = {"session": session_id, "user": user.id, "how": how, "address": address_of(request.scope)}
    audit.add(tx, audit.Entry(now, user.name, "session.begun", details=details))
    return secret


def _note_failure(request: Request, user: User | None) -> None:
    """What was typed for a name is not kept: at times it is a password."""
    house = console_of(request).house
    details = {"user": user.id if user else None, "address": address_of(request.scope)}
    with house.store.write() as tx:
        audit.add(
            tx, audit.Entry(house.now(), user.name if user else "-", "session.refused", details=details)
        )


def _browser(rx: Connection, request: Request, user: User | None) -> int | None:
    """The number of the session by which ``user`` was signed in in this browser before."""
    number, _, mark = cookies.read(request, cookies.BROWSER).partition(".")
    if user is None or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = sessions.of_browser(rx, int(number))
    if found is None or found[0] != user.id:
        return None
    return int(number) if hmac.compare_digest(mark.encode(), _browser_mark(found[1]).encode()) else None


def _browser_mark(digest: str) -> str:
    return hmac.new(digest.encode(), b"known browser", sha256).hexdigest()
