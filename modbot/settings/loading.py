"""Settings: the reference file, the operator's file over it, the environment over both, and
on top what the console changed.

:func:`load` answers validated settings or raises one
:class:`~modbot.errors.SettingsError` that names file, key and the way out.
"""

from __future__ import annotations

import os
import re
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from modbot.errors import SettingsError
from modbot.settings import changeable, policies
from modbot.settings.customs import BoardEntry
from modbot.settings.mistakes import REFERENCE_FILE, Origin, explained, nearest, unknown_key
from modbot.settings.schema import ENV_PREFIX, PolicySettings, Settings

OPERATOR_FILE = "modbot.toml"
FORUM_NAME = re.compile(r"[a-z][a-z0-9_]*")
NOT_SETTINGS = frozenset({"MODBOT_SETTINGS", "MODBOT_LANG"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with the folder that their relative paths start at, and their files.

    ``overlay``: what the console changed, by key; ``left_out``: what of it could not be used any
    more, and why; ``origin``: where each value comes from (secrets among them).
    """

    settings: Settings
    base: Path
    operator_file: Path | None
    overlay: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, SettingsError] = field(default_factory=dict)
    origin: Origin = field(default_factory=lambda: Origin([], {}), repr=False, compare=False)

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

    def policy_for(self, forum: str, board: int | None, entry: BoardEntry | None = None) -> PolicySettings:
        """The board's policy over that of its entry in ``[[boards]]``, over the forum's, over the
        global one."""
        return policies.of_board(self.settings, forum, board, entry)


def load(
    file: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overlay: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read and validate the settings. Raises SettingsError.

    Without ``file`` the operator's file is ``modbot.toml`` of the current folder, if any.
    """
    environ = os.environ if environ is None else environ
    operator = file or _first_file(Path.cwd() / OPERATOR_FILE, project_root() / OPERATOR_FILE)
    layers = _read_layers(operator, required=file is not None)
    _refuse_unknown_variables(environ)
    base = operator.resolve().parent if operator else project_root()
    made = _made(Origin(layers, environ), base, operator, {})
    return over(made, overlay) if overlay else made


def over(loaded: Loaded, overlay: Mapping[str, Any]) -> Loaded:
    """The same files and environment under another ``overlay``. Raises SettingsError."""
    for key in overlay:
        changeable.require(key, loaded.settings)
    return _made(loaded.origin, loaded.base, loaded.operator_file, overlay)


def usable_over(loaded: Loaded, overlay: Mapping[str, Any]) -> Loaded:
    """As :func:`over`, without what of ``overlay`` cannot be used (any more): a forum was
    renamed, a newer modbot takes other values. It is found in ``left_out``."""
    try:
        return over(loaded, overlay)
    except SettingsError:
        return _without_the_unusable(loaded, overlay)


def _without_the_unusable(loaded: Loaded, overlay: Mapping[str, Any]) -> Loaded:
    files = over(loaded, {})
    left_out = {key: problem for key in overlay if (problem := _unknown(key, files.settings))}
    kept = {key: value for key, value in overlay.items() if key not in left_out}
    while kept:
        try:
            return replace(over(loaded, kept), left_out=left_out)
        except SettingsError as problem:
            culprit = _nearest_to(str(problem.params.get("key", "")), kept)
            left_out[culprit] = problem
            del kept[culprit]
    return replace(files, left_out=left_out)


def _unknown(key: str, settings: Settings) -> SettingsError | None:
    try:
        changeable.require(key, settings)
    except SettingsError as problem:
        return problem
    return None


def _nearest_to(key: str, kept: Mapping[str, Any]) -> str:
    """The key whose change a problem with ``key`` comes of: what is missing has none itself."""

    def shared(one: str) -> int:
        pairs = zip(one.split("."), key.split("."), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(kept, key=shared)


def _made(origin: Origin, base: Path, operator: Path | None, overlay: Mapping[str, Any]) -> Loaded:
    merged: dict[str, Any] = {}
    for _, table in origin.layers:
        merged = policies.merged(merged, table)
    origin = replace(origin, overlay=changeable.table_of(overlay))
    try:
        settings = _validated(merged, origin)
    except ValidationError as problem:
        raise explained(problem, origin) from None
    except SourceError as problem:
        raise SettingsError(
            code="error.settings.invalid", source=ENV_PREFIX + "*", key="-", problem=str(problem)
        ) from None
    _check_names(settings, origin)
    policies.check(settings, origin)
    return Loaded(settings, base, operator, overlay, {}, origin)


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


def _validated(merged: dict[str, Any], origin: Origin) -> Settings:
    """Validate with an explicit environment, so that a test or a reload can bring its own."""

    class _FromHere(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del sources, named
            changed = InitSettingsSource(settings_cls, init_kwargs=dict(origin.overlay))
            env = _GivenEnvironment(settings_cls, origin.environ)
            return (changed, env, InitSettingsSource(settings_cls, init_kwargs=merged))

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


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in environ:
        upper = name.upper()
        if not upper.startswith(ENV_PREFIX) or upper in NOT_SETTINGS:
            continue
        head = upper.removeprefix(ENV_PREFIX).split("__")[0]
        if head not in known:
            raise unknown_key(name, name, ENV_PREFIX + nearest(head, known) + upper[len(ENV_PREFIX + head) :])


def _check_names(settings: Settings, origin: Origin) -> None:
    for name in settings.forums:
        if not FORUM_NAME.fullmatch(name):
            clash = name.lower() in settings.forums and name != name.lower()
            code = "error.settings.same_forum" if clash else "error.settings.forum_name"
            raise SettingsError(code=code, source=origin.of(("forums", name)), key=f"forums.{name}")
