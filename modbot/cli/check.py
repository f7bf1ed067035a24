"""``check``: assess text without a forum."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from modbot.cli.base import Session, command, harmless, option
from modbot.daemon import checking, exchange, models, rulebook, wiring
from modbot.daemon.house import utc_now
from modbot.domain import Assessment, Decision


def register(root: click.Group) -> None:
    @command(root, "check")
    @click.argument("texts", nargs=-1)
    @option("--input", "input_file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
    @option("--no-repeats", is_flag=True)
    @option("--model")
    def check(
        session: Session, texts: tuple[str, ...], input_file: Path | None, no_repeats: bool, model: str | None
    ) -> None:
        checker = _checker(session, no_repeats=no_repeats, model=model)
        if texts:
            lines = [exchange.of_text(text, number) for number, text in enumerate(texts, 1)]
            for line, assessment, decision in checker.check(lines):
                _print(session, line, assessment, decision)
            return
        failed = _check_stream(session, checker, input_file)
        if failed:
            raise SystemExit(1)


def _checker(session: Session, *, no_repeats: bool, model: str | None) -> checking.Checker:
    detector = models.load_detector(session.loaded, model)
    own = rulebook.load_rules(session.loaded)
    book = wiring.policy_book(session.loaded, detector.manifest.thresholds, rules=own.digest)
    duplicates = None if no_repeats else wiring.duplicate_index(session.loaded.settings)
    return checking.Checker(
        detector,
        checking.enforcing(book),
        duplicates=duplicates,
        now=utc_now,
        rules=rulebook.with_standing(own, book),
    )


def _check_stream(session: Session, checker: checking.Checker, input_file: Path | None) -> bool:
    failed = False
    descriptor, close = _open(input_file)
    try:
        for batch in checking.batches(descriptor):
            broken = [line for line in batch if isinstance(line, exchange.BrokenLine)]
            failed = failed or bool(broken)
            for line in broken:
                _complain(session, line)
            whole = [line for line in batch if isinstance(line, exchange.Line)]
            answers = [
                json.dumps(exchange.answer(*checked, session.words), ensure_ascii=False)
                for checked in checker.check(whole)
            ]
            if answers:
                sys.stdout.write("\n".join(answers) + "\n")
                sys.stdout.flush()
    finally:
        if close:
            os.close(descriptor)
    return failed


def _open(input_file: Path | None) -> tuple[int, bool]:
    if input_file is None or str(input_file) == "-":
        return sys.stdin.fileno(), False
    try:
        return os.open(input_file, os.O_RDONLY), True
    except OSError as problem:
        raise click.BadParameter(f"{input_file}: {problem.strerror}", param_hint="--input") from problem


def _complain(session: Session, line: exchange.BrokenLine) -> None:
    problem = {"line": line.number, "error": line.problem.message(session.language)}
    click.echo(json.dumps(problem, ensure_ascii=False), err=True)


def _print(session: Session, line: exchange.Line, assessment: Assessment, decision: Decision) -> None:
    answer: dict[str, Any] = exchange.answer(line, assessment, decision, session.words)
    if session.as_json or not sys.stdout.isatty():
        session.answer(answer)
        return
    words = session.words
    label, verdict = words.text(f"label.{answer['label']}"), words.text(f"decision.{answer['decision']}")
    click.echo(
        f"{verdict} · {label} {answer['probabilities'][answer['label']]:.0%}  {harmless(line.reply.text)}"
    )
    for reason in answer["reasons"]:
        click.echo(f"    {harmless(reason['message'])}")
