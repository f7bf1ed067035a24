"""Why a reply was decided so, as lines for a terminal. All of a forum's text is made harmless."""

from __future__ import annotations

from datetime import datetime

from modbot import i18n
from modbot.cli.base import harmless, local_time
from modbot.cli.highlight import highlighted
from modbot.daemon.exchange import Copy
from modbot.detection.differences import differences
from modbot.domain import Decision
from modbot.moderation import explaining
from modbot.store.nearest import Nearest

SHOWN = 120


def of_decision(decision: Decision, words: i18n.Catalogue) -> list[str]:
    """The signals with what weighed for and against, the limits passed, and what held back."""
    lines = []
    for point in explaining.points(decision, words):
        lines.append(f"  · {harmless(point.sentence)}")
        lines += [f"      {line}" for line in point.weights]
    return lines + [f"  · {sentence}" for sentence in explaining.conclusions(decision, words)]


def of_copy(copy: Copy, text: str, words: i18n.Catalogue, *, colour: bool) -> str:
    """An earlier line that is like ``text``, on one line, with what it has otherwise marked."""
    near, earlier = copy.duplicate, copy.earlier
    if earlier is None:
        return _duplicate(near.similarity, near.posted_at, "", "", "", words)
    where = words.text("duplicates.thread", title=harmless(earlier.thread)) if earlier.thread else ""
    shown = _compared(earlier.text, text, colour=colour)
    return _duplicate(near.similarity, near.posted_at, harmless(earlier.author), where, shown, words)


def of_nearest(found: Nearest, text: str, words: i18n.Catalogue, *, colour: bool) -> str:
    """An earlier reply that is like ``text``: who wrote it, when and where."""
    near, title = found.duplicate, harmless(found.thread_title)
    place = "duplicates.place" if found.board else "duplicates.thread"
    where = words.text(place, title=title, board=harmless(found.board)) if title else ""
    shown = _compared(found.text, text, colour=colour)
    return _duplicate(near.similarity, near.posted_at, harmless(found.author_name), where, shown, words)


def _compared(earlier: str, text: str, *, colour: bool) -> str:
    return highlighted(earlier[:SHOWN], differences(earlier[:SHOWN], text), colour=colour)


def _duplicate(
    similarity: float, when: datetime, who: str, where: str, text: str, words: i18n.Catalogue
) -> str:
    facts = (
        words.text("duplicates.alike", similarity=f"{similarity:.0%}"),
        local_time(when),
        who or words.text("duplicates.unknown_author"),
        where,
        text or words.text("duplicates.gone"),
    )
    return "  " + "  ".join(fact for fact in facts if fact)
