"""``spotcheck``: judge replies that passed, drawn at random."""

from __future__ import annotations

import getpass
from typing import Any

import click

from modbot.cli.base import Group, Session, command, harmless, local_time, option
from modbot.cli.outcomes import see_through
from modbot.daemon.house import open_store
from modbot.daemon.moderating import Moderator
from modbot.domain import Label
from modbot.moderation import spot_checks as judging
from modbot.store import spot_checks
from modbot.store.spot_checks import Check, State

SKIP = "skip"
ANSWERS = [*(label.value for label in Label), SKIP]


def register(root: click.Group) -> None:
    @root.group("spotcheck", cls=Group)
    def spotcheck() -> None:
        pass

    _register_list(spotcheck)
    _register_judge(spotcheck)
    _register_undo(spotcheck)


def _register_list(group: click.Group) -> None:
    @command(group, "list")
    @option("--forum")
    @option("--state", type=click.Choice([state.value for state in State]), default=State.OPEN.value)
    @option("--limit", type=click.IntRange(1, 1000), default=50)
    def list_checks(session: Session, forum: str | None, state: str, limit: int) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = spot_checks.listing(rx, forum, state=State(state), limit=limit)
        for check in found:
            if session.as_json:
                session.answer(as_object(check))
            else:
                for line in lines_of(check):
                    click.echo(line)
        if not found and not session.as_json:
            session.say("spotcheck.none")


def _register_judge(group: click.Group) -> None:
    @command(group, "judge")
    @click.argument("check_id", type=int)
    @click.argument("answer", type=click.Choice(ANSWERS))
    @option("--uphold", is_flag=True)
    @option("--note", default="")
    @option("--who")
    def judge(session: Session, check_id: int, answer: str, uphold: bool, note: str, who: str | None) -> None:
        label = None if answer == SKIP else Label(answer)
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            answered = judging.answer(moderator, check_id, label, uphold=uphold, note=note)
            check, verdict = answered.check, answered.verdict
            if session.as_json:
                session.answer(as_object(check))
            else:
                session.say(f"spotcheck.answered.{answer}", check=check_id)
            if verdict is not None and not see_through(
                session, moderator, check.forum, verdict.flag_id, verdict.action_id
            ):
                raise SystemExit(1)


def _register_undo(group: click.Group) -> None:
    @command(group, "undo")
    @click.argument("check_id", type=int)
    @option("--who")
    def undo(session: Session, check_id: int, who: str | None) -> None:
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            found = judging.undo(moderator, check_id)
            check, undone = found.check, found.undone
            if session.as_json:
                session.answer({"check": check_id, "forgotten": found.forgotten, "flag": check.flag_id})
            else:
                session.say("spotcheck.undone", check=check_id)
            if undone is not None and not see_through(
                session, moderator, check.forum, undone.flag_id, undone.action_id
            ):
                raise SystemExit(1)


def as_object(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "forum": check.forum,
        "state": check.state.value,
        "answer": check.label.value if check.label else None,
        "who": check.who,
        "drawn_at": check.drawn_at.isoformat(),
        "population": check.population,
        "flag": check.flag_id,
        "post_id": check.post_id,
        "thread_id": check.thread_id,
        "thread_title": check.thread_title,
        "board_id": check.board_id,
        "author_id": check.author_id,
        "author": check.author_name,
        "posted_at": check.posted_at.isoformat() if check.posted_at else None,
        "text": check.text,
        "quoted": check.quoted,
        "visibility": check.visibility.value,
    }


def lines_of(check: Check) -> list[str]:
    when = local_time(check.posted_at) if check.posted_at else "?"
    lines = [f"{check.id:>5}  {when}  {harmless(check.author_name)}  《{harmless(check.thread_title)}》"]
    if check.quoted:
        lines.append(f"       > {harmless(check.quoted)[:120]}")
    return [*lines, f"       {harmless(check.text)}"]
