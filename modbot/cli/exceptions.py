"""``queue exceptions``: what moderators allowed somewhere, and letting it be flagged again."""

from __future__ import annotations

import getpass

import click

from modbot.cli.base import Group, Session, command, option
from modbot.cli.outcomes import exception_line, exception_object
from modbot.daemon.house import open_store, utc_now
from modbot.moderation import exceptions
from modbot.store import exceptions as stored


def register(queue: click.Group) -> None:
    @queue.group("exceptions", cls=Group)
    def group() -> None:
        pass

    @command(group, "list")
    @option("--forum")
    @option("--all", "revoked", is_flag=True)
    def listing(session: Session, forum: str | None, revoked: bool) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = stored.listing(rx, forum, revoked=revoked)
        for one in found:
            if session.as_json:
                session.answer(exception_object(one))
            else:
                click.echo(exception_line(session, one))
        if not found:
            session.say("queue.no_exceptions")

    @command(group, "revoke")
    @click.argument("exception_id", type=int)
    @option("--who")
    def revoke(session: Session, exception_id: int, who: str | None) -> None:
        with open_store(session.loaded) as store:
            done = exceptions.revoke(store, exception_id, who=who or getpass.getuser(), clock=utc_now)
        if session.as_json:
            session.answer(exception_object(done))
        else:
            session.say("queue.exception_revoked", exception=done.id)
