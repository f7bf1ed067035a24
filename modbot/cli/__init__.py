"""The command line: one module per group of commands, no logic of its own."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from modbot.cli.base import Group

MODULES = {
    "demo": "demo",
    "init": "init",
    "doctor": "doctor",
    "poll": "running",
    "serve": "running",
    "resume": "running",
    "status": "status",
    "check": "check",
    "queue": "queue",
    "spotcheck": "spotcheck",
    "evidence": "evidence",
    "autonomy": "autonomy",
    "authors": "authors",
    "rules": "rules",
    "search": "search",
    "brake": "brake",
    "train": "models",
    "models": "models",
    "settings": "settings",
    "users": "users",
    "notify": "notify",
    "backup": "backup",
    "purge": "purge",
    "bench": "bench",
}
"""Every command and the module that holds it: imported when it is asked for, since the daemon's
libraries would make `modbot check` wait for a second."""


class Commands(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands and cmd_name in MODULES:
            import_module(f"modbot.cli.{MODULES[cmd_name]}").register(self)
        return super().get_command(ctx, cmd_name)


def build() -> Commands:
    """The whole command line."""
    root = Commands("modbot", context_settings={"help_option_names": ["-h", "--help"]})
    click.version_option(version("modbot"), "--version")(root)
    return root


def main() -> None:
    try:
        root = build()
    except PackageNotFoundError:
        raise SystemExit(
            "modbot is not installed in this Python: run `make .venv/.ready`, then .venv/bin/python run.py"
        ) from None
    root(prog_name="modbot")
