"""``poll`` and ``serve``: the journey once, or for good."""

from __future__ import annotations

import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from modbot.cli.base import Session, command, option
from modbot.daemon import dryrun, lock, logs, redaction, scheduler, wiring
from modbot.daemon.executor import NeedsHuman
from modbot.daemon.house import ForumDesk, open_house, open_store, utc_now
from modbot.errors import ModbotError, UsageError
from modbot.store import archive


def register(root: click.Group) -> None:
    _register_poll(root)
    _register_serve(root)


def _register_poll(root: click.Group) -> None:
    @command(root, "poll")
    @option("--forum")
    @option("--once", is_flag=True)
    @option("--dry-run", is_flag=True)
    @option("--accept-rollback", is_flag=True)
    def poll(session: Session, forum: str | None, once: bool, dry_run: bool, accept_rollback: bool) -> None:
        _configure_logs(session)
        names = wiring.forum_names(session.loaded, forum)
        if accept_rollback:
            _accept_rollback(session, forum)
            return
        if dry_run:
            for name in names:
                report_dry_run(session, name)
            return
        failed = False
        with (
            stopping() as stop,
            lock.owning(session.loaded.state_dir),
            open_house(session.loaded, names, stop=stop) as house,
        ):
            while True:
                for desk in house.desks.values():
                    failed |= not poll_once(session, desk, stop)
                if once or stop.wait(session.loaded.settings.polling.every_seconds):
                    break
        if failed and once:
            raise SystemExit(1)


def _accept_rollback(session: Session, forum: str | None) -> None:
    """The operator says that the forum was restored from a backup: begin its history anew."""
    if forum is None:
        raise UsageError(code="error.poll.which_forum")
    click.confirm(session.words.text("poll.ask_rollback", forum=forum), abort=True)
    with lock.owning(session.loaded.state_dir), open_store(session.loaded) as store, store.write() as tx:
        kept_as = archive.set_aside(tx, forum, who=getpass.getuser(), at=utc_now())
    session.say("poll.rollback_accepted", forum=forum, kept_as=kept_as)


def _register_serve(root: click.Group) -> None:
    @command(root, "serve", prints=False)
    def serve(session: Session) -> None:
        _configure_logs(session)
        names = wiring.forum_names(session.loaded)
        with (
            stopping() as stop,
            lock.owning(session.loaded.state_dir),
            open_house(session.loaded, names, stop=stop) as house,
        ):
            for name in names:
                mode = session.loaded.policy_for(name, None).mode
                session.say("serve.started", forum=name, mode=session.words.text(f"mode.{mode.value}"))
            scheduler.serve(house, wait=lambda: wait_for(stop))
        session.say("serve.stopped")


def poll_once(session: Session, desk: ForumDesk, stop: threading.Event) -> bool:
    """One poll, its judging and its actions; tells what came of it. False when it failed."""
    try:
        report, tally = desk.poll(stopping=stop.is_set)
        desk.executor.work(stopping=stop.is_set)
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
                decision=session.words.text(f"decision.{judged.decision.would_be.value}"),
                post=judged.reply.post_id,
                author=judged.reply.author.name,
                text=judged.reply.text[:60],
            )


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM or SIGINT sets; a second signal ends the process at once."""
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            sys.exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for(stop: threading.Event) -> None:
    """Wait in short steps: a signal handler runs only between two of them."""
    while not stop.wait(0.2):
        pass


def _configure_logs(session: Session) -> None:
    chosen = session.loaded.settings.log
    logs.configure(
        level="DEBUG" if session.verbose else chosen.level,
        form=chosen.format,
        secrets=redaction.known(session.loaded),
    )
