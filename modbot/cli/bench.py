"""``bench``: how fast detection is on this machine, beside scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from modbot import i18n
from modbot.cli.base import Session, command, option

if TYPE_CHECKING:
    from modbot.benchmarking.report import Report

INDEXED = 1_000_000
POSTS = 30_000


def register(root: click.Group) -> None:
    @command(root, "bench")
    @option("--posts", type=click.IntRange(min=3_000), default=POSTS, show_default=True)
    @option("--indexed", type=click.IntRange(min=1_000), default=INDEXED, show_default=True)
    @option("--corpus", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @option("--numpy-only", is_flag=True)
    def bench(session: Session, posts: int, indexed: int, corpus: tuple[Path, ...], numpy_only: bool) -> None:
        from modbot.benchmarking import run  # noqa: PLC0415 - scikit-learn is slow to import

        plan = run.Plan(posts=posts, indexed=indexed, corpus=corpus, numpy_only=numpy_only)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        screen = Console(stderr=True)
        with Progress(*columns, transient=True, console=screen, disable=not screen.is_terminal) as bar:
            task = bar.add_task(session.words.text("bench.part.posts"), total=1.0)

            def progress(part: str, share: float) -> None:
                bar.update(task, description=session.words.text(f"bench.part.{part}"), completed=share)

            report = run.measure(plan, progress)
        if session.as_json:
            click.echo(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            session.out.print(_table(report, session.words))


def _table(report: Report, words: i18n.Catalogue) -> Table:
    title = words.text("bench.title", posts=report.posts, indexed=report.indexed)
    baseline = words.text("bench.baseline", rate=f"{report.baseline.posts_per_s:,.0f}")
    table = Table(title=title, caption=baseline)
    table.add_column(words.text("bench.column.part"))
    for name in report.columns():
        table.add_column(name, justify="right")
    for row in report.rows():
        table.add_row(words.text(f"bench.row.{row.name}"), *row.cells)
    return table
