"""Which settings may be changed while modbot runs (in its console), and what such a change is:
a key as it would stand in a file, its tables joined by dots, and a value for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from modbot.errors import SettingsError
from modbot.settings.customs import NIGHT_KEYS
from modbot.settings.mistakes import nearest
from modbot.settings.schema import PolicySettings, Settings

_SECTIONS = ("queue", "spot_checks", "brake", "standing", "actions")
_QUIET_HOURS = ("notifications.quiet_from", "notifications.quiet_until")
_OF_FORUM = re.compile(r"forums\.(?P<forum>[a-z][a-z0-9_]*)\.(boards\.(?P<board>[1-9]\d{0,17})\.)?policy\.")


def everywhere() -> Iterator[str]:
    """The changeable keys that every installation has."""
    yield from (f"policy.{key}" for key in policy_keys())
    for section in _SECTIONS:
        yield from (f"{section}.{key}" for key in _leaves(_section(section)))
    yield from _QUIET_HOURS


def policy_keys() -> Iterator[str]:
    """The keys of ``[policy]``, and of every policy that lies over it. Below ``night.`` each of
    them may stand once more."""
    yield from (key for key in _leaves(PolicySettings) if key != "night")
    yield from (f"night.{key}" for key in NIGHT_KEYS)


def require(key: str, settings: Settings) -> None:
    """Raises SettingsError for a key that cannot be changed here, and for one of a forum that
    is not configured."""
    found = _OF_FORUM.match(key)
    if found and found["forum"] not in settings.forums:
        known = ", ".join(settings.forums) or "-"
        raise SettingsError(code="error.settings.no_such_forum", name=found["forum"], known=known)
    is_policy = found is not None or key.startswith("policy.")
    inner = key[found.end() :] if found else key.removeprefix("policy.")
    allowed = set(policy_keys() if is_policy else everywhere())
    by_night = inner.removeprefix("night.") if is_policy else inner
    if inner in allowed or (by_night in allowed and not by_night.startswith("night.")):
        return
    near = nearest(inner, allowed)
    code = "error.settings.not_changeable_near" if near else "error.settings.not_changeable"
    raise SettingsError(code=code, key=key, nearest=key.removesuffix(inner) + near)


def place_of(key: str) -> tuple[str | None, int | None]:
    """The forum and board that a key is about; None is each of them."""
    found = _OF_FORUM.match(key)
    if found is None:
        return None, None
    return found["forum"], int(found["board"]) if found["board"] else None


def choices(key: str) -> tuple[str, ...]:
    """What a changeable key may be where that is one of a few words; else nothing."""
    forum, _ = place_of(key)
    model: type[BaseModel] = Settings
    parts = key.split(".")
    if forum is not None or parts[0] == "policy":
        model, parts = PolicySettings, key.partition("policy.")[2].removeprefix("night.").split(".")
    for part in parts[:-1]:
        model = _section(part, model)
    field = model.model_fields.get(parts[-1])
    return _words(field.annotation) if field is not None else ()


def groups(settings: Settings) -> Iterator[str]:
    """The tables whose keys are changed together: every policy, and the sections."""
    yield "policy"
    for name, forum in settings.forums.items():
        yield f"forums.{name}.policy"
        yield from (f"forums.{name}.boards.{board}.policy" for board in forum.boards)
    yield from (*_SECTIONS, "notifications")


def keys_of(group: str) -> list[str]:
    """The changeable keys of one table."""
    if group == "policy" or _OF_FORUM.fullmatch(f"{group}."):
        return [f"{group}.{key}" for key in policy_keys()]
    return [key for key in everywhere() if key.startswith(f"{group}.")]


def table_of(overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Values by their keys as the tables that a file would hold."""
    table: dict[str, Any] = {}
    for key, value in overlay.items():
        *parents, last = key.split(".")
        inner = table
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return table


def _words(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(choice.value for choice in annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _section(name: str, within: type[BaseModel] = Settings) -> type[BaseModel]:
    model = within.model_fields[name].annotation
    assert isinstance(model, type)  # noqa: S101 - told to the type checker
    assert issubclass(model, BaseModel)  # noqa: S101
    return model


def _leaves(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from (f"{name}.{key}" for key in _leaves(inner))
        else:
            yield name
