"""``status``: how the daemon and every forum stand, read from the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import click
from rich.markup import escape
from rich.table import Table

from modbot import i18n
from modbot.cli.base import Session, command, harmless, harmless_all, local_time, option
from modbot.daemon import wiring
from modbot.daemon.health.reading import examine
from modbot.daemon.health.status import ForumStatus, Health, Problem, Status, as_object
from modbot.daemon.house import utc_now
from modbot.domain import OutboxState
from modbot.store import engine
from modbot.store.actions import UNSETTLED
from modbot.store.breakers import BreakerState
from modbot.store.chores import Chore
from modbot.store.vitals import Waiting

Fact = tuple[str, str]
_MARKS = {Health.OK: "✓", Health.DEGRADED: "!", Health.FAILING: "✗"}


def register(root: click.Group) -> None:
    @command(root, "status")
    @option("--forum")
    def status(session: Session, forum: str | None) -> None:
        names = wiring.forum_names(session.loaded, forum)
        with closing(engine.open(session.loaded.store_url, create=False)) as store:
            found = examine(store, session.loaded, names, now=utc_now())
        if session.as_json:
            session.answer(as_object(found))
        else:
            _print(session, found)
        if found.verdict is Health.FAILING:
            raise SystemExit(1)


def _print(session: Session, status: Status) -> None:
    words = session.words
    for line in headlines(status, words):
        click.echo(line)
    if session.out.is_terminal:
        session.out.print()
        session.out.print(table_of(status, words))
        return
    for forum in status.forums:
        for label, value in forum_facts(forum, words):
            click.echo(f"{forum.name}: {label}: {value}")


def table_of(status: Status, words: i18n.Catalogue) -> Table:
    """A column for each forum, a row for each fact."""
    table = Table("", *(forum.name for forum in status.forums), box=None, pad_edge=False)
    for row in zip(*(forum_facts(forum, words) for forum in status.forums), strict=True):
        table.add_row(row[0][0], *(escape(value) for _, value in row))
    return table


def headlines(status: Status, words: i18n.Catalogue) -> Iterator[str]:
    """The verdict, its problems, and what concerns the whole house."""
    yield f"{_MARKS[status.verdict]} modbot {status.version}: {words.text(f'health.{status.verdict.value}')}"
    for problem in status.problems:
        yield f"{_MARKS[problem.health]} {_sentence(problem, words)}"
    for label, value in (
        ("daemon", _daemon(status, words)),
        ("model", _model(status, words)),
        ("database", f"{status.store} ({status.schema})"),
    ):
        yield f"{words.text(f'health.fact.{label}')}: {value}"
    for chore in status.chores:
        yield f"{words.text('health.fact.chore', name=chore.name)}: {_chore(chore, words)}"


def forum_facts(forum: ForumStatus, words: i18n.Catalogue) -> list[Fact]:
    """One forum's facts as ``(label, value)``, the same labels for every forum."""
    values = {
        "mode": words.text(f"mode.{forum.mode.value}"),
        "good_poll": _when(forum.poll.succeeded_at if forum.poll else None, words),
        "poll": _poll(forum, words),
        "breaker": _breaker(forum, words),
        "brake": _brake(forum, words),
        "unjudged": _waiting(forum.unjudged, words),
        "parked": str(forum.parked),
        "unreadable": str(forum.unreadable),
        "queue": _waiting(forum.shown, words),
        "kept_back": _waiting(forum.kept_back, words),
        "actions": _waiting(_unsettled(forum), words),
        "dead": _waiting(forum.actions[OutboxState.DEAD], words),
        "rereads": _waiting(forum.rereads, words),
        "by_forum": str(forum.by_forum),
        "missed": words.text("health.missed", hidden=forum.missed.hidden, gone=forum.missed.gone),
        "last_action": _last_action(forum, words),
        "requests": words.text("health.requests", made=forum.requests_made, left=forum.requests_left),
    }
    return [(words.text(f"health.fact.{name}"), value) for name, value in values.items()]


def _sentence(problem: Problem, words: i18n.Catalogue) -> str:
    since = _when(problem.since, words)
    sentence = words.text(f"health.problem.{problem.code}", since=since, number=problem.number)
    return f"{problem.forum}: {sentence}" if problem.forum else sentence


def _daemon(status: Status, words: i18n.Catalogue) -> str:
    owner = status.owner
    if owner is None or not status.daemon_runs:
        return words.text("health.daemon.none")
    return words.text(
        "health.daemon.running", since=local_time(owner.since), pid=owner.pid, host=harmless(owner.host)
    )


def _model(status: Status, words: i18n.Catalogue) -> str:
    others = {forum.judged_by for forum in status.forums} - {"", status.model}
    if not others:
        return status.model or "?"
    return words.text("health.judged_by", model=status.model or "?", judged_by=", ".join(sorted(others)))


def _chore(chore: Chore, words: i18n.Catalogue) -> str:
    at = _when(chore.succeeded_at, words)
    if chore.problem:
        return words.text("health.chore.failed", at=at, problem=harmless(chore.problem))
    return words.text("health.chore.done", at=at)


def _poll(forum: ForumStatus, words: i18n.Catalogue) -> str:
    if forum.poll is None:
        return words.text("health.never")
    since = local_time(forum.poll.began_at)
    if forum.poll.ended_at is None:
        return words.text("health.poll.under_way", since=since)
    return words.text("health.poll.ended", since=since, until=local_time(forum.poll.ended_at))


def _breaker(forum: ForumStatus, words: i18n.Catalogue) -> str:
    breaker = forum.breaker
    if breaker is None or breaker.state is BreakerState.CLOSED:
        return words.text("health.breaker.closed")
    return words.text(
        f"health.breaker.{breaker.state.value}",
        since=local_time(breaker.since),
        probe=_when(breaker.probe_at, words),
        problem=words.text(breaker.code, **harmless_all(dict(breaker.facts))),
    )


def _brake(forum: ForumStatus, words: i18n.Catalogue) -> str:
    if not forum.brake.pulled:
        return words.text("health.brake.off")
    why = words.text(f"brake.why.{forum.brake.why}")
    return words.text("health.brake.on", since=_when(forum.brake.since, words), why=why)


def _unsettled(forum: ForumStatus) -> Waiting:
    waiting = [forum.actions[state] for state in UNSETTLED]
    since = min((one.since for one in waiting if one.since is not None), default=None)
    return Waiting(sum(one.number for one in waiting), since)


def _last_action(forum: ForumStatus, words: i18n.Catalogue) -> str:
    action = forum.last_action
    if action is None:
        return words.text("health.never")
    return words.text(
        "health.action",
        at=local_time(action.at),
        action=words.text(f"action.{action.kind.value}"),
        outcome=words.text(f"health.outcome.{action.state.value}"),
    )


def _waiting(waiting: Waiting, words: i18n.Catalogue) -> str:
    if waiting.since is None:
        return str(waiting.number)
    return words.text("health.waiting", number=waiting.number, since=local_time(waiting.since))


def _when(moment: datetime | None, words: i18n.Catalogue) -> str:
    return local_time(moment) if moment else words.text("health.never")
