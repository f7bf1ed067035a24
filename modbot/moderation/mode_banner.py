"""In which mode every forum is, and whether its unasked hiding is paused: for the head of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from modbot.domain import EVERYWHERE, Mode, Scope
from modbot.settings import Loaded, policies
from modbot.store import brake, modes
from modbot.store.brake import Brake


@dataclass(frozen=True, slots=True)
class ForumMode:
    """``by_night`` is None where it is that of the day. ``boards`` are those under another, as
    the daemon noted it (``queue``, ``shadow/enforce`` by day and night)."""

    forum: str
    mode: Mode
    by_night: Mode | None
    boards: Mapping[int, str]
    brake: Brake


def read(rx: Connection, loaded: Loaded, within: Scope = EVERYWHERE) -> list[ForumMode]:
    """One entry for each forum that the scope reaches. Two statements, however many they are."""
    names = [name for name in loaded.settings.forums if within.reaches(name)]
    noted, brakes = modes.load_all(rx), brake.states(rx)
    return [
        _of_forum(loaded, name, within, noted.get(name, {}), brakes.get(name, Brake(pulled=False)))
        for name in names
    ]


def _of_forum(
    loaded: Loaded, forum: str, within: Scope, noted: Mapping[int, modes.Since], pulled: Brake
) -> ForumMode:
    policy = loaded.policy_for(forum, None)
    night = policies.night_of(policy)
    mode, at_night = Mode(policy.mode), Mode(night.policy.mode) if night is not None else Mode(policy.mode)
    whole = mode.value if at_night is mode else f"{mode.value}/{at_night.value}"
    others = {
        board: one.mode
        for board, one in noted.items()
        if board != modes.DEFAULT and one.mode != whole and within.covers(forum, board)
    }
    return ForumMode(forum, mode, None if at_night is mode else at_night, others, pulled)
