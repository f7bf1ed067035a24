"""``queue``: the flag queue from a terminal."""

from __future__ import annotations

import getpass
from typing import Any

import click

from modbot import i18n
from modbot.cli import explanation
from modbot.cli.base import Group, Session, command, harmless, harmless_all, local_time, option
from modbot.cli.highlight import can_colour, highlighted
from modbot.daemon import wording
from modbot.daemon.house import open_store, utc_now
from modbot.daemon.moderating import Moderator, is_settled
from modbot.detection.differences import differences
from modbot.domain import FlagState, OutboxState, Reason, VerdictKind
from modbot.errors import ModbotError
from modbot.store import budget, cards, decisions, flags, nearest
from modbot.store.nearest import Nearest

TEXT_SHOWN = 120


def register(root: click.Group) -> None:
    @root.group("queue", cls=Group)
    def queue() -> None:
        pass

    _register_list(queue)
    _register_show(queue)
    for name, kind in (
        ("uphold", VerdictKind.UPHOLD),
        ("dismiss", VerdictKind.DISMISS),
        ("allow-here", VerdictKind.ALLOW_HERE),
        ("remove-dont-learn", VerdictKind.REMOVE_DONT_LEARN),
    ):
        _register_verdict(queue, name, kind)
    _register_undo(queue)


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


def _register_verdict(queue: click.Group, name: str, kind: VerdictKind) -> None:
    @command(queue, name)
    @click.argument("flag_ids", type=int, nargs=-1, required=True)
    @option("--note", default="")
    @option("--who")
    def decide(session: Session, flag_ids: tuple[int, ...], note: str, who: str | None) -> None:
        failed = False
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            for flag_id in flag_ids:
                try:
                    verdict = moderator.give(flag_id, kind, note=note)
                except ModbotError as problem:
                    failed = True
                    _report(session, flag_id, problem.message(session.language), ok=False)
                    continue
                failed |= not see_through(session, moderator, verdict.forum, flag_id, verdict.action_id)
        if failed:
            raise SystemExit(1)


def _register_undo(queue: click.Group) -> None:
    @command(queue, "undo")
    @click.argument("flag_id", type=int)
    @option("--who")
    def undo(session: Session, flag_id: int, who: str | None) -> None:
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            undone = moderator.undo(flag_id)
            with store.read() as rx:
                forum = flags.get(rx, flag_id).forum
            if not undone.ours:
                _report(session, flag_id, session.words.text("queue.not_ours", flag=flag_id), ok=True)
                return
            done = see_through(session, moderator, forum, flag_id, undone.action_id)
            if undone.forgotten and not session.as_json:
                session.say("queue.forgotten", labels=undone.forgotten)
        if not done:
            raise SystemExit(1)


def see_through(
    session: Session, moderator: Moderator, forum: str, flag_id: int, action_id: int | None
) -> bool:
    """Follow the action to its end and tell how it ended; True unless it failed."""
    if action_id is None:
        _report(session, flag_id, session.words.text("queue.recorded", flag=flag_id), ok=True)
        return True
    action = moderator.see_through(forum, [action_id])[0]
    ok = is_settled(action) and action.state is not OutboxState.REFUSED
    detail, trouble = action.detail, None if ok else moderator.trouble(forum)
    if trouble is not None:
        detail = session.words.text(trouble.code, **harmless_all(dict(trouble.facts)))
    code = f"queue.action.{action.state.value}"
    sentence = session.words.text(
        code,
        flag=flag_id,
        action=session.words.text(f"action.{action.kind.value}"),
        detail=harmless(detail),
    )
    _report(session, flag_id, sentence, ok=ok, state=action.state.value)
    return ok


def _report(session: Session, flag_id: int, sentence: str, *, ok: bool, state: str | None = None) -> None:
    if session.as_json:
        session.answer({"flag": flag_id, "ok": ok, "action": state, "message": sentence})
    else:
        click.echo(sentence, err=not ok)


def as_object(flag: flags.Flag) -> dict[str, Any]:
    """A flag as JSON: what the list prints with --json."""
    return {
        "id": flag.id,
        "forum": flag.forum,
        "state": flag.state.value,
        "action": flag.action_state.value,
        "would_hide": flag.would_hide,
        "reason": flag.reason.value,
        "label": flag.label.value,
        "score": round(flag.score, 4),
        "campaign": flag.campaign,
        "campaign_size": flag.campaign_size,
        "shown": flag.shown_at is not None,
        "opened_at": flag.opened_at.isoformat(),
        "version": flag.version,
        "post_id": flag.post_id,
        "thread_id": flag.thread_id,
        "thread_title": flag.thread_title,
        "board_id": flag.board_id,
        "author_id": flag.author_id,
        "author": flag.author_name,
        "posted_at": flag.posted_at.isoformat() if flag.posted_at else None,
        "text": flag.text,
        "edited": flag.is_edited,
        "visibility": flag.visibility.value,
    }


