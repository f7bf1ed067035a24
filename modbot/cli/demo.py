"""``demo``: an embedded forum, its members, and modbot at work on them."""

from __future__ import annotations

import json

import click
from rich.console import Group as Lines
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from modbot import i18n
from modbot.cli.base import Session, command, harmless, option
from modbot.daemon import demonstration, logs
from modbot.daemon.serving import signals
from modbot.domain import FlagState

COLUMNS = (("state", 8), ("reason", 12), ("author", 14), ("thread", 22), ("text", None))


def register(root: click.Group) -> None:
    @command(root, "demo")
    @option("--seconds", type=click.FloatRange(min=1))
    @option("--charset", type=click.Choice(["utf-8", "gbk"]), default="utf-8")
    def demo(session: Session, seconds: float | None, charset: str) -> None:
        logs.configure(level="INFO" if session.verbose else "ERROR")
        with signals.heard() as heard, demonstration.demonstration(charset=charset) as running:
            session.say("demo.started", url=running.url)
            session.say("demo.enforce")
            session.say("demo.console", url=running.console)
            session.say("demo.link", link=running.link)
            if session.as_json or not session.out.is_terminal:
                summary = running.run(stop=heard.stop, seconds=seconds, show=lambda _: None)
            else:
                with Live(console=session.out, refresh_per_second=4) as live:
                    summary = running.run(
                        stop=heard.stop,
                        seconds=seconds,
                        show=lambda glance: live.update(picture(glance, running.url, session.words)),
                    )
        if session.as_json or seconds is not None:
            click.echo(json.dumps(summary.as_object()))
        else:
            session.say("demo.ended", **summary.as_object())


def picture(glance: demonstration.Glance, url: str, words: i18n.Catalogue) -> Lines:
    """The live view of one moment."""
    counts = glance.counts
    head = words.text(
        "demo.head",
        url=url,
        replies=counts.replies,
        hidden=counts.flags.get(FlagState.HIDDEN, 0),
        queued=counts.flags.get(FlagState.PENDING, 0),
        campaigns=counts.campaigns,
    )
    table = Table(box=None, pad_edge=False, expand=True)
    for column, width in COLUMNS:
        heading = words.text(f"column.{column}")
        table.add_column(heading, no_wrap=True, overflow="ellipsis", width=width, ratio=None if width else 1)
    for flag in glance.newest:
        style = "red" if flag.state is FlagState.HIDDEN else "yellow"
        cells = (
            words.text(f"state.{flag.state.value}"),
            words.text(f"reason.{flag.reason.value}"),
            flag.author_name,
            flag.thread_title,
            flag.text,
        )
        table.add_row(*(escape(harmless(cell)) for cell in cells), style=style)
    foot = words.text("demo.quiet" if glance.done else "demo.watching")
    return Lines(Text(head, style="bold"), table, Text(foot, style="dim"))
