"""``users``: the people of the console, from the terminal of the machine that it runs on."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence

import click
from sqlalchemy import Connection

from modbot.accounts import invitations, passwords, places
from modbot.accounts.passwords import Passwords
from modbot.cli.base import Group, Session, command, harmless, option
from modbot.daemon.house import open_store, utc_now
from modbot.domain import Role
from modbot.errors import StoreError, UsageError
from modbot.store import people, sessions
from modbot.store.people import User


def register(root: click.Group) -> None:
    @root.group("users", cls=Group)
    def group() -> None:
        pass

    _register_add(group)
    _register_passwd(group)
    _register_list(group)
    _register_disable(group)
    _register_link(group)


def _register_add(group: click.Group) -> None:
    @command(group, "add")
    @click.argument("name")
    @option("--role", type=click.Choice([role.value for role in Role]), default=Role.MODERATOR.value)
    @option("--place", multiple=True)
    @option("--password-stdin", is_flag=True)
    @option("--link", is_flag=True)
    def add(
        session: Session, name: str, role: str, place: Sequence[str], password_stdin: bool, link: bool
    ) -> None:
        chosen = places.understood(" ".join(place), tuple(session.loaded.settings.forums))
        password = "" if link else ask_password(session, name, from_stdin=password_stdin)
        kept = Passwords().kept(password) if password else None
        at, by = utc_now(), getpass.getuser()
        with open_store(session.loaded) as store, store.write() as tx:
            user = people.add(tx, name, Role(role), at=at, made_by=by, scope=chosen, password_hash=kept)
            address = "" if kept else _invite(session, tx, user)
        _tell(session, user, "users.added", address)


def _register_passwd(group: click.Group) -> None:
    @command(group, "passwd")
    @click.argument("name")
    @option("--password-stdin", is_flag=True)
    def passwd(session: Session, name: str, password_stdin: bool) -> None:
        with open_store(session.loaded) as store:
            with store.read() as rx:
                user = _named(rx, name)
            password = ask_password(session, user.name, from_stdin=password_stdin, needed=True)
            kept, at = Passwords().kept(password), utc_now()
            with store.write() as tx:
                people.set_password(tx, user, kept, at=at, by=getpass.getuser())
                sessions.end_all(tx, user.id, at=at)
        _tell(session, user, "users.password_set")


def _register_list(group: click.Group) -> None:
    @command(group, "list")
    def listing(session: Session) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = people.listing(rx)
        for user in found:
            if session.as_json:
                session.answer(_as_object(user))
            else:
                click.echo(_line(session, user))
        if not found and not session.as_json:
            session.say("users.none")


def _register_disable(group: click.Group) -> None:
    @command(group, "disable")
    @click.argument("name")
    @option("--undo", is_flag=True)
    def disable(session: Session, name: str, undo: bool) -> None:
        at, by = utc_now(), getpass.getuser()
        with open_store(session.loaded) as store, store.write() as tx:
            user = _named(tx, name)
            if undo:
                people.enable(tx, user, at=at, by=by)
            else:
                people.disable(tx, user, at=at, by=by)
                sessions.end_all(tx, user.id, at=at)
        _tell(session, user, "users.enabled" if undo else "users.disabled")


def _register_link(group: click.Group) -> None:
    @command(group, "link")
    @click.argument("name")
    def link(session: Session, name: str) -> None:
        with open_store(session.loaded) as store, store.write() as tx:
            user = _named(tx, name)
            if user.disabled_at is not None:
                raise UsageError(code="error.people.disabled", name=user.name)
            address = _invite(session, tx, user)
        _tell(session, user, "users.invited", address)


def ask_password(session: Session, name: str, *, from_stdin: bool, needed: bool = False) -> str:
    """A new password, from the terminal, which does not show it, or from stdin; empty when there
    is none and none is ``needed``. Raises UsageError for one that will not do."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        text = session.words.text("users.ask_password" if needed else "users.ask_password_or_none")
        password = click.prompt(
            text,
            default=None if needed else "",
            hide_input=True,
            confirmation_prompt=True,
            err=True,
            show_default=False,
        )
    else:
        password = ""
    if password or needed or from_stdin:
        passwords.accept(password, name=name)
    return password


def _invite(session: Session, tx: Connection, user: User) -> str:
    base = invitations.base_of(session.loaded)
    return invitations.invite(tx, user, base=base, at=utc_now(), by=getpass.getuser())


def _named(rx: Connection, name: str) -> User:
    found = people.find(rx, name)
    if found is None:
        raise StoreError(code="error.people.unknown", who=name)
    return found


def _tell(session: Session, user: User, code: str, address: str = "") -> None:
    if session.as_json:
        session.answer({**_as_object(user), "link": address or None})
        return
    session.say(code, name=user.name)
    if address:
        session.say("users.link", name=user.name)
        click.echo(address)


def _line(session: Session, user: User) -> str:
    text = session.words.text
    state = (
        "people.disabled"
        if user.disabled_at
        else "people.by_password"
        if user.has_password
        else "people.by_link"
    )
    scope = places.told(user.scope) or text("people.everywhere")
    return f"{harmless(user.name)}  {text(f'role.{user.role.value}')}  {scope}  {text(state)}"


def _as_object(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role.value,
        "scope": None
        if user.scope.places is None
        else {forum: boards and sorted(boards) for forum, boards in user.scope.places.items()},
        "has_password": user.has_password,
        "made_at": user.made_at.isoformat(),
        "disabled_at": user.disabled_at and user.disabled_at.isoformat(),
    }
