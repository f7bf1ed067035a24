"""Flags that one decision closes, as one card: for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from modbot.cli import flag_lines, outcomes
from modbot.cli.base import Session, harmless, local_time
from modbot.cli.highlight import can_colour, highlighted
from modbot.moderation import cards
from modbot.moderation.cards import AuthorNotes, Card, Effect, Member
from modbot.store.groups import Group, GroupKind


def tell_groups(session: Session, found: Sequence[Group]) -> None:
    for group in found:
        if session.as_json:
            session.answer(group_object(group))
            continue
        click.echo(_head(session, group))
        click.echo(f"       {flag_lines.short(group.flags[0].text, flag_lines.TEXT_SHOWN)}")


def tell_whole(session: Session, card: Card) -> None:
    if session.as_json:
        session.answer(card_object(session, card))
        return
    click.echo(_head(session, card.group))
    for member in card.members:
        click.echo(_member_line(member))
    if card.passed:
        session.say("card.passed", number=len(card.passed))
    for author in card.authors:
        click.echo(_author_line(session, author))
    for kind, effect in card.effects.items():
        session.say(
            "card.effect",
            verdict=session.words.text(f"verdict.{kind.value}"),
            effect=_effect(session, effect),
        )


def group_object(group: Group) -> dict[str, Any]:
    return {
        "card": group.kind.value,
        "forum": group.key.forum,
        "campaign": group.key.campaign,
        "author_id": group.key.author_id,
        "author": group.flags[0].author_name if group.kind is not GroupKind.CAMPAIGN else None,
        "open": group.number,
        "authors": group.authors,
        "threads": group.threads,
        "score": round(group.score, 4),
        "oldest": group.oldest.isoformat(),
        "newest": group.newest.isoformat(),
        "members": [_member_object(member) for member in cards.members(group.flags)],
    }


def card_object(session: Session, card: Card) -> dict[str, Any]:
    return {
        **group_object(card.group),
        "passed": [outcomes.candidate_object(one) for one in card.passed],
        "known": [_author_object(one) for one in card.authors],
        "effects": {
            kind.value: {
                "action": effect.action.value if effect.action else None,
                "at": effect.at.isoformat() if effect.at else None,
                "refused": effect.refused.message(session.language) if effect.refused else None,
            }
            for kind, effect in card.effects.items()
        },
    }


def _member_object(member: Member) -> dict[str, Any]:
    flag = member.flag
    return {
        "flag": flag.id,
        "version": flag.version,
        "reason": flag.reason.value,
        "post_id": flag.post_id,
        "author_id": flag.author_id,
        "author": flag.author_name,
        "thread_id": flag.thread_id,
        "thread_title": flag.thread_title,
        "board_id": flag.board_id,
        "posted_at": flag.posted_at.isoformat() if flag.posted_at else None,
        "text": flag.text,
        "differences": member.differs,
        "visibility": flag.visibility.value,
    }


def _author_object(author: AuthorNotes) -> dict[str, Any]:
    return {
        "author_id": author.author_id,
        "author": author.name,
        "standing": author.standing,
        "last": [outcomes.candidate_object(one) for one in author.last],
        "verdicts": [
            {"kind": one.kind.value, "who": one.who, "at": one.given_at.isoformat()}
            for one in author.verdicts
        ],
    }


def _head(session: Session, group: Group) -> str:
    first = group.flags[0]
    return session.words.text(
        f"card.{group.kind.value}",
        flag=first.id,
        campaign=group.key.campaign,
        reason=session.words.text(f"reason.{first.reason.value}"),
        number=group.number,
        authors=group.authors,
        threads=group.threads,
        score=f"{group.score:.0%}",
        author=harmless(first.author_name),
        title=flag_lines.short(first.thread_title, 30),
    )


def _member_line(member: Member) -> str:
    flag = member.flag
    when = local_time(flag.posted_at) if flag.posted_at else "?"
    where = f"《{flag_lines.short(flag.thread_title, 30)}》"
    text = highlighted(flag.text, member.differs, colour=can_colour())
    return f"{flag.id:>5}  {when}  {harmless(flag.author_name)}  {where}  {text}"


def _author_line(session: Session, author: AuthorNotes) -> str:
    known = {True: "yes", False: "no", None: "unknown"}[author.standing]
    return session.words.text(
        "card.notes",
        author=harmless(author.name),
        standing=session.words.text(f"card.standing.{known}"),
        verdicts=len(author.verdicts),
        last=" / ".join(flag_lines.short(one.text, 20) for one in author.last),
    )


def _effect(session: Session, effect: Effect) -> str:
    if effect.refused is not None:
        return effect.refused.message(session.language)
    if effect.action is None:
        return session.words.text("card.nothing")
    return session.words.text(f"action.{effect.action.value}")
