"""What a verdict asks of the forum, by where its post stands: a reply that everybody sees, one
that waits for approval, or the first post of a thread, whose title outlives its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from modbot.domain import ActionKind, Label, OutboxState, Reason, Removal, Visibility
from modbot.errors import Unsuitable
from modbot.store import flags, intents, outbox
from modbot.store.intents import PENDING, RECYCLES, Message, Removing

_FIRST = 1
_BEGUN = (OutboxState.DONE, OutboxState.CLAIMED, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Means:
    """How a verdict is carried out.

    ``how`` None: as is due where the post stands. A reply that waits for approval is then
    ignored, or deleted with ``deletes_pending``. ``staff_board`` is where *move* goes.
    ``recycles``: whether the board has a recycle bin (None: unknown); what is deleted
    without one is deleted ``for_good``, and must be asked for so. ``mute_days`` mutes the
    author beside.
    """

    how: Removal | None = None
    deletes_pending: bool = False
    staff_board: int | None = None
    recycles: bool | None = None
    for_good: bool = False
    mute_days: int | None = None


class Kept(StrEnum):
    """What the forum keeps of a verdict that was taken back.

    ``record``: its own count of violations and its logs. ``notice``: what the author was
    sent. ``published``: a reply that was approved cannot wait again, and is hidden instead.
    ``unpublished``: one that was ignored or deleted while it waited stays so until it is
    dismissed. ``deleted``: no recycle bin holds it. ``mute``: another verdict wants it.
    """

    RECORD = "record"
    NOTICE = "notice"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"
    MUTE = "mute"


def removing(flag: flags.Flag, means: Means, label: Label) -> Removing:
    """The action that takes the flagged post away. Raises Unsuitable, with the reason, when
    what was chosen does not fit where it stands."""
    if flag.visibility is Visibility.PENDING:
        return _removing_pending(flag, means)
    if flag.floor == _FIRST:
        return _removing_first(flag, means, label)
    if means.how in (Removal.RECYCLE, Removal.MOVE):
        raise Unsuitable(code="error.store.no_first_post", flag=flag.id)
    return _deleting(flag, means) if means.how is Removal.DELETE else intents.HIDING


def take_back(
    tx: Connection, flag: flags.Flag, message: Message, *, who: str, now: datetime
) -> tuple[int | None, set[Kept]]:
    """Undo a removal: answers the last action that is queued, and what the forum keeps."""
    kept: set[Kept] = set()
    for removal in intents.removals(tx, flag.reply_id):
        if removal.state in _BEGUN:
            kept |= _of_removal(removal)
    return intents.want_visible(tx, flag, message, publishes=False, who=who, now=now), kept


def do_again(
    tx: Connection, flag: flags.Flag, action_id: int | None, *, who: str, now: datetime
) -> tuple[int | None, set[Kept]]:
    """Undo what brought a post back: answers the action that is queued, and what the forum keeps."""
    queued = intents.do_again(tx, flag, action_id, who=who, now=now)
    if queued is None or action_id is None:
        return queued, set()
    back = outbox.get(tx, action_id)
    kept = {Kept.PUBLISHED} if back.kind is ActionKind.APPROVE else set()
    return queued, kept | ({Kept.NOTICE} if back.notify else set())


def _of_removal(removal: outbox.Action) -> set[Kept]:
    kept = {Kept.RECORD} | ({Kept.NOTICE} if removal.notify else set())
    if intents.was_pending(removal):
        kept.add(Kept.UNPUBLISHED)
    return kept | ({Kept.DELETED} if intents.is_for_good(removal) else set())


def _removing_pending(flag: flags.Flag, means: Means) -> Removing:
    if means.how in (Removal.RECYCLE, Removal.MOVE):
        raise Unsuitable(code="error.store.no_first_post", flag=flag.id)
    if means.how is Removal.DELETE:
        return _deleting(flag, means, {PENDING: True})
    if means.how is None and means.deletes_pending:
        return Removing(ActionKind.DELETE, {PENDING: True, RECYCLES: means.recycles})
    return Removing(ActionKind.IGNORE)


def _removing_first(flag: flags.Flag, means: Means, label: Label) -> Removing:
    if means.how is Removal.RECYCLE:
        _require_bin(flag, means)
        return Removing(ActionKind.RECYCLE_THREAD, {RECYCLES: means.recycles})
    if means.how is Removal.MOVE:
        return Removing(ActionKind.MOVE_THREAD, _move(flag, means))
    if means.how is Removal.DELETE or Label.SPAM is label or flag.reason is Reason.SPAM:
        raise Unsuitable(code="error.store.first_post", flag=flag.id)
    return intents.HIDING


def _deleting(flag: flags.Flag, means: Means, details: Mapping[str, Any] | None = None) -> Removing:
    _require_bin(flag, means)
    return Removing(ActionKind.DELETE, {**(details or {}), RECYCLES: means.recycles})


def _require_bin(flag: flags.Flag, means: Means) -> None:
    if means.recycles is not True and not means.for_good:
        unknown = "no_recycle_bin" if means.recycles is False else "unknown_recycle_bin"
        raise Unsuitable(code=f"error.store.{unknown}", flag=flag.id, board=flag.board_id or "?")


def _move(flag: flags.Flag, means: Means) -> dict[str, Any]:
    if not means.staff_board:
        raise Unsuitable(code="error.store.no_staff_board", flag=flag.id)
    if flag.board_id is None:
        raise Unsuitable(code="error.store.unknown_board", flag=flag.id)
    return {"board": means.staff_board, "from": flag.board_id}