def card_object(card: cards.Card, words: i18n.Catalogue) -> dict[str, Any]:
    judged = card.judged
    return {
        **as_object(card.flag),
        "region": card.stored.reply.region,
        "opening": card.stored.reply.opening,
        "quoted": card.stored.reply.quoted,
        **wording.passed(judged.decision, words),
        "model": judged.decision.model,
        "policy": judged.decision.policy,
        "reasons": wording.reasons(judged.decision.signals, words),
        "nearest": [near_object(one, card.flag.text) for one in card.nearest],
        "duplicates": [
            {
                "post_id": member.key.post_id,
                "author": member.author_name,
                "thread_id": member.thread_id,
                "thread_title": member.thread_title,
                "posted_at": member.posted_at.isoformat() if member.posted_at else None,
                "text": member.text,
                "visibility": member.visibility.value,
            }
            for member in card.duplicates
        ],
        "verdicts": [
            {"kind": verdict.kind.value, "who": verdict.who, "at": verdict.given_at.isoformat()}
            for verdict in card.verdicts
        ],
        "actions": [
            {"kind": action.kind.value, "state": action.state.value, "detail": action.detail}
            for action in card.actions
        ],
        "trail": [{"at": entry.at.isoformat(), "who": entry.who, "what": entry.what} for entry in card.trail],
    }


def near_object(found: Nearest, text: str) -> dict[str, Any]:
    """An earlier reply that the flagged ``text`` is like; ``differences`` are spans of its text."""
    return {
        "post_id": found.duplicate.key.post_id,
        "similarity": round(found.duplicate.similarity, 4),
        "author_id": found.duplicate.author_id,
        "author": found.author_name,
        "thread_id": found.duplicate.thread_id,
        "thread_title": found.thread_title,
        "board_id": found.board_id,
        "board": found.board,
        "posted_at": found.duplicate.posted_at.isoformat(),
        "text": found.text,
        "differences": differences(found.text, text),
        "visibility": found.visibility.value,
    }


def list_lines(found: list[flags.Flag], words: i18n.Catalogue) -> list[str]:
    """Two lines a flag, whatever the terminal's width: what it is, and what it says."""
    lines = []
    for flag in found:
        reason = words.text(f"reason.{flag.reason.value}")
        copies = f" ×{flag.campaign_size}" if flag.campaign_size > 1 else ""
        head = f"{flag.id:>5}  {reason}{copies} {flag.score:.0%}  {harmless(flag.author_name)}"
        lines.append(f"{head}  《{_short(flag.thread_title, 30)}》")
        lines.append(f"       {_short(flag.text, TEXT_SHOWN)}")
    return lines


def _short(text: str, length: int) -> str:
    shown = harmless(text)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def card_lines(card: cards.Card, words: i18n.Catalogue, *, colour: bool = False) -> list[str]:
    """The whole context of a flag as lines for a terminal, all of it made harmless."""
    decision = card.judged.decision
    lines = _facts(card, words, colour=colour)
    lines.append(words.text("queue.why", reason=words.text(f"reason.{card.flag.reason.value}")))
    lines += explanation.of_decision(decision, words)
    if card.nearest:
        lines.append(words.text("queue.nearest"))
    lines += [explanation.of_nearest(near, card.flag.text, words, colour=colour) for near in card.nearest]
    if card.duplicates:
        lines.append(words.text("queue.duplicates", count=len(card.duplicates)))
    for member in card.duplicates:
        when = local_time(member.posted_at) if member.posted_at else "?"
        who, where = harmless(member.author_name), harmless(member.thread_title)
        lines.append(f"  {when}  {who}  《{where}》  {harmless(member.text)}")
    for entry in card.trail:
        lines.append(f"  {local_time(entry.at)}  {entry.who}  {entry.what}")
    return lines


def _facts(card: cards.Card, words: i18n.Catalogue, *, colour: bool) -> list[str]:
    flag, reply = card.flag, card.stored.reply
    spans = [span for found in card.judged.decision.signals for span in wording.spans(found)]
    facts = [
        ("flag", f"{flag.id}  {words.text('state.' + flag.state.value)}"),
        ("author", f"{flag.author_name} ({reply.author.posts if reply.author.posts is not None else '?'})"),
        ("region", reply.region),
        ("thread", flag.thread_title),
        ("time", local_time(flag.posted_at) if flag.posted_at else ""),
        ("opening", reply.opening[:200]),
        ("quoted", reply.quoted[:200]),
    ]
    lines = [f"{words.text('column.' + name)}: {harmless(value)}" for name, value in facts if value]
    return [*lines, f"{words.text('column.text')}: {highlighted(flag.text, spans, colour=colour)}"]
