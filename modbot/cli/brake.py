"""``brake``: whether unasked hiding is paused, and letting it go on."""

from __future__ import annotations

import getpass

import click

from modbot.cli.base import Session, command, option
from modbot.daemon import wiring
from modbot.daemon.house import open_store, utc_now
from modbot.store import brake as brakes
from modbot.store import outbox


def register(root: click.Group) -> None:
    @command(root, "brake")
    @option("--forum")
    @option("--lift", is_flag=True)
    @option("--who")
    def brake(session: Session, forum: str | None, lift: bool, who: str | None) -> None:
        names = wiring.forum_names(session.loaded, forum)
        with open_store(session.loaded) as store:
            for name in names:
                if lift:
                    with store.write() as tx:
                        brakes.lift(tx, name, who=who or getpass.getuser(), at=utc_now())
                with store.read() as rx:
                    state = brakes.state(rx, name)
                    waiting = sum(outbox.backlog(rx, name).values())
                _tell(session, name, state, waiting)


def _tell(session: Session, name: str, state: brakes.Brake, waiting: int) -> None:
    since = state.since.isoformat(timespec="minutes") if state.since else None
    facts = {"forum": name, "on": state.pulled, "why": state.why, "since": since, "waiting": waiting}
    if session.as_json:
        session.answer(facts)
    elif state.pulled:
        why = session.words.text(f"brake.why.{state.why}")
        session.say("brake.is_on", forum=name, why=why, since=since, waiting=waiting)
    else:
        session.say("brake.is_off", forum=name)
