"""``autonomy``: which reasons may hide unasked where, and what they lack."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

import click

from modbot import i18n
from modbot.cli.base import Group, Session, command, harmless, option
from modbot.daemon import wiring
from modbot.daemon.house import open_store, utc_now
from modbot.detection import Threshold, manifest
from modbot.domain import Reason
from modbot.errors import UsageError
from modbot.moderation import autonomy as earning
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
        limits = thresholds(session.loaded)
        with open_store(session.loaded) as store, store.read() as rx:
            for name in wiring.forum_names(session.loaded, forum):
                for standing in Survey.read(rx, session.loaded, name, limits).everywhere():
                    if session.as_json:
                        session.answer(as_object(name, standing))
                    else:
                        click.echo(f"{name}: {sentence(standing, session.words)}")


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
        name, limits = _only(session.loaded, forum), thresholds(session.loaded)
        with open_store(session.loaded) as store, store.write(lasting=True) as tx:
            survey = Survey.read(tx, session.loaded, name, limits)
            by = who or getpass.getuser()
            before = earning.grant(tx, survey, board, Reason(reason), who=by, now=utc_now(), anyway=anyway)
            after = Survey.read(tx, session.loaded, name, limits).of(board, Reason(reason))
        if session.as_json:
            session.answer(as_object(name, after))
            return
        if before.missing != 0:
            session.say("autonomy.granted_anyway", missing=_number(before.missing))
        click.echo(f"{name}: {sentence(after, session.words)}")


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
            survey = Survey.read(tx, session.loaded, name, thresholds(session.loaded))
            after = survey.of(board, Reason(reason))
        if session.as_json:
            session.answer(as_object(name, after))
        else:
            click.echo(f"{name}: {sentence(after, session.words)}")


def thresholds(loaded: Loaded) -> Mapping[str, Threshold]:
    """Those of the model in use. Raises ModelError."""
    folder = versions.folder_of(loaded.models_dir, versions.in_use(loaded.models_dir))
    return manifest.read(folder).thresholds


def sentence(standing: Standing, words: i18n.Catalogue) -> str:
    """How a reason stands on a board: whether it acts, or what it lacks."""
    ruling = standing.ruling
    if standing.acts:
        code = "acts" if ruling is None else "granted"
    elif ruling is not None and not ruling.granted:
        code = "withdrawn"
    elif ruling is not None:
        code = "granted_shadow"
    else:
        code = {0: "offered", None: "far"}.get(standing.missing, "missing")
    return words.text(
        f"autonomy.{code}",
        place=place(standing.board_id, standing.board, words),
        here=words.text("autonomy.here.forum" if standing.board_id is None else "autonomy.here.board"),
        reason=words.text(f"reason.{standing.reason.value}"),
        name=standing.reason.value,
        board="" if standing.board_id is None else f" --board {standing.board_id}",
        who=harmless(ruling.who) if ruling else "",
        missing=_number(standing.missing),
        right=standing.told.right,
        wrong=standing.told.wrong,
        lower=f"{standing.lower_bound:.1%}",
        target=f"{standing.target:.1%}",
    )


def place(board_id: int | None, name: str, words: i18n.Catalogue) -> str:
    if board_id is None:
        return words.text("autonomy.place.forum")
    return words.text("autonomy.place.board", board=board_id, name=harmless(name)).strip()


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


def _number(missing: int | None) -> str:
    return "∞" if missing is None else str(missing)
