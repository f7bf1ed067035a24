"""Which actions take which back, and which of them are about the author, not the post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modbot.domain import ActionKind

MUTING = (ActionKind.MUTE, ActionKind.UNMUTE)
ON_POST = tuple(kind for kind in ActionKind if kind not in MUTING)
UNASKED = (ActionKind.HIDE, ActionKind.APPROVE)
"""What modbot may do without a human's asking."""
BACK = "back"
"""In the details of a move: it takes an earlier one back."""

_OPPOSITES = {
    ActionKind.HIDE: ActionKind.RESTORE,
    ActionKind.DELETE: ActionKind.UNDELETE,
    ActionKind.IGNORE: ActionKind.APPROVE,
    ActionKind.APPROVE: ActionKind.HIDE,
    ActionKind.RECYCLE_THREAD: ActionKind.RESTORE_THREAD,
    ActionKind.MOVE_THREAD: ActionKind.MOVE_THREAD,
    ActionKind.MUTE: ActionKind.UNMUTE,
    ActionKind.RESTORE: ActionKind.HIDE,
    ActionKind.UNDELETE: ActionKind.DELETE,
    ActionKind.RESTORE_THREAD: ActionKind.RECYCLE_THREAD,
    ActionKind.UNMUTE: ActionKind.MUTE,
}
_BRINGING_BACK = (
    ActionKind.RESTORE,
    ActionKind.UNDELETE,
    ActionKind.APPROVE,
    ActionKind.RESTORE_THREAD,
)


def opposite(kind: ActionKind) -> ActionKind:
    """What takes an action of this kind back. An approval cannot be: its post is hidden."""
    return _OPPOSITES[kind]


def removes(kind: ActionKind, details: Mapping[str, Any] | None) -> bool:
    """Whether an action takes its post out of its place (and does not bring it back)."""
    if kind is ActionKind.MOVE_THREAD:
        return not (details or {}).get(BACK)
    return kind in ON_POST and kind not in _BRINGING_BACK
