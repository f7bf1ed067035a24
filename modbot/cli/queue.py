"""``queue``: the flag queue from a terminal."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click
from sqlalchemy import Connection

from modbot.cli import cards, exceptions, standing, verdicts
from modbot.cli.base import Group, Session, command, option
from modbot.cli.flag_lines import as_object, card_lines, card_object, list_lines, near_object
from modbot.cli.highlight import can_colour
from modbot.daemon.house import open_store, utc_now
from modbot.daemon.moderating import Moderator
from modbot.domain import FlagState, Reason
from modbot.moderation import cards as group_cards
from modbot.moderation import selecting, wording
from modbot.store import budget, decisions, flags, groups, nearest
from modbot.store import cards as flag_cards
from modbot.store.identities import Identity


def register(root: click.Group) -> None:
    @root.group("queue", cls=Group)
    def queue() -> None:
        pass

    _register_list(queue)
    _register_show(queue)
    verdicts.register(queue)
    exceptions.register(queue)
    standing.register(queue)


def _register_list(queue: click.Group) -> None:
    @command(queue, "list")
    @option("--forum")
    @option("--board", type=int)
    @option("--reason", type=click.Choice([reason.value for reason in Reason]))
    @option("--state", type=click.Choice([state.value for state in FlagState]), default="pending")
    @option("--campaign")
    @option("--author")
    @option("--group", is_flag=True)
    @option("--all", "everything", is_flag=True)
    @option("--not-shown", is_flag=True)
    @option("--oldest", is_flag=True)
    @option("--limit", type=click.IntRange(1, 1000), default=50)
    def list_flags(session: Session, forum: str | None, author: str | None, **chosen: Any) -> None:
        wanted, limit = _filter(forum, chosen), chosen["limit"]
        order = flags.Order.OLDEST if chosen["oldest"] else flags.Order.BEST
        with open_store(session.loaded) as store, store.read() as rx:
            if author is not None:
                wanted = _by(selecting.author(rx, author, forum), wanted)
            if chosen["group"]:
                cards.tell_groups(session, groups.find(rx, wanted, order=order, limit=limit))
            else:
                _tell_flags(session, rx, flags.find(rx, wanted, order=order, limit=limit))
            if not session.as_json:
                shown = min(limit, flags.count(rx, wanted))
                _tell_rest(session, rx, forum, not_shown=chosen["not_shown"], shown=shown)


def _filter(forum: str | None, chosen: Mapping[str, Any]) -> flags.Filter:
    pending = chosen["state"] == FlagState.PENDING.value
    in_sight = True if pending and not chosen["everything"] else None
    return flags.Filter(
        forum=forum,
        board_id=chosen["board"],
        reasons=(Reason(chosen["reason"]),) if chosen["reason"] else (),
        states=(FlagState(chosen["state"]),),
        campaign=chosen["campaign"],
        shown=False if chosen["not_shown"] else in_sight,
    )


def _by(author: Identity, wanted: flags.Filter) -> flags.Filter:
    name = author.name if author.id is None else None
    return replace(wanted, forum=author.forum, author_id=author.id, author_name=name)


def _tell_flags(session: Session, rx: Connection, found: list[flags.Flag]) -> None:
    if not session.as_json:
        for line in list_lines(found, session.words):
            click.echo(line)
        return
    judged = decisions.load(rx, [flag.decision_id for flag in found])
    alike = nearest.find(rx, judged.values())
    for flag in found:
        near = [near_object(one, flag.text) for one in alike.get(flag.decision_id, ())]
        passed = wording.passed(judged[flag.decision_id].decision, session.words)
        session.answer({**as_object(flag), **passed, "nearest": near})


def _tell_rest(session: Session, rx: Connection, forum: str | None, *, not_shown: bool, shown: int) -> None:
    """What the list does not show."""
    names = [forum] if forum else list(session.loaded.settings.forums)
    for name in names if not_shown else ():
        for one in budget.not_shown(rx, name, now=utc_now()):
            why = session.words.text(f"reason.{one.reason.value}")
            session.say("queue.not_shown", day=one.day, forum=name, reason=why, number=one.number)
    hidden = flags.count(rx, flags.Filter(forum=forum, states=(FlagState.HIDDEN,)))
    kept_back = flags.count(rx, flags.Filter(forum=forum, states=(FlagState.PENDING,), shown=False))
    session.say("queue.footer", shown=shown, hidden=hidden, kept_back=kept_back)


def _register_show(queue: click.Group) -> None:
    @command(queue, "show")
    @click.argument("flag_id", type=int)
    @option("--group", is_flag=True)
    def show(session: Session, flag_id: int, group: bool) -> None:
        with open_store(session.loaded) as store:
            if group:
                moderator = Moderator(session.loaded, store, getpass.getuser())
                with store.read() as rx:
                    whole = group_cards.whole(rx, moderator, group_cards.of_flag(rx, flag_id))
                cards.tell_whole(session, whole)
                return
            with store.read() as rx:
                card = flag_cards.show(rx, flag_id)
        if session.as_json:
            session.answer(card_object(card, session.words))
            return
        for line in card_lines(card, session.words, colour=can_colour()):
            click.echo(line)
