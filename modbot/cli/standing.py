"""``queue standing``: what was decided of campaigns for good, and ending it."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import Any

import click

from modbot.cli.base import Group, Session, command, harmless, local_time, option
from modbot.daemon.house import open_store, utc_now
from modbot.daemon.moderating import Moderator
from modbot.domain import OutboxState
from modbot.moderation import standing
from modbot.moderation.standing import Card, Entry, Restored, Revoked

TEXT_SHOWN = 60
_ENDED = {OutboxState.DONE: "done", OutboxState.ALREADY: "already", OutboxState.CANCELLED: "done"}
_WAITING = (OutboxState.QUEUED, OutboxState.CLAIMED, OutboxState.UNKNOWN)


def register(queue: click.Group) -> None:
    @queue.group("standing", cls=Group)
    def group() -> None:
        pass

    _register_list(group)
    _register_show(group)
    _register_revoke(group)


def _register_list(group: click.Group) -> None:
    @command(group, "list")
    @option("--forum")
    @option("--all", "ended", is_flag=True)
    def listing(session: Session, forum: str | None, ended: bool) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            found = standing.listing(
                rx, forum=forum, now=utc_now(), lasting=_lasting(session), everything=ended
            )
        for entry in found:
            if session.as_json:
                session.answer(as_object(entry))
            else:
                _echo(_entry_lines(session, entry))
        if not found:
            session.say("queue.standing.none")


def _register_show(group: click.Group) -> None:
    @command(group, "show")
    @click.argument("standing_id", type=int)
    def show(session: Session, standing_id: int) -> None:
        with open_store(session.loaded) as store, store.read() as rx:
            card = standing.show(rx, standing_id, now=utc_now(), lasting=_lasting(session))
        if session.as_json:
            session.answer(card_object(card))
        else:
            _echo(_card_lines(session, card))


def _register_revoke(group: click.Group) -> None:
    @command(group, "revoke")
    @click.argument("standing_id", type=int)
    @option("--restore", is_flag=True)
    @option("--dry-run", "only_tell", is_flag=True)
    @option("--yes", is_flag=True)
    @option("--who")
    def revoke(
        session: Session, standing_id: int, restore: bool, only_tell: bool, yes: bool, who: str | None
    ) -> None:
        with open_store(session.loaded) as store:
            moderator = Moderator(session.loaded, store, who or getpass.getuser())
            with store.read() as rx:
                found = standing.preview(rx, standing_id)
            if only_tell:
                _tell_preview(session, found)
                return
            if restore and found.hidden and not (yes or session.as_json):
                facts = {"standing": standing_id, "hidden": len(found.hidden)}
                click.confirm(session.words.text("queue.standing.confirm", **facts), abort=True)
            revoked = standing.revoke(store, standing_id, who=moderator.who, now=utc_now())
            done = _restored(session, moderator, revoked) if restore else []
        _tell_revoked(session, revoked, done, restore=restore)
        if any(not ok for ok in done):
            raise SystemExit(1)


def _restored(session: Session, moderator: Moderator, revoked: Revoked) -> list[bool]:
    """Whether each post is visible again, or on its way."""
    done = standing.restore(moderator, revoked.hidden)
    ids = [one.action_id for one in done if one.action_id is not None]
    seen = moderator.see_through(revoked.decision.forum, ids) if ids else []
    states = {action.id: (action.state, action.detail) for action in seen}
    return [_tell_restored(session, one, states) for one in done]


def _tell_restored(session: Session, one: Restored, states: dict[int, tuple[OutboxState, str]]) -> bool:
    if one.problem is not None:
        code, detail = "failed", one.problem.message(session.language)
    elif one.action_id is None:
        code, detail = "cancelled", ""
    else:
        state, detail = states[one.action_id]
        code = "waiting" if state in _WAITING else _ENDED.get(state, "failed")
    sentence = session.words.text(f"queue.standing.state.{code}", detail=harmless(detail))
    flag, post, ok = one.hidden.flag_id, one.hidden.post_id, code != "failed"
    if session.as_json:
        session.answer({"flag": flag, "post_id": post, "ok": ok, "state": code, "message": sentence})
    else:
        session.say("queue.standing.restored", post=post, flag=flag, state=sentence)
    return ok


def _tell_preview(session: Session, found: Revoked) -> None:
    facts = _counts(found)
    if session.as_json:
        session.answer({**facts, "dry_run": True, "posts": [one.post_id for one in found.hidden]})
    elif not found.was_in_force:
        session.say("queue.standing.was_revoked", **facts)
    else:
        session.say("queue.standing.would_revoke", **facts)


def _tell_revoked(session: Session, revoked: Revoked, done: list[bool], *, restore: bool) -> None:
    facts = _counts(revoked)
    if session.as_json:
        session.answer({**facts, "restored": done.count(True), "failed": done.count(False)})
        return
    session.say("queue.standing.revoked" if revoked.was_in_force else "queue.standing.was_revoked", **facts)
    if restore:
        session.say(
            "queue.standing.summary", number=len(done), done=done.count(True), failed=done.count(False)
        )
    elif revoked.hidden:
        session.say("queue.standing.offer", **facts)


def _counts(revoked: Revoked) -> dict[str, Any]:
    return {
        "standing": revoked.decision.id,
        "in_force": revoked.was_in_force,
        "hidden": len(revoked.hidden),
        "cancelled": revoked.cancelled,
    }


def as_object(entry: Entry) -> dict[str, Any]:
    """A decision as JSON: what the list prints with --json."""
    decision = entry.decision
    return {
        "id": decision.id,
        "forum": decision.forum,
        "kind": decision.kind.value,
        "reason": decision.reason.value,
        "label": decision.label.value,
        "campaign": decision.campaign,
        "verdict": decision.verdict_id,
        "texts": list(entry.texts),
        "texts_known": entry.texts_known,
        "who": decision.who,
        "note": decision.note,
        "made_at": decision.made_at.isoformat(),
        "hits": decision.hits,
        "last_copy_at": decision.last_copy_at.isoformat(),
        "until": entry.until.isoformat(),
        "in_force": entry.in_force,
        "revoked_at": decision.revoked_at.isoformat() if decision.revoked_at else None,
        "revoked_by": decision.revoked_by,
    }


def card_object(card: Card) -> dict[str, Any]:
    return {
        **as_object(card.entry),
        "texts": list(card.texts),
        "authors": card.authors,
        "hidden": card.effects.hidden,
        "queued": card.effects.queued,
        "hidden_still": [{"flag": one.flag_id, "post_id": one.post_id} for one in card.hidden],
    }


def _entry_lines(session: Session, entry: Entry) -> list[str]:
    decision, words = entry.decision, session.words
    texts = f"“{_short(entry.texts[0])}”" if entry.texts else ""
    if entry.texts_known > 1:
        texts += words.text("queue.standing.more", more=entry.texts_known - 1)
    head = words.text(
        "queue.standing.line",
        id=decision.id,
        kind=words.text(f"queue.standing.kind.{decision.kind.value}"),
        reason=words.text(f"reason.{decision.reason.value}"),
        texts=texts,
    )
    code = "facts" if entry.in_force else "facts_over" if decision.revoked_at is None else "facts_revoked"
    facts = words.text(
        f"queue.standing.{code}",
        who=harmless(decision.who),
        made=local_time(decision.made_at),
        hits=decision.hits,
        last=local_time(decision.last_copy_at),
        until=local_time(entry.until),
        by=harmless(decision.revoked_by or ""),
        at=local_time(decision.revoked_at) if decision.revoked_at else "",
    )
    return [head, f"    {facts}"]


def _card_lines(session: Session, card: Card) -> list[str]:
    words, decision = session.words, card.entry.decision
    place = words.text(
        "queue.standing.place",
        forum=decision.forum,
        label=words.text(f"label.{decision.label.value}"),
        campaign=decision.campaign or "-",
        verdict=decision.verdict_id or "-",
    )
    effects, still = card.effects, len(card.hidden)
    lines = [
        *_entry_lines(session, card.entry),
        f"    {place}",
        *([words.text("queue.standing.note", note=harmless(decision.note))] if decision.note else []),
        words.text("queue.standing.effects", hidden=effects.hidden, still=still, queued=effects.queued),
        words.text("queue.standing.texts", number=len(card.texts)),
        *(f"  {harmless(text)}" for text in card.texts),
    ]
    return [*lines, words.text("queue.standing.authors", authors=card.authors)] if card.authors else lines


def _short(text: str) -> str:
    shown = harmless(text)
    return shown if len(shown) <= TEXT_SHOWN else shown[: TEXT_SHOWN - 1] + "…"


def _echo(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


def _lasting(session: Session) -> timedelta:
    return timedelta(days=session.loaded.settings.standing.days)
