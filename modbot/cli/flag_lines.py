"""Flags and cards as lines for a terminal and as JSON."""

from __future__ import annotations

from typing import Any

from modbot import i18n
from modbot.cli import explanation
from modbot.cli.base import harmless, local_time
from modbot.cli.highlight import highlighted
from modbot.detection.differences import differences
from modbot.domain import VerdictSource
from modbot.moderation import explaining, wording
from modbot.store import cards, flags
from modbot.store.nearest import Nearest

TEXT_SHOWN = 120


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
            {
                "kind": verdict.kind.value,
                "source": verdict.source.value,
                "who": verdict.who,
                "at": verdict.given_at.isoformat(),
            }
            for verdict in card.verdicts
        ],
        "missed": card.missed.value if card.missed else None,
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
        lines.append(f"{head}  《{short(flag.thread_title, 30)}》")
        lines.append(f"       {short(flag.text, TEXT_SHOWN)}")
    return lines


def short(text: str, length: int) -> str:
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


def _forum_side(card: cards.Card, words: i18n.Catalogue) -> str:
    """What a human did on the forum itself: gave the verdict, or removed what modbot let pass."""
    if card.missed is not None:
        return words.text(f"queue.missed.{card.missed.value}")
    decided = [one for one in card.verdicts if one.undone_at is None and one.source is VerdictSource.FORUM]
    return words.text(f"queue.on_forum.{decided[-1].kind.value}") if decided else ""


def _facts(card: cards.Card, words: i18n.Catalogue, *, colour: bool) -> list[str]:
    flag, reply = card.flag, card.stored.reply
    spans = explaining.evidence(card.judged.decision)
    facts = [
        ("flag", f"{flag.id}  {words.text('state.' + flag.state.value)}"),
        ("forum_side", _forum_side(card, words)),
        ("author", f"{flag.author_name} ({reply.author.posts if reply.author.posts is not None else '?'})"),
        ("region", reply.region),
        ("thread", flag.thread_title),
        ("time", local_time(flag.posted_at) if flag.posted_at else ""),
        ("opening", reply.opening[:200]),
        ("quoted", reply.quoted[:200]),
    ]
    lines = [f"{words.text('column.' + name)}: {harmless(value)}" for name, value in facts if value]
    return [*lines, f"{words.text('column.text')}: {highlighted(flag.text, spans, colour=colour)}"]
