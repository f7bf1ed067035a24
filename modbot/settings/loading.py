"""Settings: the reference file, the operator's file over it, the environment over both.

:func:`load` answers validated settings or raises one
:class:`~modbot.errors.SettingsError` that names file, key and the way out.
"""

from __future__ import annotations

import difflib
import os
import re
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from modbot.errors import SettingsError
from modbot.settings.rules import keys_at
from modbot.settings.schema import ENV_PREFIX, BoardSettings, ForumSettings, PolicySettings, Settings

OPERATOR_FILE = "modbot.toml"
REFERENCE_FILE = "settings.toml"
FORUM_NAME = re.compile(r"[a-z][a-z0-9_]*")
NOT_SETTINGS = frozenset({"MODBOT_SETTINGS", "MODBOT_LANG"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with the folder that their relative paths start at, and their files."""

    settings: Settings
    base: Path
    operator_file: Path | None

    def path(self, path: Path) -> Path:
        return path if path.is_absolute() else self.base / path

    @property
    def models_dir(self) -> Path:
        return self.path(self.settings.paths.models)

    @property
    def state_dir(self) -> Path:
        return self.path(self.settings.paths.state)

    @property
    def store_url(self) -> str:
        url = self.settings.store.url
        relative = re.fullmatch(r"sqlite:///([^/:].*)", url)
        return f"sqlite:///{self.base / relative[1]}" if relative else url

    def secret(self, section: BaseModel, name: str, *, key: str) -> str:
        """The secret ``name``, given itself or as ``name_file``; empty when neither is.

        Raises SettingsError when the file cannot be read.
        """
        direct = cast("SecretStr | None", getattr(section, name))
        if direct is not None and direct.get_secret_value():
            return direct.get_secret_value()
        file = cast("Path | None", getattr(section, f"{name}_file"))
        if file is None or str(file) in ("", "."):
            return ""
        try:
            text: str = self.path(file).read_text(encoding="utf-8")
            return text.strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise SettingsError(
                code="error.settings.secret_file",
                source=str(self.operator_file or ENV_PREFIX + "*"),
                key=f"{key}_file",
                file=str(self.path(file)),
                detail=getattr(problem, "strerror", None) or type(problem).__name__,
            ) from problem

    def policy_for(self, forum: str, board: int | None) -> PolicySettings:
        """The board's policy over the forum's over the global one."""
        settings = self.settings.forums[forum]
        layers = [settings.policy]
        if board is not None and board in settings.boards:
            layers.append(settings.boards[board].policy)
        return _overlaid_policy(self.settings.policy, layers)


def load(file: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read and validate the settings. Raises SettingsError.

    Without ``file`` the operator's file is ``modbot.toml`` of the current folder, if any.
    """
    environ = os.environ if environ is None else environ
    operator = file or _first_file(Path.cwd() / OPERATOR_FILE, project_root() / OPERATOR_FILE)
    layers = _read_layers(operator, required=file is not None)
    _refuse_unknown_variables(environ)
    merged: dict[str, Any] = {}
    for _, table in layers:
        merged = _merged(merged, table)
    origin = _Origin(layers, environ)
    try:
        settings = _validated(merged, environ)
    except ValidationError as problem:
        raise _explained(problem, origin) from None
    except SourceError as problem:
        raise SettingsError(
            code="error.settings.invalid", source=ENV_PREFIX + "*", key="-", problem=str(problem)
        ) from None
    base = operator.resolve().parent if operator else project_root()
    loaded = Loaded(settings, base, operator)
    _check_forums(loaded, origin)
    return loaded


def project_root() -> Path:
    """The folder of run.py in a checkout; where the wheel put its data otherwise."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / REFERENCE_FILE).is_file():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "modbot"


def _first_file(*candidates: Path) -> Path | None:
    return next((path for path in candidates if path.is_file()), None)


def _read_layers(operator: Path | None, *, required: bool) -> list[tuple[str, dict[str, Any]]]:
    layers = []
    reference = project_root() / REFERENCE_FILE
    if reference.is_file():
        layers.append((str(reference), _read_toml(reference)))
    if operator is not None and (required or operator.is_file()):
        layers.append((str(operator), _read_toml(operator)))
    return layers


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise SettingsError(
            code="error.settings.unreadable", source=str(file), detail=problem.strerror or ""
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(code="error.settings.not_utf8", source=str(file)) from None
    except tomllib.TOMLDecodeError as problem:
        twice = re.search(r"Cannot declare \('forums', '([^']+)'\) twice", str(problem))
        if twice:
            raise SettingsError(
                code="error.settings.same_forum", source=str(file), key=f"forums.{twice[1]}"
            ) from None
        raise SettingsError(code="error.settings.not_toml", source=str(file), detail=str(problem)) from None


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = _merged(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return result


def _validated(merged: dict[str, Any], environ: Mapping[str, str]) -> Settings:
    """Validate with an explicit environment, so that a test or a reload can bring its own."""

    class _FromHere(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del sources, named
            env = _GivenEnvironment(settings_cls, environ)
            return (env, InitSettingsSource(settings_cls, init_kwargs=merged))

    return _FromHere()


class _GivenEnvironment(EnvSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environ

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON where it is JSON; else the text itself, for the field's own validation."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


@dataclass(frozen=True, slots=True)
class _Origin:
    layers: list[tuple[str, dict[str, Any]]]
    environ: Mapping[str, str]

    def of(self, location: tuple[str | int, ...]) -> str:
        """The file or variable that a value comes from: the topmost that holds it."""
        variable = ENV_PREFIX + "__".join(str(part).upper() for part in location)
        upper = {name.upper() for name in self.environ}
        if variable in upper or any(name.startswith(variable + "__") for name in upper):
            return variable
        for source, layer in reversed(self.layers):
            if _holds(layer, location):
                return str(source)
        return self.layers[-1][0] if self.layers else REFERENCE_FILE

    def key(self, location: tuple[str | int, ...]) -> str:
        """How a person finds it: a rule by its name, where it has one, else by its number."""
        parts = [str(part) for part in location]
        if len(location) > 1 and location[0] == "rules" and isinstance(number := location[1], int):
            rules: Any = next((layer["rules"] for _, layer in reversed(self.layers) if "rules" in layer), [])
            rule = rules[number] if isinstance(rules, list) and number < len(rules) else None
            parts[1] = str((rule.get("name") if isinstance(rule, dict) else "") or number + 1)
        return ".".join(parts)


def _holds(table: Any, location: tuple[str | int, ...]) -> bool:
    for part in location:
        if isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        elif isinstance(table, dict) and str(part) in table:
            table = table[str(part)]
        else:
            return False
    return True


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in environ:
        upper = name.upper()
        if not upper.startswith(ENV_PREFIX) or upper in NOT_SETTINGS:
            continue
        head = upper.removeprefix(ENV_PREFIX).split("__")[0]
        if head not in known:
            raise _unknown_key(
                name, name, ENV_PREFIX + _nearest(head, known) + upper[len(ENV_PREFIX + head) :]
            )


def _unknown_key(source: str, key: str, nearest: str) -> SettingsError:
    code = "error.settings.unknown_key_near" if nearest else "error.settings.unknown_key"
    return SettingsError(code=code, source=source, key=key, nearest=nearest)


def _nearest(word: str, known: set[str] | list[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def _explained(
    problem: ValidationError, origin: _Origin, prefix: tuple[str | int, ...] = ()
) -> SettingsError:
    first = _most_telling(problem.errors(include_url=False, include_input=False))
    location = prefix + tuple(part for part in first["loc"] if part != "[key]")
    known_location = tuple(part for part in location if not _is_union_tag(part))
    key = origin.key(known_location)
    source = origin.of(known_location)
    if first["type"] == "extra_forbidden":
        siblings = list(_fields_at(known_location[:-1]))
        return _unknown_key(source, key, _nearest(str(known_location[-1]), siblings))
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
    code = f"error.settings.invalid.{kind}" if kind else "error.settings.invalid"
    return SettingsError(code=code, expected=context.get("expected", ""), **facts)


def _most_telling(errors: list[ErrorDetails]) -> ErrorDetails:
    """A mistyped key explains the missing one beside it, so it is told first."""
    return next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])


def _is_union_tag(part: str | int) -> bool:
    text = str(part)
    return text.startswith(("literal[", "constrained-", "function-")) or text in {"float", "int", "str"}


def _fields_at(location: tuple[str | int, ...]) -> Iterator[str]:
    model: type[BaseModel] = Settings
    if location[:1] == ("rules",):
        yield from keys_at(location)
        return
    parts = list(location)
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


def _overlaid_policy(base: PolicySettings, layers: list[dict[str, Any]]) -> PolicySettings:
    merged = base.model_dump()
    for layer in layers:
        merged = _merged(merged, layer)
    return PolicySettings.model_validate(merged)


def _check_forums(loaded: Loaded, origin: _Origin) -> None:
    for name, forum in loaded.settings.forums.items():
        if not FORUM_NAME.fullmatch(name):
            clash = name.lower() in loaded.settings.forums and name != name.lower()
            code = "error.settings.same_forum" if clash else "error.settings.forum_name"
            raise SettingsError(code=code, source=origin.of(("forums", name)), key=f"forums.{name}")
        overlays: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [
            (("forums", name, "policy"), forum.policy)
        ]
        overlays += [
            (("forums", name, "boards", board, "policy"), entry.policy)
            for board, entry in forum.boards.items()
        ]
        for location, overlay in overlays:
            try:
                _overlaid_policy(loaded.settings.policy, [overlay])
            except ValidationError as problem:
                raise _explained(problem, origin, location) from None
