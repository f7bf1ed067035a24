"""The command line: one module per group of commands, no logic of its own."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from modbot.cli import backup, brake, check, demo, doctor, init, models, notify, purge, queue, running, status
from modbot.cli.base import Group


def build() -> click.Group:
    """The whole command line."""
    root = Group("modbot", context_settings={"help_option_names": ["-h", "--help"]})
    click.version_option(version("modbot"), "--version")(root)
    for module in (demo, init, doctor, running, status, check, queue, brake, models, notify, backup, purge):
        module.register(root)
    return root


def main() -> None:
    try:
        root = build()
    except PackageNotFoundError:
        raise SystemExit(
            "modbot is not installed in this Python: run `make .venv/.ready`, then .venv/bin/python run.py"
        ) from None
    root(prog_name="modbot")
