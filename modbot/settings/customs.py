"""``[[boards]]`` and ``[[threads]]``: what an operator may say of boards and threads, and the
hours of ``[policy.night]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NIGHT_KEYS = ("from", "until", "timezone")
"""What of ``[policy.night]`` tells the hours; every other key is one of ``[policy]``."""


def _several(value: object) -> object:
    """One id may stand for a list of one."""
    return value if isinstance(value, list | tuple | set | frozenset) else [value]


Ids = Annotated[frozenset[Annotated[int, Field(ge=1)]], BeforeValidator(_several)]
CustomKind = Literal["normal", "chatter", "signin", "trade", "ads", "memorial", "lottery", "reply_to_see"]
"""Kinds that a custom makes; polls, rewards and pinned threads are told by the forum itself."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Ids = frozenset()
    forum: str = ""


class BoardEntry(_Entry):
    """``name`` is an RE2 pattern that is found in the board's name."""

    name: str = ""
    kind: CustomKind | None = None
    policy: dict[str, Any] = {}


class ThreadEntry(_Entry):
    """``title`` is an RE2 pattern that is found in the thread's title."""

    title: str = ""
    kind: CustomKind


class NightHours(BaseModel):
    """When the night is: ``HH:MM``, both or neither. An empty ``timezone`` is that of
    ``[notifications]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: str = Field(default="", alias="from", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")
    until: str = Field(default="", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")
    timezone: str = ""


ENTRIES: Mapping[str, type[_Entry]] = {"boards": BoardEntry, "threads": ThreadEntry}


def named(entry: Mapping[str, Any]) -> str:
    """How a person knows an entry of their file again: by what it is about."""
    key = next((key for key in ("name", "title", "id") if entry.get(key)), "")
    value = entry.get(key)
    if isinstance(value, str):
        return f'({key} = "{value}")'
    ids = sorted(value) if isinstance(value, frozenset) else value
    several = ids[0] if isinstance(ids, list) and len(ids) == 1 else ids
    return f"({key} = {several})" if key else ""
