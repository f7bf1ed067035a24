"""``models`` and ``train``: versions of the model, and a new one."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from modbot.cli.base import Group, Session, command, option
from modbot.daemon.house import open_store
from modbot.detection import manifest
from modbot.store import labels
from modbot.training import versions


def register(root: click.Group) -> None:
    @root.group("models", cls=Group)
    def models() -> None:
        pass

    _register_list(models)
    _register_show(models)
    _register_verify(models)
    _register_train(root)


def _register_list(models: click.Group) -> None:
    @command(models, "list")
    def list_versions(session: Session) -> None:
        for found in versions.listing(session.loaded.models_dir):
            created = found.manifest.created if found.manifest else ""
            problem = found.problem.message(session.language) if found.problem else ""
            facts = {"version": found.name, "current": found.is_current, "created": created}
            if session.as_json:
                session.answer(facts | {"problem": problem or None})
            else:
                click.echo(f"{'*' if found.is_current else ' '} {found.name}  {created}  {problem}".rstrip())


def _register_show(models: click.Group) -> None:
    @command(models, "show")
    @click.argument("version", required=False)
    def show(session: Session, version: str | None) -> None:
        models_dir = session.loaded.models_dir
        folder = versions.folder_of(models_dir, version or versions.in_use(models_dir))
        if session.as_json:
            session.answer(json.loads((folder / manifest.FILE).read_text(encoding="utf-8")))
        else:
            click.echo((folder / "MODEL_CARD.md").read_text(encoding="utf-8"))


def _register_verify(models: click.Group) -> None:
    @command(models, "verify")
    @click.argument("version", required=False)
    def verify(session: Session, version: str | None) -> None:
        models_dir = session.loaded.models_dir
        found = versions.verify(models_dir, version or versions.in_use(models_dir))
        if session.as_json:
            session.answer({"version": found.version, "ok": True})
        else:
            session.say("models.verified", version=found.version)


def _register_train(root: click.Group) -> None:
    @command(root, "train")
    @option("--data", "data", type=click.Path(path_type=Path, exists=True), multiple=True)
    @option("--promote/--no-promote", default=True)
    def train(session: Session, data: tuple[Path, ...], promote: bool) -> None:
        from modbot.daemon import retraining  # noqa: PLC0415 - scikit-learn is slow to import

        with open_store(session.loaded) as store, store.read() as rx:
            taught = list(labels.export(rx))
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            transient=True,
            console=Console(stderr=True),
        ) as bar:
            stage = bar.add_task("")
            result = retraining.train(
                session.loaded,
                data,
                taught,
                promote=promote,
                progress=lambda name: bar.update(
                    stage, description=session.words.text(f"train.stage.{name}")
                ),
            )
        reason = session.words.text(result.reason)
        if session.as_json:
            session.answer(result.as_object(reason))
        else:
            code = "train.promoted" if result.promoted else "train.kept"
            session.say(code, version=result.version, reason=reason)
