"""``queue``: the flag queue from a terminal."""

from __future__ import annotations

import click

from modbot.cli import exceptions, standing, verdicts
from modbot.cli.base import Group, Session, command, option
from modbot.cli.flag_lines import as_object, card_lines, card_object, list_lines, near_object
from modbot.cli.highlight import can_colour
from modbot.daemon import wording
from modbot.daemon.house import open_store, utc_now
from modbot.domain import FlagState, Reason
from modbot.store import budget, cards, decisions, flags, nearest


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
    @option("--all", "everything", is_flag=True)
    @option("--not-shown", is_flag=True)
    @option("--oldest", is_flag=True)
    @option("--limit", type=click.IntRange(1, 1000), default=50)
    def list_flags(
        session: Session,
        forum: str | None,
        board: int | None,
        reason: str | None,
        state: str,
        everything: bool,
        not_shown: bool,
        oldest: bool,
        limit: int,
    ) -> None:
        pending = state == FlagState.PENDING.value
        wanted = flags.Filter(
            forum=forum,
            board_id=board,
            reasons=(Reason(reason),) if reason else (),
            states=(FlagState(state),),
            shown=False if not_shown else True if pending and not everything else None,
        )
        order = flags.Order.OLDEST if oldest else flags.Order.BEST
        with open_store(session.loaded) as store, store.read() as rx:
            found = flags.find(rx, wanted, order=order, limit=limit)
            judged = decisions.load(rx, [flag.decision_id for flag in found]) if session.as_json else {}
            alike = nearest.find(rx, judged.values())
            hidden = flags.count(rx, flags.Filter(forum=forum, states=(FlagState.HIDDEN,)))
            kept_back = flags.count(rx, flags.Filter(forum=forum, states=(FlagState.PENDING,), shown=False))
            names = [forum] if forum else list(session.loaded.settings.forums)
            waiting = [(name, one) for name in names for one in budget.not_shown(rx, name, now=utc_now())]
        if session.as_json:
            for flag in found:
                decision = judged[flag.decision_id].decision
                session.answer(
                    {
                        **as_object(flag),
                        **wording.passed(decision, session.words),
                        "nearest": [near_object(one, flag.text) for one in alike.get(flag.decision_id, ())],
                    }
                )
            return
        for line in list_lines(found, session.words):
            click.echo(line)
        for name, one in waiting if not_shown else ():
            why = session.words.text(f"reason.{one.reason.value}")
            session.say("queue.not_shown", day=one.day, forum=name, reason=why, number=one.number)
        session.say("queue.footer", shown=len(found), hidden=hidden, kept_back=kept_back)


def _register_show(queue: click.Group) -> None:
    @command(queue, "show")
    @click.argument("flag_id", type=int)
    def show(session: Session, flag_id: int) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            card = cards.show(rx, flag_id)
        if session.as_json:
            session.answer(card_object(card, session.words))
            return
        for line in card_lines(card, session.words, colour=can_colour()):
            click.echo(line)
