"""``doctor``: settings, sign-in, rights, charset, clock, database, disk, model."""

from __future__ import annotations

import click

from modbot.cli.base import Session, command, harmless_all, option
from modbot.daemon import doctoring
from modbot.forums.protocol import Check, CheckStatus

_MARKS = {
    CheckStatus.OK: "✓",
    CheckStatus.WARNING: "!",
    CheckStatus.FAILED: "✗",
    CheckStatus.SKIPPED: "–",
}


def register(root: click.Group) -> None:
    @command(root, "doctor")
    @option("--forum")
    def doctor(session: Session, forum: str | None) -> None:
        failed = False
        for subject, check in doctoring.examine(session.loaded, forum):
            failed |= check.status is CheckStatus.FAILED
            _print(session, subject, check)
        if failed:
            raise SystemExit(1)


def _print(session: Session, subject: str, check: Check) -> None:
    sentence = session.words.text(check.code, **harmless_all(check.facts))
    if session.as_json:
        session.answer(
            {"subject": subject, "check": check.code, "status": check.status.value, "message": sentence}
        )
    else:
        click.echo(f"{_MARKS[check.status]} {subject}: {sentence}")
