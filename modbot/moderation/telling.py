"""What is told of a decision that was taken back, and of what the forum did, in words."""

from __future__ import annotations

from collections.abc import Iterable

from modbot import i18n
from modbot.domain import ActionKind, OutboxState
from modbot.store.carrying import Kept
from modbot.store.verdicts import Undone


def of_undone(undone: Iterable[Undone], words: i18n.Catalogue) -> list[str]:
    """What did not come back, what the forum keeps, what is forgotten; each once."""
    found = list(undone)
    told = [words.text("queue.not_ours", flag=one.flag_id) for one in found if not one.ours]
    kept = {kept for one in found for kept in one.kept}
    told += [of_kept(one, words) for one in Kept if one in kept]
    forgotten = sum(one.forgotten for one in found)
    if forgotten:
        told.append(words.text("queue.forgotten", labels=forgotten))
    ended = [one.exception for one in found if one.exception is not None]
    told += [words.text("queue.exception_revoked", exception=one) for one in ended]
    over = [one.standing for one in found if one.standing is not None]
    return told + [words.text("queue.stands_no_more", standing=one) for one in dict.fromkeys(over)]


def of_kept(kept: Kept, words: i18n.Catalogue) -> str:
    return words.text(f"queue.kept.{kept.value}")


def of_action(
    kind: ActionKind, state: OutboxState, words: i18n.Catalogue, *, flag: int | None, detail: str = ""
) -> str:
    """How an action on the forum stands. ``detail`` is the forum's own sentence."""
    action = words.text(f"action.{kind.value}")
    return words.text(f"queue.action.{state.value}", flag=flag, action=action, detail=detail)
