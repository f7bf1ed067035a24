"""What is wrong with settings, told with its file, its key and the way out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modbot.errors import SettingsError
from modbot.settings import customs
from modbot.settings.rules import keys_at
from modbot.settings.schema import ENV_PREFIX, BoardSettings, ForumSettings, PolicySettings, Settings

Location = tuple[str | int, ...]


REFERENCE_FILE = "settings.toml"
CONSOLE = "console"
"""What a setting that was changed there is told to come from."""
_OTHER_NAMES = {"title": "name", "name": "title"}
"""A board has a name, a thread a title: each is easily written for the other."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where each setting comes from. ``layers``: files with their tables, the lowest first;
    ``overlay``: what the console changed, above them and the environment."""

    layers: list[tuple[str, dict[str, Any]]]
    environ: Mapping[str, str]
    overlay: Mapping[str, Any] = field(default_factory=dict)

    def of(self, location: Location) -> str:
        """What a value comes from, the topmost that holds it: the console, a variable, a file."""
        return self.found(location) or (self.layers[-1][0] if self.layers else REFERENCE_FILE)

    def found(self, location: Location) -> str | None:
        """The same; None for what nothing holds."""
        if self.overlay and _holds(self.overlay, location):
            return CONSOLE
        variable = ENV_PREFIX + "__".join(str(part).upper() for part in location)
        upper = {name.upper() for name in self.environ}
        if variable in upper or any(name.startswith(variable + "__") for name in upper):
            return variable
        for source, layer in reversed(self.layers):
            if _holds(layer, location):
                return str(source)
        return None

    def key(self, location: Location) -> str:
        """How a person finds it: a rule by its name, where it has one, else by its number; an
        entry of ``[[boards]]`` or ``[[threads]]`` by its number and what it is about."""
        listed = location[0] if location else ""
        parts = [str(part) for part in location]
        if len(location) < 2 or not isinstance(number := location[1], int):
            return ".".join(parts)
        entry = self._entry(str(listed), number)
        if listed == "rules":
            parts[1] = str(entry.get("name") or number + 1)
        elif listed in customs.ENTRIES:
            here = f"{listed}[{number + 1}] {customs.named(entry)}".rstrip()
            parts = [here, *(str(part) for part in location[2:] if isinstance(part, str))]
        return ".".join(parts)

    def _entry(self, listed: str, number: int) -> dict[str, Any]:
        entries: Any = next((layer[listed] for _, layer in reversed(self.layers) if listed in layer), [])
        entry = entries[number] if isinstance(entries, list) and number < len(entries) else None
        return entry if isinstance(entry, dict) else {}


def _holds(table: Any, location: Location) -> bool:
    for part in location:
        if isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        elif isinstance(table, dict) and str(part) in table:
            table = table[str(part)]
        else:
            return False
    return True


def unknown_key(source: str, key: str, nearest: str) -> SettingsError:
    code = "error.settings.unknown_key_near" if nearest else "error.settings.unknown_key"
    return SettingsError(code=code, source=source, key=key, nearest=nearest)


def nearest(word: str, known: Collection[str]) -> str:
    """The right spelling that ``word`` comes nearest to; empty where none is near."""
    if _OTHER_NAMES.get(word) in known:
        return _OTHER_NAMES[word]
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def explained(problem: ValidationError, origin: Origin, prefix: Location = ()) -> SettingsError:
    """The most telling of what a validation found, its location below ``prefix``."""
    first = _most_telling(problem.errors(include_url=False))
    location = prefix + tuple(part for part in first["loc"] if part != "[key]")
    known_location = tuple(part for part in location if not _is_union_tag(part))
    key = origin.key(known_location)
    source = origin.of(known_location)
    if first["type"] == "extra_forbidden":
        siblings = list(_fields_at(known_location[:-1]))
        return unknown_key(source, key, nearest(str(known_location[-1]), siblings))
    if first["type"] == "missing":
        return SettingsError(code="error.settings.missing", source=source, key=key)
    return _invalid(first, source, key)


_KINDS_OF_PROBLEM = {
    "enum": "one_of",
    "literal_error": "one_of",
    "int_parsing": "whole_number",
    "int_type": "whole_number",
    "int_from_float": "whole_number",
    "float_parsing": "number",
    "float_type": "number",
    "bool_parsing": "yes_or_no",
    "bool_type": "yes_or_no",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "string_pattern_mismatch": "pattern",
    "too_short": "empty_list",
    "string_type": "text",
    "model_type": "table",
    "dict_type": "table",
}


def _invalid(problem: ErrorDetails, source: str, key: str) -> SettingsError:
    context = problem.get("ctx", {})
    bound = next((context[name] for name in ("ge", "gt", "le") if name in context), "")
    facts = {"source": source, "key": key, "problem": problem["msg"], "bound": bound}
    kind = _KINDS_OF_PROBLEM.get(problem["type"])
    if kind == "one_of" and (near := _near_choice(problem)):
        kind, facts = "one_of_near", facts | {"nearest": near}
    code = f"error.settings.invalid.{kind}" if kind else "error.settings.invalid"
    return SettingsError(code=code, expected=context.get("expected", ""), **facts)


def _near_choice(problem: ErrorDetails) -> str:
    choices = re.findall(r"'([^']+)'", str(problem.get("ctx", {}).get("expected", "")))
    given = problem.get("input")
    return nearest(given, choices) if isinstance(given, str) else ""


def _most_telling(errors: list[ErrorDetails]) -> ErrorDetails:
    """A mistyped key explains the missing one beside it, so it is told first."""
    return next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])


def _is_union_tag(part: str | int) -> bool:
    text = str(part)
    return text.startswith(("literal[", "constrained-", "function-")) or text in {"float", "int", "str"}


def _fields_at(location: Location) -> Iterator[str]:
    model: type[BaseModel] = Settings
    if location[:1] == ("rules",):
        yield from keys_at(location)
        return
    if location[-1:] == ("night",):
        yield from customs.NIGHT_KEYS
    parts = list(location)
    if len(parts) > 1 and isinstance(parts[1], int) and parts[0] in customs.ENTRIES:
        model = customs.ENTRIES[str(parts[0])]
        del parts[:2]
    while parts:
        part = str(parts.pop(0))
        if part == "forums" and parts:
            parts.pop(0)
            model = ForumSettings
        elif part == "boards" and parts:
            parts.pop(0)
            model = BoardSettings
        elif part == "policy":
            model = PolicySettings
        elif isinstance(inner := model.model_fields[part].annotation, type) and issubclass(inner, BaseModel):
            model = inner
    yield from model.model_fields
