"""``settings``: what is in force, what the console changed of it, and taking that back."""

from __future__ import annotations

import getpass

import click

from modbot.cli.base import Group, Session, command, harmless, local_time, option
from modbot.daemon import overlaying
from modbot.daemon.house import open_store, utc_now
from modbot.moderation import changing
from modbot.settings import inventory
from modbot.store import overlay


def register(root: click.Group) -> None:
    @root.group("settings", cls=Group)
    def settings() -> None:
        pass

    _register_list(settings)
    _register_changes(settings)
    _register_revert(settings)


def _register_list(settings: click.Group) -> None:
    @command(settings, "list")
    @click.argument("keys", nargs=-1)
    def list_settings(session: Session, keys: tuple[str, ...]) -> None:
        for entry in inventory.entries(session.loaded):
            if keys and not entry.key.startswith(keys):
                continue
            facts = {"key": entry.key, "value": entry.value, "source": entry.source}
            if session.as_json:
                session.answer(facts | {"changeable": entry.changeable})
            else:
                click.echo(f"{entry.key} = {inventory.text_of(entry.value) or '-'}  ({entry.source})")


def _register_changes(settings: click.Group) -> None:
    @command(settings, "changes")
    @option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
    def changes(session: Session, limit: int) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = overlay.listing(rx, limit=limit)
        for one in found:
            if session.as_json:
                session.answer({name: getattr(one, name) for name in overlay.Change.__slots__})
            else:
                click.echo(_line(session, one))
        if not found and not session.as_json:
            session.say("settings.no_changes")


def _register_revert(settings: click.Group) -> None:
    @command(settings, "revert")
    @click.argument("change", type=int)
    @option("--who")
    def revert(session: Session, change: int, who: str | None) -> None:
        with open_store(session.loaded) as store:
            made = changing.revert(
                store,
                session.loaded,
                change,
                who=who or getpass.getuser(),
                now=utc_now(),
                check=overlaying.check,
            )
            with store.read() as rx:
                done = overlay.get(rx, made[0])
        if session.as_json:
            session.answer({"change": done.id, "key": done.key, "value": done.value})
        else:
            click.echo(_line(session, done))


def _line(session: Session, change: overlay.Change) -> str:
    to = inventory.text_of(change.value) or "-"
    if change.value is None:
        to = session.words.text("settings.as_in_files")
    former = inventory.text_of(change.former) or "-"
    words = f"{change.id}  {local_time(change.at)}  {change.who}  {change.key}: {former} -> {to}"
    return harmless(words)
