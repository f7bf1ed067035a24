"""What is told of decisions: what they will be about, what became of each, what the forum did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from modbot.cli import flag_lines
from modbot.cli.base import Session, harmless, harmless_all, local_time
from modbot.daemon.moderating import WAIT_SECONDS, Moderator, is_settled
from modbot.domain import OutboxState
from modbot.moderation import telling
from modbot.moderation.bulk import Ending, Given, Result, TakenBack
from modbot.moderation.selecting import Plan
from modbot.store import flags, outbox
from modbot.store.candidates import Candidate
from modbot.store.engine import Store
from modbot.store.exceptions import PolicyException
from modbot.store.verdicts import Undone

LISTED = 20
WAITED_FOR = 40
"""More actions than this are left to the daemon: nobody sits before a terminal for so long."""


def tell(session: Session, moderator: Moderator, given: Given) -> bool:
    """Each reply's verdict with what the forum did; True when all is as wanted."""
    actions = _seen_through(session, moderator, given.results)
    oks = [_tell_result(session, moderator, one, actions, bulk=given.bulk) for one in given.results]
    if len(given.results) > 1 and not session.as_json:
        session.say(
            "queue.bulk_done",
            bulk=given.bulk,
            done=given.count(Ending.DONE),
            conflicts=given.count(Ending.CONFLICT),
            failed=given.count(Ending.FAILED),
        )
    return all(oks)


def see_through(
    session: Session, moderator: Moderator, forum: str, flag_id: int, action_id: int | None
) -> bool:
    """Follow one flag's action to its end and tell how it ended; True unless it failed."""
    result = Result(Ending.DONE, None, flag_id, forum, action_id)
    return _tell_result(session, moderator, result, _seen_through(session, moderator, [result]))


def tell_taken_back(session: Session, moderator: Moderator, found: TakenBack) -> bool:
    actions = _seen_through(session, moderator, found.results)
    oks = [_tell_result(session, moderator, one, actions) for one in found.results]
    if not session.as_json:
        labels = sum(one.forgotten for one in found.undone)
        counts = {"done": found.count(Ending.DONE), "others": len(found.results) - len(found.undone)}
        session.say("queue.bulk_undone", **counts, labels=labels)
    return all(oks)


def tell_undone(session: Session, moderator: Moderator, undone: Undone) -> bool:
    with moderator.store.read() as rx:
        forum = flags.get(rx, undone.flag_id).forum
    if not undone.ours:
        _report(session, undone.flag_id, session.words.text("queue.not_ours", flag=undone.flag_id), ok=True)
        return True
    result = Result(Ending.DONE, None, undone.flag_id, forum, undone.action_id, undone.unmute_id)
    ok = _tell_result(session, moderator, result, _seen_through(session, moderator, [result]))
    for sentence in telling.of_undone([undone], session.words) if not session.as_json else ():
        click.echo(sentence)
    return ok


def tell_plan(session: Session, plan: Plan, *, whole: bool) -> None:
    """Whom a decision for many would be about, and whom not and why."""
    if session.as_json:
        for one in plan.items:
            session.answer({**candidate_object(one), "left_out": None})
        for one, why in plan.left_out:
            session.answer({**candidate_object(one), "left_out": why.value})
        return
    shown = plan.items if whole else plan.items[:LISTED]
    for one in shown:
        click.echo(_candidate_line(session, one))
    if len(shown) < len(plan.items):
        session.say("queue.and_more", more=len(plan.items) - len(shown))
    session.say(
        "queue.plan",
        items=len(plan.items),
        authors=plan.authors,
        threads=plan.threads,
        unflagged=plan.unflagged,
    )
    for why, number in plan.spared.items():
        session.say(f"queue.left_out.{why.value}", number=number)


def tell_flags(session: Session, store: Store, flag_ids: Sequence[int]) -> None:
    with store.read() as rx:
        found = [flags.get(rx, flag_id) for flag_id in flag_ids]
    if session.as_json:
        for flag in found:
            session.answer(flag_lines.as_object(flag))
        return
    for line in flag_lines.list_lines(found, session.words):
        click.echo(line)


def tell_exception(session: Session, made: PolicyException, *, covers: int) -> None:
    if session.as_json:
        session.answer({**exception_object(made), "covers": covers})
        return
    click.echo(exception_line(session, made))
    if covers:
        session.say("queue.exception_covers", covers=covers, exception=made.id)


def exception_line(session: Session, one: PolicyException) -> str:
    where = {
        "board": one.board_id,
        "thread": one.thread_id,
        "kind": session.words.text(f"kind.{one.thread_kind.value}") if one.thread_kind else "",
    }[one.scope.value]
    return session.words.text(
        f"queue.exception.{one.scope.value}",
        id=one.id,
        forum=one.forum,
        where=where,
        reason=session.words.text(f"reason.{one.reason.value}"),
        who=harmless(one.who),
        at=local_time(one.made_at),
        note=harmless(one.note),
    )


