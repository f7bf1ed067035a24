"""``poll`` and ``serve``: the journey once, or for good."""

from __future__ import annotations

import getpass
import os
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

import click

from modbot import settings
from modbot.accounts import invitations
from modbot.cli.base import Session, command, option
from modbot.daemon import consoling, dryrun, logs, overlaying, ownership, redaction, serving, wiring
from modbot.daemon.executor import NeedsHuman
from modbot.daemon.house import ForumDesk, open_house, open_store, utc_now
from modbot.daemon.serving import signals
from modbot.errors import ModbotError, UsageError
from modbot.store import archive, breakers


def register(root: click.Group) -> None:
    _register_poll(root)
    _register_serve(root)
    _register_resume(root)


def _register_poll(root: click.Group) -> None:
    @command(root, "poll")
    @option("--forum")
    @option("--once", is_flag=True)
    @option("--dry-run", is_flag=True)
    @option("--accept-rollback", is_flag=True)
    def poll(session: Session, forum: str | None, once: bool, dry_run: bool, accept_rollback: bool) -> None:
        _configure_logs(session.loaded, verbose=session.verbose)
        names = wiring.forum_names(session.loaded, forum)
        if accept_rollback:
            _accept_rollback(session, forum)
            return
        if dry_run:
            for name in names:
                report_dry_run(session, name)
            return
        with signals.heard() as heard:
            went_well = _poll(session, names, heard.stop, once=once)
        if once and not went_well:
            raise SystemExit(1)


def _poll(session: Session, names: Sequence[str], stop: threading.Event, *, once: bool) -> bool:
    """Poll until told to stop (once: one time); answers whether every poll went well."""
    loaded, went_well = session.loaded, True
    with (
        open_store(loaded) as store,
        ownership.owning(store, loaded.state_dir, lease=_lease(loaded)) as owned,
        open_house(
            overlaying.laid(loaded, store), names, store=store.guarded(owned.guard), stop=stop
        ) as house,
    ):
        while True:
            for desk in house.desks.values():
                went_well &= poll_once(session, desk, stop)
            if once or owned.lost.is_set() or stop.wait(loaded.settings.polling.every_seconds):
                return went_well


def _accept_rollback(session: Session, forum: str | None) -> None:
    """The operator says that the forum was restored from a backup: begin its history anew."""
    if forum is None:
        raise UsageError(code="error.poll.which_forum")
    click.confirm(session.words.text("poll.ask_rollback", forum=forum), abort=True)
    state_dir, who = session.loaded.state_dir, getpass.getuser()
    with open_store(session.loaded) as store, ownership.owning(store, state_dir), store.write() as tx:
        kept_as = archive.set_aside(tx, forum, who=who, at=utc_now())
        breakers.resume(tx, forum, who=who, at=utc_now())
    session.say("poll.rollback_accepted", forum=forum, kept_as=kept_as)


def _register_serve(root: click.Group) -> None:
    @command(root, "serve", prints=False)
    def serve(session: Session) -> None:
        loaded = session.loaded
        _configure_logs(loaded, verbose=session.verbose)
        for name in wiring.forum_names(loaded):
            mode = loaded.policy_for(name, None).mode
            session.say("serve.started", forum=name, mode=session.words.text(f"mode.{mode.value}"))
        ended = serving.serve(
            loaded,
            reread=lambda: settings.load(session.settings_file),
            adopted=lambda fresh: _configure_logs(fresh, verbose=session.verbose),
            opened=lambda house, address: _tell_of_console(session, house, address),
        )
        if ended.problem is None:
            session.say("serve.stopped")
        else:
            click.echo(ended.problem.message(session.language), err=True)
        _leave(0 if ended.problem is None else ended.problem.exit_code, hangs=ended.hangs)


def _tell_of_console(session: Session, house: consoling.House, address: str) -> None:
    """Where it is, and how the first one comes in. A link goes to a terminal only: what else
    stdout may be is kept, and read by others."""
    session.say("serve.console", url=house.loaded().settings.console.url or address)
    if invitations.is_exposed(house.loaded()):
        click.echo(session.words.text("serve.console_exposed"), err=True)
    first = consoling.first_visit(house, address, to_terminal=sys.stdout.isatty())
    if first is not None and first.link:
        session.say("serve.first_link", name=first.name)
        click.echo(first.link)
    elif first is not None:
        session.say("serve.first_visit", name=first.name)


def _leave(status: int, *, hangs: bool) -> None:
    """End the process. The interpreter would wait for threads that hang, for ever."""
    if hangs:
        sys.stdout.flush()
        os._exit(status)
    raise SystemExit(status)


def _register_resume(root: click.Group) -> None:
    @command(root, "resume")
    @option("--forum")
    @option("--who")
    def resume(session: Session, forum: str | None, who: str | None) -> None:
        names = wiring.forum_names(session.loaded, forum)
        with open_store(session.loaded) as store:
            for name in names:
                with store.write() as tx:
                    resumed = breakers.resume(tx, name, who=who or getpass.getuser(), at=utc_now())
                if session.as_json:
                    session.answer({"forum": name, "resumed": resumed})
                else:
                    session.say("resume.done" if resumed else "resume.nothing", forum=name)


def poll_once(session: Session, desk: ForumDesk, stop: threading.Event) -> bool:
    """One poll, its judging and its actions, and what is due to be read again; tells what came
    of the poll. False when it failed."""
    try:
        report, tally = desk.poll(stopping=stop.is_set)
        desk.executor.work(stopping=stop.is_set)
        desk.reread(stopping=stop.is_set)
    except NeedsHuman as problem:
        click.echo(problem.cause.message(session.language), err=True)
        return False
    except ModbotError as problem:
        click.echo(problem.message(session.language), err=True)
        return False
    facts: dict[str, object] = {
        "forum": desk.name,
        "read": report.read,
        "new": report.new,
        "changed": report.changed,
        "unreadable": report.unreadable,
        "allowed": tally.allowed,
        "queued": tally.queued,
        "hidden": tally.hides,
        "caught_up": report.caught_up,
    }
    if session.as_json:
        session.answer(facts)
    else:
        session.say("poll.done", **facts)
    return True


def report_dry_run(session: Session, name: str) -> None:
    """Read and judge without storing or acting."""
    for judged in dryrun.dry_run(session.loaded, name):
        if session.as_json:
            session.answer(judged.as_object())
        else:
            session.say(
                "poll.would",
                decision=session.words.text(f"decision.{judged.decision.in_enforce.value}"),
                post=judged.reply.post_id,
                author=judged.reply.author.name,
                text=judged.reply.text[:60],
            )


def _lease(loaded: settings.Loaded) -> timedelta:
    return timedelta(seconds=loaded.settings.daemon.lease_seconds)


def _configure_logs(loaded: settings.Loaded, *, verbose: bool) -> None:
    chosen = loaded.settings.log
    logs.configure(
        level="DEBUG" if verbose else chosen.level, form=chosen.format, secrets=redaction.known(loaded)
    )
