"""What every command shares: language, settings, errors, and safe printing."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console

from modbot import i18n, settings
from modbot.daemon import logs
from modbot.errors import ModbotError

P = ParamSpec("P")
R = TypeVar("R")
Decorated = Callable[P, R]


@dataclass
class Session:
    """One command's run: the options that every command takes, and where it prints."""

    settings_file: Path | None
    language: str
    as_json: bool
    verbose: bool = False
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    @cached_property
    def loaded(self) -> settings.Loaded:
        """As they are in force: with what was changed in the console on top."""
        from modbot.daemon import overlaying  # noqa: PLC0415 - the database's libraries are slow to import

        found, unread = overlaying.load(self.settings_file)
        if unread is not None:
            self.warn(unread)
        for problem in found.left_out.values():
            self.warn(problem)
        return found

    def warn(self, problem: ModbotError) -> None:
        click.echo(harmless(problem.message(self.language)), err=True)

    @cached_property
    def words(self) -> i18n.Catalogue:
        return i18n.catalogue(self.language)

    def say(self, code: str, **params: object) -> None:
        """One sentence on stdout; on stderr where stdout carries JSON."""
        click.echo(self.words.text(code, **harmless_all(params)), err=self.as_json)

    def answer(self, value: object) -> None:
        """One JSON line on stdout."""
        click.echo(json.dumps(value, ensure_ascii=False, default=str))


def language_of(choice: str | None, environ: dict[str, str] | None = None) -> str:
    """``--lang``, else MODBOT_LANG, else the locale: ``zh`` or ``en``."""
    environ = dict(os.environ) if environ is None else environ
    names = ("MODBOT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    wish = choice or next((environ[name] for name in names if environ.get(name)), "en")
    return i18n.catalogue(wish).language


def harmless(text: str) -> str:
    """Text from a forum, made safe for a terminal: no escapes, no control or bidi
    characters, one line."""
    return harmless_part(text.strip())


def harmless_part(text: str) -> str:
    """A part of a text made harmless: blanks at its ends, which may be inside the text, stay."""
    folded = re.sub(r"\s+", " ", text)
    return "".join(char if unicodedata.category(char) not in _UNSAFE else _shown(char) for char in folded)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _shown(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def local_time(moment: datetime) -> str:
    """A moment on the clock of whoever reads this terminal."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def harmless_all(params: dict[str, Any]) -> dict[str, Any]:
    return {name: harmless(value) if isinstance(value, str) else value for name, value in params.items()}


class Translated:
    """Help texts come from the catalogues, in the language of this run."""

    @staticmethod
    def text(code: str) -> str:
        words = i18n.catalogue(language_of(_language_in(sys.argv)))
        return words.text(code) if code in words.templates else ""


def _language_in(argv: list[str]) -> str | None:
    for index, word in enumerate(argv):
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
        if word == "--lang" and index + 1 < len(argv):
            return argv[index + 1]
    return None


class Option(click.Option):
    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = Translated.text(f"option.{self.name}") or self.help
        return super().get_help_record(ctx)


class Command(click.Command):
    def get_short_help_str(self, limit: int = 45) -> str:
        self.help = Translated.text(f"help.{self.name}") or self.help
        return super().get_short_help_str(limit)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        path = ctx.command_path.split()[1:]
        self.help = Translated.text("help." + ".".join(path)) or Translated.text(f"help.{self.name}")
        super().format_help_text(ctx, formatter)


class Group(click.Group):
    """Takes ``--lang`` before the command, too."""

    command_class = Command

    def __init__(self, *names: Any, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.params.append(Option(["--lang"], type=click.Choice(["zh", "en"]), expose_value=False))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        path = ctx.command_path.split()[1:]
        self.help = Translated.text(".".join(["help", *path]) if path else "help.modbot")
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        self.help = Translated.text(f"help.{self.name}") or self.help
        return super().get_short_help_str(limit)


Group.group_class = Group


def option(*names: str, **settings: Any) -> Callable[[Decorated[P, R]], Decorated[P, R]]:
    return click.option(*names, cls=Option, **settings)


def command(
    group: click.Group, name: str, *, prints: bool = True
) -> Callable[[Callable[..., None]], click.Command]:
    """A command of ``group`` with the options that all share; it is given a Session.

    A ModbotError ends it with its sentence on stderr and its exit code.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def run(settings_file: Path | None, lang: str | None, verbose: bool, **params: Any) -> None:
            session = Session(
                settings_file,
                language_of(lang or _language_in(sys.argv)),
                params.pop("as_json", False),
                verbose,
            )
            logs.configure(level="INFO" if verbose else "WARNING")
            try:
                function(session, **params)
            except ModbotError as problem:
                click.echo(harmless(problem.message(session.language)), err=True)
                raise SystemExit(problem.exit_code) from problem

        shared: Any = run
        if prints:
            shared = option("--json", "as_json", is_flag=True)(shared)
        shared = option("--verbose", is_flag=True)(shared)
        shared = option("--lang", type=click.Choice(["zh", "en"]))(shared)
        path = click.Path(path_type=Path, dir_okay=False)
        shared = option("--settings", "settings_file", type=path, envvar="MODBOT_SETTINGS")(shared)
        made: click.Command = group.command(name, cls=Command)(shared)
        return made

    return decorate
