"""``queue uphold``, ``dismiss``, ``allow-here``, ``remove-dont-learn``, ``undo``: for one or many."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from modbot.cli import outcomes
from modbot.cli.base import Session, command, option
from modbot.daemon.house import open_store
from modbot.daemon.moderating import Moderator
from modbot.domain import ExceptionScope, Removal, VerdictKind
from modbot.errors import UsageError
from modbot.moderation import bulk, exceptions, selecting
from modbot.moderation.deciding import REMOVES, Choice
from modbot.moderation.selecting import Plan, Selection
from modbot.store import exceptions as stored_exceptions
from modbot.store import verdicts as stored_verdicts
from modbot.store.carrying import Means
from modbot.store.engine import Store
from modbot.store.exceptions import Where

KINDS = {
    "uphold": VerdictKind.UPHOLD,
    "dismiss": VerdictKind.DISMISS,
    "remove-dont-learn": VerdictKind.REMOVE_DONT_LEARN,
}


LASTING = (VerdictKind.UPHOLD, VerdictKind.DISMISS)
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def span(_ctx: click.Context, _param: click.Parameter, value: str | None) -> timedelta | None:
    """``12h``, ``7d`` or ``2w``."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,4})([hdw])", value)
    if found is None:
        raise click.BadParameter(f"{value!r}: 12h, 7d, 2w")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def register(queue: click.Group) -> None:
    for name, kind in KINDS.items():
        _register_verdict(queue, name, kind)
    _register_allow_here(queue)
    _register_undo(queue)


