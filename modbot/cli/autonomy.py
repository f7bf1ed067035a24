"""``autonomy``: which reasons may hide unasked where, and what they lack."""

from __future__ import annotations

import getpass
from typing import Any

import click

from modbot.cli.base import Group, Session, command, harmless, option
from modbot.daemon import wiring
from modbot.daemon.house import open_store, utc_now
from modbot.domain import Reason
from modbot.errors import UsageError
from modbot.moderation import autonomy as earning
from modbot.moderation import earned
from modbot.moderation.autonomy import Standing, Survey
from modbot.settings import Loaded
from modbot.training import versions

REASONS = click.Choice([reason.value for reason in Reason])


def register(root: click.Group) -> None:
    @root.group("autonomy", cls=Group)
    def autonomy() -> None:
        pass

    _register_list(autonomy)
    _register_grant(autonomy)
    _register_withdraw(autonomy)


def _register_list(group: click.Group) -> None:
    @command(group, "list")
    @option("--forum")
    def list_standings(session: Session, forum: str | None) -> None:
        limits = versions.thresholds(session.loaded.models_dir)
        with open_store(session.loaded) as store, store.read() as rx:
            for name in wiring.forum_names(session.loaded, forum):
                for standing in Survey.read(rx, session.loaded, name, limits).everywhere():
                    if session.as_json:
                        session.answer(as_object(name, standing))
                    else:
                        click.echo(f"{name}: {earned.sentence(standing, session.words, shown=harmless)}")


def _register_grant(group: click.Group) -> None:
    @command(group, "grant")
    @click.argument("reason", type=REASONS)
    @option("--forum")
    @option("--board", type=int)
    @option("--yes", "anyway", is_flag=True)
    @option("--who")
    def grant(
        session: Session, reason: str, forum: str | None, board: int | None, anyway: bool, who: str | None
    ) -> None:
        name, limits = _only(session.loaded, forum), versions.thresholds(session.loaded.models_dir)
        with open_store(session.loaded) as store, store.write(lasting=True) as tx:
            survey = Survey.read(tx, session.loaded, name, limits)
            by = who or getpass.getuser()
            before = earning.grant(tx, survey, board, Reason(reason), who=by, now=utc_now(), anyway=anyway)
            after = Survey.read(tx, session.loaded, name, limits).of(board, Reason(reason))
        if session.as_json:
            session.answer(as_object(name, after))
            return
        if before.missing != 0:
            session.say("autonomy.granted_anyway", missing=earned.number(before.missing))
        click.echo(f"{name}: {earned.sentence(after, session.words, shown=harmless)}")


def _register_withdraw(group: click.Group) -> None:
    @command(group, "withdraw")
    @click.argument("reason", type=REASONS)
    @option("--forum")
    @option("--board", type=int)
    @option("--who")
    def withdraw(
        session: Session, reason: str, forum: str | None, board: int | None, who: str | None
    ) -> None:
        name = _only(session.loaded, forum)
        with open_store(session.loaded) as store, store.write(lasting=True) as tx:
            by = who or getpass.getuser()
            earning.withdraw(tx, name, board, Reason(reason), who=by, now=utc_now())
            survey = Survey.read(tx, session.loaded, name, versions.thresholds(session.loaded.models_dir))
            after = survey.of(board, Reason(reason))
        if session.as_json:
            session.answer(as_object(name, after))
        else:
            click.echo(f"{name}: {earned.sentence(after, session.words, shown=harmless)}")


def as_object(forum: str, standing: Standing) -> dict[str, Any]:
    ruling = standing.ruling
    return {
        "forum": forum,
        "board": standing.board_id,
        "reason": standing.reason.value,
        "right": standing.told.right,
        "wrong": standing.told.wrong,
        "precision": round(standing.precision, 6),
        "lower_bound": round(standing.lower_bound, 6),
        "target": standing.target,
        "missing": standing.missing,
        "offered": standing.is_offered,
        "acts": standing.acts,
        "granted": None if ruling is None else ruling.granted,
        "who": ruling.who if ruling else None,
        "since": ruling.since.isoformat() if ruling else None,
    }


def _only(loaded: Loaded, forum: str | None) -> str:
    """The forum that is meant. Raises UsageError when several might be."""
    names = wiring.forum_names(loaded, forum)
    if len(names) > 1:
        raise UsageError(code="error.autonomy.which_forum", known=", ".join(names))
    return names[0]
