"""Policies in layers: the global one, the forum's over it, a board's over that, the night's on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from modbot.errors import SettingsError
from modbot.settings import customs, mistakes
from modbot.settings.customs import BoardEntry, NightHours, ThreadEntry
from modbot.settings.mistakes import Location, Origin
from modbot.settings.schema import PolicySettings, Settings


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, table by table."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = merged(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return result


def overlaid(base: PolicySettings, layers: Sequence[Mapping[str, Any]]) -> PolicySettings:
    """``layers`` over ``base``, the last on top. Raises pydantic's ValidationError."""
    table: dict[str, Any] = base.model_dump()
    for layer in layers:
        table = merged(table, layer)
    return PolicySettings.model_validate(table)


def of_board(
    settings: Settings, forum: str, board: int | None, entry: BoardEntry | None = None
) -> PolicySettings:
    """The policy of a board: its own table's over that of ``entry`` (of ``[[boards]]``), over the
    forum's, over the global one."""
    chosen = settings.forums[forum]
    layers = [chosen.policy]
    if entry is not None:
        layers.append(entry.policy)
    if board is not None and board in chosen.boards:
        layers.append(chosen.boards[board].policy)
    return overlaid(settings.policy, layers)


@dataclass(frozen=True, slots=True)
class Night:
    """What ``policy`` is between ``hours.begins`` and ``hours.until``."""

    hours: NightHours
    policy: PolicySettings


def night_of(policy: PolicySettings) -> Night | None:
    """The policy's night; None while it is off. Raises pydantic's ValidationError."""
    hours, changes = _split(policy.night)
    return Night(hours, overlaid(policy, [changes])) if hours.begins else None


def _split(night: Mapping[str, Any]) -> tuple[NightHours, dict[str, Any]]:
    hours = {key: value for key, value in night.items() if key in customs.NIGHT_KEYS}
    changes = {key: value for key, value in night.items() if key not in customs.NIGHT_KEYS}
    return NightHours.model_validate(hours), changes


def check(settings: Settings, origin: Origin) -> None:
    """Every policy, those of nights included, and every entry. Raises SettingsError."""
    for location, layers in _policies(settings):
        try:
            found = overlaid(settings.policy, layers)
        except ValidationError as problem:
            raise mistakes.explained(problem, origin, location) from None
        _check_night(found, origin, (*location, "night"))
    for number, board in enumerate(settings.boards):
        _check_entry(board, board.name, settings, origin, ("boards", number))
        if board.kind is None and not board.policy:
            raise _wrong_entry("does_nothing", origin, ("boards", number))
    for number, thread in enumerate(settings.threads):
        _check_entry(thread, thread.title, settings, origin, ("threads", number))


def _policies(settings: Settings) -> Iterator[tuple[Location, list[dict[str, Any]]]]:
    yield ("policy",), []
    for name, forum in settings.forums.items():
        yield ("forums", name, "policy"), [forum.policy]
        for board, chosen in forum.boards.items():
            yield ("forums", name, "boards", board, "policy"), [forum.policy, chosen.policy]
    for number, entry in enumerate(settings.boards):
        yield ("boards", number, "policy"), [entry.policy]


def _check_night(policy: PolicySettings, origin: Origin, location: Location) -> None:
    try:
        hours, changes = _split(policy.night)
        if "night" in changes:
            raise mistakes.unknown_key(origin.of(location), origin.key((*location, "night")), "")
        overlaid(policy, [changes])
    except ValidationError as problem:
        raise mistakes.explained(problem, origin, location) from None
    if bool(hours.begins) is not bool(hours.until):
        missing = "from" if hours.until else "until"
        raise SettingsError(
            code="error.settings.missing", source=origin.of(location), key=origin.key((*location, missing))
        )


def _check_entry(
    entry: BoardEntry | ThreadEntry, pattern: str, settings: Settings, origin: Origin, location: Location
) -> None:
    if bool(entry.id) is bool(pattern):
        example = "name" if isinstance(entry, BoardEntry) else "title"
        raise _wrong_entry("place", origin, location, pattern=example)
    if entry.forum and entry.forum not in settings.forums:
        near = mistakes.nearest(entry.forum, settings.forums)
        known = near or ", ".join(settings.forums) or "-"
        raise _wrong_entry("forum", origin, (*location, "forum"), forum=entry.forum, known=known)


def _wrong_entry(what: str, origin: Origin, location: Location, **facts: object) -> SettingsError:
    return SettingsError(
        code=f"error.settings.entry.{what}", source=origin.of(location), key=origin.key(location), **facts
    )