def _chosen(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every verdict takes."""
    for add in (
        option("--note", default=""),
        option("--who"),
        option("--reason", "sentence"),
        option("--notify/--no-notify", default=None),
        option("--yes", is_flag=True),
    ):
        function = add(function)
    return function


def _selected(function: Callable[..., None]) -> Callable[..., None]:
    """The options of a verdict on many."""
    for add in (
        option("--forum"),
        option("--campaign"),
        option("--author"),
        option("--recent", callback=span),
        option("--members", is_flag=True),
        option("--everyone", is_flag=True),
        option("--dry-run", is_flag=True),
    ):
        function = add(function)
    return function


def _removing(function: Callable[..., None]) -> Callable[..., None]:
    """How a post is taken away. What is deleted without a recycle bin never comes back."""
    for add in (
        option("--delete", is_flag=True),
        option("--thread", type=click.Choice([Removal.RECYCLE.value, Removal.MOVE.value])),
        option("--for-good", is_flag=True),
        option("--mute", type=click.IntRange(1, 3650)),
    ):
        function = add(function)
    return function


def _lasting(function: Callable[..., None]) -> Callable[..., None]:
    """Whether the verdict decides about the next copies, too."""
    return option("--stands/--no-stands", default=None)(function)


def _as_it_is(function: Callable[..., None]) -> Callable[..., None]:
    return function


def _means(
    *, delete: bool = False, thread: str | None = None, for_good: bool = False, mute: int | None = None
) -> Means:
    how = Removal(thread) if thread else Removal.DELETE if delete else None
    return Means(how, deletes_pending=delete, for_good=for_good, mute_days=mute)


def _register_verdict(queue: click.Group, name: str, kind: VerdictKind) -> None:
    @command(queue, name)
    @click.argument("flag_ids", type=int, nargs=-1)
    @(_removing if kind in REMOVES else _as_it_is)
    @(_lasting if kind in LASTING else _as_it_is)
    @_selected
    @_chosen
    def decide(session: Session, flag_ids: tuple[int, ...], **chosen: Any) -> None:
        wanted = [bool(flag_ids), chosen["campaign"] is not None, chosen["author"] is not None]
        if wanted.count(True) != 1:
            raise UsageError(code="error.moderation.decide_what")
        means = _means(
            **{name: chosen[name] for name in ("delete", "thread", "for_good", "mute") if name in chosen}
        )
        told = {name: chosen[name] for name in ("sentence", "notify", "stands") if name in chosen}
        choice = Choice(chosen["note"], means, **told)
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, chosen["who"] or getpass.getuser())
            if flag_ids:
                given = _give_flags(session, moderator, flag_ids, kind, choice, chosen)
            else:
                given = _give_many(session, moderator, store, kind, choice, chosen)
            ok = given is None or outcomes.tell(session, moderator, given)
        if not ok:
            raise SystemExit(1)


def _give_flags(
    session: Session,
    moderator: Moderator,
    flag_ids: tuple[int, ...],
    kind: VerdictKind,
    choice: Choice,
    chosen: dict[str, Any],
) -> bulk.Given | None:
    """Each named flag is meant: only a human at the terminal is asked once more about several."""
    if chosen["dry_run"]:
        outcomes.tell_flags(session, moderator.store, flag_ids)
        return None
    if len(flag_ids) > 1 and not chosen["yes"] and sys.stdin.isatty():
        outcomes.tell_flags(session, moderator.store, flag_ids)
        _confirm(session, len(flag_ids))
    return bulk.give_flags(moderator, flag_ids, kind, choice)


def _give_many(
    session: Session,
    moderator: Moderator,
    store: Store,
    kind: VerdictKind,
    choice: Choice,
    chosen: dict[str, Any],
) -> bulk.Given | None:
    plan = _plan(session, moderator, store, kind, chosen)
    asks = not chosen["yes"] and sys.stdin.isatty()
    if chosen["dry_run"] or asks:
        outcomes.tell_plan(session, plan, whole=chosen["dry_run"])
    if chosen["dry_run"]:
        return None
    if asks:
        _confirm(session, len(plan.items))
    elif not chosen["yes"]:
        raise UsageError(code="error.moderation.needs_yes", items=len(plan.items))
    return bulk.give(moderator, plan, choice)


def _plan(
    session: Session, moderator: Moderator, store: Store, kind: VerdictKind, chosen: dict[str, Any]
) -> Plan:
    """``--recent`` means all replies of the time, also those that passed."""
    recent, campaign = chosen["recent"], chosen["campaign"]
    more = {"passed": kind in REMOVES and bool(chosen["members"] or recent), "everyone": chosen["everyone"]}
    with store.read() as rx:
        if campaign is not None:
            forum = selecting.forum_of_campaign(rx, campaign, chosen["forum"])
            selection = Selection(forum, campaign=campaign, **more)
        else:
            author = selecting.author(rx, chosen["author"], chosen["forum"])
            since = moderator.clock() - recent if recent is not None else None
            selection = Selection(author.forum, author=author, since=since, **more)
        return selecting.plan(rx, session.loaded, kind, selection)


def _register_allow_here(queue: click.Group) -> None:
    @command(queue, "allow-here")
    @click.argument("flag_ids", type=int, nargs=-1, required=True)
    @option("--scope", type=click.Choice([scope.value for scope in ExceptionScope]))
    @option("--all", "covered", is_flag=True)
    @_chosen
    def allow(
        session: Session,
        flag_ids: tuple[int, ...],
        scope: str | None,
        covered: bool,
        who: str | None,
        yes: bool,
        **chosen: Any,
    ) -> None:
        where = Where(ExceptionScope(scope) if scope else None)
        choice = Choice(where=where, confirmed=yes, **chosen)
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            given = bulk.give_flags(moderator, flag_ids, VerdictKind.ALLOW_HERE, choice)
            ok = outcomes.tell(session, moderator, given)
            for made in _made(store, given):
                ok &= _cover(session, moderator, made, choice, covered)
        if not ok:
            raise SystemExit(1)


def _made(store: Store, given: bulk.Given) -> list[stored_exceptions.PolicyException]:
    done = [one.flag_id for one in given.results if one.ending is bulk.Ending.DONE and one.flag_id]
    with store.read() as rx:
        verdicts = [stored_verdicts.standing(rx, flag_id) for flag_id in done]
        made = [stored_exceptions.of_verdict(rx, verdict.id) for verdict in verdicts if verdict]
    return [one for one in made if one is not None]


def _cover(
    session: Session,
    moderator: Moderator,
    made: stored_exceptions.PolicyException,
    choice: Choice,
    close: bool,
) -> bool:
    """Tell of an exception that was made, and of the other flags that it covers, or close those."""
    with moderator.store.read() as rx:
        others = exceptions.covered(rx, made, moderator.kinds_of)
    outcomes.tell_exception(session, made, covers=len(others))
    if not (close and others):
        return True
    return outcomes.tell(session, moderator, bulk.close_covered(moderator, made, choice))


def _register_undo(queue: click.Group) -> None:
    @command(queue, "undo")
    @click.argument("flag_id", type=int, required=False)
    @option("--bulk", "name")
    @option("--who")
    def undo(session: Session, flag_id: int | None, name: str | None, who: str | None) -> None:
        if (flag_id is None) == (name is None):
            raise UsageError(code="error.moderation.undo_what")
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            if name is not None:
                ok = outcomes.tell_taken_back(session, moderator, bulk.undo(moderator, name))
            else:
                ok = outcomes.tell_undone(session, moderator, moderator.undo(flag_id or 0))
        if not ok:
            raise SystemExit(1)


def _confirm(session: Session, items: int) -> None:
    click.confirm(session.words.text("queue.ask_many", items=items), abort=True, err=True)
