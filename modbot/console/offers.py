"""What can be done with a card: the buttons under it, with what each does on the forum."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from modbot import i18n
from modbot.domain import ActionKind, Removal, VerdictKind, Visibility
from modbot.moderation.cards import Effect
from modbot.moderation.docket import Sheet

FIRST = 1
BIN_UNKNOWN = ("error.store.no_recycle_bin", "error.store.unknown_recycle_bin")
"""Refusals that somebody may override who types that they mean it."""


class Offer(BaseModel):
    """``code`` is what a form sends, ``key`` presses it. ``effect`` tells what the forum will
    show, ``refused`` why it cannot be done. ``typed``: it can't be undone, and is asked for in
    words. ``behind``: not under the thumb, but one tap further."""

    code: str
    key: str
    label: str
    effect: str
    refused: str | None = None
    typed: bool = False
    behind: bool = False


def of_sheet(sheet: Sheet, words: i18n.Catalogue) -> list[Offer]:
    """In the order of the buttons."""
    return list(_offers(sheet, words))


def told(sheet: Sheet, words: i18n.Catalogue) -> dict[VerdictKind, str]:
    """What each verdict will do on the forum, in words."""
    return {kind: _told(effect, words) for kind, effect in sheet.effects.of.items()}


def _offers(sheet: Sheet, words: i18n.Catalogue) -> Iterator[Offer]:
    by, of = sheet.effects.by, sheet.effects.of
    taken = of[VerdictKind.UPHOLD]
    is_thread = sheet.stored.reply.floor == FIRST
    if taken.refused is None:
        yield _offer("uphold", "a", taken, words)
    yield _offer("dismiss", "d", of[VerdictKind.DISMISS], words)
    yield Offer(code="skip", key="s", label=words.text("console.queue.do.skip"), effect="")
    if taken.refused is not None:
        yield _offer("uphold", "", taken, words, behind=True)
    if is_thread:
        yield _offer("recycle", "x", by[Removal.RECYCLE], words, behind=taken.refused is None)
        yield _offer("move", "v", by[Removal.MOVE], words, behind=True)
    elif _shows(sheet):
        yield _offer("delete", "x", by[Removal.DELETE], words, behind=True)
    if any(writer.id is not None for writer in sheet.writers):
        yield _offer("mute", "m", taken, words, behind=True)
    yield _offer("remove_dont_learn", "e", of[VerdictKind.REMOVE_DONT_LEARN], words, behind=True)
    for code, key in (("thread", "w"), ("board", "b"), ("kind", "y")):
        if code != "kind" or sheet.of_kind:
            yield _offer(f"allow_{code}", key, of[VerdictKind.ALLOW_HERE], words, behind=True)


def _shows(sheet: Sheet) -> bool:
    return sheet.first.visibility is not Visibility.GONE


def _offer(code: str, key: str, effect: Effect, words: i18n.Catalogue, *, behind: bool = False) -> Offer:
    typed = effect.refused is not None and effect.refused.code in BIN_UNKNOWN
    return Offer(
        code=code,
        key=key,
        label=words.text(f"console.queue.do.{code}"),
        effect=_told(effect, words),
        refused=effect.refused.message(words.language) if effect.refused is not None else None,
        typed=typed,
        behind=behind,
    )


def _told(effect: Effect, words: i18n.Catalogue) -> str:
    if effect.refused is not None:
        return effect.refused.message(words.language)
    if effect.action is None:
        return words.text("card.nothing")
    return words.text(f"console.queue.will.{ActionKind(effect.action).value}")
