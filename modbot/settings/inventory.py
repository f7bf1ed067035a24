"""Every setting in force: its value as JSON, where it comes from, what the reference file says
of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from modbot.settings import changeable, loading, policies
from modbot.settings.loading import Loaded
from modbot.settings.mistakes import REFERENCE_FILE

HIDDEN = "•••"
"""Stands for a secret that is set."""
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")
_COMMENT = re.compile(r"(?P<key>[a-z_]+) = (?P<value>\"[^\"]*\"|\[[^\]]*\]|[^#\s]+)\s*(#\s?(?P<comment>.*))?$")
_HEADER = re.compile(r"\[+(?P<section>[\w.]+)\]+(\s*#.*)?$")


@dataclass(frozen=True, slots=True)
class Entry:
    """``value`` is JSON; ``source`` a file, a variable, or the console; ``changeable``: there."""

    key: str
    value: Any
    source: str
    changeable: bool
    comment: str


def entries(loaded: Loaded, comments: Mapping[str, str] | None = None) -> list[Entry]:
    """All of them, in the order of the reference file. Secrets are ``HIDDEN``."""
    comments = reference_comments() if comments is None else comments
    known = frozenset(changeable.keys())
    return [
        Entry(
            key,
            value,
            loaded.origin.of(tuple(key.split("."))),
            key in known or changeable.place_of(key) != (None, None),
            comments.get(_general(key), ""),
        )
        for key, value in _flat(_plain(loaded.settings))
    ]


def value_of(loaded: Loaded, key: str) -> Any:
    """What is in force for a changeable ``key``, as JSON; for a key of a forum's or a board's
    policy what holds there, whichever policy it comes from. None: nothing of its own."""
    forum, board = changeable.place_of(key)
    if forum is None:
        found = _plain(loaded.settings)
        parts = key.split(".")
    else:
        found = _plain(policies.of_board(loaded.settings, forum, board))
        parts = key.partition("policy.")[2].split(".")
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def reference_comments() -> dict[str, str]:
    """What the reference file says of each key; of a forum's as ``forums.NAME.url``."""
    file = loading.project_root() / REFERENCE_FILE
    return comments_of(file.read_text(encoding="utf-8")) if file.is_file() else {}


def comments_of(text: str) -> dict[str, str]:
    """The comments at the ends of lines, by key; a section's own, which stand below its header,
    by its name. Tables that are shown as comments are read as the others."""
    found: dict[str, str] = {}
    section, last, above = "", "", ""
    for line in text.splitlines():
        shown = line.removeprefix("# ").strip()
        if header := _HEADER.match(shown):
            section = last = header["section"]
        elif pair := _COMMENT.match(shown):
            last = f"{section}.{pair['key']}".lstrip(".")
            found[last], above = (pair["comment"] or above).strip(), ""
        elif not line.strip():
            last = above = ""
        elif last:
            found[last] = f"{found.get(last, '')} {line.lstrip('# ')}".strip()
        else:
            above = f"{above} {line.lstrip('# ')}".strip()
    return {key: comment for key, comment in found.items() if comment}


def _general(key: str) -> str:
    """The key as the reference file has it: names and numbers are its examples'."""
    key = re.sub(r"^forums\.[^.]+(\.boards\.[^.]+)?\.policy\.", "policy.", key)
    key = re.sub(r"^forums\.[^.]+", "forums.NAME", key)
    return re.sub(r"^(forums\.NAME\.boards)\.[^.]+", r"\1.37", key)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _plain(value: Any) -> Any:
    """As JSON has it, without secrets."""
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(inner) for inner in value)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return "" if value == Path() else str(value)
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}", value) if isinstance(value, str) else value
