"""How a reason stands on a board, in words."""

from __future__ import annotations

from collections.abc import Callable

from modbot import i18n
from modbot.moderation.autonomy import Standing


def sentence(
    standing: Standing,
    words: i18n.Catalogue,
    *,
    shown: Callable[[str], str] = str,
    in_terminal: bool = True,
) -> str:
    """Whether it acts, or what it lacks. ``shown`` makes a name fit for where it is read; in a
    terminal the command is told that grants it."""
    code = _code(standing)
    return words.text(
        f"autonomy.{code}" if in_terminal or code != "offered" else "autonomy.offered_here",
        place=place(standing.board_id, shown(standing.board), words),
        here=words.text("autonomy.here.forum" if standing.board_id is None else "autonomy.here.board"),
        reason=words.text(f"reason.{standing.reason.value}"),
        name=standing.reason.value,
        board="" if standing.board_id is None else f" --board {standing.board_id}",
        who=shown(standing.ruling.who) if standing.ruling else "",
        missing=number(standing.missing),
        right=standing.told.right,
        wrong=standing.told.wrong,
        lower=f"{standing.lower_bound:.1%}",
        target=f"{standing.target:.1%}",
    )


def place(board_id: int | None, name: str, words: i18n.Catalogue) -> str:
    if board_id is None:
        return words.text("autonomy.place.forum")
    return words.text("autonomy.place.board", board=board_id, name=name).strip()


def number(missing: int | None) -> str:
    return "∞" if missing is None else str(missing)


def _code(standing: Standing) -> str:
    ruling = standing.ruling
    if standing.acts:
        return "acts" if ruling is None else "granted"
    if ruling is not None:
        return "granted_shadow" if ruling.granted else "withdrawn"
    return {0: "offered", None: "far"}.get(standing.missing, "missing")
