"""``authors``: what is held about an author, handing it out, forgetting it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence

import click

from modbot.cli.base import Group, Session, command, harmless, local_time, option
from modbot.daemon.house import open_store, utc_now
from modbot.errors import UsageError
from modbot.moderation import authors, selecting
from modbot.store import author_data, candidates, identities
from modbot.store.author_data import Forgotten, Summary
from modbot.store.candidates import Candidate
from modbot.store.identities import Identity

LATEST = 10


def register(root: click.Group) -> None:
    @root.group("authors", cls=Group)
    def group() -> None:
        pass

    _register_show(group)
    _register_export(group)
    _register_forget(group)


def _register_show(group: click.Group) -> None:
    @command(group, "show")
    @click.argument("author")
    @option("--forum")
    def show(session: Session, author: str, forum: str | None) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = identities.find(rx, author, forum)
            if not found:
                raise UsageError(code="error.moderation.no_author", who=author)
            for one in found:
                latest = candidates.of_author(rx, one.forum, one.id, one.name)[-LATEST:]
                _tell(session, one, author_data.summary(rx, one), latest)


def _register_export(group: click.Group) -> None:
    @command(group, "export", prints=False)
    @click.argument("author")
    @option("--forum")
    def export(session: Session, author: str, forum: str | None) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            for record in author_data.export(rx, selecting.author(rx, author, forum)):
                session.answer(record)


def _register_forget(group: click.Group) -> None:
    @command(group, "forget")
    @click.argument("author")
    @option("--forum")
    @option("--keep-labels", is_flag=True)
    @option("--dry-run", is_flag=True)
    @option("--yes", is_flag=True)
    @option("--who")
    def forget(
        session: Session,
        author: str,
        forum: str | None,
        keep_labels: bool,
        dry_run: bool,
        yes: bool,
        who: str | None,
    ) -> None:
        with open_store(session.loaded) as store:
            with store.read() as rx:
                found = selecting.author(rx, author, forum)
                would = author_data.count(rx, found)
            if dry_run or not yes:
                _tell_forgotten(session, would, "authors.would_forget", keep_labels=keep_labels)
            if dry_run:
                return
            if not yes:
                _ask(session, found, would)
            by = who or getpass.getuser()
            done = authors.forget(session.loaded, store, found, by=by, clock=utc_now, keep_labels=keep_labels)
            _tell_forgotten(session, done, "authors.forgotten", keep_labels=keep_labels)


def _ask(session: Session, found: Identity, would: Forgotten) -> None:
    if not sys.stdin.isatty():
        raise UsageError(code="error.moderation.forget_yes", replies=would.replies)
    question = session.words.text("authors.ask_forget", name=harmless(found.name), replies=would.replies)
    click.confirm(question, abort=True, err=True)


def _tell_forgotten(session: Session, found: Forgotten, code: str, *, keep_labels: bool) -> None:
    labels = 0 if keep_labels else found.labels
    facts = {"replies": found.replies, "labels": labels, "flags": found.flags, "undoable": found.undoable}
    if session.as_json:
        session.answer({**facts, "done": code == "authors.forgotten"})
        return
    session.say(code, **facts)
    if found.undoable:
        session.say("authors.undoable", undoable=found.undoable)
    if labels:
        session.say("queue.forgotten", labels=labels)


def _tell(session: Session, one: Identity, held: Summary, latest: Sequence[Candidate]) -> None:
    if session.as_json:
        session.answer(
            {
                "forum": one.forum,
                "author_id": one.id,
                "names": list(held.names),
                "replies": held.replies,
                "flags": {state.value: number for state, number in held.flags.items()},
                "verdicts": held.verdicts,
                "labels": held.labels,
                "first_seen": held.first_seen.isoformat() if held.first_seen else None,
                "last_seen": held.last_seen.isoformat() if held.last_seen else None,
                "latest": [{"post_id": found.post_id, "text": found.text} for found in latest],
            }
        )
        return
    states = [
        f"{session.words.text(f'state.{state.value}')} {number}" for state, number in held.flags.items()
    ]
    session.say(
        "authors.held",
        forum=one.forum,
        id=one.id if one.id is not None else "-",
        names=", ".join(held.names),
        replies=held.replies,
        flags=", ".join(states) or "0",
        verdicts=held.verdicts,
        labels=held.labels,
        first=local_time(held.first_seen) if held.first_seen else "-",
        last=local_time(held.last_seen) if held.last_seen else "-",
    )
    for found in latest:
        click.echo(f"  {local_time(found.at)}  {found.post_id}  {harmless(found.text)[:100]}")