def exception_object(one: PolicyException) -> dict[str, Any]:
    return {
        "exception": one.id,
        "forum": one.forum,
        "scope": one.scope.value,
        "board_id": one.board_id,
        "thread_id": one.thread_id,
        "kind": one.thread_kind.value if one.thread_kind else None,
        "reason": one.reason.value,
        "who": one.who,
        "note": one.note,
        "made_at": one.made_at.isoformat(),
        "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        "revoked_by": one.revoked_by,
    }


def candidate_object(one: Candidate) -> dict[str, Any]:
    return {
        "post_id": one.post_id,
        "flag": one.flag_id,
        "author_id": one.author.id,
        "author": one.author.name,
        "thread_id": one.thread_id,
        "thread_title": one.thread_title,
        "board_id": one.board_id,
        "posted_at": one.posted_at.isoformat() if one.posted_at else None,
        "text": one.text,
        "visibility": one.visibility.value,
    }


def _candidate_line(session: Session, one: Candidate) -> str:
    mark = session.words.text("queue.passed") if one.flag_id is None else str(one.flag_id)
    who, where = harmless(one.author.name), flag_lines.short(one.thread_title, 30)
    return f"{mark:>6}  {local_time(one.at)}  {who}  《{where}》  {flag_lines.short(one.text, 60)}"


def _seen_through(
    session: Session, moderator: Moderator, results: Iterable[Result]
) -> dict[int, outbox.Action]:
    """The actions as they are in the end (or for now, when they are many)."""
    by_forum: dict[str, list[int]] = {}
    for result in results:
        ids = [one for one in (result.action_id, result.mute_id) if one is not None]
        if result.forum is not None and ids:
            by_forum.setdefault(result.forum, []).extend(ids)
    if by_forum:
        _tell_window(session, moderator)
    found: dict[int, outbox.Action] = {}
    for forum, ids in by_forum.items():
        patience = WAIT_SECONDS if len(ids) <= WAITED_FOR else 0.0
        found |= {action.id: action for action in moderator.see_through(forum, ids, patience=patience)}
    return found


def _tell_window(session: Session, moderator: Moderator) -> None:
    if session.as_json:
        return
    seconds = moderator.undo_window().total_seconds()
    if seconds:
        session.say("queue.window", seconds=f"{seconds:g}")
    else:
        session.say("queue.at_once")


def _tell_result(
    session: Session,
    moderator: Moderator,
    result: Result,
    actions: dict[int, outbox.Action],
    *,
    bulk: str | None = None,
) -> bool:
    """Tell how one ended; True unless it failed."""
    ok = _tell_post(session, moderator, result, actions, bulk)
    if result.standing_id is not None and not session.as_json:
        session.say("queue.stands", standing=result.standing_id)
    return ok if result.mute_id is None else _tell_mute(session, actions[result.mute_id]) and ok


def _tell_post(
    session: Session,
    moderator: Moderator,
    result: Result,
    actions: dict[int, outbox.Action],
    bulk: str | None,
) -> bool:
    facts: dict[str, Any] = {"post": result.post_id, "result": result.ending.value, "bulk": bulk}
    facts["standing"] = result.standing_id
    if result.problem is not None:
        sentence = result.problem.message(session.language)
        _report(session, result.flag_id, sentence, ok=False, **facts)
        return False
    if result.action_id is None:
        sentence = session.words.text("queue.recorded", flag=result.flag_id)
        _report(session, result.flag_id, sentence, ok=True, **facts)
        return True
    action = actions[result.action_id]
    many = len(actions) > WAITED_FOR
    ok = _is_well(action) or (many and action.state in outbox.UNSETTLED)
    detail, trouble = action.detail, None if ok else moderator.trouble(action.forum)
    if trouble is not None:
        detail = session.words.text(trouble.code, **harmless_all(dict(trouble.facts)))
    sentence = telling.of_action(
        action.kind, action.state, session.words, flag=result.flag_id, detail=harmless(detail)
    )
    _report(session, result.flag_id, sentence, ok=ok, state=action.state.value, **facts)
    return ok


def _tell_mute(session: Session, action: outbox.Action) -> bool:
    ok = action.state in outbox.UNSETTLED or _is_well(action)
    sentence = session.words.text(
        "queue.muted",
        action=session.words.text(f"action.{action.kind.value}"),
        state=session.words.text(f"queue.state.{action.state.value}"),
        detail=harmless(action.detail),
    )
    _report(session, None, sentence, ok=ok, state=action.state.value)
    return ok


def _is_well(action: outbox.Action) -> bool:
    return is_settled(action) and action.state is not OutboxState.REFUSED


def _report(
    session: Session,
    flag_id: int | None,
    sentence: str,
    *,
    ok: bool,
    state: str | None = None,
    **facts: object,
) -> None:
    if session.as_json:
        told = {name: value for name, value in facts.items() if value is not None}
        session.answer({"flag": flag_id, "ok": ok, "action": state, "message": sentence, **told})
    else:
        click.echo(sentence, err=not ok)
