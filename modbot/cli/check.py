"""``check``: assess text without a forum."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from modbot import i18n
from modbot.cli import explanation
from modbot.cli.base import Session, command, option
from modbot.cli.highlight import can_colour, highlighted
from modbot.daemon import checking, exchange, models, rulebook, wiring
from modbot.daemon.house import utc_now
from modbot.moderation import wording


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
            for checked in checker.check(lines):
                _print(session, checked)
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
                json.dumps(exchange.answer(checked, session.words), ensure_ascii=False)
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


def _print(session: Session, checked: exchange.Checked) -> None:
    if session.as_json or not sys.stdout.isatty():
        session.answer(exchange.answer(checked, session.words))
        return
    for line in lines_of(checked, session.words, colour=can_colour()):
        click.echo(line)


def lines_of(checked: exchange.Checked, words: i18n.Catalogue, *, colour: bool) -> list[str]:
    """What was made of one text, for a terminal: the verdict, then why."""
    text, decision = checked.line.reply.text, checked.decision
    label = decision.label if decision.reason else checked.assessment.probabilities.label
    spans = [span for found in checked.assessment.signals for span in wording.spans(found)]
    verdict, named = words.text(f"decision.{decision.in_enforce.value}"), words.text(f"label.{label.value}")
    sure = f"{checked.assessment.probabilities.of(label):.0%}"
    return [
        f"{verdict} · {named} {sure}  {highlighted(text, spans, colour=colour)}",
        *explanation.of_decision(decision, words),
        *(explanation.of_copy(copy, text, words, colour=colour) for copy in checked.copies),
    ]
