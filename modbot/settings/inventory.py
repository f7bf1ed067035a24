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
_PAIR = re.compile(r"(?P<key>[a-z_]+) = (\"[^\"]*\"|\[[^\]]*\]|[^#\s]+)\s*(#\s?(?P<comment>.*))?$")
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
    known = frozenset(changeable.everywhere())
    return [
        Entry(
            key,
            value,
            loaded.origin.of(tuple(key.split("."))),
            key in known or changeable.place_of(key) != (None, None),
            comment_of(key, comments),
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


def inherited(key: str) -> Iterator[str]:
    """The key, and those that it takes its value from where it is not set itself."""
    yield key
    forum, board = changeable.place_of(key)
    inner = key.partition("policy.")[2]
    if board is not None:
        yield f"forums.{forum}.policy.{inner}"
    if forum is not None:
        yield f"policy.{inner}"


def comment_of(key: str, comments: Mapping[str, str]) -> str:
    """What the reference file says of a key, whichever forum or board it is of."""
    return comments.get(general(key), "")


def text_of(value: Any) -> str:
    """A value as it is typed into a field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(text_of(one) for one in value)
    return str(value)


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
        elif pair := _PAIR.match(shown):
            last = f"{section}.{pair['key']}".lstrip(".")
            found[last], above = (pair["comment"] or above).strip(), ""
        elif not line.strip():
            last = above = ""
        elif last:
            found[last] = f"{found.get(last, '')} {line.lstrip('# ')}".strip()
        else:
            above = f"{above} {line.lstrip('# ')}".strip()
    return {key: comment for key, comment in found.items() if comment}


def general(key: str) -> str:
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
    match value:
        case BaseModel():
            plain: Any = {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case SecretStr():
            plain = HIDDEN if value.get_secret_value() else ""
        case Mapping():
            plain = {str(name): _plain(inner) for name, inner in value.items()}
        case frozenset() | set():
            plain = sorted(_plain(inner) for inner in value)
        case tuple() | list():
            plain = [_plain(inner) for inner in value]
        case Enum():
            plain = value.value
        case Path():
            plain = "" if value == Path() else str(value)
        case str():
            plain = _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}", value)
        case None | bool() | int() | float():
            plain = value
        case _:
            plain = str(value)
    return plain
