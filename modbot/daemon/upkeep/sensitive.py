"""Which secrets a backup leaves out, and which it cannot help holding."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from modbot.settings import Loaded

_FILE = "_file"


def files_named(loaded: Loaded) -> tuple[str, ...]:
    """``key: path`` of every setting that names a file with a secret."""
    return tuple(
        f"{key}: {loaded.path(value)}"
        for key, value in _values(loaded.settings)
        if key.endswith(_FILE) and isinstance(value, Path) and value.name
    )


def written_in(loaded: Loaded, settings_file: Path) -> tuple[str, ...]:
    """The keys of the secrets that stand in the settings file itself (not in the environment)."""
    written = tomllib.loads(settings_file.read_text(encoding="utf-8-sig"))
    return tuple(
        key
        for key, value in _values(loaded.settings)
        if isinstance(value, SecretStr) and value.get_secret_value() and _holds(written, key)
    )


def _values(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every single setting with its dotted key."""
    if isinstance(value, BaseModel):
        inner: Mapping[Any, object] = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, Mapping):
        inner = value
    else:
        yield key, value
        return
    for name, item in inner.items():
        yield from _values(item, f"{key}.{name}" if key else str(name))


def _holds(table: object, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(table, Mapping) or part not in table:
            return False
        table = table[part]
    return bool(table)
