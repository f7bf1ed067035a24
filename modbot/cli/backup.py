"""``backup``: make one, prove one, put one back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from modbot.cli.base import Group, Session, command, local_time, option
from modbot.daemon import upkeep
from modbot.daemon.house import utc_now
from modbot.daemon.upkeep.archive import Progress as Told

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def register(root: click.Group) -> None:
    @root.group("backup", cls=Group)
    def backup() -> None:
        pass

    _register_create(backup)
    _register_verify(backup)
    _register_restore(backup)


def _register_create(backup: click.Group) -> None:
    @command(backup, "create")
    @option("--to", type=click.Path(path_type=Path))
    @option("--daily", is_flag=True)
    def create(session: Session, to: Path | None, daily: bool) -> None:
        with progress_bar(session, "backup") as told:
            made = upkeep.create(session.loaded, to, now=utc_now(), daily=daily, progress=told)
        if session.as_json:
            session.answer(made.as_object())
            return
        session.say("backup.made", path=made.path, megabytes=f"{made.size / 1e6:.1f}")
        if made.manifest.secrets_left_out:
            session.say("backup.secrets_left_out", files=", ".join(made.manifest.secrets_left_out))
        if made.manifest.secrets_included:
            session.say("backup.secrets_included", keys=", ".join(made.manifest.secrets_included))
        if made.pruned:
            names = ", ".join(path.name for path in made.pruned)
            session.say("backup.pruned", keep=session.loaded.settings.backup.keep, files=names)


def _register_verify(backup: click.Group) -> None:
    @command(backup, "verify")
    @click.argument("file", type=_FILE)
    def verify(session: Session, file: Path) -> None:
        with progress_bar(session, "backup") as told:
            contents = upkeep.verify(session.loaded, file, progress=told)
        if session.as_json:
            session.answer({"ok": True, **contents.as_object()})
        _tell(session, file, contents)


def _register_restore(backup: click.Group) -> None:
    @command(backup, "restore")
    @click.argument("file", type=_FILE)
    @option("--yes", is_flag=True)
    @option("--dry-run", is_flag=True)
    @option("--keep-settings", is_flag=True)
    def restore(session: Session, file: Path, yes: bool, dry_run: bool, keep_settings: bool) -> None:
        who = getpass.getuser()
        with ExitStack() as stack:
            with progress_bar(session, "backup") as told:
                prepared = upkeep.prepared(
                    session.loaded, file, now=utc_now(), who=who, keep_settings=keep_settings, progress=told
                )
                plan = stack.enter_context(prepared)
            facts, aside = plan.as_object(), [(step.target, step.aside) for step in plan.set_aside]
            if dry_run or not yes:
                _tell(session, file, plan.contents)
                session.say("backup.would_restore", database=plan.database)
                _tell_pairs(session, "backup.would_set_aside", aside)
            if not (dry_run or yes):
                made = local_time(plan.contents.manifest.created_at)
                click.confirm(session.words.text("backup.ask_restore", created_at=made), abort=True, err=True)
            if not dry_run:
                plan.carry_out()
        if session.as_json:
            session.answer({**facts, "restored": not dry_run})
        elif not dry_run:
            _tell_restored(session, plan, aside)


def _tell(session: Session, file: Path, contents: upkeep.Contents) -> None:
    if session.as_json:
        return
    facts = contents.as_object()
    held = session.words.text(f"backup.settings.{'held' if facts['settings'] else 'none'}")
    made = local_time(contents.manifest.created_at)
    session.say("backup.whole", **{**facts, "path": file, "created_at": made, "settings": held})


def _tell_restored(session: Session, plan: upkeep.Plan, aside: list[tuple[Path, Path]]) -> None:
    session.say("backup.restored", database=plan.database)
    if plan.contents.unsettled:
        session.say("backup.unsettled", unsettled=plan.contents.unsettled)
    if aside:
        _tell_pairs(session, "backup.set_aside", aside)
        session.say("backup.how_to_undo")


def _tell_pairs(session: Session, code: str, pairs: list[tuple[Path, Path]]) -> None:
    if not session.as_json:
        for path, aside in pairs:
            session.say(code, path=path, aside=aside.name)


@contextmanager
def progress_bar(session: Session, area: str) -> Iterator[Told]:
    """A bar on a terminal's stderr, one stage after the other; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task("")

        def told(stage: str, done: int, total: int) -> None:
            words = session.words.text(f"{area}.stage.{stage}")
            bar.update(task, description=words, completed=done, total=total)

        yield told
